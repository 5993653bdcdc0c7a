"""Halting: who answers early, how early, and what that is worth."""

from dashboard.router import ROOT, ensure_routed

ensure_routed()

import streamlit as st

from corelib.data import read_ahead

read_ahead()

from corelib.analysis.anytime import halting_histogram
from corelib.errors import SynaptariumError
from corelib.reproduce.anytime import PUBLISHED, ROWS
from dashboard.shell import cache
from dashboard.bpan.halting import tabs as halting_tabs
from dashboard.shell.checkpoints import checkpoints_picker, of_systems
from dashboard.shell.export import chart, clicked, export_row
from dashboard.shell.train_form import training_section
from dashboard.shell.controls import BOUND, preset
from dashboard.bpan.anytime_figures import halting_histograms
from dashboard.bpan.halting import figures
from dashboard.shell.theme import palette

SYSTEMS = ("bpan", "act", "pondernet", "multi-exit", "gru", "mlp")
STANDARD = [f"{name}-mnist" for name in SYSTEMS]
TABS = (
    "What you see",
    "Numbers",
    "Digits by step",
    "Who halts when",
    "Recurrence",
    "Calibration",
    "Clock",
    "Published",
    "Train",
    "Take home",
)
COSTS = ("steps", "multiply-adds", "time")

st.title("Halting")
headline = st.container()

with st.sidebar:
    items = checkpoints_picker("halting", "models", "Networks", SYSTEMS, STANDARD)
    theta = st.slider(
        "Confidence threshold θ",
        0.10,
        1.0,
        0.90,
        0.01,
        key="halting_theta",
        **BOUND,
        help="Each network answers at the first step whose largest class probability reaches θ. "
        "The same θ does not mean the same for all: see the tab Calibration",
    )
    cost_kind = st.segmented_control(
        "Cost",
        COSTS,
        default="steps",
        required=True,
        key="halting_cost",
        width="stretch",
        **BOUND,
        help="Steps are not alike: a step of a large network costs more multiply-adds, and the "
        "clock has a say of its own",
    )

if not items:
    st.info("Choose at least one network in the sidebar on the left.")
    st.stop()

try:
    v = halting_tabs.view(items, theta, palette())
except SynaptariumError as error:
    st.error(str(error))
    st.stop()

if len({key.dataset for key in v.keys.values()}) > 1:
    st.warning("These networks were trained on different images; each is measured on its own.")
first = items[0].name

with headline:
    spent = float(v.costs[first].at(v.now[first].steps).mean())
    whole = float(v.costs[first].at(v.depth(first)))
    st.markdown(
        f"At θ = {theta:.2f} **{first}** answers after **{v.now[first].mean_steps:.2f} of "
        f"{v.depth(first)} steps** and is **{v.now[first].accuracy:.2%}** correct. It spends "
        f"**{spent:,.0f} multiply-adds** an image, {1 - spent / whole:.0%} fewer than to its last "
        f"step. {(v.now[first].steps == 1).mean():.0%} of the images are answered at step 1."
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption("Try this", width="content")
        for text, values, key, told in (
            ("In a hurry", {"halting_theta": 0.5}, "hurry", "θ = 0.50: who is still right?"),
            ("Quite sure", {"halting_theta": 0.99}, "sure", "θ = 0.99: who pays for it?"),
            (
                "Count the work",
                {"halting_theta": 0.9, "halting_cost": "multiply-adds"},
                "work",
                "Steps of large networks are dear",
            ),
            (
                "Is it the recurrence?",
                {"halting_tab": "Recurrence"},
                "recurrence",
                "Accuracy with all recurrent weights at zero",
            ),
            (
                "Standard view",
                {
                    "halting_theta": 0.9,
                    "halting_cost": "steps",
                    "halting_models": [n for n in STANDARD if n in of_systems(SYSTEMS)],
                },
                "standard",
                "All as it was",
            ),
        ):
            preset(text, values, key=f"halting_try_{key}", help=told)


def open_bar() -> None:
    """A clicked bar of the histograms chooses the digits to see."""
    point = clicked("halting_histograms")
    if point:
        st.session_state["halting_of"] = point["customdata"]
        st.session_state["halting_step"] = int(point["x"])
        st.session_state["halting_tab"] = "Digits by step"


shares = {name: halting_histogram(at.steps, v.depth(name))[0] for name, at in v.now.items()}
chart(
    cache.figure(
        halting_histograms,
        shares,
        {name: at.mean_steps for name, at in v.now.items()},
        v.styles,
        v.palette,
    ),
    "halting_histograms",
    alt="Histograms of the step at which each network answers",
    caption="At which step the 10,000 test images are answered; dotted: the mean. n = 1 seed a "
    "network. Click a bar to see its digits.",
    on_select=open_bar,
)

published = []
if cost_kind == "steps":
    for name, point in PUBLISHED.items():
        network = f"{ROWS[name].trained.system if name in ROWS else 'bpan'}-mnist"
        if network in v.keys:
            told = "published" if name in ROWS else "authors' code run again"
            published.append(
                figures.Published(network, point.mean_steps, point.accuracy / 100, told)
            )
axis = {
    "steps": "mean steps to the answer",
    "multiply-adds": "multiply-adds an image",
    "time": "milliseconds for 1,000 images (batch 256, one thread, this machine)",
}[cost_kind]
with st.spinner("Timing the networks") if cost_kind == "time" else st.container():
    prices = {name: halting_tabs.priced(v, name, cost_kind) for name in v.keys}
chart(
    figures.accuracy_against_cost(prices, published, v.styles, axis, v.palette),
    "halting_costs",
    alt="Accuracy against cost of each network as the threshold moves",
    caption="Lines: θ from 0.1 to 1. Large marks: θ as it stands. "
    + (
        "Hollow: published (ACT and PonderNet: hold them against their own rules, tab Numbers). "
        if published
        else ""
    )
    + "Dotted steps: the Pareto front of all that is shown. n = 1 seed a network.",
)

tabs = dict(zip(TABS, st.tabs(TABS, key="halting_tab", on_change="rerun", **BOUND), strict=True))

if tabs["What you see"].open:
    with tabs["What you see"]:
        st.markdown((ROOT / "assets" / "texts" / "halting.md").read_text(encoding="utf-8"))

for name, tab in (
    ("Numbers", halting_tabs.numbers),
    ("Digits by step", halting_tabs.digits_by_step),
    ("Who halts when", halting_tabs.who_halts_when),
    ("Recurrence", halting_tabs.recurrence),
    ("Calibration", halting_tabs.calibration),
    ("Clock", halting_tabs.clock),
):
    if tabs[name].open:
        with tabs[name]:
            tab(v)

if tabs["Published"].open:
    with tabs["Published"]:
        from dashboard.shell.reproduction import reproduction_section

        table = st.segmented_control(
            "Table",
            ("anytime", "classification"),
            default="anytime",
            required=True,
            key="halting_table",
            **BOUND,
        )
        reproduction_section(table, "halting")

if tabs["Train"].open:
    with tabs["Train"]:
        system = st.selectbox("System", SYSTEMS, key="halting_system", **BOUND)
        training_section(system, f"halting_{system}")

if tabs["Take home"].open:
    with tabs["Take home"]:
        which = st.selectbox("Network", list(v.keys), key="halting_home", **BOUND)
        export_row(next(item for item in items if item.name == which), "halting_export")
