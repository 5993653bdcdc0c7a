// A digit with a square that can be dragged over it, by pointer or by the arrow keys. Python hears
// of the square's centre, as shares of the side, when it comes to rest.
export default function (component) {
  const { data, parentElement, setStateValue } = component
  const canvas = parentElement.querySelector("canvas")
  const { pixels, side, length } = data
  canvas.dragged ??= null
  if (canvas.dragged === null) canvas.centre = [data.row, data.column]

  const paint = () => {
    const size = Math.round(canvas.clientWidth * (window.devicePixelRatio || 1))
    canvas.width = canvas.height = size
    const pen = canvas.getContext("2d")
    const cell = size / side
    pixels.forEach((value, i) => {
      pen.fillStyle = `rgb(${value},${value},${value})`
      pen.fillRect((i % side) * cell, Math.floor(i / side) * cell, cell + 1, cell + 1)
    })
    const [top, left] = canvas.centre.map(v => Math.ceil(v * side - length / 2 - 0.5) * cell)
    pen.fillStyle = data.fill
    pen.fillRect(left, top, length * cell, length * cell)
    pen.lineWidth = Math.max(2, size / 120)
    pen.strokeStyle = "#D55E00"
    pen.strokeRect(left, top, length * cell, length * cell)
  }
  const move = (row, column) => {
    canvas.centre = [row, column].map(v => Math.round(Math.min(1, Math.max(0, v)) * side) / side)
    paint()
  }
  const tell = () => setStateValue("at", canvas.centre)
  const place = event => {
    const box = canvas.getBoundingClientRect()
    move((event.clientY - box.top) / box.height, (event.clientX - box.left) / box.width)
  }

  canvas.onpointerdown = event => {
    if (event.button !== 0 || canvas.dragged !== null) return
    canvas.dragged = event.pointerId
    canvas.setPointerCapture(event.pointerId)
    place(event)
  }
  canvas.onpointermove = event => { if (event.pointerId === canvas.dragged) place(event) }
  canvas.onpointerup = canvas.onpointercancel = event => {
    if (event.pointerId !== canvas.dragged) return
    canvas.dragged = null
    tell()
  }
  canvas.onkeydown = event => {
    const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }
    const by = step[event.key]
    if (!by) return
    event.preventDefault()
    move(canvas.centre[0] + by[0] / side, canvas.centre[1] + by[1] / side)
    tell()
  }

  canvas.watch ??= new ResizeObserver(() => canvas.paint())
  canvas.paint = paint
  canvas.watch.observe(canvas)
  paint()
  return () => { canvas.watch.disconnect(); canvas.watch = undefined }
}
