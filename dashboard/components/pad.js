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
// the one that does, or null. ``start`` and ``move`` get the point and the event.
function onDrag(canvas, { start, move, end }) {
  canvas.pointer ??= null
  canvas.onpointerdown = event => {
    if (event.button !== 0 || canvas.pointer !== null) return
    canvas.pointer = event.pointerId
    canvas.setPointerCapture(event.pointerId)
    start(pointAt(canvas, event), event)
  }
  canvas.onpointermove = event => { if (event.pointerId === canvas.pointer) move(pointAt(canvas, event)) }
  canvas.onpointerup = canvas.onpointercancel = event => {
    if (event.pointerId !== canvas.pointer) return
    canvas.pointer = null
    end()
  }
}

const ARROWS = {
  ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0],
}
const LARGER = 5

// Steps to the right and down that an arrow key asks for, more of them with Shift; null for others.
function arrow(event) {
  const by = ARROWS[event.key]
  return by && !event.ctrlKey && !event.altKey && !event.metaKey
    ? by.map(v => v * (event.shiftKey ? LARGER : 1))
    : null
}

// Tells a screen reader what a pad shows now.
function say(parent, text) {
  parent.querySelector(".said").textContent = text
}

// Draws by keys as ``onDrag`` does by pointer: arrows move a cursor over ``side`` steps, Space or
// Enter puts the pen down and lifts it, Delete clears. ``start`` and ``move`` get points, [x, y]
// from 0 to 1. ``paint`` is called when the cursor has moved.
function onPen(canvas, side, { start, move, end, clear, paint }) {
  canvas.cursor ??= [0.5, 0.5]
  canvas.penDown ??= false
  const lift = () => {
    if (!canvas.penDown) return
    canvas.penDown = false
    end()
  }
  canvas.onkeydown = event => {
    const by = arrow(event)
    if (by) {
      // One step after the other, so that a long one leaves no gap.
      for (let k = Math.max(...by.map(Math.abs)); k > 0; k--) {
        canvas.cursor = canvas.cursor.map((v, i) => inside(v + Math.sign(by[i]) / side, 0, 1))
        if (canvas.penDown) move(canvas.cursor)
      }
      paint()
    } else if (event.key === " " || event.key === "Enter") {
      if (canvas.penDown) lift()
      else if (!event.repeat) {
        canvas.penDown = true
        start(canvas.cursor)
      }
    } else if (event.key === "Delete" || event.key === "Backspace") {
      canvas.penDown = false
      clear()
    } else return
    event.preventDefault()
  }
  canvas.onfocus = paint
  canvas.onblur = () => { lift(); paint() }
}

// The cursor of ``onPen``: a ring, filled while the pen is down.
function paintCursor(canvas, pen, size) {
  if (!canvas.matches(":focus-visible")) return
  const [x, y] = canvas.cursor
  pen.beginPath()
  pen.arc(x * size, y * size, size / 30, 0, 2 * Math.PI)
  pen.lineWidth = Math.max(2, size / 100)
  pen.strokeStyle = pen.fillStyle = "#E69F00"
  if (canvas.penDown) pen.fill()
  pen.stroke()
}

// Where the cursor of ``onPen`` is, and whether it draws, in words.
function cursorWords(canvas, side) {
  const [x, y] = canvas.cursor.map(v => Math.round(v * side))
  return `Pen ${canvas.penDown ? "down" : "up"}, row ${y}, column ${x} of ${side}`
}

// Streamlit lets go also of a call that the next one has overtaken: what is still in the page goes on.
const leaving = (place, end) => () => { if (!place.isConnected) end() }

// Painted now, and again whenever its size changes: the sidebar can be widened. Returns what ends
// that.
function keepPainted(canvas, paint) {
  canvas.watch ??= new ResizeObserver(() => canvas.paint())
  canvas.paint = paint
  canvas.watch.observe(canvas)
  paint()
  return leaving(canvas, () => { canvas.watch?.disconnect(); canvas.watch = undefined })
}
