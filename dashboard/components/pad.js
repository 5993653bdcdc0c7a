// What all pads share; it stands before the script of each.

const inside = (v, low, high) => Math.min(high, Math.max(low, v))

// The width of a canvas in the pixels of the screen.
const screenWidth = canvas => Math.round(canvas.clientWidth * (window.devicePixelRatio || 1))

// A square canvas made as sharp as the screen; its side in pixels.
function sharpen(canvas) {
  const size = screenWidth(canvas)
  canvas.width = canvas.height = size
  return size
}

// An image of side x side pixels, row by row, each of ``cell`` pixels of the screen.
function paintPixels(pen, colours, side, cell) {
  colours.forEach((colour, i) => {
    pen.fillStyle = colour
    pen.fillRect((i % side) * cell, Math.floor(i / side) * cell, cell + 1, cell + 1)
  })
}

// What ``draw`` paints, from the middle of the square and with x along the direction in degrees.
function paintAlong(pen, size, direction, draw) {
  pen.save()
  pen.translate(size / 2, size / 2)
  // On a canvas y points down.
  pen.rotate((-direction * Math.PI) / 180)
  draw()
  pen.restore()
}

// Where an event is on the canvas, [x, y], from 0 to 1 while it is over it; y points down.
function pointAt(canvas, event) {
  const box = canvas.getBoundingClientRect()
  return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height]
}

// One pointer drags at a time; a second finger or a resting palm is ignored. ``canvas.pointer`` is
// the one that does, or null.
function onDrag(canvas, { start, move, end }) {
  canvas.pointer ??= null
  canvas.onpointerdown = event => {
    if (event.button !== 0 || canvas.pointer !== null) return
    canvas.pointer = event.pointerId
    canvas.setPointerCapture(event.pointerId)
    start(event)
  }
  canvas.onpointermove = event => { if (event.pointerId === canvas.pointer) move(event) }
  canvas.onpointerup = canvas.onpointercancel = event => {
    if (event.pointerId !== canvas.pointer) return
    canvas.pointer = null
    end(event)
  }
}

// Painted now, and again whenever its size changes: the sidebar can be widened. Returns what ends
// that.
function keepPainted(canvas, paint) {
  canvas.watch ??= new ResizeObserver(() => canvas.paint())
  canvas.paint = paint
  canvas.watch.observe(canvas)
  paint()
  return () => { canvas.watch.disconnect(); canvas.watch = undefined }
}
