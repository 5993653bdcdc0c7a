// A receptive field with a bar that can be dragged across it. While it is held, its place along its
// direction is noted once a frame; Python hears of the path, in pixels, when it is let go.
export default function (component) {
  const { data, parentElement, setStateValue } = component
  const canvas = parentElement.querySelector("canvas")
  const { colours, side, width, direction, frame, most } = data
  const theta = (direction * Math.PI) / 180
  canvas.place ??= 0

  const paint = () => {
    const size = sharpen(canvas)
    const pen = canvas.getContext("2d")
    const cell = size / side
    paintPixels(pen, colours, side, cell)
    paintAlong(pen, size, direction, () => {
      pen.fillStyle = "rgba(230, 159, 0, 0.5)"
      pen.strokeStyle = "#E69F00"
      pen.lineWidth = Math.max(2, size / 150)
      const box = [(canvas.place - width / 2) * cell, -2 * size, width * cell, 4 * size]
      pen.fillRect(...box)
      pen.strokeRect(...box)
    })
  }
  const follow = event => {
    const [x, y] = pointAt(canvas, event)
    canvas.place = side * ((x - 0.5) * Math.cos(theta) + (0.5 - y) * Math.sin(theta))
    paint()
  }
  const note = () => {
    if (canvas.path.length < most) canvas.path.push(Math.round(100 * canvas.place) / 100)
  }
  const tell = () => setStateValue("path", canvas.path)

  onDrag(canvas, {
    start: event => {
      canvas.path = []
      follow(event)
      note()
      canvas.clock = setInterval(note, frame)
    },
    move: follow,
    end: () => {
      clearInterval(canvas.clock)
      note()
      tell()
    },
  })
  canvas.onkeydown = event => {
    const by = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[event.key]
    if (!by) return
    event.preventDefault()
    // A pixel in ten frames, from where it stands.
    const from = canvas.place
    canvas.place = inside(from + by, -side, side)
    canvas.path = [...(canvas.path ?? [])]
    for (let k = 1; k <= 10 && canvas.path.length < most; k++) {
      canvas.path.push(Math.round(100 * (from + (by * k) / 10)) / 100)
    }
    paint()
    tell()
  }

  const stop = keepPainted(canvas, paint)
  return () => {
    clearInterval(canvas.clock)
    stop()
  }
}
