"""Navigation: the pages, and how an address finds its page.

Beside a folder named ``pages`` Streamlit starts in its old multipage mode: until app.py has run
once, a deep link runs the page alone. So every page first calls ``ensure_routed``.
"""

import gc
import sys
from functools import lru_cache, partial
from pathlib import Path

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from corelib import environment
from corelib.errors import SettingsError
from dashboard.components.glossary import explain_terms
from dashboard.rooms import ROOMS
from dashboard.shell import person, projector, screen
from dashboard.shell.address import count_visit, drop
from dashboard.shell.registry import known_controls
from dashboard.shell.text import plain, say_error

ROOT = Path(__file__).parents[1]
PAGES = ROOT / "pages"
NO_CONTROLS = '[data-testid="stExpandSidebarButton"]::after { content: "Pages" !important }'
ICON = str(ROOT / "assets" / "pictures" / "icon.png")


def _pages() -> dict[str, list]:
    home = st.Page(PAGES / "home.py", title="Home", icon=":material/home:", default=True)
    claims = st.Page(PAGES / "claims.py", title="Claims", icon=":material/fact_check:")
    glossary = st.Page(PAGES / "glossary.py", title="Glossary", icon=":material/dictionary:")
    lab = [
        st.Page(PAGES / "runs.py", title="Runs", icon=":material/timeline:"),
        st.Page(PAGES / "compare.py", title="Compare", icon=":material/compare_arrows:"),
        st.Page(PAGES / "studies.py", title="Studies", icon=":material/tune:"),
        st.Page(PAGES / "models.py", title="Models", icon=":material/deployed_code:"),
        st.Page(PAGES / "data.py", title="Data", icon=":material/dataset:"),
    ]
    # Addresses that were saved while the page was called so.
    once = st.Page(PAGES / "trainings.py", title="Runs", visibility="hidden")
    rooms = [st.Page(PAGES / room.file, title=room.title, icon=room.icon) for room in ROOMS]
    alone = [home, claims, glossary, once]
    known = {page.url_path for page in (*alone, *lab, *rooms)}
    return {"": [*alone, *_unknown(known)], "Experiments": rooms, "Laboratory": lab}


def _unknown(known: set[str]) -> list:
    """A page that says so, where the address names one that does not exist: Streamlit would show
    Home under a message that hides it."""
    context = get_script_run_ctx()
    name = (context and context.pages_manager.intended_page_name) or ""
    if not name.strip("/ ") or "/" in name or name in known:
        return []
    page = partial(_say_unknown, name)
    return [st.Page(page, title="Page not found", url_path=name, visibility="hidden")]


def _say_unknown(name: str) -> None:
    st.title("Page not found")
    st.markdown(f"Synaptarium has no page named {plain(name)}.")
    st.page_link(PAGES / "home.py", label="Go to Home", icon=":material/home:")


def run() -> None:
    """Build the navigation and run the page that the address names."""
    _set_aside(len(sys.modules))
    _configure()
    st.session_state["_routed"] = True
    page = st.navigation(_pages(), position="top", expanded=True)
    count_visit(page.url_path)
    _keep_history()
    try:
        environment.check()
    except SettingsError as error:
        say_error(error)
    else:
        if not person.watch():
            return
        has_controls = f"{page.url_path}.py" in {room.file for room in ROOMS}
        screen.watch(figures=has_controls)
        projector.begin()
        if has_controls:
            with st.sidebar:
                projector.draw_switch()
        page.run()
        if not has_controls:
            # No sidebar for this alone; on a phone it holds the list of pages.
            st.html(f"<style>{NO_CONTROLS}</style>")
            projector.draw_switch()
        explain_terms(page.url_path)
        drop(known_controls())


def _keep_history() -> None:
    """Make Back and Forward go from page to page, each as it was left; and what holds on all
    pages: the focus is visible, and nothing glides for who has asked for that."""
    # It takes no room in the layout.
    style = f".st-key-page_history {{ position: absolute }} {_shell('everywhere.css')}"
    with st.container(key="page_history"):
        st.html(
            f"<style>{style}</style><script>{_shell('history.js')}</script>",
            unsafe_allow_javascript=True,
        )


@lru_cache(maxsize=2)
def _shell(name: str) -> str:
    return (Path(__file__).parent / "shell" / name).read_text(encoding="utf-8")


@lru_cache(maxsize=1)
def _set_aside(modules: int) -> None:
    """Exclude imported modules from garbage collection, whenever ``modules`` has grown.

    Streamlit collects after each run of a page, and the page's last messages wait for it: with
    torch and plotly in memory, longer than for everything else that a slider triggers. Imported
    modules are never garbage; the previous run has just collected what was.
    """
    gc.freeze()


def _configure() -> None:
    # Our own picture: without it the icon of the first page would be fetched as a web font.
    st.set_page_config(
        page_title="Synaptarium", page_icon=ICON, layout="wide", initial_sidebar_state="auto"
    )


def ensure_routed() -> None:
    """First call of every page: go through app.py if a deep link bypassed it."""
    if not st.session_state.get("_routed"):
        _configure()
        st.session_state["_routed"] = True
        st.navigation(_pages(), position="top", expanded=True)
        st.rerun()
