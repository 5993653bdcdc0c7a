"""Many images of one label, part of the tab Generate: samples of hidden activity."""

from typing import TYPE_CHECKING

import streamlit as st

from corelib.errors import SettingsError
from corelib.words import percent, with_article
from dashboard.bpc import cache as bpc_cache
from dashboard.bpc.view import PAGE, View, two_classes
from dashboard.shell.apart import apart
from dashboard.shell.controls import choice, number, select, slider
from dashboard.shell.export import chart
from dashboard.shell.text import say_error

if TYPE_CHECKING:
    from corelib.models.bpc.variety import ClassGaussian, Sampling, Variety

COLUMNS = 10
MOST, FIRST = 40, 20
"""Samples at most, and at first."""


@apart
def draw_samples(v: View) -> None:
    """Samples of a class from its Gaussian in a hidden layer, and their measures beside those of
    test digits and of the mean image."""
    from corelib.models.bpc.variety import sample_images, variety
    from dashboard.bpc.figures.images import gallery

    st.markdown("##### Many images of one label")
    label, layer, sampling = _controls(v)
    name = v.data.class_names[label]
    try:
        fitted = bpc_cache.class_gaussian(v.which, label, layer)
    except SettingsError as error:
        say_error(error)
        return
    images = sample_images(v.model, fitted, sampling)
    read = bpc_cache.judge(v.which.dataset)[1]
    own = bpc_cache.digits_of(v.which.dataset, label)
    st.markdown(_sentence(v, label, sampling, variety(images, label, own, read)))
    chart(
        gallery(v.pixels(images), [""] * sampling.n, COLUMNS, v.palette),
        "bpc_samples",
        alt=f"Images of class {name} made of samples of hidden activity",
        caption=_caption(v, name, fitted, sampling),
    )
    _draw_seeds(v)


def _draw_seeds(v: View) -> None:
    """How samples are read against how much they differ, over all classes and several seeds."""
    from corelib.reproduce import bpc_variety, results
    from dashboard.bpc.figures.seeds import Line, samples
    from dashboard.figures.style import trace_styles

    if not results.is_here(bpc_variety.NAME):
        return
    rows = results.newest(bpc_variety.NAME).rows
    curves, digits = bpc_variety.curves(rows), bpc_variety.digits(rows)
    lines = [
        Line(
            f"{curve.network}, z{curve.layer}",
            curve.spread,
            curve.accuracy,
            [f"{scale:g} sd" for scale in curve.scale],
        )
        for curve in curves
    ]
    chart(
        samples(
            lines,
            (digits.spread, digits.accuracy),
            trace_styles([line.name for line in lines]),
            v.palette,
        ),
        "bpc_samples_seeds",
        alt="How samples are read against how much they differ, by network and layer",
        caption=f"All classes, {bpc_variety.PER_CLASS} samples each, mean ± sd over "
        f"{curves[0].seeds} seeds; along each line the scale grows from {bpc_variety.SCALES[0]:g} "
        f"to {bpc_variety.SCALES[-1]:g} sd. Read by {bpc_variety.JUDGE}.",
        n=curves[0].seeds,
    )


def _controls(v: View) -> "tuple[int, int, Sampling]":
    """The class, the layer, and which samples."""
    from corelib.models.bpc.variety import Sampling

    names = v.data.class_names
    layers = [f"z{k}" for k in range(1, len(v.model.sizes) - 1)]
    one, two, three = st.columns(3, gap="large")
    with one:
        label = names.index(select(PAGE, "samples_of", "Class", names, two_classes(names)[0]))
        layer = choice(PAGE, "samples_layer", "Layer sampled", layers, layers[0])
    with two:
        scale = slider(PAGE, "samples_scale", "Scale / sd", 0.0, 2.0, 0.75, 0.05)
        n = slider(PAGE, "samples_n", "Samples", 10, MOST, FIRST, 5)
    with three:
        seed = number(PAGE, "samples_seed", "Noise seed", 0, 9999, 0, 1)
    return label, int(layer[1:]), Sampling(n=n, scale=scale, seed=seed)


def _sentence(v: View, label: int, sampling: "Sampling", measured: "Variety") -> str:
    """How the samples are read and how far apart they are, beside digits and the mean image."""
    dataset = v.which.dataset
    name, read = bpc_cache.judge(dataset)
    digits, mean = bpc_cache.known_variety(dataset, label)
    wanted = with_article(v.data.class_names[label])
    if read is None:
        reads = f"No {name} ships that could read the samples."
    else:
        reads = (
            f"{name}, which had no part in making them, reads **{percent(measured.accuracy, 0)}** "
            f"of the {sampling.n} samples as {wanted} (test digits: {percent(digits.accuracy, 0)})."
        )
    return (
        f"{reads} Two samples differ by **{measured.spread:.2f}** (test digits: "
        f"{digits.spread:.2f}; the label alone: 0), and the nearest training digit of the class is "
        f"**{measured.distance:.2f}** away (test digits: {digits.distance:.2f}; the mean image: "
        f"{mean.distance:.2f})."
    )


def _caption(v: View, name: str, fitted: "ClassGaussian", sampling: "Sampling") -> str:
    from corelib.models.bpc.network import PredictiveCoding

    text = (
        f"{v.item.title}: z{fitted.layer} drawn from the Gaussian of its activity in the "
        f"{fitted.n:,} training digits of class {name}, at {sampling.scale:g} sd. "
        f"n = {sampling.n}, noise seed {sampling.seed}. Differences: mean squared, per normalised "
        f"pixel; test digits: {bpc_cache.COMPARED} of the class."
    )
    if not isinstance(v.model, PredictiveCoding):
        text += " The activity is the amortiser's, from which this generator has never learned."
    return text
