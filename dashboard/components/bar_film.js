// The stimulus over the receptive field, moving with the sound that is played beside it: what is
// heard is what is seen. Below it the spikes so far.
export default function (component) {
  const { data, parentElement } = component
  const canvas = parentElement.querySelector("canvas")
  const { colours, side, width, period, direction, frame, places, spikes, ink, sound } = data
  const most = Math.max(1, ...spikes)

  const paint = t => {
    const size = screenWidth(canvas)
    const strip = Math.round(size / 5)
    canvas.width = size
    canvas.height = size + strip
    const pen = canvas.getContext("2d")
    const cell = size / side
    paintPixels(pen, colours, side, cell)
    pen.clearRect(0, size, size, strip)
    const place = places[t]
    if (place !== null) {
      pen.save()
      pen.beginPath()
      pen.rect(0, 0, size, size)
      pen.clip()
      paintAlong(pen, size, direction, () => {
        pen.fillStyle = "rgba(230, 159, 0, 0.5)"
        const reach = 1.5 * side
        const first = period ? place - period * Math.ceil((place + reach) / period) : place
        for (let at = first; at <= (period ? reach : place); at += period || 1) {
          pen.fillRect((at - width / 2) * cell, -2 * size, width * cell, 4 * size)
        }
      })
      pen.restore()
    }
    // A base line, and faintly what is still to come: a lone spike would look like a stray mark.
    pen.fillStyle = ink
    pen.globalAlpha = 0.35
    pen.fillRect(0, size + strip - 1, size, 1)
    for (let k = 0; k < spikes.length; k++) {
      pen.globalAlpha = k <= t ? 1 : 0.2
      const height = (strip - 4) * (spikes[k] / most)
      if (height > 0) {
        const left = (k * size) / spikes.length
        pen.fillRect(left, size + strip - height, Math.max(1, size / spikes.length), height)
      }
    }
    pen.globalAlpha = 1
  }

  const last = places.length - 1
  const total = spikes.reduce((sum, count) => sum + count, 0)
  const describe = t => {
    const sofar = spikes.slice(0, t + 1).reduce((sum, count) => sum + count, 0)
    canvas.ariaLabel = `The stimulus over the receptive field at frame ${t} of ${last}, with ` +
      `${sofar} of the neuron's ${total} spikes so far; it moves with the sound`
  }
  // Nothing moves for who has asked for that: the film follows the sound when it stands still.
  const still = matchMedia("(prefers-reduced-motion: reduce)")
  const heard = () => document.querySelector(sound)
  let shown = -1
  let asked = 0
  const follow = () => {
    const audio = heard()
    const t = audio ? Math.min(last, Math.floor((1000 * audio.currentTime) / frame)) : 0
    const held = still.matches && audio && !audio.paused && shown >= 0
    if (t !== shown && canvas.clientWidth && !held) {
      paint(t)
      describe(t)
      shown = t
      canvas.dataset.frame = t
    }
    asked = requestAnimationFrame(follow)
  }
  const watch = new ResizeObserver(() => { shown = -1 })
  watch.observe(canvas)
  // One film at a time.
  canvas.end?.()
  canvas.end = () => {
    cancelAnimationFrame(asked)
    watch.disconnect()
  }
  follow()
  return leaving(canvas, () => canvas.end())
}
