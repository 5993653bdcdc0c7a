"""The parts of the Sequential evidence page."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import streamlit as st

from corelib.analysis import anytime
from corelib.data import DATASETS
from corelib.reproduce import results
from dashboard.bpan import cache as bpan_cache
from dashboard.bpan.anytime_figures import halting_histograms
from dashboard.bpan.evidence import figures
from dashboard.figures.images import mosaic
from dashboard.figures.style import Palette, TraceStyle, trace_styles
from dashboard.shell import cache
from dashboard.shell.export import chart, clicked

if TYPE_CHECKING:
    import pandas as pd

    from corelib.data.sequences import SequenceDataset
    from corelib.runs.registry import Checkpoint
    from dashboard.components.digit_input import ChosenDigit

SHOWN = 40


class View(NamedTuple):
    """The networks chosen, by name, and their answers to every test sequence of a task."""

    items: "list[Checkpoint]"
    task: str
    keys: dict[str, cache.CheckpointKey]
    answers: dict[str, anytime.Answers]
    now: dict[str, anytime.Anytime]
    labels: np.ndarray
    styles: dict[str, TraceStyle]
    theta: float
    palette: Palette

    @property
    def part(self) -> str:
        return part_of(self.task)

    def depth(self, name: str) -> int:
        """How many parts there are."""
        return self.answers[name].predicted.shape[1]


def part_of(task: str) -> str:
    """What a moment of this task brings."""
    return "glimpse" if task.startswith("ct-") else "chunk"


def view(items: "list[Checkpoint]", task: str, theta: float, palette: Palette) -> View:
    """Everything by name; raises ``CheckpointError`` or ``DataError``."""
    keys = {item.name: cache.checkpoint_key(item) for item in items}
    answers = {name: bpan_cache.sequence_answers(key, task) for name, key in keys.items()}
    labels = cache.test_labels(task)
    now = {
        name: anytime.at_threshold(found.confidence, found.predicted, labels, theta)
        for name, found in answers.items()
    }
    return View(items, task, keys, answers, now, labels, trace_styles(list(keys)), theta, palette)


def sentence(v: View) -> str:
    """What the page shows, for the network named first, and the best of the others."""
    first = v.items[0].name
    found, now = v.answers[first], v.now[first]
    last = anytime.per_step_accuracy(found.predicted, v.labels)
    outcome = anytime.outcomes(found.confidence, found.predicted, v.labels, v.theta)
    text = (
        f"After {v.depth(first)} {v.part}s **{first}** reads **{last[-1]:.1%}** of the test digits "
        f"({last[0]:.1%} after the first). At θ = {v.theta:.2f} it answers after "
        f"**{now.mean_steps:.2f}** of them on average, **{now.accuracy:.1%}** rightly; "
        f"{np.mean(outcome == 2):.1%} of its answers come too early: the last one would be right."
    )
    others = {n: float((a.predicted[:, -1] == v.labels).mean()) for n, a in v.answers.items()}
    best = max(others, key=others.get)
    return text if best == first else f"{text} **{best}** reads {others[best]:.1%}."


def one_sequence(
    items: "list[Checkpoint]",
    task: str,
    chosen: "ChosenDigit",
    index: int | None,
    draw: int,
    theta: float,
    palette: Palette,
) -> None:
    """One digit as a sequence: what is seen, and what each network then believes.

    ``index`` is the test image whose own sequence is shown; without it one is drawn.
    """
    from corelib.models.bpan.halting import trajectory

    data = cache.dataset(task)
    seen, sequence = _sequence(data, chosen.pixels, index, draw)
    keys = {item.name: cache.checkpoint_key(item) for item in items}
    beliefs = {
        name: trajectory(cache.model(key), data.inputs(sequence)) for name, key in keys.items()
    }
    part = part_of(task)
    which = "as in the test set" if index is not None else f"draw {draw}"
    chart(
        figures.player(
            seen, beliefs, data.class_names, chosen.label, trace_styles(list(keys)), part, palette
        ),
        "evidence_player",
        alt=f"The image as its {part}s are seen, and each network's belief after each",
        caption=f"{chosen.caption}, {which}. Press Play, or move the slider below. What has not "
        "been seen is dimmed; framed bar: the true class.",
    )
    halts = {
        name: int(anytime.halting_steps(belief.max(1)[None], theta)[0])
        for name, belief in beliefs.items()
    }
    chart(
        figures.beliefs(beliefs, halts, data.class_names, part, palette),
        "evidence_beliefs",
        alt=f"Belief in each class after each {part}",
        caption=f"Belief after each {part}. Ring: the answer at θ = {theta:.2f}.",
    )


def _sequence(data: "SequenceDataset", pixels: np.ndarray, index: int | None, draw: int):
    """What is seen over time, and the sequence uint8 (1, time, column)."""
    import torch

    from corelib.data import sequences

    digit = torch.from_numpy(pixels)[None]
    others, seed = data.digits.test.pixels, (draw, sequences.TEST_SEED)
    if isinstance(data.task, sequences.Glimpses):
        scene = (
            sequences.scene(digit, others, data.task.policy, seed)
            if index is None
            else sequences.scene_of_test(data, [index])
        )
        corners = scene.corners[0].numpy()
        whole, size = scene.canvases[0].numpy(), (sequences.GLIMPSE, sequences.GLIMPSE)
        sequence = sequences.glimpses(scene.canvases, scene.corners)
        boxes = np.array([(*corner, *size) for corner in corners])
        shown = np.zeros((len(boxes), *whole.shape), bool)
        for t, (top, left, height, width) in enumerate(boxes):
            shown[t:, top : top + height, left : left + width] = True
        return figures.Seen(whole, shown, boxes), sequence
    sequence = (
        data.task.compose(digit, others, seed) if index is None else data.test.pixels[[index]]
    )
    chunks, numbers = sequence[0, :, :-1].numpy(), sequence[0, :, -1].tolist()
    side, size = sequences.SIDE, data.task.n_pixels
    whole = np.zeros(side * side, np.uint8)
    shown = np.zeros((len(chunks), side * side), bool)
    for t, (chunk, number) in enumerate(zip(chunks, numbers, strict=True)):
        whole[number * size : (number + 1) * size] = chunk
        shown[t:, number * size : (number + 1) * size] = True
    # A chunk is three and a half rows: no box is drawn around it.
    return figures.Seen(
        whole.reshape(side, side), shown.reshape(-1, side, side), np.zeros((0, 4))
    ), sequence


def whole_test_set(v: View) -> None:
    """Accuracy against the evidence, and how much of it each decision takes."""
    curves, seeds = {}, 1
    shipped = _shipped()
    for item in v.items:
        rows = shipped.get(item.name) if item.card.dataset == v.task and not item.own else None
        if rows is None:
            own = anytime.per_step_accuracy(v.answers[item.name].predicted, v.labels)
            curves[item.name] = (own, 0 * own)
        else:
            columns = [f"accuracy at step {t}" for t in range(1, v.depth(item.name) + 1)]
            table = rows[columns].to_numpy()
            seeds = len(table)
            sd = table.std(0, ddof=1) if seeds > 1 else 0 * table[0]
            curves[item.name] = (table.mean(0), sd)
    left, right = st.columns(2)
    with left:
        chart(
            figures.accuracy_over_parts(curves, _published(v), v.styles, v.part, v.palette),
            "evidence_accuracy",
            alt=f"Accuracy against the number of {v.part}s seen",
            caption=f"10,000 test sequences; n = {seeds} seed{'s' * (seeds > 1)}"
            f"{', bars ± 1 sd' * (seeds > 1)}. Hollow: published, after the last {v.part}.",
        )
    with right:
        short = {name: _short(name, v.task) for name in v.now}
        figure = halting_histograms(
            {
                short[name]: anytime.halting_histogram(at.steps, v.depth(name))[0]
                for name, at in v.now.items()
            },
            {short[name]: at.mean_steps for name, at in v.now.items()},
            {short[name]: styles for name, styles in v.styles.items()},
            v.palette,
            height=400,
        )
        chart(
            figure,
            "evidence_needed",
            alt=f"How many {v.part}s each network takes before it answers",
            caption=f"Evidence needed for a decision at θ = {v.theta:.2f}: share of 10,000 test "
            "sequences answered at each step; dotted: the mean. n = 1 seed a network.",
        )


def _short(name: str, task: str) -> str:
    """What tells a network of this page from the others: panels are narrow."""
    return name.removesuffix(f"-{task}").replace("-sequence", "")


@st.cache_resource(show_spinner=False, max_entries=1)
def _shipped() -> "dict[str, pd.DataFrame]":
    """The rows of the table over seeds by the name of the checkpoint that is its seed 0."""
    from corelib.reproduce.sequential import ROWS

    rows = results.shipped("sequential")
    return {
        row.spec(0).title: rows[(rows["task"] == row.task) & (rows["model"] == row.model)]
        for row in ROWS
    }


def _published(v: View) -> dict[str, float]:
    """Published accuracies of the networks shown, as shares."""
    from corelib.reproduce.sequential import PUBLISHED, ROWS

    return {
        row.spec(0).title: PUBLISHED[row.task, row.model].accuracy / 100
        for row in ROWS
        if row.task == v.task and row.spec(0).title in v.keys and (row.task, row.model) in PUBLISHED
    }


def too_early(v: View) -> None:
    """What becomes of the answers at θ, and digits whose answer came too early."""
    found = {
        name: anytime.outcomes(a.confidence, a.predicted, v.labels, v.theta)
        for name, a in v.answers.items()
    }
    n = len(figures.FATES)
    chart(
        figures.outcomes(
            {name: np.bincount(f, minlength=n) / len(f) for name, f in found.items()}, v.palette
        ),
        "evidence_fates",
        alt="What becomes of the answers given at the threshold",
        caption=f"Answers at θ = {v.theta:.2f} against those after the last {v.part}; never sure: "
        "no answer reached θ. 10,000 test sequences, n = 1 seed a network.",
    )
    name = v.items[0].name
    at, outcome = v.now[name], found[name]
    early = np.flatnonzero(outcome == 2)
    if not len(early):
        st.info(f"At θ = {v.theta:.2f} {name} answers no digit too early.")
        return
    sure = v.answers[name].confidence[early, at.steps[early] - 1]
    early = early[np.argsort(-sure, kind="stable")][:SHOWN]
    data = cache.dataset(v.task)
    captions = [
        f"test digit {i}: a {data.class_names[v.labels[i]]}, answered "
        f"{data.class_names[at.answers[i]]} after {at.steps[i]}"
        for i in early
    ]

    def follow() -> None:
        point = clicked("evidence_early")
        if point and "point_index" in point:
            st.session_state["evidence_index"] = int(early[point["point_index"]])
            st.session_state["evidence_class"] = "any"
            st.session_state["evidence_draw"] = 0

    chart(
        mosaic(data.digits.test.pixels.numpy()[early], captions, 20, v.palette),
        "evidence_early",
        alt=f"Digits that {name} answers too early",
        caption=f"{name}: surest first, wrong at θ = {v.theta:.2f} though right after the last "
        f"{v.part}. Click one to follow it above.",
        on_select=follow,
    )


def numbers(v: View) -> None:
    """All networks at this threshold."""
    import pandas as pd

    rows = []
    for item in v.items:
        name = item.name
        a, at = v.answers[name], v.now[name]
        accuracy = anytime.per_step_accuracy(a.predicted, v.labels)
        outcome = anytime.outcomes(a.confidence, a.predicted, v.labels, v.theta)
        sure = a.confidence[np.arange(len(at.steps)), at.steps - 1]
        rows.append(
            {
                "network": name,
                "trained on": DATASETS[item.card.dataset].title,
                "parameters": sum(p.numel() for p in cache.model(v.keys[name]).parameters()),
                f"after 1 {v.part} / %": 100 * accuracy[0],
                f"after all {v.depth(name)} / %": 100 * accuracy[-1],
                "at θ / %": 100 * at.accuracy,
                f"mean {v.part}s at θ": at.mean_steps,
                "too early / %": 100 * np.mean(outcome == 2),
                "never sure / %": 100 * np.mean(outcome == 4),
                "ECE at θ / %": 100 * anytime.calibration(sure, at.answers == v.labels).error,
            }
        )
    st.dataframe(
        pd.DataFrame(rows).round(2), hide_index=True, width="stretch", key="evidence_numbers"
    )
    st.caption(
        f"10,000 test sequences, θ = {v.theta:.2f}, n = 1 seed a network. ECE: expected "
        "calibration error of the confidence that halted."
    )
