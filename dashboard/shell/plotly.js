// plotly.js, loaded once for a page, whoever asks first.
const library = source => {
  window.synaptariumPlotly ??= new Promise((done, fail) => {
    const script = document.createElement("script")
    script.src = source
    script.onload = done
    script.onerror = () => {
      window.synaptariumPlotly = undefined
      fail(new Error("The figure cannot be drawn: plotly.js was not found. Reload the page."))
    }
    document.head.append(script)
  })
  return window.synaptariumPlotly
}
