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
    paintPixels(canvas.getContext("2d"), colours, side, size / side)
    clear.disabled = canvas.covered.size === 0
  }
  const tell = () => { paint(); setStateValue("covered", [...canvas.covered]) }
  const brush = event => {
    const [x, y] = pointAt(canvas, event).map(v => v * side - 0.5)
    for (let row = 0; row < side; row++) {
      for (let column = 0; column < side; column++) {
        if (Math.hypot(column - x, row - y) > RADIUS) continue
        const i = row * side + column
        if (canvas.erases) canvas.covered.delete(i); else canvas.covered.add(i)
      }
    }
    paint()
  }

  onDrag(canvas, {
    start: event => { canvas.erases = event.shiftKey; brush(event) },
    move: brush,
    end: tell,
  })
  clear.onclick = () => { canvas.covered = new Set(); tell() }
  return keepPainted(canvas, paint)
}
