"""Sub-networks: one network, and the part of it that an instruction selects."""

from dashboard.router import ROOT, ensure_routed

ensure_routed()

import streamlit as st

from corelib.data import read_ahead

read_ahead("multi-mnist")

from corelib.models.butd.config import PRESETS
from dashboard.butd.subnetworks import causes as causes_tabs
from dashboard.butd.subnetworks import tabs as subnetworks_tabs
from dashboard.shell.checkpoints import checkpoint_picker, of_systems, opened
from dashboard.shell.export import export_row
from dashboard.shell.train_form import training_section
from dashboard.shell.controls import BOUND, preset
from dashboard.shell.theme import palette

TABS = (
    "Layers",
    "Over training",
    "Lesions",
    "Swap gates",
    "Instruction",
    "Third task",
    "What you see",
    "Published",
    "Train",
    "Take home",
)
PUBLISHED = {name: found for name, found in PRESETS.items() if found.system == "butd"}

st.title("Sub-networks")
headline = st.container()

v = None
if of_systems([subnetworks_tabs.SYSTEM]):
    with st.sidebar:
        item = checkpoint_picker(
            "sub", "model", "Network", subnetworks_tabs.SYSTEM, begin_with=subnetworks_tabs.EXAMPLE
        )
    which, model, data = opened(item)
    with st.sidebar:
        pair = subnetworks_tabs.pair_of(data.task_names)
        shown = st.segmented_control(
            "Instruction",
            (subnetworks_tabs.BOTH, *(data.task_names[k] for k in pair)),
            default=subnetworks_tabs.BOTH,
            required=True,
            key="sub_task",
            width="stretch",
            **BOUND,
            help="The map shows the sub-network that this instruction selects, or both compared",
        )
        what = st.segmented_control(
            "Units",
            (subnetworks_tabs.OPEN, subnetworks_tabs.ACTIVE),
            default=subnetworks_tabs.OPEN,
            required=True,
            key="sub_what",
            width="stretch",
            **BOUND,
            help="All whose gate is open, or only those that this scene makes active, h > 0",
        )
        scene = subnetworks_tabs.scene_input(data)
    seen = None if scene is None else subnetworks_tabs.seen(model, data, scene)
    v = subnetworks_tabs.View(item, which, model, data, pair, scene, seen, palette())
else:
    st.info(
        "No network that follows instructions is on the shelf yet. Train one under Train below; "
        "it appears here after its first epoch."
    )

if v is not None:
    with headline:
        with st.spinner(f"Reading {subnetworks_tabs.LIVE:,} scenes", show_time=True):
            st.markdown(subnetworks_tabs.sentence(v))
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption("Try this", width="content")
            calm = {"sub_task": subnetworks_tabs.BOTH, "sub_what": subnetworks_tabs.OPEN}
            for text, values, key, told in (
                (
                    "On this scene",
                    {"sub_what": subnetworks_tabs.ACTIVE},
                    "active",
                    "Only the units that the scene makes active",
                ),
                (
                    "Silence a class",
                    {"sub_tab": "Lesions"},
                    "lesion",
                    "What is lost without the units that only one task opens?",
                ),
                (
                    "No gates",
                    {"sub_tab": "Swap gates"},
                    "none",
                    "The whole network at once: does it still see two digits?",
                ),
                (
                    "Half left, half right",
                    {"sub_tab": "Instruction", "sub_way": "slider", "sub_share": 0.5},
                    "half",
                    "An instruction between the two",
                ),
                (
                    "A third task",
                    {"sub_tab": "Third task"},
                    "third",
                    "Teach it to name the larger digit: what is forgotten?",
                ),
            ):
                preset(text, values, key=f"sub_try_{key}", help=told)
            preset(
                "Standard view",
                calm | {"sub_tab": "Layers", "sub_layer": v.names[min(2, len(v.names) - 1)]},
                key="sub_try_standard",
                help="All as it was",
            )
    if v.seen is None:
        st.info("Draw both digits, or upload them, in the sidebar on the left.")
        what = subnetworks_tabs.OPEN
    else:
        subnetworks_tabs.scene_answers(v)
    layer = subnetworks_tabs.layer_picker(v)
    subnetworks_tabs.gate_maps(v, layer, shown, what)

tabs = dict(zip(TABS, st.tabs(TABS, key="sub_tab", on_change="rerun", **BOUND), strict=True))

for tab, draw in (
    ("Layers", lambda: subnetworks_tabs.layers(v)),
    ("Over training", lambda: subnetworks_tabs.over_training(v, layer)),
    ("Lesions", lambda: causes_tabs.lesions(v)),
    ("Swap gates", lambda: causes_tabs.gates_swapped(v)),
    ("Instruction", lambda: causes_tabs.instruction(v)),
    ("Third task", lambda: causes_tabs.third_task(v)),
):
    if tabs[tab].open and v is not None:
        with tabs[tab]:
            draw()

if tabs["What you see"].open:
    with tabs["What you see"]:
        st.markdown((ROOT / "assets" / "texts" / "subnetworks.md").read_text(encoding="utf-8"))

if tabs["Published"].open:
    with tabs["Published"]:
        from dashboard.shell.reproduction import reproduction_section
        from dashboard.butd.learning.comparison import MISSING

        reproduction_section("butd", "sub", MISSING)

if tabs["Train"].open:
    with tabs["Train"]:
        training_section(subnetworks_tabs.SYSTEM, "sub", subnetworks_tabs.draw_gates, PUBLISHED)

if tabs["Take home"].open and v is not None:
    with tabs["Take home"]:
        export_row(item, "sub_export")
