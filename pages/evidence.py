"""Sequential evidence: digits that show themselves bit by bit, and who is sure too early."""

from dashboard.router import ROOT, ensure_routed

ensure_routed()

import streamlit as st

from corelib.data import DATASETS, read_ahead

read_ahead()

from corelib.errors import SynaptariumError
from dashboard.shell import cache
from dashboard.bpan.evidence import tabs as evidence_tabs
from dashboard.shell.checkpoints import checkpoints_picker, of_systems
from dashboard.components.digit_input import TEST, digit_input
from dashboard.shell.export import export_row
from dashboard.shell.train_form import training_section
from dashboard.shell.controls import BOUND, preset
from dashboard.shell.theme import palette

SYSTEMS = ("bpan-sequence", "gru-sequence")
TASKS = [name for name, source in DATASETS.items() if source.kind == "sequence"]
TABS = ("Too early", "Numbers", "What you see", "Published", "Train", "Take home")

st.title("Sequential evidence")
headline = st.container()

with st.sidebar:
    task = st.selectbox(
        "Task",
        TASKS,
        key="evidence_task",
        **BOUND,
        help="What the networks read; grid and centre look elsewhere, located and numbered also "
        "tell the network where it looks",
    )
    st.caption(f"{DATASETS[task].title}. {DATASETS[task].about}.")
    fitting = [
        name
        for name, item in of_systems(SYSTEMS).items()
        if item.card.config["input_dim"] == DATASETS[task].input_dim
    ]
    trained_on_it = [name for name in fitting if not of_systems(SYSTEMS)[name].own]
    items = checkpoints_picker(
        "evidence",
        f"{DATASETS[task].input_dim}_models",
        "Networks",
        SYSTEMS,
        trained_on_it,
        fitting,
    )
    theta = st.slider(
        "Confidence threshold θ",
        0.10,
        1.0,
        0.50,
        0.01,
        key="evidence_theta",
        **BOUND,
        help="A network answers after the first part of the evidence that makes it this sure",
    )

if not fitting:
    st.info(
        f"No network for {DATASETS[task].title} is on the shelf yet; train one under Train below, "
        "or choose another task."
    )
elif not items:
    st.info("Choose at least one network in the sidebar on the left.")

with st.sidebar:
    chosen = digit_input("evidence", cache.dataset("mnist"))
    draw = st.number_input(
        "Draw of the scene",
        0,
        9999,
        0,
        key="evidence_draw",
        **BOUND,
        help="Other clutter, places or noise for the same digit. 0: as in the test set, for a "
        "digit from it",
    )

if items:
    try:
        if chosen is not None:
            of_test = st.session_state["evidence_input"] == TEST and draw == 0
            index = int(st.session_state["evidence_index"]) if of_test else None
            evidence_tabs.one_sequence(items, task, chosen, index, int(draw), theta, palette())
        else:
            st.info("Draw a digit, or upload one, in the sidebar on the left.")
        with st.spinner("Reading 10,000 sequences", show_time=True):
            v = evidence_tabs.view(items, task, theta, palette())
    except SynaptariumError as error:
        st.error(str(error))
        st.stop()

    with headline:
        st.markdown(evidence_tabs.sentence(v))
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption("Try this", width="content")
            for text, values, key, told in (
                (
                    "Glimpses",
                    {"evidence_task": "ct-mnist"},
                    "glimpses",
                    "Six small windows on a large cluttered canvas",
                ),
                (
                    "A stream",
                    {"evidence_task": "streaming-mnist"},
                    "stream",
                    "Eight strips in an order that is drawn anew for each digit",
                ),
                (
                    "In a hurry",
                    {"evidence_theta": 0.3, "evidence_tab": "Too early"},
                    "hurry",
                    "θ = 0.3: who answers too early?",
                ),
                ("As published", {"evidence_theta": 0.9}, "published", "θ = 0.9: who is sure?"),
                (
                    "Standard view",
                    {"evidence_theta": 0.5, "evidence_task": "ct-mnist", "evidence_draw": 0},
                    "standard",
                    "All as it was",
                ),
            ):
                preset(text, values, key=f"evidence_try_{key}", help=told)

    try:
        evidence_tabs.whole_test_set(v)
    except SynaptariumError as error:
        st.error(str(error))

tabs = dict(zip(TABS, st.tabs(TABS, key="evidence_tab", on_change="rerun", **BOUND), strict=True))

for tab, part in (("Too early", evidence_tabs.too_early), ("Numbers", evidence_tabs.numbers)):
    if tabs[tab].open and items:
        with tabs[tab]:
            part(v)

if tabs["What you see"].open:
    with tabs["What you see"]:
        st.markdown((ROOT / "assets" / "texts" / "evidence.md").read_text(encoding="utf-8"))

if tabs["Published"].open:
    with tabs["Published"]:
        from dashboard.shell.reproduction import reproduction_section

        reproduction_section("sequential", "evidence")

if tabs["Train"].open:
    with tabs["Train"]:
        system = st.selectbox("System", SYSTEMS, key="evidence_system", **BOUND)
        training_section(system, f"evidence_{system}")

if tabs["Take home"].open and items:
    with tabs["Take home"]:
        which = st.selectbox("Network", [i.name for i in items], key="evidence_home", **BOUND)
        export_row(next(item for item in items if item.name == which), "evidence_export")
