"""Home: what this is, the rooms, and what is here."""

from dashboard.router import ROOMS, ROOT, ensure_routed

ensure_routed()

import streamlit as st

from dashboard.shell import cache
from dashboard.shell import inventory

st.title("Synaptarium")
st.markdown(
    "##### A laboratory of brain-inspired networks. Look into trained ones, break them, "
    "train your own."
)
st.write(inventory.sentence())

st.markdown("### Rooms")
for room in ROOMS:
    with st.container(border=True, key=f"home_room_{room.file.removesuffix('.py')}"):
        text, picture = st.columns([5, 6], gap="large", vertical_alignment="center")
        with text:
            st.markdown(f"#### {room.title}")
            st.markdown(f"**{room.question}**")
            st.write(room.about)
            st.caption(f"{room.paper}. {inventory.models_of(room.systems)}")
            st.page_link(ROOT / "pages" / room.file, label=f"Open {room.title}", icon=room.icon)
        shown = f"{room.picture}-{st.context.theme.type or 'light'}.png"
        if (ROOT / "assets" / "pictures" / shown).exists():
            with picture:
                st.image(str(ROOT / "assets" / "pictures" / shown), width="stretch")

st.markdown("### What is here")
data, models, machine = st.columns(3, gap="large")
with data, st.container(border=True, height="stretch"):
    st.markdown("**Images**")
    for line in inventory.data_lines():
        st.markdown(line)
with models, st.container(border=True, height="stretch"):
    st.markdown("**Networks and trainings**")
    for line in inventory.model_lines():
        st.markdown(line)
with machine, st.container(border=True, height="stretch"):
    st.markdown("**This machine**")
    for line in inventory.machine_lines():
        st.markdown(line)

st.markdown("### Without the browser")
left, right = st.columns(2, gap="large")
with left:
    st.caption("From Python")
    st.code(
        "from corelib import load\nfrom corelib.data import load_dataset\n\n"
        'model = load("bpan-mnist")\ndigits = load_dataset("mnist")\n'
        "x = digits.inputs(digits.test.pixels[:100])\n"
        "logits, steps = model.forward_anytime(x, 0.9)",
        language="python",
    )
with right:
    st.caption("From the command line")
    st.code(
        "python -m corelib train bpan --epochs 15 --seed 0\n"
        "python -m corelib evaluate bpan-mnist\n"
        "python -m corelib runs list\n"
        "python -m corelib reproduce",
        language="bash",
    )

cache.warm_up()
