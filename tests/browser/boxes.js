// The text boxes and buttons of each figure on the page that overlap, by the figure's place: pairs of
// texts. A text beyond the figure's edge, and a legend that has to be scrolled, is a fault as well.
() => {
  const NEAR = 2
  const TEXTS = ".main-svg text:not(.updatemenu-button text), .updatemenu-button, .modebar-group"
  const shown = e => {
    for (let at = e; at && at.nodeName !== "svg"; at = at.parentElement) {
      const style = getComputedStyle(at)
      if (style.display === "none" || style.visibility === "hidden" || +style.opacity < 0.1) return false
    }
    const fill = getComputedStyle(e).fill
    return e.textContent.trim() && !fill.endsWith(", 0)") && +getComputedStyle(e).fillOpacity > 0.1
  }
  // The box of a rotated text is that of its corners, as good as exact for multiples of 90 degrees.
  const boxes = plot => [...plot.querySelectorAll(TEXTS)]
    .filter(e => e.nodeName !== "text" || (shown(e) && !e.closest(".hoverlayer")))
    .map(e => ({ text: e.textContent.trim() || "modebar", box: e.getBoundingClientRect() }))
    .filter(({ box }) => box.width > 0 && box.height > 0)
  const over = (a, b) =>
    Math.min(a.right, b.right) - Math.max(a.left, b.left) > NEAR &&
    Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > NEAR
  const found = {}
  document.querySelectorAll(".js-plotly-plot").forEach((plot, place) => {
    const all = boxes(plot)
    const pairs = []
    all.forEach((a, i) => all.slice(i + 1).forEach(b => {
      if (over(a.box, b.box)) pairs.push(`${a.text} | ${b.text}`)
    }))
    const outer = plot.getBoundingClientRect()
    for (const { text, box } of all) {
      if (box.left < outer.left - NEAR || box.right > outer.right + NEAR) pairs.push(`${text} | edge`)
    }
    const bar = plot.querySelector(".legend .scrollbar")?.getBoundingClientRect()
    if (bar?.width > 0 && bar.height > 0) pairs.push("legend | scrolls")
    if (pairs.length) found[place] = pairs
  })
  return found
}
