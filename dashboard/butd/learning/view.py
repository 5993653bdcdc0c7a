"""What the Counter-Hebb page shows: its controls, one record, and the sentence computed from it."""

from typing import TYPE_CHECKING, NamedTuple

import streamlit as st

from corelib.catalog import showing
from corelib.errors import SettingsError
from dashboard.butd.cache import config_of, network
from dashboard.butd.learning import cache as own_cache
from dashboard.components.digit_input import digit_input
from dashboard.figures.style import Palette
from dashboard.shell import cache
from dashboard.shell.checkpoints import checkpoint_picker
from dashboard.shell.controls import choice, number, select, slider, switch
from dashboard.shell.page import NothingToShow
from dashboard.shell.presets import Preset
from dashboard.shell.theme import palette

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

    from corelib.data import ImageDataset
    from corelib.models.butd.analysis import Difference
    from corelib.models.butd.departures import Switches
    from corelib.models.butd.networks import BUTDNet
    from corelib.runs.registry import Checkpoint

PAGE = "learn"
SYSTEMS = showing("task", "instructed")
EXAMPLE = "counter-hebb-shared-mnist"
"""Its update is the gradient."""
EXACT = 1e-10
"""Relative differences below this are rounding."""
ONE, MANY = "this image", f"{own_cache.IMAGES} images"
OWN = "its own"


class Image(NamedTuple):
    """``x`` (1, input) in float64, the target label, the task, and words for it."""

    x: "Tensor"
    label: int
    task: int
    caption: str


class View(NamedTuple):
    """The network as the switches leave it, ``model``, and the image it learns from; ``source`` is
    what the update comes from, ``ONE`` or ``MANY``, and ``difference`` that to the gradient."""

    item: "Checkpoint"
    which: cache.CheckpointKey
    switches: "Switches"
    model: "BUTDNet"
    data: "ImageDataset"
    image: Image
    source: str
    difference: "Difference"
    palette: Palette


def view() -> View:
    """The sidebar, and what it shows."""
    with st.sidebar:
        item = checkpoint_picker(PAGE, "model", "Network", SYSTEMS, begin_with=EXAMPLE)
    if item is None:
        raise NothingToShow(
            "No network with feedback weights is available yet. Train some rules under Rules "
            "below; they appear here after their first epoch."
        )
    which = cache.checkpoint_key(item)
    model, data = network(which), cache.dataset(which.dataset)
    if model.n_classes == 1:
        raise NothingToShow("This network answers yes or no; choose one that names classes.")
    with st.sidebar:
        image = _image(data, model)
        switches = _switches(item)
    if image is None:
        raise NothingToShow("Draw a digit, or upload one, in the sidebar on the left.")
    twin = own_cache.twin(which, switches)
    source = _source()
    difference = (
        own_cache.difference(which, switches)
        if source == MANY
        else _difference(twin, switches, image)
    )
    return View(item, which, switches, twin, data, image, source, difference, palette())


def standard(item: "Checkpoint") -> View:
    """One network, with the controls as the page opens. Raises ``SettingsError`` for a network that
    answers yes or no."""
    import torch

    from corelib.models.butd.departures import Switches

    which = cache.checkpoint_key(item)
    model, data = network(which), cache.dataset(which.dataset)
    if model.n_classes == 1:
        raise SettingsError(f"{item.title} answers yes or no; choose one that names classes.")
    # Of several tasks the first.
    label = int(data.test.labels[0].reshape(-1)[0])
    x = data.inputs(data.test.pixels[:1]).to(torch.float64)
    image = Image(x, label, 0, f"test image 0, target label {data.class_names[label]}")
    switches = Switches()
    twin = own_cache.twin(which, switches)
    difference = _difference(twin, switches, image)
    return View(item, which, switches, twin, data, image, ONE, difference, palette())


def _switches(item: "Checkpoint") -> "Switches":
    """What is changed in the network."""
    from corelib.models.butd.departures import Switches

    st.caption("What breaks exactness")
    weights = select(
        PAGE,
        "weights",
        "Feedback weights",
        ("as trained", "shared", "separate"),
        words={"weights": item.card.config["weights"]},
    )
    norm = switch(PAGE, "norm", "Batch norm")
    bias = switch(PAGE, "bias", "Top-down bias")
    noise = slider(PAGE, "noise", "Noise", 0.0, 1.0, 0.0, 0.05)
    with st.expander("More"):
        loss = select(PAGE, "loss", "Loss", ("cross-entropy", "bce", "mse"))
    return Switches(weights, norm, bias, noise, loss)


def _image(data: "ImageDataset", model: "BUTDNet") -> Image | None:
    """The image, the instruction, and the label that the network is to learn."""
    import torch

    task = 0
    if data.task_names:
        task = data.task_names.index(choice(PAGE, "task", "Instruction", data.task_names))
    if data.train.pixels.dim() == 3 and not data.task_names:
        chosen = digit_input(PAGE, data)
        if chosen is None:
            return None
        pixels, own, caption = chosen.pixels, chosen.label, chosen.caption
    else:
        pixels, own, caption = _test_image(data, task)
    target = select(PAGE, "target", "Target label", (OWN, *data.class_names))
    x = data.inputs(torch.from_numpy(pixels.copy())[None])
    if target != OWN:
        label = data.class_names.index(target)
    elif own is not None:
        label = own
    else:
        from corelib.models.butd.analysis import answer

        label = answer(model, x, task)
    return Image(x.double(), label, task, f"{caption}, target label {data.class_names[label]}")


def _test_image(data: "ImageDataset", task: int) -> "tuple[np.ndarray, int, str]":
    """The pixels of a test image, its label under the task, and its name."""
    index = number(PAGE, "image", "Test image", 0, len(data.test.labels) - 1, 0)
    pixels = data.test.pixels[index].numpy()
    labels = data.test.labels[index]
    shown = pixels if pixels.ndim == 2 else pixels.transpose(1, 2, 0)
    name = f"test image {index}"
    st.image(shown.repeat(4, 0).repeat(4, 1), width=112, alt=f"The network's input: {name}")
    return pixels, int(labels[task] if labels.dim() else labels), name


def _source() -> str:
    """What the update comes from; the control is drawn later, in the tab Difference."""
    key = f"{PAGE}_of"
    source = st.session_state.get(key) or st.query_params.get(key)
    return source if source in (ONE, MANY) else ONE


def _difference(model: "BUTDNet", switches: "Switches", image: Image) -> "Difference":
    """The update from this image against the gradient."""
    import torch

    from corelib.models.butd.analysis import Sample
    from corelib.models.butd.departures import compared

    sample = Sample(image.x, torch.tensor([image.label]), torch.tensor([image.task]))
    return compared(model, switches, sample)


def sentence(v: View) -> str:
    """How far the rule is from back-propagation, and why."""
    from corelib.models.butd.departures import reasons

    largest = v.difference.largest()
    if largest is None:
        return "This image gives no gradient: no unit is active, or the answer has no error."
    rule = f"The Counter-Hebb update from {v.source}"
    if largest.relative < EXACT:
        return (
            f"{rule} **equals** that of back-propagation: in float64 they differ by at most "
            f"**{largest.relative:.0e}** of its length, in {largest.layer}, which is rounding."
        )
    why = " and ".join(reasons(config_of(v.item), v.switches))
    return (
        f"{rule} is **{largest.angle:.1f}°** away from that of back-propagation in "
        f"**{largest.layer}**, and the difference is {largest.relative:.2g} times as long as the "
        "gradient" + (f", because {why}." if why else ".")
    )


def presets(v: View) -> list[Preset]:
    """Things to try, all from the network as it was trained."""
    plain = {
        "weights": "as trained",
        "norm": False,
        "bias": False,
        "noise": 0.0,
        "loss": "cross-entropy",
        "tab": "Difference",
    }
    rows = [
        (
            "separate",
            "Separate weights",
            "The error comes down through random weights",
            {"weights": "separate"},
        ),
        (
            "shared",
            "Shared weights",
            "However it was trained: is the update the gradient now?",
            {"weights": "shared"},
        ),
        (
            "bias",
            "Biased errors",
            "Top-down biases act on the error",
            {"weights": "shared", "bias": True},
        ),
        (
            "noise",
            "Noisy synapses",
            "Each synapse's update varies by half",
            {"weights": "shared", "noise": 0.5},
        ),
        ("rules", "Which rule is best?", "Rules trained side by side", {"tab": "Rules"}),
    ]
    return [Preset(name, label, help, plain | own) for name, label, help, own in rows]
