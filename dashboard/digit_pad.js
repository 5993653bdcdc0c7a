// The canvas of the digit pad. Strokes are lists of [x, y] from 0 to 1; Python hears of them when a
// stroke ends, and gives them back as data, so that a rerun or another page loses nothing.
const PEN = 0.085

export default function (component) {
  const { data, parentElement, setStateValue } = component
  const canvas = parentElement.querySelector("canvas")
  const hint = parentElement.querySelector(".hint")
  const [undo, clear] = parentElement.querySelectorAll("button")
  // While a finger is down, what is being drawn is newer than what Python knows.
  if (!canvas.drawing) canvas.strokes = structuredClone(data?.strokes ?? [])

  const paint = () => {
    const pixels = canvas.clientWidth * (window.devicePixelRatio || 1)
    canvas.width = canvas.height = pixels
    const pen = canvas.getContext("2d")
    pen.lineWidth = PEN * pixels
    pen.lineCap = pen.lineJoin = "round"
    pen.strokeStyle = "#fff"
    for (const stroke of canvas.strokes) {
      pen.beginPath()
      stroke.forEach(([x, y], i) =>
        i ? pen.lineTo(x * pixels, y * pixels) : pen.moveTo(x * pixels, y * pixels))
      if (stroke.length === 1) pen.lineTo(stroke[0][0] * pixels, stroke[0][1] * pixels)
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

  canvas.onpointerdown = event => {
    if (event.button !== 0) return
    canvas.drawing = true
    canvas.setPointerCapture(event.pointerId)
    canvas.strokes.push([point(event)])
    paint()
  }
  canvas.onpointermove = event => {
    if (!canvas.drawing) return
    canvas.strokes.at(-1).push(point(event))
    paint()
  }
  canvas.onpointerup = canvas.onpointercancel = () => {
    if (!canvas.drawing) return
    canvas.drawing = false
    tell()
  }
  undo.onclick = () => { canvas.strokes.pop(); tell() }
  clear.onclick = () => { canvas.strokes = []; tell() }

  // Painted again whenever its size changes: the sidebar can be widened.
  const watch = new ResizeObserver(paint)
  watch.observe(canvas)
  paint()
  return () => watch.disconnect()
}
