// plotly.js, loaded once for a page, whoever asks first.
const library = source => {
  window.synaptariumPlotly ??= new Promise((done, fail) => {
    const script = document.createElement("script")
    // Below the address of the app, also behind a proxy that adds a path of its own.
    const app = [...document.scripts].find(({ src }) => src.includes("/static/js/"))
    script.src = new URL(`../../${source}`, app?.src ?? document.baseURI)
    script.onload = done
    script.onerror = () => {
      window.synaptariumPlotly = undefined
      fail(new Error("The figure cannot be drawn: plotly.js was not found. Reload the page."))
    }
    document.head.append(script)
  })
  return window.synaptariumPlotly
}
