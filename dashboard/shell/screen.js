// Tells Python whether the screen is narrow and the theme dark, whenever that differs from what Python
// holds; and loads plotly.js while the server still computes what it will draw.
const narrow = window.matchMedia("(max-width: 799px)")
const sidebar = () => document.querySelector("[data-testid=stSidebar]")
const isDark = () =>
  getComputedStyle(document.querySelector("[data-testid=stApp]")).colorScheme === "dark"
const isOpen = () => sidebar()?.dataset.collapsed === "false"

// Streamlit closes its sidebar on a touch outside, because there it covers the page; here it does
// not, so the touch goes no further than the page.
const keepOpen = event => {
  const main = event.target.closest?.("[data-testid=stMain]")
  if (main && narrow.matches && isOpen()) event.stopPropagation()
}

let begun = false
function begin() {
  begun = true
  document.body.addEventListener("mousedown", keepOpen)
  // Streamlit itself closes it at first up to 768 pixels.
  if (narrow.matches && isOpen()) {
    sidebar().querySelector("[data-testid=stSidebarCollapseButton] button")?.click()
  }
}

// What was told and is not answered yet: telling again would start the page's run again.
const told = {}

export default function ({ data, setStateValue }) {
  if (!begun) begin()
  // A figure that needs it says so if it is not found.
  if (data.plotly) library(data.plotly).catch(() => {})
  const tell = (name, value) => {
    if (value === data[name]) delete told[name]
    else if (value !== told[name]) setStateValue(name, told[name] = value)
  }
  narrow.onchange = () => tell("narrow", narrow.matches)
  narrow.onchange()
  // Streamlit calls again where the theme changes, before it has changed.
  requestAnimationFrame(() => tell("dark", isDark()))
}
