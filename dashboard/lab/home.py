"""Home: what this is, the experiments, and what this machine has. Imports neither torch nor
plotly, so that it paints at once."""

import streamlit as st

from dashboard.rooms import ROOMS, Room
from dashboard.shell import inventory
from dashboard.shell.page import ASSETS
from dashboard.shell.text import errors_shown

PAGES = ASSETS.parent / "pages"
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
    st.title("Synaptarium")
    st.markdown(
        "##### A laboratory of brain-inspired networks. Look into trained ones, break them, "
        "train your own."
    )
    with errors_shown():
        st.write(inventory.sentence())
    st.markdown("### Experiments")
    for room in ROOMS:
        with st.container(border=True, key=f"home_room_{room.file.removesuffix('.py')}"):
            _draw_room(room)
    st.markdown("### On this machine")
    _draw_inventory()
    st.markdown("### Without the browser")
    left, right = st.columns(2, gap="large")
    with left:
        st.caption("From Python")
        st.code(PYTHON, language="python")
    with right:
        st.caption("From the command line")
        st.code(COMMANDS, language="bash")


def _draw_room(room: Room) -> None:
    text, picture = st.columns([5, 6], gap="large", vertical_alignment="center")
    with text:
        st.markdown(f"#### {room.title}")
        st.markdown(f"**{room.question}**")
        st.write(room.about)
        st.caption(f"{room.paper}. {inventory.models_of(room.systems)}")
        st.page_link(PAGES / room.file, label=f"Open {room.title}", icon=room.icon)
    shown = ASSETS / "pictures" / f"{room.picture}-{st.context.theme.type or 'light'}.png"
    if shown.exists():
        with picture:
            st.image(str(shown), width="stretch")


def _draw_inventory() -> None:
    parts = (
        ("Images", inventory.data_lines),
        ("Networks and runs", inventory.model_lines),
        ("Computer", inventory.machine_lines),
    )
    for column, (title, lines) in zip(st.columns(3, gap="large"), parts, strict=True):
        with column, st.container(border=True, height="stretch"), errors_shown():
            st.markdown(f"**{title}**")
            for line in lines():
                st.markdown(line)
