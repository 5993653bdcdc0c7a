"""Scrolling to what a button has just opened below the fold."""

import streamlit as st

_ASKED, _COUNT = "_into_view", "_into_view_count"
SCRIPT = """<script>
(() => {
  const target = document.querySelector(".st-key-%s")
  if (!target) return
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches
  // Streamlit's bar lies over the top of the page.
  target.style.scrollMarginTop = "4rem"
  const go = () => target.scrollIntoView({ behavior: still ? "auto" : "smooth", block: "start" })
  // Figures above may still change their height; a person who scrolls meanwhile is left alone.
  const later = [400, 1200].map((ms) => setTimeout(go, ms))
  const stop = () => later.forEach(clearTimeout)
  for (const kind of ["wheel", "touchstart", "keydown", "pointerdown"])
    addEventListener(kind, stop, { once: true, passive: true })
  go()
})()
// %d
</script>"""


def ask_into_view(key: str) -> None:
    """Scroll to the keyed element when the page is next drawn; for the callback of a button."""
    st.session_state[_ASKED] = key


def bring_into_view(page: str) -> None:
    """Do so if it was asked for an element of this page; called after all of them. Any other run
    draws nothing here, and so leaves the page where it is."""
    key = st.session_state.get(_ASKED, "")
    if not key.startswith(f"{page}_"):
        return
    del st.session_state[_ASKED]
    # The number makes the script another one, so that it runs again after a second press.
    count = st.session_state[_COUNT] = st.session_state.get(_COUNT, 0) + 1
    st.html(SCRIPT % (key, count), unsafe_allow_javascript=True)
