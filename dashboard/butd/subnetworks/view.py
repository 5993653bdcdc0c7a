"""What the Sub-networks page shows: its controls, one record, and the sentence computed from it."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import streamlit as st

from corelib.catalog import showing
from corelib.data.multidigit import compose, digits_of, shift_of
from corelib.words import percent
from dashboard.butd.cache import network
from dashboard.butd.subnetworks import cache as own_cache
from dashboard.components.digit_input import digit_input
from dashboard.components.digit_record import DIGIT
from dashboard.figures.style import Palette
from dashboard.shell import cache
from dashboard.shell.checkpoints import NO_NETWORK, checkpoint_picker
from dashboard.shell.controls import choice, number, select, slider
from dashboard.shell.page import NothingToShow
from dashboard.shell.presets import Preset
from dashboard.shell.theme import palette

if TYPE_CHECKING:
    from torch import Tensor

    from corelib.data import ImageDataset
    from corelib.models.butd.answers import Seen, Summary
    from corelib.models.butd.networks import BUTDNet
    from corelib.models.butd.subnetworks import Units
    from corelib.runs.registry import Checkpoint

PAGE = "sub"
SYSTEMS = showing("instructed")
EXAMPLE = "butd-shared-multi-mnist"
LIVE = 1000
"""Test scenes from which the sentence counts."""
BOTH = "both"
OPEN, ACTIVE = "open", "open and active"


class Scene(NamedTuple):
    """``pixels`` uint8 as in the data set, ``labels`` the correct answer under each task, None
    where it is not known."""

    pixels: np.ndarray
    labels: tuple[int | None, ...]
    caption: str


class View(NamedTuple):
    """The network chosen, the two tasks compared, and the scene.

    ``shown`` is one of the two tasks or ``BOTH``, ``units`` is ``OPEN`` or ``ACTIVE``.
    """

    item: "Checkpoint"
    which: cache.CheckpointKey
    model: "BUTDNet"
    data: "ImageDataset"
    pair: tuple[int, int]
    shown: str
    units: str
    scene: Scene | None
    seen: "Seen | None"
    palette: Palette

    @property
    def tasks(self) -> tuple[str, str]:
        first, second = self.pair
        return self.data.task_names[first], self.data.task_names[second]

    @property
    def noun(self) -> str:
        """What a scene is composed of."""
        return noun(self.data)

    @property
    def names(self) -> tuple[str, ...]:
        return self.model.names

    @property
    def classifies(self) -> bool:
        """Whether it names one of several classes, not yes or no."""
        return self.model.n_classes > 1

    @property
    def seed(self) -> int:
        return self.item.card.seed

    @property
    def x(self) -> "Tensor | None":
        """The scene as the network reads it, (1, input)."""
        return None if self.scene is None else _inputs(self.data, self.scene)

    def kinds(self) -> "Units":
        """The kind of each unit, of those that are open, or also active on the scene."""
        from corelib.models.butd.subnetworks import kinds

        active = self.units == ACTIVE and self.seen is not None
        on = self.seen.active if active and self.seen else own_cache.gates(self.which)
        return kinds(on, own_cache.reached(self.which), *self.pair)

    def summary(self) -> "Summary":
        """How well the network follows both instructions on the test scenes."""
        with st.spinner(f"Reading {LIVE:,} scenes", show_time=True):
            return own_cache.summary(self.which, LIVE, *self.pair)


def view() -> View:
    """The sidebar, and what it shows."""
    with st.sidebar:
        item = checkpoint_picker(PAGE, "model", "Network", SYSTEMS, begin_with=EXAMPLE)
    if item is None:
        raise NothingToShow(NO_NETWORK)
    which = cache.checkpoint_key(item)
    model, data = network(which), cache.dataset(which.dataset)
    with st.sidebar:
        pair = _pair(data.task_names)
        shown = choice(PAGE, "task", "Instruction", (BOTH, *(data.task_names[k] for k in pair)))
        units = choice(PAGE, "what", "Units", (OPEN, ACTIVE))
        scene = _scene(data)
    seen = None
    if scene is not None:
        from corelib.models.butd.answers import see

        seen = see(model, _inputs(data, scene), item.card.training["loss"])
    units = OPEN if seen is None else units
    return View(item, which, model, data, pair, shown, units, scene, seen, palette())


def standard(item: "Checkpoint") -> View:
    """One network without a scene, with the other controls as the page opens."""
    which = cache.checkpoint_key(item)
    model, data = network(which), cache.dataset(which.dataset)
    return View(item, which, model, data, (0, 1), BOTH, OPEN, None, None, palette())


def _inputs(data: "ImageDataset", scene: Scene) -> "Tensor":
    import torch

    return data.inputs(torch.from_numpy(scene.pixels)[None])


def noun(data: "ImageDataset") -> str:
    """What scenes of this data set are composed of."""
    return "digit" if data.name == "multi-mnist" else "image"


def _pair(names: tuple[str, ...]) -> tuple[int, int]:
    """The two tasks that are compared; to be chosen where there are more."""
    if len(names) == 2:
        return 0, 1
    first = select(PAGE, "first", "First task", names)
    others = [name for name in names if name != first]
    return names.index(first), names.index(select(PAGE, "second", "Second task", others))


def _scene(data: "ImageDataset") -> Scene | None:
    """A scene composed of two digits, or one of the test set where the data is of another kind."""
    digits_name = digits_of(data.name)
    if digits_name is None:
        index = number(PAGE, "image", "Test image", 0, len(data.test.labels) - 1, 0)
        labels = tuple(int(label) for label in data.test.labels[index])
        return Scene(data.test.pixels[index].numpy(), labels, f"test image {index}")
    digits = cache.dataset(digits_name)
    side_length = digits.train.pixels.shape[-1]
    standard = shift_of(side_length)
    sides, what = ("left", "right"), noun(data)
    chosen = []
    first = own_cache.clearest_pair(digits_name)
    for tab, side, index in zip(
        st.tabs([f"Left {what}", f"Right {what}"]), sides, first, strict=True
    ):
        with tab:
            # The left one is that of the other pages.
            name = DIGIT if side == "left" else "right_digit"
            chosen.append(digit_input(f"{PAGE}_{side}", digits, index=index, name=name))
    with st.expander("More"):
        label = f"Distance of the {what}s / pixels"
        shift = slider(PAGE, "shift", label, 0, side_length, standard, words={"shift": standard})
    if any(digit is None for digit in chosen):
        return None
    pixels = compose(np.stack([digit.pixels for digit in chosen])[None], shift)[0]
    labels = tuple(digit.label for digit in chosen)
    if len(data.task_names) > 2:
        labels += (None if None in labels else max(labels),)
    captions = "; ".join(
        f"{side}: {digit.caption}" for side, digit in zip(sides, chosen, strict=True)
    )
    apart = "" if shift == standard else f"; {shift} pixels apart"
    return Scene(pixels, labels, captions + apart)


def layer_picker(v: View) -> int:
    """The population whose gates are shown."""
    kind = choice if len(v.names) <= 6 else select
    name = kind(PAGE, "layer", "Layer", v.names, v.names[min(2, len(v.names) - 1)])
    return v.names.index(name)


def chosen_layer(v: View) -> int:
    """The population picked above the tabs."""
    return v.names.index(st.session_state[f"{PAGE}_layer"])


def sentence(v: View) -> str:
    """What the network answers to this scene, and how well it follows instructions."""
    names = v.data.class_names
    parts = []
    if v.scene is not None and v.seen is not None and v.classifies:
        for k, task in zip(v.pair, v.tasks, strict=True):
            answer, label = int(v.seen.answer[k]), v.scene.labels[k]
            wrong = "" if label in (None, answer) else f" (it is {names[label]})"
            parts.append(
                f"Under the instruction **{task}** the network answers **{names[answer]}**{wrong}"
            )
    summary = v.summary()
    if summary.answers is not None:
        correct, other = summary.answers.correct, summary.answers.other
        a, b = v.pair
        parts.append(
            f"In {LIVE:,} test scenes it names **{percent(correct[a])}** of the {v.tasks[0]} and "
            f"**{percent(correct[b])}** of the {v.tasks[1]} {v.noun}s correctly; it names "
            f"the other {v.noun} in {percent(other[a])} and {percent(other[b])}"
        )
    parts.append(
        f"The two sub-networks share least in **{summary.least_shared}**: "
        f"{percent(summary.jaccard, 0)} of the units that either opens"
    )
    return ". ".join(parts) + "."


def presets(v: View) -> list[Preset]:
    """Things to try."""
    return [
        Preset(
            "active",
            "On this scene",
            "Only the units that the scene makes active",
            {"what": ACTIVE},
        ),
        Preset(
            "lesion",
            "Silence a kind",
            "What is lost without the units that only one task opens?",
            {"tab": "Lesions"},
        ),
        Preset(
            "none",
            "No gates",
            "The whole network at once: does it still tell the two digits apart?",
            {"tab": "Swap gates"},
        ),
        Preset(
            "half",
            "Halfway instruction",
            "An instruction halfway between the two",
            {"tab": "Instruction", "way": "slider", "share": 0.5},
        ),
        Preset(
            "third",
            "A third task",
            "Train it to name the larger digit: what does it forget?",
            {"tab": "Third task"},
        ),
    ]
