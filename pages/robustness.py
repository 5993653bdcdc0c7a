"""Robustness: what is left of a network's reading when the image is damaged."""

from dashboard.router import ROOT, ensure_routed

ensure_routed()

import streamlit as st

from corelib.data import read_ahead

read_ahead()

from corelib.data.corruptions import CORRUPTIONS, Corruption
from corelib.errors import SynaptariumError
from dashboard.bpan.robustness import ablation
from dashboard.shell import cache
from dashboard.bpan.robustness import states as robustness_states
from dashboard.bpan.robustness import tabs as robustness_tabs
from dashboard.shell.checkpoints import checkpoints_picker, of_systems
from dashboard.components.digit_input import digit_input
from dashboard.shell.export import export_row
from dashboard.shell.train_form import training_section
from dashboard.shell.controls import BOUND, preset
from dashboard.shell.theme import palette

SYSTEMS = ("bpan", "act", "pondernet", "multi-exit", "gru", "mlp")
STANDARD = [f"{name}-mnist" for name in SYSTEMS] + ["bpan-unbalanced-mnist"]
TABS = (
    "What you see",
    "One digit",
    "States",
    "Where it hurts",
    "Balance ablation",
    "Numbers",
    "Published",
    "Train",
    "Take home",
)
PUBLISHED = ("gaussian", "salt_pepper", "occlusion")

st.title("Robustness")
headline = st.container()

with st.sidebar:
    items = checkpoints_picker("robust", "models", "Networks", SYSTEMS, STANDARD)
    name = st.selectbox(
        "Corruption",
        list(CORRUPTIONS),
        list(CORRUPTIONS).index("occlusion"),
        key="robust_kind",
        help="Done to the pixels from 0 to 1, before the network scales them",
        **BOUND,
    )
    kind = CORRUPTIONS[name]
    st.caption(f"{kind.title}: {kind.about}.")
    severity = st.select_slider(
        "Severity",
        kind.severities,
        kind.severities[3],
        key=f"robust_{name}_severity",
        help=f"{kind.unit}; 0 changes nothing",
        **BOUND,
    )
    place, fill, row, column = "centre", "black", 0.5, 0.5
    if name == "occlusion":
        place = st.segmented_control(
            "Place",
            ("centre", "random", "placed"),
            default="centre",
            required=True,
            key="robust_place",
            width="stretch",
            **BOUND,
            help="Placed: where you drag it, under One digit",
        )
        # There always, so that a square that is dragged has controls to move.
        placed = place == "placed"
        left, right = st.columns(2)
        with left:
            row = st.slider(
                "Row", 0.0, 1.0, 0.5, 0.01, key="robust_row", disabled=not placed, **BOUND
            )
        with right:
            column = st.slider(
                "Column", 0.0, 1.0, 0.5, 0.01, key="robust_column", disabled=not placed, **BOUND
            )
        row, column = (row, column) if placed else (0.5, 0.5)
        fill = st.segmented_control(
            "Fill",
            ("black", "grey", "noise"),
            default="black",
            required=True,
            key="robust_fill",
            width="stretch",
            **BOUND,
        )
    theta = st.segmented_control(
        "Confidence threshold θ",
        robustness_tabs.THETAS,
        default=0.9,
        required=True,
        key="robust_theta",
        width="stretch",
        **BOUND,
        help="A network answers at the first step whose largest class probability reaches θ",
    )
    with st.expander("More"):
        seed = st.number_input(
            "Draw of the noise",
            0,
            999,
            0,
            key="robust_seed",
            **BOUND,
            help="The same draw is used at every severity: the noise grows where it is",
        )
        faithful = name in PUBLISHED and st.toggle(
            "As published",
            False,
            key="robust_faithful",
            **BOUND,
            help="The protocol of the authors' code: on the normalised input, not clipped; the "
            "occluder is a centred square of this share of the side, filled with the mean",
        )

if not items:
    st.info("Choose at least one network in the sidebar on the left.")
    st.stop()

corruption = Corruption(name, severity, int(seed), place, row, column, fill, faithful)
try:
    with st.spinner(f"Reading {robustness_tabs.LIVE:,} corrupted images", show_time=True):
        v = robustness_tabs.view(items, corruption, theta, palette())
        data = cache.dataset(items[0].card.dataset)
except SynaptariumError as error:
    st.error(str(error))
    st.stop()

with st.sidebar:
    chosen = digit_input("robust", data)

with headline:
    first = items[0].name
    mine = v.measured[first]
    drop = 100 * (mine.accuracy.mean[0] - mine.accuracy.mean[v.at])
    best = max(v.measured, key=lambda n: v.measured[n].accuracy.mean[v.at])
    st.markdown(
        f"With {robustness_tabs.words(corruption)} **{first}** reads "
        f"**{robustness_tabs.pm(mine.accuracy, v.at)}** of the test images, "
        f"**{drop:.1f} points** fewer than clean. At θ = {theta:g} it takes "
        f"{robustness_tabs.pm(mine.steps, v.at, percent=False)} steps instead of "
        f"{robustness_tabs.pm(mine.steps, 0, percent=False)}. "
        + (
            "Of the networks shown it is the best."
            if best == first and len(v.measured) > 1
            else f"Best of those shown: **{best}**, "
            f"{robustness_tabs.pm(v.measured[best].accuracy, v.at)}."
            if len(v.measured) > 1
            else ""
        )
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption("Try this", width="content")
        calm = {
            "robust_place": "centre",
            "robust_fill": "black",
            "robust_faithful": False,
            "robust_seed": 0,
        }
        for text, values, key, told in (
            (
                "A black square",
                {"robust_kind": "occlusion", "robust_occlusion_severity": 0.25},
                "square",
                "A quarter of the area, in the middle",
            ),
            (
                "Snow",
                {"robust_kind": "salt_pepper", "robust_salt_pepper_severity": 0.25},
                "snow",
                "A quarter of the pixels black or white",
            ),
            (
                "Fog",
                {"robust_kind": "contrast", "robust_contrast_severity": 0.7},
                "fog",
                "Seven tenths of the contrast lost: who grows unsure?",
            ),
            (
                "Turned",
                {"robust_kind": "rotation", "robust_rotation_severity": 45.0},
                "turned",
                "45 degrees, one way or the other",
            ),
            (
                "Drag a square",
                {"robust_kind": "occlusion", "robust_tab": "One digit"},
                "drag",
                "Over a digit of your own, and watch the decision change",
            ),
            (
                "The published claim",
                {
                    "robust_kind": "occlusion",
                    "robust_faithful": True,
                    "robust_occlusion_severity": 0.5,
                    "robust_tab": "Balance ablation",
                },
                "claim",
                "Half of the side covered: does the balance term help?",
            ),
        ):
            preset(text, calm | values, key=f"robust_try_{key}", help=told)
        preset(
            "Standard view",
            calm
            | {
                "robust_kind": "occlusion",
                "robust_occlusion_severity": 0.15,
                "robust_theta": 0.9,
                "robust_tab": "What you see",
                "robust_models": [n for n in STANDARD if n in of_systems(SYSTEMS)],
            },
            key="robust_try_standard",
            help="All as it was",
        )

robustness_tabs.strip(v)
robustness_tabs.over_severity(v, "accuracy")

tabs = dict(zip(TABS, st.tabs(TABS, key="robust_tab", on_change="rerun", **BOUND), strict=True))

for tab, draw in (
    ("One digit", lambda: robustness_tabs.one_digit(v, chosen)),
    ("States", lambda: robustness_states.states(v, chosen)),
    ("Where it hurts", lambda: robustness_states.where_it_hurts(v)),
    ("Balance ablation", lambda: ablation.ablation(v.palette)),
    ("Numbers", lambda: robustness_tabs.numbers(v)),
):
    if tabs[tab].open:
        with tabs[tab]:
            draw()

if tabs["What you see"].open:
    with tabs["What you see"]:
        st.markdown((ROOT / "assets" / "texts" / "robustness.md").read_text(encoding="utf-8"))

if tabs["Published"].open:
    with tabs["Published"]:
        from dashboard.shell.reproduction import reproduction_section

        table = st.segmented_control(
            "Table",
            ("robustness", "balance"),
            default="robustness",
            required=True,
            key="robust_table",
            **BOUND,
        )
        reproduction_section(table, "robust")

if tabs["Train"].open:
    with tabs["Train"]:
        st.caption(
            "Arms of the ablation: BPAN with another λ_bal, without Dale's law (dale off), without "
            "the activity term (λ_act = 0), or with a single step (T = 1)."
        )
        system = st.selectbox("System", SYSTEMS, key="robust_system", **BOUND)
        training_section(system, f"robust_{system}")

if tabs["Take home"].open:
    with tabs["Take home"]:
        which = st.selectbox("Network", list(v.keys), key="robust_home", **BOUND)
        export_row(next(item for item in items if item.name == which), "robust_export")
