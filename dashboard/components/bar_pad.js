// A receptive field with a bar that can be dragged across it, or moved and turned by the arrow keys.
// While it is held, its place along its
// direction is noted once a frame; Python hears of the path, in pixels, when it is let go.
const TURN = 5 // degrees a press
const QUIET = 200 // ms without a press before Python hears of the direction

export default function (component) {
  const { data, parentElement, setStateValue } = component
  const canvas = parentElement.querySelector("canvas")
  const { colours, side, width, frame, most } = data
  canvas.place ??= 0
  // While it is being turned it knows better than Python where it points.
  if (!canvas.turning) canvas.direction = data.direction

  const paint = () => {
    const size = sharpen(canvas)
    const pen = canvas.getContext("2d")
    const cell = size / side
    paintPixels(pen, colours, side, cell)
    paintAlong(pen, size, canvas.direction, () => {
      pen.fillStyle = "rgba(230, 159, 0, 0.5)"
      pen.strokeStyle = "#E69F00"
      pen.lineWidth = Math.max(2, size / 150)
      const box = [(canvas.place - width / 2) * cell, -2 * size, width * cell, 4 * size]
      pen.fillRect(...box)
      pen.strokeRect(...box)
    })
  }
  const follow = ([x, y]) => {
    const theta = (canvas.direction * Math.PI) / 180
    canvas.place = side * ((x - 0.5) * Math.cos(theta) + (0.5 - y) * Math.sin(theta))
    paint()
  }
  const note = () => {
    if (canvas.path.length < most) canvas.path.push(Math.round(100 * canvas.place) / 100)
  }
  const speak = () => {
    const place = Math.round(10 * canvas.place) / 10
    say(parentElement, `The bar is at ${place} pixels from the middle, at ${canvas.direction} degrees`)
  }
  const tell = () => { setStateValue("path", canvas.path); speak() }

  onDrag(canvas, {
    start: point => {
      canvas.path = []
      follow(point)
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
  const slide = by => {
    // A pixel in ten frames, from where it stands.
    const from = canvas.place
    canvas.place = inside(from + by, -side, side)
    const count = 10 * Math.abs(by)
    canvas.path = [...(canvas.path ?? [])]
    for (let k = 1; k <= count && canvas.path.length < most; k++) {
      const place = from + ((canvas.place - from) * k) / count
      canvas.path.push(Math.round(100 * place) / 100)
    }
    paint()
    tell()
  }
  const turn = by => {
    canvas.direction = (((canvas.direction + TURN * by) % 360) + 360) % 360
    paint()
    speak()
    clearTimeout(canvas.turning)
    canvas.turning = setTimeout(() => {
      canvas.turning = undefined
      setStateValue("direction", canvas.direction)
    }, QUIET)
  }
  canvas.onkeydown = event => {
    const by = arrow(event)
    if (by) {
      event.preventDefault()
      if (by[0]) slide(by[0])
      else turn(-by[1])
    } else if (event.key === "Delete" || event.key === "Backspace") {
      event.preventDefault()
      canvas.path = []
      canvas.place = 0
      paint()
      tell()
    }
  }

  const stop = keepPainted(canvas, paint)
  return leaving(canvas, () => {
    clearInterval(canvas.clock)
    stop()
  })
}
