// An entry of the browser's history is a page, as it was left. Streamlit adds an entry for each
// control that a button sets, and, before it goes to another page, one without the parameters of
// the page that is left: Back would end there.
(() => {
  if (window.synaptariumHistory) return
  window.synaptariumHistory = true
  const push = history.pushState.bind(history)
  const replace = history.replaceState.bind(history)
  // The address when a person last did something; what they then leave is this.
  let left = location.href
  const note = () => { left = location.href }
  for (const kind of ["pointerdown", "click", "keydown"]) addEventListener(kind, note, true)
  history.pushState = (state, title, url) => {
    if (new URL(url, location.href).pathname === location.pathname) {
      replace(state, title, url)
      return
    }
    if (new URL(left).pathname === location.pathname) replace(state, title, left)
    push(state, title, url)
    note()
  }
})()
