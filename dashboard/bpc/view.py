"""What the BPC digits page shows: its controls, one record, and the sentence computed from it."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import streamlit as st

from corelib.catalog import showing
from corelib.words import percent
from dashboard.bpc import cache as bpc_cache
from dashboard.components.digit_input import ChosenDigit, digit_at, digit_input
from dashboard.figures.style import Palette
from dashboard.shell import cache
from dashboard.shell.checkpoints import NO_NETWORK, NONE, checkpoint_picker
from dashboard.shell.controls import choice, number, select, slider
from dashboard.shell.page import NothingToShow
from dashboard.shell.presets import Preset
from dashboard.shell.text import called, plain
from dashboard.shell.theme import palette

if TYPE_CHECKING:
    from torch import Generator, Tensor

    from corelib.data import ImageDataset
    from corelib.models.bpc.config import Start
    from corelib.models.bpc.inference import InferenceConfig, Optimiser
    from corelib.models.bpc.network import TwoWay
    from corelib.runs.registry import Checkpoint

PAGE = "bpc"
SYSTEMS = showing("two-way")
INFERENCE = ("n_steps", "step_size", "alpha_f", "alpha_b", "start", "optimiser")
"""Names of the controls of inference."""
STEPS_AROUND = 60
"""Steps of inference in the presets around the limit of stability."""
STARTS: "tuple[Start, ...]" = ("bottom-up", "top-down", "random")
OPTIMISERS: "tuple[Optimiser, ...]" = ("gradient", "adam")


class View(NamedTuple):
    """The network, the digit that it reads, if any, and how it infers."""

    item: "Checkpoint"
    which: cache.CheckpointKey
    model: "TwoWay"
    data: "ImageDataset"
    chosen: ChosenDigit | None
    inference: "InferenceConfig"
    palette: Palette

    def pixels(self, images: "Tensor") -> np.ndarray:
        """Normalised images (..., pixel) as uint8 (..., row, column)."""
        from corelib.models.bpc.analysis import to_pixels

        return to_pixels(images, self.data).cpu().numpy()

    def input(self, chosen: ChosenDigit) -> "Tensor":
        """The digit as the network reads it: (1, pixel)."""
        import torch

        return self.data.inputs(torch.from_numpy(chosen.pixels)[None])


def two_classes(names: tuple[str, ...]) -> tuple[str, str]:
    """The classes shown at first, two where there are two: of digits, 4 and 9, which are alike."""
    return names[min(4, len(names) - 2)], names[min(9, len(names) - 1)]


def noise() -> "Generator":
    """The same random start of inference at each rerun."""
    import torch

    return torch.Generator().manual_seed(0)


def begins_anywhere(config: "InferenceConfig") -> "InferenceConfig":
    """How the tab Inference infers: from random activity, so that all is still to be inferred,
    unless its switch is off."""
    key = f"{PAGE}_anywhere"
    off = st.session_state.get(key, st.query_params.get(key) != "false") is False
    return config if off else config._replace(start="random")


def view() -> View:
    """The sidebar, and what it shows. Raises ``CheckpointError`` or ``DataError``."""
    with st.sidebar:
        item = checkpoint_picker(PAGE, "model", "Network", SYSTEMS, on_change=_forget_trained)
    if item is None:
        raise NothingToShow(NO_NETWORK)
    which = cache.checkpoint_key(item)
    model, data = bpc_cache.model(which), cache.dataset(which.dataset)
    with st.sidebar:
        chosen = digit_input(PAGE, data)
        with st.expander("Inference"):
            inference = _inference_controls(model)
    return View(item, which, model, data, chosen, inference, palette())


def standard(item: "Checkpoint") -> View:
    """One network, with the controls as the page opens."""
    from corelib.models.bpc.analysis import trained_inference

    which = cache.checkpoint_key(item)
    model, data = bpc_cache.model(which), cache.dataset(which.dataset)
    return View(item, which, model, data, digit_at(data, 0), trained_inference(model), palette())


def _forget_trained() -> None:
    """A newly picked network brings its own inference."""
    for name in INFERENCE:
        st.session_state.pop(f"{PAGE}_{name}", None)


def _inference_controls(model: "TwoWay") -> "InferenceConfig":
    """How to infer; at first as the network was trained."""
    from corelib.models.bpc.analysis import trained_inference
    from corelib.models.bpc.inference import InferenceConfig

    own = trained_inference(model)
    # A network that has one direction has one kind of errors, and one pass to start from.
    both = bool(model.generator) and bool(model.amortiser)
    starts: tuple[Start, ...] = STARTS
    if not both:
        starts = ("random", "top-down" if model.generator else "bottom-up")
    n_steps = slider(
        PAGE,
        "n_steps",
        "Steps T",
        0,
        max(100, own.n_steps),
        own.n_steps,
        words={"n_steps": own.n_steps},
    )
    step_size = number(
        PAGE,
        "step_size",
        "Step size γ",
        min(1e-4, own.step_size),
        max(2.0, own.step_size),
        own.step_size,
        0.01,
        words={"step_size": own.step_size},
    )
    alpha_f, alpha_b = own.alpha_f, own.alpha_b
    if both:
        most = max(100.0, alpha_f, alpha_b)
        alpha_f = number(PAGE, "alpha_f", "α_f", 0.0, most, alpha_f, 0.1)
        alpha_b = number(PAGE, "alpha_b", "α_b", 0.0, most, alpha_b, 0.1)
    start: Start = select(PAGE, "start", "Start", starts, own.start)
    optimiser = choice(PAGE, "optimiser", "Optimiser", OPTIMISERS)
    if alpha_f == alpha_b == 0:
        alpha_b = 1.0
        st.warning("Inference needs errors: α_f and α_b are both 0, so α_b is taken as 1.")
    return InferenceConfig(n_steps, step_size, alpha_f, alpha_b, start, optimiser)


def sentence(v: View) -> str:
    """How well this network reads and generates, and its answer to the digit."""
    from corelib.models.bpc.analysis import answers

    test = v.item.card.test or v.item.card.metrics
    text = (
        f"**{plain(v.item.title)}** reads **{percent(test.get('accuracy', float('nan')))}** of "
        "the test digits correctly"
    )
    if "generator loss" in test:
        text += (
            f" and generates them with a loss of **{test['generator loss']:.4f}**; the mean of "
            f"each class, the best possible image, has {bpc_cache.best_loss(v.which.dataset):.4f}"
        )
    if v.chosen is None:
        return text + "."
    names = v.data.class_names
    answer = int(answers(v.model, v.input(v.chosen))[0])
    true = None if v.chosen.label is None else names[v.chosen.label]
    return f"{text}. It {called('digit', names[answer], true)}."


def presets(v: View) -> list[Preset]:
    """Things to try."""
    names = v.data.class_names
    first, second = two_classes(names)
    return [
        Preset(
            "mix",
            "One digit into another",
            f"Half a {first}, half a {second}",
            {"tab": "Generate", "from": first, "to": second, "mix": 0.5},
            show="mixed",
        ),
        Preset(
            "half",
            "Half hidden",
            "The left half, filled in",
            {"tab": "Complete", "mask": "left half", "told": False},
        ),
        Preset("ask", "Try each label", "The energy with each label clamped", {"tab": "Classify"}),
        *_around_the_limit(v),
    ]


def _around_the_limit(v: View) -> list[Preset]:
    """Step sizes just below and just above the limit of this network for this digit."""
    from corelib.models.bpc.network import PredictiveCoding

    if v.chosen is None or not isinstance(v.model, PredictiveCoding):
        return []
    own = v.model.learning._replace(start="random")
    limit = bpc_cache.eigenvalues(v.which, v.chosen.pixels, None, own, 1).limiting_step_size()
    at = {
        "tab": "Inference",
        "label": NONE,
        "anywhere": True,
        "alpha_f": own.alpha_f,
        "alpha_b": own.alpha_b,
        "optimiser": "gradient",
        "n_steps": STEPS_AROUND,
    }
    rows = (
        ("below", "Just below the limit", "Steps at 90 % of the limit: inference converges", 0.9),
        ("step", "Just above the limit", "Steps at 115 %: does the energy still fall?", 1.15),
    )
    return [
        Preset(name, label, help, at | {"step_size": float(f"{share * limit:.3g}")})
        for name, label, help, share in rows
    ]
