// Draws figures in the light theme, off the screen, as SVG with its font inside and as PNG at twice
// its size. Hands them back to the server, or saves one where `save` names its kind.
const asBase64 = blob => new Promise(done => {
  const reader = new FileReader()
  reader.onload = () => done(reader.result.split(",")[1])
  reader.readAsDataURL(blob)
})

const load = source => window.Plotly?.toImage ? Promise.resolve() : new Promise((done, fail) => {
  const script = document.createElement("script")
  script.src = source
  script.onload = done
  script.onerror = fail
  document.head.append(script)
})

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

// What each place on the page drew last: Streamlit calls again at every rerun.
const last = new WeakMap()

export default async function ({ data, parentElement, setStateValue }) {
  if (last.get(parentElement) === data.revision) return
  last.set(parentElement, data.revision)
  await load(data.plotly)
  const font = await asBase64(await (await fetch(data.font)).blob())
  const face = `<style>@font-face{font-family:"Source Sans";font-weight:200 900;` +
    `src:url(data:font/woff2;base64,${font})}</style>`
  const drawn = {}
  for (const [name, figure] of Object.entries(data.figures)) {
    const { width, height } = figure.layout
    const url = await window.Plotly.toImage(figure, { format: "svg", width, height })
    const bare = decodeURIComponent(url.slice(url.indexOf(",") + 1))
    const svg = bare.replace(/(<svg[^>]*>)/, `$1${face}`)
    if (data.save === "svg") save(new Blob([svg], { type: "image/svg+xml" }), `${name}.svg`)
    else if (data.save === "png") save(await bitmap(svg, width, height), `${name}.png`)
    else drawn[name] = svg
  }
  if (!data.save) setStateValue("drawn", { revision: data.revision, files: drawn })
}
