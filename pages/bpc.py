"""BPC digits: one network that classifies digits, generates them, and fills in what is hidden."""

from dashboard.router import ROOT, ensure_routed

ensure_routed()

import streamlit as st

from corelib.data import read_ahead

read_ahead()

from corelib.models.bpc.config import PRESETS
from dashboard.bpc import generate as bpc_generate
from dashboard.bpc import inference as bpc_inference
from dashboard.bpc import view as bpc_tabs
from dashboard.shell.checkpoints import checkpoint_picker, opened
from dashboard.components.digit_input import digit_input
from dashboard.shell.export import export_row
from dashboard.shell.train_form import training_section
from dashboard.shell.controls import BOUND, preset
from dashboard.shell.theme import palette

TABS = (
    "Generate",
    "Classify",
    "Inference",
    "Complete",
    "Compare",
    "What you see",
    "Published",
    "Train",
    "Take home",
)


def forget_trained_defaults() -> None:
    """A newly picked network brings its own inference."""
    for name in bpc_tabs.INFERENCE:
        st.session_state.pop(f"bpc_{name}", None)


st.title("BPC digits")
headline = st.container()

with st.sidebar:
    item = checkpoint_picker(
        "bpc", "model", "Network", bpc_tabs.SYSTEMS, on_change=forget_trained_defaults
    )

which, model, data = opened(item)

with st.sidebar:
    chosen = digit_input("bpc", data)
    inference_config = bpc_tabs.inference_controls(model)

v = bpc_tabs.View(item, which, model, data, inference_config, palette())

with headline:
    st.markdown(bpc_tabs.sentence(v, chosen))
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption("Try this", width="content")
        for text, values, key, told in (
            (
                "One digit into another",
                {"bpc_tab": "Generate", "bpc_from": "4", "bpc_to": "9", "bpc_mix": 0.5},
                "mix",
                "Half a 4, half a 9",
            ),
            (
                "Half hidden",
                {"bpc_tab": "Complete", "bpc_mask": "left half", "bpc_told": False},
                "half",
                "The left half, filled in",
            ),
            (
                "Ask each label",
                {"bpc_tab": "Classify"},
                "ask",
                "The energy with each label clamped",
            ),
            (
                "Too large a step",
                {
                    "bpc_tab": "Inference",
                    "bpc_alpha_f": 1.0,
                    "bpc_step_size": 0.5,
                    "bpc_n_steps": 30,
                },
                "step",
                "What happens above the limit of stability",
            ),
        ):
            preset(text, values, key=f"bpc_try_{key}", help=told)
        preset(
            "Standard view",
            bpc_tabs.standard_view(model),
            key="bpc_try_standard",
            help="All as it was",
        )

tabs = dict(zip(TABS, st.tabs(TABS, key="bpc_tab", on_change="rerun", **BOUND), strict=True))

for tab, draw in (
    ("Generate", lambda: bpc_generate.generate(v, chosen)),
    ("Classify", lambda: bpc_inference.classify(v, chosen)),
    ("Inference", lambda: bpc_inference.inference(v, chosen)),
    ("Complete", lambda: bpc_inference.complete(v, chosen)),
    ("Compare", lambda: bpc_tabs.compare(v)),
):
    if tabs[tab].open:
        with tabs[tab]:
            draw()

if tabs["What you see"].open:
    with tabs["What you see"]:
        st.markdown((ROOT / "assets" / "texts" / "bpc.md").read_text(encoding="utf-8"))

if tabs["Published"].open:
    with tabs["Published"]:
        from dashboard.shell.reproduction import reproduction_section

        reproduction_section("bpc", "bpc")

if tabs["Train"].open:
    with tabs["Train"]:
        system = st.selectbox("System", bpc_tabs.SYSTEMS, key="bpc_system", **BOUND)
        training_section(
            system, f"bpc_{system}", bpc_tabs.draw_digits, PRESETS if system == "bpc" else None
        )

if tabs["Take home"].open:
    with tabs["Take home"]:
        export_row(item, "bpc_export")
