"""The figures of the Sub-networks page, above its tabs and in most of them."""

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from corelib.words import percent
from dashboard.butd.subnetworks import cache as own_cache
from dashboard.butd.subnetworks.figures import causes, gates
from dashboard.butd.subnetworks.view import (
    ACTIVE,
    BOTH,
    OPEN,
    PAGE,
    Scene,
    View,
    chosen_layer,
    layer_picker,
)
from dashboard.shell import cache
from dashboard.shell.controls import steps_slider
from dashboard.shell.export import chart

if TYPE_CHECKING:
    from corelib.models.butd.answers import Seen
    from corelib.models.butd.networks import BUTDNet
    from corelib.runs.store import Run

FEW = 300
"""Scenes that are read where a figure needs many passes."""
SHORT = {"own gates": "own", "gates of the other task": "the other<br>task's", "no gates": "none"}
"""Combinations of gates as they are called on an axis."""


def needs_classes(v: View) -> bool:
    """Say so, and return True, where a network answers yes or no."""
    if not v.classifies:
        st.info(
            "This network answers yes or no to each task. This view counts answers that name the "
            "label of the other task, so it needs a network that names classes."
        )
    return not v.classifies


def draw_main(v: View) -> None:
    """The scene and the answers to it; below them the gates of one layer and of all."""
    if v.scene is None or v.seen is None:
        st.info("Draw both digits, or upload them, in the sidebar on the left.")
    else:
        _answers(v, v.scene, v.seen)
    _gate_map(v, layer_picker(v))


def _answers(v: View, scene: Scene, seen: "Seen") -> None:
    left, right = st.columns([1, 3], gap="large", vertical_alignment="center")
    with left:
        pixels = scene.pixels if scene.pixels.ndim == 2 else scene.pixels.transpose(1, 2, 0)
        st.image(
            pixels.repeat(8, 0).repeat(8, 1),
            width=224,
            caption="What the network sees",
            alt=f"The scene; {scene.caption}",
        )
    with right:
        if v.classifies:
            figure = gates.answers(
                seen.probability[list(v.pair)],
                [scene.labels[k] for k in v.pair],
                v.tasks,
                v.data.class_names,
                v.palette,
            )
            chart(
                figure,
                "sub_answers",
                alt="Class probabilities of the scene under both instructions",
                caption=f"{scene.caption}. n = 1 scene. Framed: the correct answer.",
                n=1,
            )
        else:
            for k, task in zip(v.pair, v.tasks, strict=True):
                st.metric(task, "yes" if seen.answer[k] else "no")


def _gate_map(v: View, layer: int) -> None:
    from corelib.models.butd.subnetworks import Kind, composition, selected_by

    kinds = v.kinds()
    which = "both sub-networks"
    one = kinds[layer]
    if v.shown != BOTH:
        which = f"the sub-network of “{v.shown}”"
        alone = (Kind.ONLY_FIRST, Kind.ONLY_SECOND)[v.tasks.index(v.shown)]
        one = selected_by(kinds, alone)[layer]
    scene = ""
    if v.units == ACTIVE and v.scene is not None:
        scene = f"; units with h > 0 on this scene ({v.scene.caption})"
    left, right = st.columns([3, 2], gap="large")
    with left:
        chart(
            gates.gate_map(one, v.tasks, v.palette),
            "sub_gates",
            alt=f"Gates of {v.names[layer]}: shared, open for one task only, closed, unreachable",
            caption=f"{v.names[layer]}, {_size(one.shape)}: {which}{scene}. {v.item.title}, seed "
            f"{v.seed}. Unreachable units have no path to the answer and count in no share.",
        )
    with right:
        chart(
            gates.composition(v.names, composition(kinds), v.tasks, layer, v.palette),
            "sub_composition",
            alt="Share of shared, single-task and closed units in each layer",
            caption=f"Layers from the image (bottom) to the top; {v.units} units.",
        )


def _size(shape: tuple[int, ...]) -> str:
    if len(shape) == 1:
        return f"{shape[0]} units"
    return f"{shape[0]} channels of {shape[1]} × {shape[2]} positions"


def draw_layers(v: View) -> None:
    """Shares of open units and Jaccard index by layer, for gates and for units active on the
    scene."""
    from corelib.models.butd.subnetworks import overlap

    reached = own_cache.reached(v.which)
    columns = st.columns(2)
    for column, title, on in (
        (columns[0], OPEN, own_cache.gates(v.which)),
        (columns[1], ACTIVE, v.seen.active if v.seen else None),
    ):
        with column:
            if on is None:
                st.info("Choose a scene in the sidebar to see which units it makes active.")
                continue
            shares = overlap(on, reached, *v.pair)
            scene = f"; {v.scene.caption}" if title == ACTIVE and v.scene else ""
            chart(
                gates.by_layer(
                    v.names, shares.open[:, list(v.pair)], shares.jaccard, v.tasks, v.palette
                ),
                f"sub_by_layer_{title.replace(' ', '_')}",
                alt=f"Share of {title} units and Jaccard index by layer",
                caption=f"{title.capitalize()}; reachable units only. n = 1 network, seed "
                f"{v.seed}{scene}.",
                n=1,
            )


def draw_over_training(v: View) -> None:
    """Gates at several moments of the training."""
    from corelib.models.butd.subnetworks import kinds

    history = own_cache.gate_history(v.which)
    course = own_cache.overlap_history(v.which, *v.pair)
    if history is None or course is None or len(course.epochs) < 2:
        st.info(
            "This checkpoint has no gates of earlier epochs. Train a network under Train: your own "
            "runs keep the gates of each epoch."
        )
        return
    layer = chosen_layer(v)
    epochs = [int(epoch) for epoch in course.epochs]
    epoch = steps_slider(PAGE, "epoch", "Epochs passed", epochs, epochs[-1])
    at = epochs.index(epoch)
    opened, jaccard = course.open[:, layer], course.jaccard[:, layer]
    st.markdown(
        f"From epoch {epochs[0]} to epoch {epoch} the share of **{v.names[layer]}** that a task "
        f"opens goes from {percent(opened[0], 0)} to **{percent(opened[at], 0)}**, and the share "
        f"that both tasks open, of the units that either opens, from {percent(jaccard[0], 0)} to "
        f"**{percent(jaccard[at], 0)}**."
    )
    then = kinds(history.gates(at, v.model), own_cache.reached(v.which), *v.pair)
    fixed = (
        f" The gates of {v.names[-1]} come from the task head, which is not trained."
        if v.item.card.config["task_head"] == "fixed"
        else ""
    )
    left, right = st.columns(2)
    with left:
        chart(
            gates.gate_map(then[layer], v.tasks, v.palette),
            "sub_gates_then",
            alt=f"Gates of {v.names[layer]} at epoch {epoch}",
            caption=f"{v.names[layer]} at epoch {epoch}.",
        )
    with right:
        chart(
            gates.over_epochs(v.names, course, epoch, v.palette),
            "sub_epochs",
            alt="Share of open units and Jaccard index over epochs for each layer",
            caption=f"{v.item.title}, n = 1 network, seed {v.seed}.{fixed}",
            n=1,
        )


def draw_swapped_gates(v: View) -> None:
    """Unions, intersections and no gates at all; the other task's gates in one layer at a time."""
    if needs_classes(v):
        return
    with st.spinner(f"Reading {FEW} scenes through other gates", show_time=True):
        combined = own_cache.combinations(v.which, FEW)
        swapped = own_cache.swaps(v.which, FEW) if v.model.n_tasks == 2 else []
    pair = list(v.pair)
    own, none, other = (
        combined[n].correct[pair] for n in ("own gates", "no gates", "gates of the other task")
    )
    st.markdown(
        f"Through their own gates {v.tasks[0]} and {v.tasks[1]} are answered correctly in "
        f"**{percent(own[0])}** and **{percent(own[1])}**, through each other's in "
        f"{percent(other[0])} and {percent(other[1])}, without gates in **{percent(none[0])}** "
        f"and **{percent(none[1])}**."
    )
    outcomes = {
        SHORT.get(name, name): causes.Outcome(each.correct[pair], each.other[pair])
        for name, each in combined.items()
    }
    chart(
        causes.effects(outcomes, v.tasks, "gates", v.palette),
        "sub_combinations",
        alt="Answers of both tasks through own, swapped, united, intersected and no gates",
        caption=f"{FEW} test scenes, {v.item.title}, seed {v.seed}. Answers that name the other "
        "digit are counted where the two digits differ.",
    )
    if not swapped:
        st.info("Gates are swapped layer by layer only in networks of two tasks.")
        return
    rows = [combined["own gates"], *swapped, combined["gates of the other task"]]
    chart(
        causes.swaps(
            ["none", *v.names, "all"],
            np.array([r.correct for r in rows]),
            np.array([r.other for r in rows]),
            v.tasks,
            v.palette,
        ),
        "sub_swaps",
        alt="Share of correct answers and of the other digit when one layer's gates are swapped",
        caption=f"One layer at a time has the gates of the other task. {FEW} test scenes.",
    )


def draw_gates(network: "BUTDNet", run: "Run") -> None:
    """What each layer is made of, while the network learns."""
    from corelib.models.butd.subnetworks import composition, gates_of, kinds, reachable
    from dashboard.shell.theme import palette

    tasks = cache.dataset(run.spec.dataset).task_names[:2]
    parts = composition(kinds(gates_of(network), reachable(network)))
    chart(
        gates.composition(network.names, parts, tasks, -1, palette()),
        "sub_learning",
        alt="Share of shared, single-task and closed units in each layer now",
        caption="The composition of the two sub-networks a moment ago.",
    )
