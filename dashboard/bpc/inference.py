"""Inference on the BPC page: class evidence, its steps played, hidden pixels filled in."""

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from dashboard.bpc import figures
from dashboard.bpc.view import SIDE, View
from dashboard.components.mask_pad import mask_pad
from dashboard.shell import cache
from dashboard.shell.controls import BOUND
from dashboard.shell.export import chart

if TYPE_CHECKING:
    from corelib.models.bpc.analysis import Completed
    from corelib.models.bpc.inference import Given, InferenceConfig
    from corelib.models.bpc.network import TwoWay
    from dashboard.components.digit_input import ChosenDigit

MASKS = ("left half", "right half", "top half", "bottom half", "random half", "painted")
NONE = "none"
COMPLETED = 500


def classify(v: View, chosen: "ChosenDigit | None") -> None:
    """Class evidence before and after inference, and the energy of each label."""
    import torch

    from corelib.models.bpc.analysis import label_energies
    from corelib.models.bpc.network import PredictiveCoding

    if chosen is None:
        st.info("Draw a digit, or upload one, in the sidebar on the left.")
        return
    names = v.data.class_names
    x = v.data.inputs(torch.from_numpy(chosen.pixels)[None])
    inferring = isinstance(v.model, PredictiveCoding)
    evidence = {}
    with torch.no_grad():
        if v.model.amortiser:
            evidence["the amortiser's one pass"] = v.model.amortise(x)[0].numpy()
        if inferring:
            torch.manual_seed(0)
            found = v.model.infer_label(x, v.inference_config)[0].numpy()
            if np.isfinite(found).all():
                evidence[f"after {v.inference_config.n_steps} steps of inference"] = found
            else:
                st.warning("Inference ran off to infinity; lower γ in the sidebar.")
    left, right = st.columns(2)
    with left:
        chart(
            figures.bars(evidence, names, chosen.label, "evidence", v.palette),
            "bpc_evidence",
            alt="Evidence for each class, by the amortiser and after inference",
            caption=f"{chosen.caption}; framed: the true class, where it is known.",
        )
    if not inferring:
        return
    torch.manual_seed(0)
    energies = label_energies(v.model, x, v.inference_config)[0].numpy()
    with right:
        if np.isfinite(energies).all():
            chart(
                figures.energies(energies, names, chosen.label, v.palette),
                "bpc_energies",
                alt="Energy after inference with each label clamped",
                caption=f"Energy after {v.inference_config.n_steps} steps with each label clamped "
                "in turn; green: the lowest. The axis does not begin at 0.",
            )


def inference(v: View, chosen: "ChosenDigit | None") -> None:
    """Inference step by step: energy, errors, activity, the predicted image."""
    import torch

    from corelib.models.bpc.inference import Given, infer
    from corelib.models.bpc.network import PredictiveCoding

    if not isinstance(v.model, PredictiveCoding):
        st.info("This network answers in one pass; it has no inference to watch.")
        return
    if chosen is None:
        st.info("Draw a digit, or upload one, in the sidebar on the left.")
        return
    names = v.data.class_names
    known = NONE if chosen.label is None else names[chosen.label]
    given_label = st.selectbox(
        "Label given",
        [NONE, *names],
        key="bpc_label",
        **BOUND,
        help=f"Clamped at the other end; none: it is inferred. This digit: {known}",
    )
    x = v.data.inputs(torch.from_numpy(chosen.pixels)[None])
    y = torch.zeros(1, len(names))
    y_known = None
    if given_label == NONE:
        y_known = torch.zeros(len(names), dtype=torch.bool)
    else:
        y[0, names.index(given_label)] = 1
    torch.manual_seed(0)
    trace = infer(
        Given(x, y, None, y_known),
        v.model.weights(),
        v.inference_config,
        _every(v.inference_config),
    )
    if not torch.isfinite(trace.energy).all():
        st.warning(
            "Inference ran off to infinity: the step size is too large for this network. Lower γ, "
            "or let it move by adam."
        )
        return
    label = trace.label if trace.predicted_label is None else trace.predicted_label
    image = trace.image if trace.predicted_image is None else trace.predicted_image
    view = figures.InferenceView(
        trace.step.numpy(),
        trace.energy[0].numpy(),
        trace.forward[0].numpy(),
        trace.backward[0].numpy(),
        v.pixels(image[0]),
        label[0].numpy(),
        tuple(h[0].numpy() for h in trace.hidden),
    )
    _gauge(v, Given(x, y, None, y_known))
    first, last = view.energy[0], view.energy[-1]
    st.markdown(
        f"In {v.inference_config.n_steps} steps the energy goes from {first:.4g} to **{last:.4g}**"
        + (f", {1 - last / first:.1%} less" if last < first else "")
        + ". At the end the evidence is for a "
        f"**{names[int(view.label[-1].argmax())]}**."
    )
    chart(
        figures.player(view, names, chosen.label, v.palette),
        "bpc_player",
        alt="Predicted image, class evidence and hidden activity during inference",
        caption=f"{chosen.caption}; label given: {given_label}. Press Play, or move the slider. "
        "Units row by row; blue positive, red negative.",
    )
    chart(
        figures.inference_curves(view, v.palette),
        "bpc_settling",
        alt="Energy and squared errors of each layer during inference",
        caption="Squared lengths of the errors, unweighted; the energy weighs them by α_f/2 and "
        "α_b/2. n = 1 image.",
    )


def _every(inference_config: "InferenceConfig") -> int:
    """So that at most about forty moments are played."""
    return max(1, -(-inference_config.n_steps // 40))


def _gauge(v: View, given: "Given") -> None:
    from corelib.models.bpc.analysis import stability

    gauge = stability(given, v.model.weights(), v.inference_config)
    left, right = st.columns([1, 3], vertical_alignment="center")
    left.metric("Step × largest eigenvalue", f"{gauge.value:.2f}")
    if v.inference_config.optimiser == "adam":
        right.markdown("Adam scales its steps; the limit of 2 holds for gradient steps.")
    else:
        (right.warning if gauge.value >= 2 else right.markdown)(str(gauge))


def mask_of(name: str, painted: np.ndarray | None = None, seed: int = 0) -> np.ndarray:
    """Bool (row, column): which pixels are hidden."""
    hidden = np.zeros((SIDE, SIDE), bool)
    half = SIDE // 2
    match name:
        case "left half":
            hidden[:, :half] = True
        case "right half":
            hidden[:, half:] = True
        case "top half":
            hidden[:half] = True
        case "bottom half":
            hidden[half:] = True
        case "random half":
            order = np.random.default_rng(seed).permutation(SIDE * SIDE)
            hidden.ravel()[order[: SIDE * SIDE // 2]] = True
        case _:
            hidden |= False if painted is None else painted
    return hidden


def complete(v: View, chosen: "ChosenDigit | None") -> None:
    """Hidden pixels filled in, for one digit and for the test set."""
    import torch

    from corelib.models.bpc.inference import COMPLETION, Given, infer
    from corelib.models.bpc.network import PredictiveCoding

    if not isinstance(v.model, PredictiveCoding):
        st.info("This network has no inference, so it cannot fill in what is hidden.")
        return
    if chosen is None:
        st.info("Draw a digit, or upload one, in the sidebar on the left.")
        return
    names = v.data.class_names
    controls, picture = st.columns([2, 5], gap="large")
    with controls:
        mask = st.selectbox("Hidden", MASKS, key="bpc_mask", **BOUND)
        painted = mask_pad("bpc_painted", chosen.pixels) if mask == "painted" else None
        if mask == "painted":
            st.caption("Paint over the pixels to hide; with Shift they are uncovered.")
        told = st.toggle(
            "The label is known",
            False,
            key="bpc_told",
            **BOUND,
            disabled=chosen.label is None,
            help="Clamp the true class at the other end",
        )
        n_steps = st.slider(
            "Steps of Adam", 10, 600, COMPLETION.n_steps, 10, key="bpc_complete_steps", **BOUND
        )
    hidden = mask_of(mask, painted)
    x = v.data.inputs(torch.from_numpy(chosen.pixels)[None])
    y = torch.zeros(1, len(names))
    if chosen.label is not None:
        y[0, chosen.label] = 1
    label_known = bool(told) and chosen.label is not None
    known = torch.from_numpy(~hidden.ravel())
    inference_config = completing(v.model, n_steps)
    given = Given(x, y, known, torch.full((len(names),), label_known))
    trace = infer(given, v.model.weights(), inference_config, max(1, n_steps // 12))
    images = v.pixels(trace.image[0])
    shown = np.concatenate([v.pixels(x), images])
    answers = v.model(trace.image[0]).argmax(1)
    titles = ["whole"] + [
        f"step {int(t)}: {names[a]}" for t, a in zip(trace.step, answers, strict=True)
    ]
    with picture:
        chart(
            figures.gallery(shown, titles, 7, v.palette, cell=100),
            "bpc_completed",
            alt="The digit as its hidden pixels are filled in",
            caption=f"{chosen.caption}, {hidden.mean():.0%} of the pixels hidden, which start at "
            "the mean grey. After the colon: what the network calls it.",
        )
    if st.button(
        "Measure on the test set",
        key="bpc_complete_measure",
        icon=":material/speed:",
        help=f"{COMPLETED} digits, five masks; about ten seconds",
    ):
        st.session_state["bpc_completion_asked"] = True
    if st.session_state.get("bpc_completion_asked"):
        _completion(v, label_known)


def completing(model: "TwoWay", n_steps: int) -> "InferenceConfig":
    """How a network fills in pixels: by Adam, with all the errors that it has, weighed alike."""
    from corelib.models.bpc.inference import COMPLETION

    start = COMPLETION.start if model.amortiser else "top-down"
    return COMPLETION._replace(n_steps=n_steps, start=start)


@st.cache_data(show_spinner=False, max_entries=64)
def completed(which: cache.CheckpointKey, mask: str, label_known: bool) -> "Completed":
    """Test digits read before and after their hidden pixels are inferred."""
    import torch

    from corelib.models.bpc.analysis import complete
    from corelib.models.bpc.inference import COMPLETION

    model, data = cache.model(which), cache.dataset(which.dataset)
    x, labels = data.inputs(data.test.pixels[:COMPLETED]), data.test.labels[:COMPLETED]
    known = torch.from_numpy(~mask_of(mask).ravel())
    inference_config = completing(model, COMPLETION.n_steps)
    return complete(model, x, known, labels, label_known, inference_config)[0]


def _completion(v: View, label_known: bool) -> None:
    found, bar = {}, st.progress(0.0, "Filling in")
    for k, mask in enumerate(MASKS[:-1]):
        bar.progress(k / (len(MASKS) - 1), f"Filling in: {mask}")
        found[mask] = completed(v.which, mask, label_known)
    bar.empty()
    whole = float((v.item.card.test or {}).get("accuracy", 1.0))
    chart(
        figures.completion(
            {m: f.before for m, f in found.items()},
            {m: f.after for m, f in found.items()},
            whole,
            v.palette,
        ),
        "bpc_completion",
        alt="Accuracy before and after the hidden pixels are filled in, by mask",
        caption=f"The first {COMPLETED} test digits, {v.item.name}, label "
        f"{'known' if label_known else 'unknown'}. Before: grey in place of the hidden pixels. "
        "Dotted: accuracy on whole digits. n = 1 seed.",
    )
