"""The tab Classify: evidence for each class, and the energy with each label clamped."""

import numpy as np
import streamlit as st

from dashboard.bpc.view import View, noise
from dashboard.shell.export import chart

NO_DIGIT = "Draw a digit, or upload one, in the sidebar on the left."


def draw_classify(v: View) -> None:
    """Class evidence before and after inference, and the energy of each label."""
    import torch

    from corelib.models.bpc.network import PredictiveCoding
    from dashboard.bpc.figures.inference import bars

    if v.chosen is None:
        st.info(NO_DIGIT)
        return
    x = v.input(v.chosen)
    evidence = {}
    with torch.no_grad():
        if v.model.amortiser:
            evidence["the amortiser's one pass"] = v.model.amortise(x)[0].numpy()
        if isinstance(v.model, PredictiveCoding):
            inferred = v.model.infer_label(x, v.inference, noise())[0].numpy()
            if np.isfinite(inferred).all():
                evidence[f"after {v.inference.n_steps} steps of inference"] = inferred
            else:
                st.warning("Inference diverged; lower γ in the sidebar.")
    left, right = st.columns(2)
    with left:
        chart(
            bars(evidence, v.data.class_names, v.chosen.label, "evidence", v.palette),
            "bpc_evidence",
            alt="Evidence for each class, by the amortiser and after inference",
            caption=f"{v.chosen.caption}; framed: the true class, where it is known.",
        )
    if isinstance(v.model, PredictiveCoding):
        with right:
            _draw_energies(v)


def _draw_energies(v: View) -> None:
    from corelib.models.bpc.analysis import label_energies
    from dashboard.bpc.figures.inference import energies

    assert v.chosen is not None
    values = label_energies(v.model, v.input(v.chosen), v.inference, noise())[0].numpy()
    if not np.isfinite(values).all():
        return
    chart(
        energies(values, v.data.class_names, v.chosen.label, v.palette),
        "bpc_energies",
        alt="Energy after inference with each label clamped",
        caption=f"Energy after {v.inference.n_steps} steps with each label clamped in turn; green: "
        "the lowest. The axis does not begin at 0.",
    )
