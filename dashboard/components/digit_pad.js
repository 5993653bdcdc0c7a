// The canvas of the digit pad. Strokes are lists of [x, y] from 0 to 1. Python hears of them when
// a stroke ends, and keeps them for the next time that the pad is put on a page.
const PEN = 0.085

export default function (component) {
  const { data, parentElement, setStateValue } = component
  const canvas = parentElement.querySelector("canvas")
  const hint = parentElement.querySelector(".hint")
  const [undo, clear] = parentElement.querySelectorAll("button")
  // Only a new pad takes its strokes from Python: while one is in use it knows better, for an
  // answer may come after the next stroke has been drawn.
  canvas.strokes ??= structuredClone(data?.strokes ?? [])
  canvas.pointer ??= null

  const paint = () => {
    const pixels = Math.round(canvas.clientWidth * (window.devicePixelRatio || 1))
    canvas.width = canvas.height = pixels
    const pen = canvas.getContext("2d")
    pen.lineWidth = PEN * pixels
    pen.lineCap = pen.lineJoin = "round"
    pen.strokeStyle = "#fff"
    for (const stroke of canvas.strokes) {
      pen.beginPath()
      // A line from the first point to itself makes a stroke of one point a dot.
      for (const [x, y] of [stroke[0], ...stroke]) pen.lineTo(x * pixels, y * pixels)
      pen.stroke()
    }
    hint.hidden = canvas.strokes.length > 0
    undo.disabled = clear.disabled = canvas.strokes.length === 0
  }
  const tell = () => { paint(); setStateValue("strokes", canvas.strokes) }
  const point = event => {
    const box = canvas.getBoundingClientRect()
    const inside = v => Math.round(Math.min(1, Math.max(0, v)) * 1e4) / 1e4
    return [inside((event.clientX - box.left) / box.width),
            inside((event.clientY - box.top) / box.height)]
  }

  // One pointer draws at a time; a second finger or a resting palm is ignored.
  canvas.onpointerdown = event => {
    if (event.button !== 0 || canvas.pointer !== null) return
    canvas.pointer = event.pointerId
    canvas.setPointerCapture(event.pointerId)
    canvas.strokes.push([point(event)])
    paint()
  }
  canvas.onpointermove = event => {
    if (event.pointerId !== canvas.pointer) return
    canvas.strokes.at(-1).push(point(event))
    paint()
  }
  canvas.onpointerup = canvas.onpointercancel = event => {
    if (event.pointerId !== canvas.pointer) return
    canvas.pointer = null
    tell()
  }
  undo.onclick = () => { canvas.strokes.pop(); tell() }
  clear.onclick = () => { canvas.strokes = []; tell() }

  // Painted again whenever its size changes: the sidebar can be widened.
  canvas.watch ??= new ResizeObserver(() => canvas.paint())
  canvas.paint = paint
  canvas.watch.observe(canvas)
  paint()
  return () => { canvas.watch.disconnect(); canvas.watch = undefined }
}
