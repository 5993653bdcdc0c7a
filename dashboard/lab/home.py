"""Home: what this is, where to begin, the experiments by family, and what trains now. Imports
neither torch nor plotly, so that it paints at once."""

from pathlib import Path

import streamlit as st

from dashboard.rooms import FAMILIES, ROOMS, Family, Room
from dashboard.shell import inventory
from dashboard.shell.apart import alone
from dashboard.shell.page import ASSETS
from dashboard.shell.screen import is_dark
from dashboard.shell.text import errors_shown, opened

PAGES = ASSETS.parent / "pages"
STYLE = Path(__file__).with_name("home.css")
BEGIN = "balance.py"
REFRESH_S = 2.0
ROWS = ((0,), (1, 2, 3))
"""The families that share a row, by their places in ``FAMILIES``."""
PYTHON = """\
from corelib import load
from corelib.data import load_dataset

model = load("bpan-mnist")
digits = load_dataset("mnist")
x = digits.inputs(digits.test.pixels[:100])
logits, steps = model.forward_anytime(x, 0.9)"""
COMMANDS = """\
python -m corelib train bpan --epochs 15 --seed 0
python -m corelib evaluate bpan-mnist
python -m corelib runs list
python -m corelib reproduce"""


def draw_home() -> None:
    st.html(STYLE)
    _draw_head()
    for row in ROWS:
        families = [FAMILIES[k] for k in row]
        widths = [len(_rooms(family)) for family in families]
        for column, family in zip(st.columns(widths, gap="medium"), families, strict=True):
            with column:
                _draw_family(family)
    with st.expander("On this machine: images, networks, computer", key="home_machine"):
        _draw_inventory()
    if box := opened("From Python and from the command line", "home_code"):
        left, right = box.columns(2, gap="large")
        left.code(PYTHON, language="python")
        right.code(COMMANDS, language="bash")


def _draw_head() -> None:
    text, now = st.columns([3, 2], gap="large", vertical_alignment="bottom")
    first = next(room for room in ROOMS if room.file == BEGIN)
    with text:
        st.title("Synaptarium")
        st.markdown(
            "A laboratory of brain-inspired networks: look into trained ones, break them, train "
            "your own."
        )
        with st.container(key="home_begin"):
            st.page_link(
                PAGES / first.file,
                label=f"Begin with {first.title}",
                icon=first.icon,
                width="content",
            )
    with now, errors_shown():
        alive = inventory.in_progress()
        alone(_draw_now, REFRESH_S if alive else None)([alive])


@errors_shown()
def _draw_now(read: list[list[inventory.InProgress]]) -> None:
    """What trains now, and what there is. ``read`` holds the runs as they were read for Home as a
    whole; it is used up, so that they are read anew when this part is drawn again."""
    st.markdown(inventory.sentence())
    for run in read.pop() if read else inventory.in_progress():
        st.progress(run.share, run.text)
    st.page_link(PAGES / "runs.py", label="All runs", icon=":material/timeline:")


def _rooms(family: Family) -> list[Room]:
    return [room for room in ROOMS if room.family == family.name]


def _draw_family(family: Family) -> None:
    st.markdown(f"**{family.title}**", help=family.about)
    rooms = _rooms(family)
    for column, room in zip(st.columns(len(rooms), gap="small"), rooms, strict=True):
        with column:
            _draw_room(room)


def _draw_room(room: Room) -> None:
    """A card; its link covers it all."""
    name = room.file.removesuffix(".py")
    with st.container(border=True, height="stretch", gap="xsmall", key=f"home_room_{name}"):
        theme = "dark" if is_dark() else "light"
        shown = ASSETS / "pictures" / f"{room.picture}-{theme}.png"
        if shown.exists():
            st.image(str(shown), width="stretch", alt=f"A figure of {room.title}")
        st.page_link(
            PAGES / room.file, label=f"**{room.title}**", help=f"{room.about} ({room.paper})"
        )
        st.caption(room.question)


def _draw_inventory() -> None:
    parts = (
        ("Images", inventory.data_lines),
        ("Networks and runs", inventory.model_lines),
        ("Computer", inventory.machine_lines),
    )
    for column, (title, lines) in zip(st.columns(3, gap="large"), parts, strict=True):
        with column, errors_shown():
            st.markdown(f"**{title}**")
            for line in lines():
                st.markdown(line)
