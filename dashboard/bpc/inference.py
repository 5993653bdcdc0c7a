"""The tab Inference: its steps played, energy and errors, and whether it is stable."""

from typing import TYPE_CHECKING

import streamlit as st

from dashboard.bpc.classify import NO_DIGIT
from dashboard.bpc.view import PAGE, View, noise
from dashboard.shell.checkpoints import NONE
from dashboard.shell.controls import select
from dashboard.shell.export import chart

if TYPE_CHECKING:
    from corelib.models.bpc.analysis import Stability
    from corelib.models.bpc.inference import Trace
    from dashboard.bpc.figures.inference import InferenceView

MOMENTS = 40
"""About as many moments are played at most."""


def draw_inference(v: View) -> None:
    """Inference step by step: energy, errors, activity, the predicted image."""
    import torch

    from corelib.models.bpc.analysis import clamped, stability
    from corelib.models.bpc.inference import infer
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
    label = select(PAGE, "label", "Clamped label", [NONE, *names], words={"known": known})
    given = clamped(v.model, v.input(v.chosen), None if label == NONE else names.index(label))
    weights, random = v.model.weights(), noise()
    every = max(1, -(-v.inference.n_steps // MOMENTS))
    trace = infer(given, weights, v.inference, every, random)
    if not torch.isfinite(trace.energy).all():
        st.warning(
            "Inference ran away to infinity: the step size is too large for this network. Lower "
            "γ, or choose adam as the optimiser."
        )
        return
    _draw_stability(v, stability(given, weights, v.inference, random))
    view = _of_one_image(v, trace)
    st.markdown(_sentence(v, view))
    chart(
        player(view, names, v.chosen.label, v.palette),
        "bpc_player",
        alt="Predicted image, class evidence and hidden activity during inference",
        caption=f"{v.chosen.caption}; clamped label: {label}. Press Play, or move the slider. "
        "Units row by row; blue positive, red negative.",
    )
    chart(
        inference_curves(view, v.palette),
        "bpc_settling",
        alt="Energy and squared errors of each layer during inference",
        caption="Squared lengths of the errors, unweighted; the energy weighs them by α_f/2 and "
        "α_b/2. n = 1 image.",
    )


def _of_one_image(v: View, trace: "Trace") -> "InferenceView":
    """What is drawn of a trace: predictions where the network has them, else activity."""
    from dashboard.bpc.figures.inference import InferenceView

    label = trace.label if trace.predicted_label is None else trace.predicted_label
    image = trace.image if trace.predicted_image is None else trace.predicted_image
    return InferenceView(
        trace.step.numpy(),
        trace.energy[0].numpy(),
        trace.forward[0].numpy(),
        trace.backward[0].numpy(),
        v.pixels(image[0]),
        label[0].numpy(),
        tuple(h[0].numpy() for h in trace.hidden),
    )


def _sentence(v: View, view: "InferenceView") -> str:
    first, last = view.energy[0], view.energy[-1]
    less = f", {1 - last / first:.1%} less" if last < first else ""
    answer = v.data.class_names[int(view.label[-1].argmax())]
    return (
        f"In {v.inference.n_steps} steps the energy goes from {first:.4g} to **{last:.4g}**{less}. "
        f"At the end the evidence is strongest for **{answer}**."
    )


def _draw_stability(v: View, stability: "Stability") -> None:
    left, right = st.columns([1, 3], vertical_alignment="center")
    left.metric("Step size × largest eigenvalue", f"{stability.value:.2f}")
    if v.inference.optimiser == "adam":
        right.markdown("Adam scales its steps; the limit of 2 holds for gradient steps.")
    elif stability.value >= 2:
        right.warning(str(stability))
    else:
        right.markdown(str(stability))
