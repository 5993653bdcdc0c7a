// When what a slider changes has been painted: benchmarks/paint.py puts this into each page.
// Times are in milliseconds of performance.now(), of the first task after the frame that shows the
// change.
window.watched = { pressed: null, figure: null, all: null, changed: 0 }

let waiting = false, drewFigure = false
const note = isFigure => {
  const w = window.watched
  if (w.pressed === null) return
  w.changed = performance.now()
  drewFigure ||= isFigure
  if (waiting) return
  waiting = true
  requestAnimationFrame(() => {
    const figure = drewFigure
    waiting = drewFigure = false
    setTimeout(() => {
      w.all = performance.now()
      if (figure) w.figure ??= w.all
    })
  })
}

const FIGURE = ".js-plotly-plot, img, svg, canvas, [data-testid=stImage]"
const element = node => (node.nodeType === Node.ELEMENT_NODE ? node : node.parentElement)
const see = records => {
  let figure = false, any = false
  for (const { type, target, attributeName } of records) {
    const at = element(target)
    if (!at || at.closest("[data-testid=stSlider], [data-testid=stHeader]")) continue
    const inFigure = at.closest(FIGURE) !== null
    // Streamlit marks what is stale by classes and styles; only a figure's attributes are drawn.
    if (type === "attributes" && (!inFigure || attributeName === "class")) continue
    any = true
    if (inFigure) { figure = true; break }
  }
  if (any) note(figure)
}
const watch = root => new MutationObserver(see).observe(
  root, { subtree: true, childList: true, characterData: true, attributes: true })

document.addEventListener("keydown", event => {
  if (event.key.startsWith("Arrow")) {
    window.watched = { pressed: performance.now(), figure: null, all: null, changed: 0 }
  }
}, true)
new MutationObserver((_, finder) => {
  const main = document.querySelector("[data-testid=stMain]")
  if (main) { finder.disconnect(); watch(main) }
}).observe(document, { subtree: true, childList: true })

// Neither a canvas nor a component's shadow shows itself to an observer of the page.
const attach = Element.prototype.attachShadow
Element.prototype.attachShadow = function (...options) {
  const root = attach.apply(this, options)
  watch(root)
  return root
}
for (const name of ["putImageData", "drawImage", "fillRect", "clearRect", "stroke", "fill"]) {
  const draw = CanvasRenderingContext2D.prototype[name]
  CanvasRenderingContext2D.prototype[name] = function (...given) {
    note(true)
    return draw.apply(this, given)
  }
}
