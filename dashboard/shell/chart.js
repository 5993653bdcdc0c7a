// A figure of plotly.js that is patched in place when its data change: it is drawn once, and what a
// person has zoomed or hidden stays so. Streamlit's own chart is made anew, and drawn twice.
const fullScreen = {
  name: "Full screen",
  title: "Full screen",
  icon: { width: 24, height: 24, path: "M3 3h7v2H5v5H3zm11 0h7v7h-2V5h-5zM3 14h2v5h5v2H3zm16 0h2v7h-7v-2h5z" },
  click: plot => document.fullscreenElement
    ? document.exitFullscreen() : plot.parentElement.requestFullscreen(),
}

const axesOf = layout => Object.entries(layout).filter(([name]) => /^[xy]axis\d*$/.test(name))

// A zoom outlives a change of the data as a whole or not at all: not where an axis means something
// else, or is given another range, or where other things are drawn. So does a hidden curve, and the
// tool that was chosen.
const keepView = ({ data, layout }) => {
  const names = data.map(trace => trace.name ?? trace.type)
  const axes = axesOf(layout).map(([, { title, type, range }]) => [title?.text, type, range])
  layout.uirevision ??= JSON.stringify([axes, names])
  layout.legend = { uirevision: JSON.stringify(names), ...layout.legend }
  layout.modebar = { uirevision: "chosen", ...layout.modebar }
}

// A double click goes to the ranges of this figure; plotly.js would go to those of the first that
// was drawn here.
const resetTo = (plot, layout) => {
  for (const [name, { range }] of axesOf(layout)) {
    const axis = plot._fullLayout[name]
    if (range && axis) [axis._rangeInitial0, axis._rangeInitial1] = range
  }
}

// What Python is told of a point.
const told = ({ x, y, z, customdata, pointIndex, pointNumber, curveNumber }) =>
  Object.fromEntries(Object.entries({
    x, y, z, customdata,
    point_index: pointIndex ?? pointNumber, point_number: pointNumber, curve_number: curveNumber,
  }).filter(([, value]) => value !== undefined))

// What is drawn is seen before the next figure is begun: a page of several would show none before
// all were drawn. A page in the background has no frames, so it does not wait for long.
const after = ms => new Promise(resolve => setTimeout(resolve, ms))
const painted = () => Promise.race([
  new Promise(resolve => requestAnimationFrame(() => setTimeout(resolve))), after(100),
])
// Of those that wait, the one that stands first in the page is next.
const waiting = new Set()
const isBefore = (a, b) =>
  a.place.compareDocumentPosition(b.place) & Node.DOCUMENT_POSITION_FOLLOWING
let busy = false
const drawAll = async () => {
  busy = true
  // Those that are made together come together.
  await after(0)
  while (waiting.size) {
    const next = [...waiting].reduce((a, b) => (isBefore(a, b) ? a : b))
    waiting.delete(next)
    const drawn = next.draw()
    drawn.then(next.done, next.failed)
    // One that takes long, or never ends, holds up no other.
    await Promise.race([drawn.then(painted, painted), after(1000)])
  }
  busy = false
}
const inTurn = (place, draw) => new Promise((done, failed) => {
  waiting.add({ place, draw, done, failed })
  if (!busy) drawAll()
})

class Chart {
  constructor(place) {
    this.place = place
    this.times = 0
    this.plot = document.createElement("div")
    this.problem = document.createElement("p")
    place.append(this.plot, this.problem)
    // A tab that is closed has no width: what it holds is drawn when it opens.
    this.sizes = new ResizeObserver(() => this.draw())
    this.sizes.observe(place)
  }

  show(data, choose) {
    this.choose = choose
    this.next = JSON.parse(new TextDecoder().decode(data))
    this.height = this.next.spec.layout.height ?? 450
    this.place.setAttribute("aria-label", this.next.alt)
    // What is below does not jump when it is drawn.
    this.place.style.minHeight = `${this.height}px`
    keepView(this.next.spec)
    this.place.dataset.drawn = "no"
    this.draw()
  }

  // One drawing at a time; of what has come meanwhile, the last.
  async draw() {
    if (this.drawing) return
    this.drawing = true
    try {
      while (this.newSize()) {
        await library(this.next?.plotly)
        await inTurn(this.place, () => this.drawAt(this.newSize()))
        this.place.dataset.times = ++this.times
      }
      if (!this.next) this.place.dataset.drawn = "yes"
      this.problem.textContent = ""
    } catch (error) {
      this.problem.textContent = error.message
    } finally {
      this.drawing = false
    }
  }

  // The size to draw at, or null where what is drawn is right.
  newSize() {
    const width = this.gone ? 0 : this.place.clientWidth
    const full = document.fullscreenElement === this.place
    const height = full ? this.place.clientHeight : this.height
    const same = this.size?.width === width && this.size?.height === height
    return width && (this.next || !same) ? { width, height } : null
  }

  async drawAt(size) {
    if (!size) return
    const fresh = this.next
    this.next = null
    this.size = size
    if (!fresh) return window.Plotly.relayout(this.plot, size)
    const { spec, config, clicks } = fresh
    // What is playing would go on with the frames of before.
    if (this.plays) await window.Plotly.animate(this.plot, [null], { mode: "immediate" })
    this.plays = spec.frames?.length > 0
    await window.Plotly.react(this.plot, {
      data: spec.data,
      layout: { ...spec.layout, ...size },
      frames: spec.frames ?? [],
      config: { ...config, modeBarButtonsToAdd: [fullScreen] },
    })
    resetTo(this.plot, spec.layout)
    if (clicks && !this.listens) {
      this.listens = true
      this.plot.on("plotly_click", ({ points }) => points.length && this.choose(told(points[0])))
    }
  }

  end() {
    this.gone = true
    this.sizes.disconnect()
    window.Plotly?.purge?.(this.plot)
  }
}

// Streamlit calls again at every change, with the same place.
const charts = new WeakMap()

export default function ({ data, parentElement, setTriggerValue }) {
  const place = parentElement.querySelector(".stPlotlyChart")
  if (!charts.has(place)) charts.set(place, new Chart(place))
  charts.get(place).show(data, point => setTriggerValue("point", point))
  // Streamlit lets go also of a call that the next one has overtaken, while the figure stays.
  return () => { if (!place.isConnected) charts.get(place).end() }
}
