// Draws figures in the light theme, off the screen, as SVG with its font inside, as PNG at twice its
// size or alone on a page that is printed, and saves one of them, or all in a zip with `texts`.
// A page that the server has made is saved as it is.
const asBase64 = blob => new Promise(done => {
  const reader = new FileReader()
  reader.onload = () => done(reader.result.split(",")[1])
  reader.readAsDataURL(blob)
})

// The SVG of a figure, or one that is drawn already, and its size in pixels.
const drawing = async figure => {
  if (typeof figure === "string") {
    const [, , width, height] = figure.match(/viewBox="([^"]*)"/)[1].split(" ").map(Number)
    return { svg: figure, width, height }
  }
  const { width, height } = figure.layout
  const url = await window.Plotly.toImage(figure, { format: "svg", width, height })
  return { svg: decodeURIComponent(url.slice(url.indexOf(",") + 1)), width, height }
}

const bitmap = (svg, width, height) => new Promise((done, fail) => {
  const image = new Image()
  image.onload = () => {
    const canvas = document.createElement("canvas")
    canvas.width = 2 * width
    canvas.height = 2 * height
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height)
    canvas.toBlob(done, "image/png")
  }
  image.onerror = fail
  image.src = URL.createObjectURL(new Blob([svg], { type: "image/svg+xml" }))
})

const save = (blob, name) => {
  const link = document.createElement("a")
  link.href = URL.createObjectURL(blob)
  link.download = name
  document.body.append(link)
  link.click()
  link.remove()
}

const CRC = Uint32Array.from({ length: 256 }, (_, n) => {
  for (let bit = 0; bit < 8; bit++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1
  return n
})
const crc32 = bytes => ~bytes.reduce((c, byte) => CRC[(c ^ byte) & 255] ^ (c >>> 8), ~0) >>> 0

const deflated = async bytes => {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("deflate-raw"))
  return new Uint8Array(await new Response(stream).arrayBuffer())
}

// Little-endian fields of a record, given as [bytes, value].
const record = fields => {
  const view = new DataView(new ArrayBuffer(fields.reduce((sum, [size]) => sum + size, 0)))
  let at = 0
  for (const [size, value] of fields) {
    if (size === 2) view.setUint16(at, value, true)
    else view.setUint32(at, value, true)
    at += size
  }
  return view
}

// A zip of texts by their paths, as in PKWARE's APPNOTE: each file after its local header, then the
// central directory and its end.
const zipped = async texts => {
  const now = new Date()
  const date = (now.getFullYear() - 1980) << 9 | (now.getMonth() + 1) << 5 | now.getDate()
  const time = now.getHours() << 11 | now.getMinutes() << 5 | now.getSeconds() >> 1
  const files = [], directory = []
  let at = 0, length = 0
  for (const [path, text] of Object.entries(texts)) {
    const name = new TextEncoder().encode(path), bytes = new TextEncoder().encode(text)
    const packed = await deflated(bytes)
    const common = [[2, 20], [2, 0x0800], [2, 8], [2, time], [2, date], [4, crc32(bytes)],
      [4, packed.length], [4, bytes.length], [2, name.length], [2, 0]]
    files.push(record([[4, 0x04034b50], ...common]), name, packed)
    directory.push(record([[4, 0x02014b50], [2, 20], ...common, [2, 0], [2, 0], [2, 0], [4, 0],
      [4, at]]), name)
    at += 30 + name.length + packed.length
    length += 46 + name.length
  }
  const count = Object.keys(texts).length
  const end = record([[4, 0x06054b50], [2, 0], [2, 0], [2, count], [2, count], [4, length], [4, at],
    [2, 0]])
  return new Blob([...files, ...directory, end], { type: "application/zip" })
}

// Prints a drawing on a page of exactly its size: vectors and letters stay what they are, and the
// browser's "Save as PDF" writes the file, of which the title is the name.
const print = async (svg, width, height, name) => {
  const frame = document.createElement("iframe")
  frame.title = name
  // Not display: none, which has no layout to print.
  frame.style.cssText = `position: fixed; left: -9999px; width: ${width}px; height: ${height}px; border: 0`
  const loaded = new Promise(done => { frame.onload = done })
  frame.srcdoc = `<!doctype html><html lang="en"><meta charset="utf-8"><title>${name}</title><style>` +
    `@page { size: ${width}px ${height}px; margin: 0 } html, body { margin: 0 }` +
    // Lower than the page by a hair, lest rounding begins a second one.
    `svg { display: block; width: ${width}px; height: ${height - 0.5}px }` +
    `* { print-color-adjust: exact }</style>${svg}</html>`
  document.body.append(frame)
  await loaded
  await frame.contentDocument.fonts.ready
  frame.contentWindow.onafterprint = () => setTimeout(() => frame.remove())
  frame.contentWindow.print()
}

// What each place on the page saved last: Streamlit calls again at every rerun.
const last = new WeakMap()

export default async function ({ data, parentElement }) {
  if (last.get(parentElement) === data.count) return
  last.set(parentElement, data.count)
  if (data.kind === "html") {
    save(await (await fetch(data.file)).blob(), `${data.name}.html`)
    return
  }
  await library(data.plotly)
  const font = await asBase64(await (await fetch(data.font)).blob())
  const face = `<style>@font-face{font-family:"Source Sans";font-weight:200 900;` +
    `src:url(data:font/woff2;base64,${font})}</style>`
  const texts = { ...data.texts }
  for (const [name, figure] of Object.entries(data.figures)) {
    const { svg: bare, width, height } = await drawing(figure)
    const svg = bare.replace(/(<svg[^>]*>)/, `$1${face}`)
    if (data.kind === "svg") save(new Blob([svg], { type: "image/svg+xml" }), `${name}.svg`)
    else if (data.kind === "png") save(await bitmap(svg, width, height), `${name}.png`)
    else if (data.kind === "pdf") await print(svg, width, height, name)
    else texts[`figures/${name}.svg`] = svg
  }
  if (data.kind === "zip") save(await zipped(texts), `${data.name}.zip`)
}
