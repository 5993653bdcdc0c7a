// The canvas of the digit pad. Strokes are lists of [x, y] from 0 to 1. Python hears of them when
// a stroke ends, and keeps them for the next time that the pad is put on a page.
const PEN = 0.085
const STEPS = 28 // of the cursor, from edge to edge

export default function (component) {
  const { data, parentElement, setStateValue } = component
  const canvas = parentElement.querySelector("canvas")
  const hint = parentElement.querySelector(".hint")
  const [undo, clear] = parentElement.querySelectorAll("button")
  // Only a new pad takes its strokes from Python: while one is in use it knows better, for an
  // answer may come after the next stroke has been drawn.
  canvas.strokes ??= structuredClone(data?.strokes ?? [])

  const paint = () => {
    const size = sharpen(canvas)
    const pen = canvas.getContext("2d")
    pen.lineWidth = PEN * size
    pen.lineCap = pen.lineJoin = "round"
    pen.strokeStyle = "#fff"
    for (const stroke of canvas.strokes) {
      pen.beginPath()
      // A line from the first point to itself makes a stroke of one point a dot.
      for (const [x, y] of [stroke[0], ...stroke]) pen.lineTo(x * size, y * size)
      pen.stroke()
    }
    paintCursor(canvas, pen, size)
    hint.hidden = canvas.strokes.length > 0
    undo.disabled = clear.disabled = canvas.strokes.length === 0
  }
  const speak = () => {
    const count = canvas.strokes.length
    say(parentElement, `${count} ${count === 1 ? "stroke" : "strokes"}. ${cursorWords(canvas, STEPS)}`)
  }
  const tell = () => { paint(); setStateValue("strokes", canvas.strokes); speak() }
  const exact = point => point.map(v => Math.round(inside(v, 0, 1) * 1e4) / 1e4)
  const start = point => { canvas.strokes.push([exact(point)]); paint() }
  const move = point => { canvas.strokes.at(-1).push(exact(point)); paint() }
  const empty = () => { canvas.strokes = []; tell() }

  onDrag(canvas, { start, move, end: tell })
  onPen(canvas, STEPS, {
    start: point => { start(point); speak() },
    move,
    end: tell,
    clear: empty,
    paint: () => { paint(); speak() },
  })
  undo.onclick = () => { canvas.strokes.pop(); tell() }
  clear.onclick = empty
  return keepPainted(canvas, paint)
}
