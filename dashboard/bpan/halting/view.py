"""What the Halting page shows: its controls, one record, and the sentence computed from it."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import streamlit as st

from corelib.analysis import anytime
from corelib.catalog import showing
from corelib.words import percent
from dashboard.bpan import cache as bpan_cache
from dashboard.components.digit_input import ChosenDigit, digit_input
from dashboard.figures.style import Palette, TraceStyle, trace_styles
from dashboard.shell import cache
from dashboard.shell.checkpoints import checkpoints_picker
from dashboard.shell.controls import choice, slider
from dashboard.shell.page import NothingToShow
from dashboard.shell.presets import Preset
from dashboard.shell.text import plain
from dashboard.shell.theme import palette

if TYPE_CHECKING:
    from corelib.models.bpan.anytime import AnytimeClassifier, Cost
    from corelib.models.bpan.halting import OwnAnswers, Work
    from corelib.runs.registry import Checkpoint

PAGE = "halting"
SYSTEMS = showing("steps")
STANDARD = [f"{name}-mnist" for name in SYSTEMS]
STEPS, MACS, TIME = COSTS = ("steps", "multiply-adds", "time")


class Network(NamedTuple):
    """A network that has answered the test images at every step, and ``now`` at the threshold."""

    item: "Checkpoint"
    key: cache.CheckpointKey
    model: "AnytimeClassifier"
    answers: anytime.Answers
    labels: np.ndarray
    now: anytime.Anytime
    cost: "Cost"

    @property
    def depth(self) -> int:
        """How many steps it takes at most."""
        return self.answers.predicted.shape[1]

    @property
    def class_names(self) -> tuple[str, ...]:
        return cache.dataset(self.key.dataset).class_names

    @property
    def accuracy_at_end(self) -> float:
        """The share that it answers correctly after all its steps."""
        return float(anytime.per_step_accuracy(self.answers.predicted, self.labels)[-1])

    @property
    def own(self) -> "OwnAnswers | None":
        """The answers by its own rule, if it has one."""
        return bpan_cache.own_answers(self.key) if self.model.has_own_rule else None

    @property
    def work(self) -> "Work":
        """The multiply-adds of its answers at the threshold."""
        from corelib.models.bpan.halting import work

        return work(self.cost, self.now.steps, self.depth)


class View(NamedTuple):
    """The networks chosen, by title, the threshold and cost at which they are compared, and the one
    image that they are followed on."""

    networks: dict[str, Network]
    styles: dict[str, TraceStyle]
    theta: float
    cost: str
    chosen: ChosenDigit | None
    palette: Palette

    @property
    def items(self) -> "list[Checkpoint]":
        return [network.item for network in self.networks.values()]

    @property
    def first(self) -> str:
        """The network that the sentence is about."""
        return next(iter(self.networks))


def view() -> View:
    """The sidebar, and what it shows: a threshold only indexes what was answered once.

    Raises ``NothingToShow``, ``CheckpointError`` or ``DataError``.
    """
    with st.sidebar:
        items = checkpoints_picker(PAGE, "models", "Networks", SYSTEMS, STANDARD)
        theta = slider(PAGE, "theta", "Confidence threshold θ", 0.10, 1.0, 0.90, 0.01)
        cost = choice(PAGE, "cost", "Cost", COSTS)
    if not items:
        raise NothingToShow("Choose at least one network in the sidebar on the left.")
    with st.sidebar:
        chosen = digit_input(PAGE, cache.dataset(items[0].card.dataset))
    networks = {item.title: _network(item, theta) for item in items}
    if len({network.key.dataset for network in networks.values()}) > 1:
        st.warning(
            "These networks were trained on different images; each is tested on its own images."
        )
    return View(networks, trace_styles(list(networks)), theta, cost, chosen, palette())


def standard(item: "Checkpoint", style: TraceStyle) -> View:
    """One network, drawn in this style, with the controls as the page opens."""
    theta = 0.9
    networks = {item.title: _network(item, theta)}
    return View(networks, {item.title: style}, theta, STEPS, None, palette())


def _network(item: "Checkpoint", theta: float) -> Network:
    key = cache.checkpoint_key(item)
    model, answers = bpan_cache.classifier(key), bpan_cache.step_answers(key)
    labels = cache.test_labels(key.dataset)
    now = anytime.at_threshold(answers.confidence, answers.predicted, labels, theta)
    return Network(item, key, model, answers, labels, now, model.macs())


def sentence(v: View) -> str:
    """What answering early costs the first network and saves it, and when it answers."""
    network = v.networks[v.first]
    now, work = network.now, network.work
    if network.depth == 1:
        return (
            f"**{plain(v.first)}** has a single step and nothing to save: it is "
            f"**{percent(now.accuracy, 2)}** correct with **{work.mean:,.0f} multiply-adds** per "
            "image."
        )
    lost = 100 * (network.accuracy_at_end - now.accuracy)
    cost = f"costs **{plain(v.first)}** **{lost:.2f} points**"
    if lost < 0:
        cost = f"gains **{plain(v.first)}** **{-lost:.2f} points**"
    return (
        f"Answering early {cost} of accuracy and saves **{percent(work.saved, 0)}** of its work. "
        f"At θ = {v.theta:.2f} it answers after **{now.mean_steps:.2f} of {network.depth} steps** "
        f"on average and is **{percent(now.accuracy, 2)}** correct; after all its steps it is "
        f"{percent(network.accuracy_at_end, 2)}. It spends **{work.mean:,.0f} multiply-adds** per "
        f"image instead of {work.to_last:,}. {percent((now.steps == 1).mean(), 0)} of the images "
        "are answered at step 1."
    )


def presets(v: View) -> list[Preset]:
    """Things to try."""
    return [
        Preset(
            "hurry", "In a hurry", "θ = 0.50: which networks are still correct?", {"theta": 0.5}
        ),
        Preset("sure", "Very confident", "θ = 0.99: what does it cost?", {"theta": 0.99}),
        Preset(
            "work",
            "Count the work",
            "Multiply-adds: a step of a large network costs more",
            {"theta": 0.9, "cost": MACS},
        ),
        Preset(
            "recurrence",
            "Is it the recurrence?",
            "Accuracy with all recurrent weights set to zero",
            {"tab": "Recurrence"},
        ),
    ]
