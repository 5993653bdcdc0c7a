"""The figures of the Counter-Hebb page that follow one network."""

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import streamlit as st

from dashboard.butd.learning import cache as own_cache
from dashboard.butd.learning.figures import passes, weights
from dashboard.butd.learning.view import MANY, ONE, PAGE, View
from dashboard.figures.style import Palette, trace_styles
from dashboard.shell import cache
from dashboard.shell.controls import choice, several
from dashboard.shell.export import chart

if TYPE_CHECKING:
    import numpy as np

    from corelib.models.butd.analysis import ThreePasses
    from corelib.models.butd.departures import Switches
    from corelib.models.butd.networks import BUTDNet
    from corelib.runs.store import Run
    from dashboard.figures.figure import Figure

MOST_SHOWN = 6
"""Layers that are shown at once."""


class Passes(NamedTuple):
    """The three passes of one ``image`` (row, column), and the ``figure`` that plays them."""

    view: "ThreePasses"
    image: "np.ndarray"
    figure: "Figure"


def draw_main(v: View) -> None:
    """The three passes, moment by moment."""
    from corelib.films import passes_film

    names = v.model.names
    shown = tuple(range(len(names)))
    if len(shown) > MOST_SHOWN:
        chosen = several(PAGE, "shown", "Layers shown", names, names[-MOST_SHOWN:], most=MOST_SHOWN)
        shown = tuple(k for k, name in enumerate(names) if name in chosen)
    pixels = v.image.x.numpy().tobytes()
    played = _passes(
        v.which, v.switches.quiet(), pixels, v.image.label, v.image.task, shown, v.palette, v
    )
    chart(
        played.figure,
        "learn_passes",
        alt="Instruction, activity and error of each layer in the order in which they are computed",
        caption=f"{v.image.caption}; {v.item.title}. Press Play, or move the slider. Each layer "
        "has its own scale; error: blue positive, red negative, the target label is framed. "
        "n = 1 image.",
        n=1,
        film=partial(
            passes_film,
            played.view,
            played.image,
            shown,
            v.data.class_names,
            v.image.label,
            v.item.title,
            _set_up(v),
        ),
    )


def _set_up(v: View) -> str:
    """What the controls are set to, for those who see the film and not the page."""
    switches = v.switches
    parts = [v.image.caption]
    if v.data.task_names:
        parts.append(f"instruction {v.data.task_names[v.image.task]}")
    if switches.weights != "as trained":
        parts.append(f"{switches.weights} feedback weights")
    if switches.norm:
        parts.append("batch norm")
    if switches.top_down_bias:
        parts.append("biases act on the error")
    if switches.loss != "cross-entropy":
        parts.append(f"loss {switches.loss}")
    return ", ".join(parts)


@st.cache_resource(show_spinner=False, max_entries=16)
def _passes(
    which: cache.CheckpointKey,
    switches: "Switches",
    pixels: bytes,
    label: int,
    task: int,
    shown: tuple[int, ...],
    palette: Palette,
    _v: View,
) -> Passes:
    """The passes and their figure, which has many frames: kept while only noise changes."""
    from corelib.models.butd.analysis import three_passes

    view = three_passes(_v.model, _v.image.x, label, task, switches.loss, switches.top_down_bias)
    # Normalised; colours are summed.
    image = _v.image.x.reshape(_v.model.shape).sum(0).numpy()
    figure = passes.three_passes(view, image, shown, _v.data.class_names, label, palette)
    return Passes(view, image, figure)


def draw_difference(v: View) -> None:
    """The difference to the gradient, layer by layer."""
    choice(PAGE, "of", "Update from", (ONE, MANY))
    chart(
        weights.difference(v.difference, v.palette),
        "learn_difference",
        alt="Relative difference and angle between both updates in each layer",
        caption=f"Updates of W from {v.source}, Counter-Hebb against autograd, in float64. Green: "
        "equal up to rounding. Dotted: a right angle, where the update has nothing of the "
        "gradient.",
    )


def draw_forward_and_feedback(v: View) -> None:
    """The weights W and W̄ᵀ of this network."""
    aligned = own_cache.alignment(v.which)
    if not aligned.layers:
        st.info("In this network the feedback weights are the forward weights: W̄ = Wᵀ.")
        return
    name = v.item.title
    chart(
        weights.alignments({name: aligned}, trace_styles([name]), v.palette),
        "learn_ways",
        alt="Cosine and distance between forward and feedback weights in each layer",
        caption=f"{name}, as trained, seed {v.item.card.seed}. Cosine 1: the same direction; 0: "
        "orthogonal.",
    )


def draw_training(network: "BUTDNet", run: "Run") -> None:
    """How far the rule is from the gradient while the network learns."""
    import torch

    from corelib.models.butd.analysis import difference
    from dashboard.shell.theme import palette

    training = run.spec.training
    now = difference(
        network,
        *own_cache.sample(run.spec.dataset),
        training["loss"],
        noise=training["noise"],
        generator=torch.Generator().manual_seed(0),
    )
    chart(
        weights.difference(now, palette()),
        "learn_now",
        alt="Relative difference and angle between both updates in each layer now",
        caption=f"The Counter-Hebb update against the gradient for {own_cache.IMAGES} validation "
        "images, a moment ago, in float32.",
    )
