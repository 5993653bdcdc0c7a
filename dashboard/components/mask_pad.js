// A digit whose pixels can be painted over, or uncovered again, with the pointer. Python hears of
// the covered pixels when the pointer is lifted, and keeps them.
const RADIUS = 1.6

export default function (component) {
  const { data, parentElement, setStateValue } = component
  const canvas = parentElement.querySelector("canvas")
  const [clear] = parentElement.querySelectorAll("button")
  const { pixels, side } = data
  // Only a new pad, or one whose digit has changed, takes its pixels from Python.
  const digit = pixels.join()
  if (canvas.digit !== digit) {
    canvas.digit = digit
    canvas.covered = new Set(data.covered)
  }

  const paint = () => {
    const size = sharpen(canvas)
    const colours = pixels.map((value, i) =>
      canvas.covered.has(i) ? "#D55E00" : `rgb(${value},${value},${value})`)
    const pen = canvas.getContext("2d")
    paintPixels(pen, colours, side, size / side)
    paintCursor(canvas, pen, size)
    clear.disabled = canvas.covered.size === 0
  }
  const speak = () =>
    say(parentElement, `${canvas.covered.size} pixels hidden. ${cursorWords(canvas, side)}`)
  const tell = () => { paint(); setStateValue("covered", [...canvas.covered]); speak() }
  const brush = point => {
    const [x, y] = point.map(v => v * side - 0.5)
    for (let row = 0; row < side; row++) {
      for (let column = 0; column < side; column++) {
        if (Math.hypot(column - x, row - y) > RADIUS) continue
        const i = row * side + column
        if (canvas.erases) canvas.covered.delete(i); else canvas.covered.add(i)
      }
    }
    paint()
  }
  const covers = ([x, y]) => {
    const [row, column] = [y, x].map(v => inside(Math.floor(v * side), 0, side - 1))
    return canvas.covered.has(row * side + column)
  }
  const empty = () => { canvas.covered = new Set(); tell() }

  onDrag(canvas, {
    start: (point, event) => { canvas.erases = event.shiftKey; brush(point) },
    move: brush,
    end: tell,
  })
  // By keys Shift makes the steps larger: what uncovers is a pen put down on a covered pixel.
  onPen(canvas, side, {
    start: point => { canvas.erases = covers(point); brush(point); speak() },
    move: brush,
    end: tell,
    clear: empty,
    paint: () => { paint(); speak() },
  })
  clear.onclick = empty
  return keepPainted(canvas, paint)
}
