"""The tab Inference: its steps played, energy and errors, and how far the steps are from the limit
of stability."""

from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from corelib.words import percent
from dashboard.bpc import cache as bpc_cache
from dashboard.bpc.classify import NO_DIGIT
from dashboard.bpc.view import PAGE, View, begins_anywhere, noise
from dashboard.shell.apart import apart
from dashboard.shell.checkpoints import NONE
from dashboard.shell.controls import select, switch
from dashboard.shell.export import chart

if TYPE_CHECKING:
    from corelib.models.bpc.inference import InferenceConfig
    from corelib.models.bpc.moments import InferenceView
    from corelib.models.bpc.stability import Eigenvalues

TIMES = "step size times largest eigenvalue"
MOMENTS = 40
"""About as many moments are played at most."""


@apart
def draw_inference(v: View) -> None:
    """Inference step by step: energy, errors, activity, the predicted image."""
    from corelib.films import inference_film
    from corelib.models.bpc.analysis import clamped
    from corelib.models.bpc.inference import infer
    from corelib.models.bpc.moments import view_of
    from corelib.models.bpc.network import PredictiveCoding
    from dashboard.bpc.figures.inference import inference_curves, player

    if not isinstance(v.model, PredictiveCoding):
        st.info("This network answers in one pass; it has no inference to watch.")
        return
    if v.chosen is None:
        st.info(NO_DIGIT)
        return
    names = v.data.class_names
    known = NONE if v.chosen.label is None else names[v.chosen.label]
    left, right = st.columns(2, vertical_alignment="bottom")
    with left:
        label = select(PAGE, "label", "Clamped label", [NONE, *names], words={"known": known})
    with right:
        switch(PAGE, "anywhere", "Start from random activity", True)
    index = None if label == NONE else names.index(label)
    config = begins_anywhere(v.inference)
    every = max(1, -(-config.n_steps // MOMENTS))
    along = bpc_cache.eigenvalues(v.which, v.chosen.pixels, index, config, every)
    given = clamped(v.model, v.input(v.chosen), index)
    trace = infer(given, v.model.weights(), config, every, noise())
    view = view_of(trace, v.data)
    st.markdown(_sentence(v, view, along, config))
    _draw_stability(v, along, index, config)
    chart(
        player(view, names, v.chosen.label, v.palette),
        "bpc_player",
        alt="Predicted image, class evidence and hidden activity during inference",
        caption=f"{v.chosen.caption}; clamped label: {label}; {config.start} start. Press Play, or "
        "move the slider. Units row by row; blue positive, red negative.",
        film=partial(
            inference_film,
            view,
            names,
            v.chosen.label,
            v.item.title,
            f"{v.chosen.caption}; clamped label: {label}; {config.start} start",
        ),
    )
    chart(
        inference_curves(view, v.palette),
        "bpc_settling",
        alt="Energy and squared errors of each layer during inference",
        caption="Squared lengths of the errors, unweighted; the energy weighs them by α_f/2 and "
        "α_b/2. n = 1 image.",
        n=1,
    )


def _sentence(
    v: View, view: "InferenceView", along: "Eigenvalues", config: "InferenceConfig"
) -> str:
    """What inference did, and how that fits the limit."""
    from corelib.models.bpc.stability import LIMIT, Stability

    first, last, steps = view.energy[0], view.energy[-1], int(view.step[-1])
    change = f", {percent(1 - last / first)} less" if last < first else ""
    if last > first > 0:
        change = f", {last / first:.3g} times as much"
    text = f"In {steps} steps the energy goes from {first:.4g} to **{last:.4g}**{change}. "
    if steps < config.n_steps:
        text += "Then it diverges. "
    answer = v.data.class_names[int(view.label[-1].argmax())]
    text += f"At the end the evidence is strongest for **{answer}**. "
    eigenvalue = float(along.eigenvalue.max())
    largest = Stability(eigenvalue, config.step_size * eigenvalue)
    if config.optimiser == "adam":
        return text + f"Adam scales its steps; the limit of {LIMIT:g} holds for gradient steps."
    if largest.value < LIMIT:
        return (
            f"{text}On its way the {TIMES} is at most **{largest.value:.3g}**, below the limit of "
            f"{LIMIT:g}. {largest}"
        )
    # Where φ bends, what runs away along one direction may be caught by the others.
    rises = int((view.energy[1:] > view.energy[:-1]).sum())
    return (
        f"{text}On its way the {TIMES} reaches **{largest.value:.3g}**, above the limit of "
        f"{LIMIT:g}: the energy rises between **{rises} of {len(view.energy) - 1}** moments shown."
    )


def _draw_stability(
    v: View, along: "Eigenvalues", label: int | None, config: "InferenceConfig"
) -> None:
    """The gauge, and γ λ_max during inference and at other step sizes."""
    from corelib.models.bpc.stability import LIMIT
    from dashboard.bpc.figures import stability as figures

    assert v.chosen is not None
    value = (config.step_size * along.eigenvalue[0]).numpy()
    chart(
        figures.gauge(float(value.max()), LIMIT, v.palette),
        "bpc_gauge",
        alt="Step size times the largest eigenvalue of the energy's Hessian, beside the limit of 2",
        caption="The largest value on the way. Gradient steps converge below the dashed line.",
    )
    limit = along.limiting_step_size()
    many = bpc_cache.over_step_sizes(v.which, v.chosen.pixels, label, config, limit)
    chart(
        figures.curves(
            along.step.numpy(),
            value,
            many.step_size.numpy(),
            many.value.numpy(),
            config.step_size,
            LIMIT,
            v.palette,
        ),
        "bpc_eigenvalues",
        alt="Step size times the largest eigenvalue during inference and over step sizes",
        caption=f"{v.chosen.caption}. Dashed: the limit of {LIMIT:g}, which this network reaches "
        f"at γ = {limit:.3g}. Diamond: the step size shown. n = 1 image.",
        n=1,
    )
