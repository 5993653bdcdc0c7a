"""Learning rules side by side: trained from the Counter-Hebb page, and compared."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import streamlit as st

from corelib.data import DATASETS, is_here
from corelib.errors import SynaptariumError
from corelib.reproduce.butd import WAYS
from corelib.reproduce.seeds import stored
from corelib.runs.launch import start
from dashboard.butd import cache as butd_cache
from dashboard.butd.learning import figures
from dashboard.butd.learning.rules import (
    Member,
    angle_of,
    curve,
    find_datasets,
    finding,
    layers_told,
    members,
    setting_of,
    specs_of,
)
from dashboard.figures.style import Palette, TraceStyle, trace_styles
from dashboard.shell import cache
from dashboard.shell.controls import BOUND
from dashboard.shell.export import chart

MISSING = (
    "The table of these networks over several seeds is not in this copy. The command below trains "
    "them all, which takes hours, and shows them beside a re-run of the authors' code; the table "
    "then appears here. One network of each rule ships: see Rules on the page Counter-Hebb "
    "learning."
)
"""What is said where its table is missing."""
MOST_RUNS = 18
POLL_S = 2.0


def side_by_side(palette: Palette) -> None:
    """The form that starts several rules, and the comparison of all there are."""
    here = [name for name in find_datasets() if is_here(name)]
    dataset = st.selectbox(
        "Data",
        here,
        key="learn_data",
        format_func=lambda name: name,
        **BOUND,
        help="; ".join(f"{name}: {DATASETS[name].title}" for name in here),
    )
    with st.expander("Train rules side by side", icon=":material/play_arrow:"):
        _form(dataset)
    alive = any(m.alive for group in members(dataset).values() for m in group)
    st.fragment(_comparison, run_every=POLL_S if alive else None)(dataset, palette, alive)


def _form(dataset: str) -> None:
    chosen = st.multiselect("Rules", list(WAYS), list(WAYS), key="learn_rules")
    row = st.columns(5)
    with row[0]:
        seeds = st.number_input("Seeds", 1, 10, 1, key="learn_seeds", help="From 0 on")
    with row[1]:
        network = st.selectbox("Network", ("fc", "simple", "conv"), key="learn_network")
    with row[2]:
        hidden = st.number_input("Hidden", 1, 4096, 100, key="learn_hidden")
    with row[3]:
        epochs = st.number_input("Epochs", 1, 1000, 3, key="learn_epochs")
    with row[4]:
        batch = st.number_input("Batch size", 1, 10_000, 100, key="learn_batch")
    n = len(chosen) * int(seeds)
    settings = {
        "config": {"network": network, "hidden": int(hidden)},
        "training": {"epochs": int(epochs), "batch_size": int(batch), "learning_rate": 5e-4},
    }
    st.button(
        f"Train {n} network{'s' * (n != 1)}",
        key="learn_start",
        type="primary",
        icon=":material/play_arrow:",
        disabled=not 0 < n <= MOST_RUNS,
        on_click=partial(_start, dataset, tuple(chosen), int(seeds), settings),
        help="The same seed gives all rules the same start and the same batches; those that are "
        "trained already are taken as they are",
    )
    if n > MOST_RUNS:
        st.caption(f"At most {MOST_RUNS} at once: choose fewer rules or seeds.")
    st.caption("They wait for one another and go on when this page is closed; see Trainings.")
    problem = st.session_state.pop("_learn_problem", None)
    if problem:
        st.error(problem)


def _start(dataset: str, chosen: Sequence[str], seeds: int, settings: "dict[str, dict]") -> None:
    try:
        specs = specs_of(dataset, chosen, seeds, settings)
        for spec, there in zip(specs, stored(specs), strict=True):
            if there is None:
                start(spec)
        if specs:
            st.session_state["learn_setting"] = setting_of(specs[0].config, specs[0].training)
    except (SynaptariumError, OSError) as error:
        st.session_state["_learn_problem"] = f"Not all trainings started: {error}"


def _comparison(dataset: str, palette: Palette, was_alive: bool) -> None:
    groups = members(dataset)
    if not groups:
        st.info("No network has learned this data yet. Train some rules above.")
        return
    if st.session_state.get("learn_setting") not in groups:
        st.session_state.pop("learn_setting", None)
    setting = st.selectbox(
        "Networks and trainings alike but for the rule", list(groups), key="learn_setting", **BOUND
    )
    group = groups[setting]
    waiting = sum(m.alive for m in group)
    if waiting:
        st.caption(f"{waiting} of {len(group)} trainings under way.")
    order = [*WAYS, *sorted({m.rule for m in group} - set(WAYS))]
    styles = trace_styles(order)
    present = [rule for rule in order if any(m.rule == rule for m in group)]
    # What came out is said first.
    said = st.container()
    _over_epochs(group, present, styles, palette)
    with said:
        _in_the_end(group, present, styles, palette)
    if was_alive and not waiting:
        st.rerun(scope="app")


def _over_epochs(
    group: list[Member], present: list[str], styles: dict[str, TraceStyle], palette: Palette
) -> None:
    """Accuracy, angle and cosine over epochs, from what the trainings told."""
    told = [m for m in group if m.history.validations]
    if not told:
        st.caption("Curves over epochs appear with the first validation.")
        return
    seeds = max(len({m.seed for m in told if m.rule == rule}) for rule in present)
    said = f"Validation images; {seeds} seed{'s' * (seeds > 1)}{', bands ± 1 sd' * (seeds > 1)}."
    accuracy = {rule: c for rule in present if (c := curve(told, rule, "accuracy")) is not None}
    chart(
        figures.over_epochs({"": accuracy}, styles, "validation accuracy", palette, percent=True),
        "learn_accuracy",
        alt="Validation accuracy over epochs for each learning rule",
        caption=said,
    )
    above = "An error reaches a layer through the W̄ of those above it, so its angle is theirs. "
    for measure, title, limits, key, more in (
        ("angle {} / °", "angle to the gradient / °", (0, 100), "angle", above),
        ("cosine {}", "cosine of W and W̄ᵀ", (-0.1, 1.05), "cosine", ""),
        ("distance {}", "‖W − W̄ᵀ‖", None, "distance", ""),
    ):
        by_layer = {
            layer: {
                rule: c
                for rule in present
                if (c := curve(told, rule, measure.format(layer))) is not None
            }
            for layer in layers_told(told, measure)
        }
        if by_layer:
            chart(
                figures.over_epochs(by_layer, styles, title, palette, limits=limits, height=370),
                f"learn_{key}",
                alt=f"{title} over epochs for each learning rule, by layer",
                caption=f"By layer, for rules whose way down has weights of its own; with shared "
                f"weights the {key} is {1 if key == 'cosine' else 0}. {more}{said}",
            )


def _in_the_end(
    group: list[Member], present: list[str], styles: dict[str, TraceStyle], palette: Palette
) -> None:
    """Angle against accuracy, and both ways' weights, of the networks that are trained."""
    import pandas as pd

    points: dict[str, tuple[np.ndarray, np.ndarray]] = {}
    cosine, distance, layers = {}, {}, ()
    for rule in present:
        own = [m for m in group if m.rule == rule and m.item is not None and m.item.card.test]
        if not own:
            continue
        found = [angle_of(m.item) for m in own]
        accuracy = [m.item.card.test["accuracy"] for m in own]
        points[rule] = np.array(found), np.array(accuracy)
        ways = [butd_cache.alignment(cache.checkpoint_key(m.item)) for m in own]
        if ways[0].layers:
            layers = ways[0].layers
            cosine[rule] = np.mean([w.cosine for w in ways], 0)
            distance[rule] = np.mean([w.distance for w in ways], 0)
    if not points:
        st.caption("Accuracy on test images appears when the first training is completed.")
        return
    st.markdown(finding(points))
    left, right = st.columns([3, 2])
    n = sum(len(angle) for angle, _ in points.values())
    with left:
        chart(
            figures.angle_and_accuracy(points, styles, palette),
            "learn_scatter",
            alt="Test accuracy against the angle to the gradient for each trained network",
            caption=f"A mark a network, n = {n}, at its best checkpoint; angle for 64 validation "
            "images, mean over the layers below the readout.",
        )
    with right:
        if layers:
            chart(
                figures.ways_apart(cosine, distance, layers, styles, palette),
                "learn_apart",
                alt="Cosine and distance of both ways' weights in each layer for each rule",
                caption="At the best checkpoint, mean over seeds, colours as on the left; with "
                "shared weights the cosine is 1 and the distance 0.",
            )
    rows = [
        {
            "rule": rule,
            "seeds": len(accuracy),
            "test accuracy / %": _spread(100 * accuracy, 2),
            "mean angle / °": _spread(angle, 1),
            **{
                f"cosine {k}": f"{round(c, 2) + 0.0:.2f}"
                for k, c in zip(layers, cosine.get(rule, ()), strict=False)
            },
            **{
                f"‖W − W̄ᵀ‖ {k}": f"{d:.3g}"
                for k, d in zip(layers, distance.get(rule, ()), strict=False)
            },
        }
        for rule, (angle, accuracy) in points.items()
    ]
    table = pd.DataFrame(rows).fillna("–")
    st.dataframe(table, hide_index=True, width="stretch", key="learn_numbers")
    st.caption("Mean ± sd over seeds where there are several.")


def _spread(values: np.ndarray, digits: int) -> str:
    sd = f" ± {values.std(ddof=1):.{digits}f}" if len(values) > 1 else ""
    return f"{values.mean():.{digits}f}{sd}"
