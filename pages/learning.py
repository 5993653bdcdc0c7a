"""Counter-Hebb learning: updates from a network's own way down, and when they are the gradient."""

from dashboard.router import ROOT, ensure_routed

ensure_routed()

import streamlit as st

from corelib.data import read_ahead

read_ahead()

from corelib.models.butd.config import PRESETS
from dashboard.butd import cache as butd_cache
from dashboard.butd.learning import tabs as learning_tabs
from dashboard.butd.learning import rules
from dashboard.butd.learning import comparison as rules_tab
from dashboard.shell.checkpoints import checkpoint_picker, of_systems, opened
from dashboard.shell.export import export_row
from dashboard.shell.train_form import training_section
from dashboard.shell.controls import BOUND, preset
from dashboard.shell.theme import palette

TABS = ("Difference", "Rules", "Both ways", "What you see", "Published", "Train", "Take home")
PUBLISHED = {name: found for name, found in PRESETS.items() if found.system == rules.SYSTEM}

st.title("Counter-Hebb learning")
headline = st.container()

item = v = found = None
if of_systems(learning_tabs.SYSTEMS):
    with st.sidebar:
        item = checkpoint_picker(
            "learn", "model", "Network", learning_tabs.SYSTEMS, begin_with=learning_tabs.EXAMPLE
        )
    which, model, data = opened(item)
    if model.n_classes > 1:
        with st.sidebar:
            image = learning_tabs.image_input(data, model)
            switches = learning_tabs.switches_input(item)
        if image is None:
            st.info("Draw a digit, or upload one, in the sidebar on the left.")
        else:
            twin = butd_cache.twin(which, switches)
            of = st.session_state.get("learn_of") or st.query_params.get("learn_of")
            of = of if of in (learning_tabs.ONE, learning_tabs.MANY) else learning_tabs.ONE
            v = learning_tabs.View(item, which, switches, twin, data, image, of, palette())
            found = learning_tabs.difference_of(v)
    else:
        st.info("This network answers yes or no; choose one that names classes.")
else:
    st.info(
        "No network with a way down is on the shelf yet. Train some rules under Rules below; they "
        "appear here after their first epoch."
    )

with headline:
    if v is not None:
        st.markdown(learning_tabs.sentence(v, found))
    if item is not None:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption("Try this", width="content")
            calm = learning_tabs.CALM | {"learn_tab": "Difference"}
            for text, values, key, told in (
                (
                    "Weights of its own",
                    {"learn_weights": "separate"},
                    "separate",
                    "The error comes down through random weights",
                ),
                (
                    "Shared weights",
                    {"learn_weights": "shared"},
                    "shared",
                    "Whatever it was trained with: is the update the gradient now?",
                ),
                (
                    "Biased errors",
                    {"learn_weights": "shared", "learn_bias": True},
                    "bias",
                    "Biases on the way down act on the error",
                ),
                (
                    "Noisy synapses",
                    {"learn_weights": "shared", "learn_noise": 0.5},
                    "noise",
                    "Half of each update by chance",
                ),
                (
                    "Which rule is best?",
                    {"learn_tab": "Rules"},
                    "rules",
                    "Rules trained side by side",
                ),
            ):
                preset(text, calm | values, key=f"learn_try_{key}", help=told)
            preset("Standard view", calm, key="learn_try_standard", help="All as it was")

if v is not None:
    learning_tabs.passes(v)

tabs = dict(zip(TABS, st.tabs(TABS, key="learn_tab", on_change="rerun", **BOUND), strict=True))

if tabs["Difference"].open and v is not None:
    with tabs["Difference"]:
        learning_tabs.off_the_gradient(v, found)

if tabs["Rules"].open:
    with tabs["Rules"]:
        rules_tab.side_by_side(palette())

if tabs["Both ways"].open and v is not None:
    with tabs["Both ways"]:
        learning_tabs.ways(v)

if tabs["What you see"].open:
    with tabs["What you see"]:
        st.markdown((ROOT / "assets" / "texts" / "learning.md").read_text(encoding="utf-8"))

if tabs["Published"].open:
    with tabs["Published"]:
        from dashboard.shell.reproduction import reproduction_section

        reproduction_section("butd", "learn", rules_tab.MISSING)

if tabs["Train"].open:
    with tabs["Train"]:
        training_section(rules.SYSTEM, "learn", learning_tabs.draw_difference, PUBLISHED)

if tabs["Take home"].open and item is not None:
    with tabs["Take home"]:
        export_row(item, "learn_export")
