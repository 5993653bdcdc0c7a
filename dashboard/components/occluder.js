// A digit with a square that can be dragged over it, by pointer or by the arrow keys. Python hears
// of the square's centre, as shares of the side, when it comes to rest.
export default function (component) {
  const { data, parentElement, setStateValue } = component
  const canvas = parentElement.querySelector("canvas")
  const { pixels, side, length } = data
  // While it is dragged it knows better than Python where it is.
  if ((canvas.pointer ?? null) === null) canvas.centre = [data.row, data.column]

  const paint = () => {
    const size = sharpen(canvas)
    const pen = canvas.getContext("2d")
    const cell = size / side
    paintPixels(pen, pixels.map(value => `rgb(${value},${value},${value})`), side, cell)
    const [top, left] = canvas.centre.map(v => Math.ceil(v * side - length / 2 - 0.5) * cell)
    pen.fillStyle = data.fill
    pen.fillRect(left, top, length * cell, length * cell)
    pen.lineWidth = Math.max(2, size / 120)
    pen.strokeStyle = "#D55E00"
    pen.strokeRect(left, top, length * cell, length * cell)
  }
  const move = (row, column) => {
    canvas.centre = [row, column].map(v => Math.round(inside(v, 0, 1) * side) / side)
    paint()
  }
  const tell = () => {
    setStateValue("at", canvas.centre)
    const [row, column] = canvas.centre.map(v => Math.round(v * side))
    say(parentElement, `The square is at row ${row}, column ${column} of ${side}`)
  }
  const follow = ([x, y]) => move(y, x)

  onDrag(canvas, { start: follow, move: follow, end: tell })
  canvas.onkeydown = event => {
    const by = arrow(event)
    if (!by) return
    event.preventDefault()
    move(canvas.centre[0] + by[1] / side, canvas.centre[1] + by[0] / side)
    tell()
  }
  return keepPainted(canvas, paint)
}
