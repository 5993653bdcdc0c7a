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
  canvas.pointer ??= null

  const paint = () => {
    const size = Math.round(canvas.clientWidth * (window.devicePixelRatio || 1))
    canvas.width = canvas.height = size
    const pen = canvas.getContext("2d")
    const cell = size / side
    pixels.forEach((value, i) => {
      pen.fillStyle = canvas.covered.has(i) ? "#D55E00" : `rgb(${value},${value},${value})`
      pen.fillRect((i % side) * cell, Math.floor(i / side) * cell, cell + 1, cell + 1)
    })
    clear.disabled = canvas.covered.size === 0
  }
  const tell = () => { paint(); setStateValue("covered", [...canvas.covered]) }
  const brush = event => {
    const box = canvas.getBoundingClientRect()
    const x = (event.clientX - box.left) / box.width * side - 0.5
    const y = (event.clientY - box.top) / box.height * side - 0.5
    for (let row = 0; row < side; row++) {
      for (let column = 0; column < side; column++) {
        if (Math.hypot(column - x, row - y) > RADIUS) continue
        const i = row * side + column
        if (canvas.erases) canvas.covered.delete(i); else canvas.covered.add(i)
      }
    }
    paint()
  }

  canvas.onpointerdown = event => {
    if (event.button !== 0 || canvas.pointer !== null) return
    canvas.pointer = event.pointerId
    canvas.erases = event.shiftKey
    canvas.setPointerCapture(event.pointerId)
    brush(event)
  }
  canvas.onpointermove = event => { if (event.pointerId === canvas.pointer) brush(event) }
  canvas.onpointerup = canvas.onpointercancel = event => {
    if (event.pointerId !== canvas.pointer) return
    canvas.pointer = null
    tell()
  }
  clear.onclick = () => { canvas.covered = new Set(); tell() }

  canvas.watch ??= new ResizeObserver(() => canvas.paint())
  canvas.paint = paint
  canvas.watch.observe(canvas)
  paint()
  return () => { canvas.watch.disconnect(); canvas.watch = undefined }
}
