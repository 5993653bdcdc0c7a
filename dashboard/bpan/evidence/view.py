"""What the Sequential evidence page shows: its controls, one record, and the sentence computed from
it."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple, cast

import numpy as np
import streamlit as st

from corelib.analysis import anytime
from corelib.analysis.halting import Measures, measures
from corelib.catalog import showing
from corelib.data import DATASETS
from corelib.words import percent
from dashboard.bpan import cache as bpan_cache
from dashboard.components.digit_input import TEST, ChosenDigit, digit_at, digit_input
from dashboard.figures.style import Palette, TraceStyle, trace_styles
from dashboard.shell import cache
from dashboard.shell.checkpoints import checkpoints_picker, of_systems
from dashboard.shell.controls import number, select, slider
from dashboard.shell.page import NothingToShow
from dashboard.shell.presets import Preset
from dashboard.shell.text import plain
from dashboard.shell.theme import palette

if TYPE_CHECKING:
    from corelib.data.evidence import Evidence
    from corelib.data.sequences import SequenceDataset
    from corelib.models.bpan.anytime import AnytimeClassifier
    from corelib.runs.registry import Checkpoint

PAGE = "evidence"
SYSTEMS = showing("sequence")
TASKS = [name for name, source in DATASETS.items() if source.kind == "sequence"]


class Network(NamedTuple):
    """A network as it was trained."""

    item: "Checkpoint"
    key: cache.CheckpointKey
    model: "AnytimeClassifier"


class Answered(NamedTuple):
    """A network's answers to every test sequence: at every step, and ``now`` at the threshold."""

    answers: anytime.Answers
    now: anytime.Anytime
    measures: Measures

    @property
    def depth(self) -> int:
        """How many parts a sequence has."""
        return self.answers.predicted.shape[1]


@dataclass(frozen=True)
class View:
    """The networks chosen, by title, the task they read, and one digit, if there is one.

    ``index`` is the test image whose own sequence is shown; without it ``seed`` draws one.
    """

    networks: dict[str, Network]
    task: str
    chosen: ChosenDigit | None
    index: int | None
    seed: int
    styles: dict[str, TraceStyle]
    theta: float
    palette: Palette

    @property
    def items(self) -> "list[Checkpoint]":
        return [network.item for network in self.networks.values()]

    @property
    def first(self) -> str:
        """The network that the sentence is about."""
        return next(iter(self.networks))

    @property
    def part(self) -> str:
        """What a step of this task brings."""
        return "glimpse" if self.task.startswith("ct-") else "chunk"

    @property
    def data(self) -> "SequenceDataset":
        return cast("SequenceDataset", cache.dataset(self.task))

    @property
    def labels(self) -> np.ndarray:
        """The true classes of the test sequences, (sequence,)."""
        return cache.test_labels(self.task)

    @cached_property
    def answered(self) -> dict[str, Answered]:
        """The answers to the whole test set, by network; read when first asked for, so that the
        digit is on the screen before."""
        return {name: self._answered(network) for name, network in self.networks.items()}

    def _answered(self, network: Network) -> Answered:
        answers, labels = bpan_cache.sequence_answers(network.key, self.task), self.labels
        now = anytime.at_threshold(answers.confidence, answers.predicted, labels, self.theta)
        return Answered(answers, now, measures(answers, labels, self.theta))

    def evidence(self, chosen: ChosenDigit) -> "Evidence":
        """The sequence of the digit, and what it has revealed after each step."""
        import torch

        from corelib.data.evidence import evidence_of_digit, evidence_of_test

        if self.index is not None:
            return evidence_of_test(self.data, self.index)
        return evidence_of_digit(self.data, torch.from_numpy(chosen.pixels), self.seed)


def view() -> View:
    """The sidebar, and what it shows. Raises ``NothingToShow``, ``CheckpointError`` or
    ``DataError``."""
    with st.sidebar:
        task = select(PAGE, "task", "Task", TASKS)
        source = DATASETS[task]
        st.caption(f"{source.title}. {source.about}.")
        known = of_systems(SYSTEMS)
        fitting = [
            name
            for name, item in known.items()
            if item.card.config["input_dim"] == source.input_dim
        ]
        shipped = [name for name in fitting if not known[name].own]
        items = checkpoints_picker(
            PAGE, f"{source.input_dim}_models", "Networks", SYSTEMS, shipped, fitting
        )
        theta = slider(PAGE, "theta", "Confidence threshold θ", 0.10, 1.0, 0.50, 0.01)
        chosen = digit_input(PAGE, cache.dataset("mnist"))
        seed = number(PAGE, "draw", "Scene seed", 0, 9999, 0)
    if not fitting:
        raise NothingToShow(
            f"No network for {source.title} is available yet; train one under Train below, or "
            "choose another task."
        )
    if not items:
        raise NothingToShow("Choose at least one network in the sidebar on the left.")
    keys = {item.title: cache.checkpoint_key(item) for item in items}
    networks = {
        item.title: Network(item, keys[item.title], bpan_cache.classifier(keys[item.title]))
        for item in items
    }
    of_test = st.session_state[f"{PAGE}_input"] == TEST and seed == 0
    index = int(st.session_state[f"{PAGE}_index"]) if of_test else None
    styles = trace_styles(list(networks))
    return View(networks, task, chosen, index, seed, styles, theta, palette())


def standard(item: "Checkpoint", style: TraceStyle) -> View:
    """One network on its own task, drawn in this style, with the controls as the page opens."""
    key = cache.checkpoint_key(item)
    networks = {item.title: Network(item, key, bpan_cache.classifier(key))}
    chosen, styles = digit_at(cache.dataset("mnist"), 0), {item.title: style}
    return View(networks, item.card.dataset, chosen, 0, 0, styles, 0.5, palette())


def sentence(v: View) -> str:
    """What answering early costs the first network and saves it, and the best of the others."""
    answered = v.answered[v.first]
    m = answered.measures
    lost = 100 * (m.last_accuracy - m.accuracy)
    text = (
        f"Answering early {'costs' if lost >= 0 else 'gains'} **{plain(v.first)}** "
        f"**{abs(lost):.1f} points** of accuracy and saves "
        f"**{answered.depth - m.mean_steps:.2f} of {answered.depth}** {v.part}s. "
        f"At θ = {v.theta:.2f} it answers after **{m.mean_steps:.2f}** {v.part}s on average, and "
        f"**{percent(m.accuracy)}** of its answers are correct; {percent(m.too_early)} come too "
        "early: they are wrong, and the last one would be correct. "
        f"After all {answered.depth} {v.part}s it reads **{percent(m.last_accuracy)}** of the test "
        f"digits correctly ({percent(m.first_accuracy)} after the first)."
    )
    last = {name: other.measures.last_accuracy for name, other in v.answered.items()}
    best = max(last, key=lambda name: last[name])
    if best == v.first:
        return text
    return f"{text} The best of the networks shown, **{plain(best)}**, reads {percent(last[best])}."


def presets(v: View) -> list[Preset]:
    """Things to try."""
    return [
        Preset(
            "glimpses",
            "Glimpses",
            "Six small windows on a large cluttered canvas",
            {"task": "ct-mnist"},
        ),
        Preset(
            "stream",
            "A stream",
            "Eight strips, in a new random order for each digit",
            {"task": "streaming-mnist"},
        ),
        Preset(
            "hurry",
            "In a hurry",
            "θ = 0.3: which networks answer too early?",
            {"theta": 0.3, "tab": "Too early"},
        ),
        Preset(
            "published", "As published", "θ = 0.9: which networks are confident?", {"theta": 0.9}
        ),
    ]
