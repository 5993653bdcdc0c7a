// A receptive field with a bar that can be dragged across it. While it is held, its place along its
// direction is noted once a frame; Python hears of the path, in pixels, when it is let go.
export default function (component) {
  const { data, parentElement, setStateValue } = component
  const canvas = parentElement.querySelector("canvas")
  const { colours, side, width, direction, frame, most } = data
  const theta = (direction * Math.PI) / 180
  canvas.dragged ??= null
  canvas.place ??= 0

  const paint = () => {
    const size = Math.round(canvas.clientWidth * (window.devicePixelRatio || 1))
    canvas.width = canvas.height = size
    const pen = canvas.getContext("2d")
    const cell = size / side
    colours.forEach((colour, i) => {
      pen.fillStyle = colour
      pen.fillRect((i % side) * cell, Math.floor(i / side) * cell, cell + 1, cell + 1)
    })
    pen.save()
    // From the middle, with x along the direction; on a canvas y points down.
    pen.translate(size / 2, size / 2)
    pen.rotate(-theta)
    pen.fillStyle = "rgba(230, 159, 0, 0.5)"
    pen.strokeStyle = "#E69F00"
    pen.lineWidth = Math.max(2, size / 150)
    const box = [(canvas.place - width / 2) * cell, -2 * size, width * cell, 4 * size]
    pen.fillRect(...box)
    pen.strokeRect(...box)
    pen.restore()
  }
  const follow = event => {
    const box = canvas.getBoundingClientRect()
    const x = ((event.clientX - box.left) / box.width - 0.5) * side
    const y = (0.5 - (event.clientY - box.top) / box.height) * side
    canvas.place = x * Math.cos(theta) + y * Math.sin(theta)
    paint()
  }
  const note = () => {
    if (canvas.path.length < most) canvas.path.push(Math.round(100 * canvas.place) / 100)
  }
  const tell = () => setStateValue("path", canvas.path)

  canvas.onpointerdown = event => {
    if (event.button !== 0 || canvas.dragged !== null) return
    canvas.dragged = event.pointerId
    canvas.setPointerCapture(event.pointerId)
    canvas.path = []
    follow(event)
    note()
    canvas.clock = setInterval(note, frame)
  }
  canvas.onpointermove = event => { if (event.pointerId === canvas.dragged) follow(event) }
  canvas.onpointerup = canvas.onpointercancel = event => {
    if (event.pointerId !== canvas.dragged) return
    canvas.dragged = null
    clearInterval(canvas.clock)
    note()
    tell()
  }
  canvas.onkeydown = event => {
    const by = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[event.key]
    if (!by) return
    event.preventDefault()
    // A pixel in ten frames, from where it stands.
    const from = canvas.place
    canvas.place = Math.max(-side, Math.min(side, from + by))
    canvas.path = [...(canvas.path ?? [])]
    for (let k = 1; k <= 10 && canvas.path.length < most; k++) {
      canvas.path.push(Math.round(100 * (from + (by * k) / 10)) / 100)
    }
    paint()
    tell()
  }

  canvas.watch ??= new ResizeObserver(() => canvas.paint())
  canvas.paint = paint
  canvas.watch.observe(canvas)
  paint()
  return () => {
    clearInterval(canvas.clock)
    canvas.watch.disconnect()
    canvas.watch = undefined
  }
}
