// Draws the figures of a report in the theme of the screen, and anew in the light one for paper.
const PAPER = 860 // pixels, which report.css makes 680: the width between the margins of A4
const night = matchMedia("(prefers-color-scheme: dark)")
const colours = JSON.parse(document.getElementById("dark").textContent)
const dark = (text, ...kinds) => kinds.flatMap(kind => colours[kind])
  .reduce((now, [old, colour]) => now.replace(new RegExp(old, "gi"), colour), text)

const plots = [...document.querySelectorAll(".plot")].map(place => (
  { place, text: place.closest("figure").querySelector("script").textContent }
))
const drawings = [...document.querySelectorAll(".drawing")].map(place => (
  { place, text: place.innerHTML }
))
// Without the button that would send a figure to plotly's server.
const config = {
  displaylogo: false, responsive: true, showSendToCloud: false,
  modeBarButtonsToRemove: ["select2d", "lasso2d", "sendChartToCloud"],
}

const figure = (text, isDark) => {
  const { data, layout, frames } = JSON.parse(isDark ? dark(text, "mean") : text)
  return { data, layout: isDark ? JSON.parse(dark(JSON.stringify(layout), "ground")) : layout, frames }
}

const draw = paper => {
  const isDark = night.matches && !paper
  for (const { place, text } of plots) {
    const { data, layout, frames } = figure(text, isDark)
    const width = paper ? { width: PAPER } : {}
    Plotly.newPlot(place, { data, layout: { ...layout, ...width }, frames, config })
  }
  for (const { place, text } of drawings) place.innerHTML = isDark ? dark(text, "mean") : text
}

draw(false)
night.addEventListener("change", () => draw(false))
addEventListener("beforeprint", () => draw(true))
addEventListener("afterprint", () => draw(false))
