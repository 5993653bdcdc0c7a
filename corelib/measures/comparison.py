"""Trained networks beside one another: settings, scores over seeds, and paired differences."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np

from corelib.analysis.anytime import Interval, Spread, paired_difference, spread
from corelib.errors import SettingsError
from corelib.measures.steps import correct_at_last
from corelib.measures.subject import subject_of
from corelib.runs.experiment import Experiment
from corelib.runs.registry import Checkpoint, find

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

LEAST, MOST = 2, 8
"""How many networks can be compared."""
RESAMPLES, LEVEL = 2000, 0.95
METHOD = (
    f"{LEVEL:.0%} intervals: BCa bootstrap (scipy.stats.bootstrap, {RESAMPLES:,} resamples, seed "
    "0) of the difference per test image, averaged over the seeds of a group; images are drawn "
    "again, networks are not, so the spread over seeds stands beside it"
)


class Group(NamedTuple):
    """Networks that differ in nothing but their seed."""

    name: str
    items: list[Checkpoint]

    @property
    def seeds(self) -> list[int]:
        return [item.card.seed for item in self.items]


class Comparison(NamedTuple):
    """What ``compare`` found; tables of shares, not per cent.

    ``scores`` has one row a network, ``groups`` one a group of networks that differ in their seed
    alone, ``settings`` one for each setting that differs, ``differences`` one for each group but
    the first, with which it is compared. ``notes`` say what could not be compared, and how the
    intervals were computed.
    """

    scores: pd.DataFrame
    groups: pd.DataFrame
    settings: pd.DataFrame
    differences: pd.DataFrame
    notes: tuple[str, ...]

    def table(self) -> pd.DataFrame:
        """All of it as one table, one row a value: which ``part`` it is of, what of (``of``), what
        it measures, and the ``value``."""
        import pandas as pd

        parts = []
        for name in ("scores", "groups", "settings", "differences"):
            frame: pd.DataFrame = getattr(self, name)
            if len(frame):
                first = frame.columns[0]
                long = frame.melt(id_vars=first, var_name="measure", value_name="value")
                parts.append(long.rename(columns={first: "of"}).assign(part=name))
        whole = pd.concat(parts, ignore_index=True).dropna()
        return cast("pd.DataFrame", whole[["part", "of", "measure", "value"]])


def compare(
    models: Sequence[str | Path | Checkpoint | Experiment], *, images: int | None = None
) -> Comparison:
    """Compare two to eight trained networks: ``compare(["bpan-mnist", "mlp-mnist"])``.

    Each is the name of a shipped checkpoint, a run's id or name, or an experiment. Networks that
    classify are compared on the test images of what they were trained on, or the first ``images``
    of them, by their answer after the last step; others by what was measured when their training
    ended. Raises ``SettingsError`` for another number of networks, ``CheckpointError`` where one
    has no checkpoint.
    """
    import pandas as pd

    if not LEAST <= len(models) <= MOST:
        raise SettingsError(f"{LEAST} to {MOST} networks are compared, not {len(models)}.")
    items = [_checkpoint(model) for model in models]
    groups = grouped(items)
    answers = {group.name: [_correct(item, images) for item in group.items] for group in groups}
    notes = [reason for known in answers.values() for found in known if (reason := found.why)]
    scores = [
        {
            "network": item.title,
            "group": group.name,
            "system": item.card.system,
            "dataset": item.card.dataset,
            "seed": item.card.seed,
            "updates": item.card.step,
            "validation": item.card.score,
            **_measured(item, found),
        }
        for group in groups
        for item, found in zip(group.items, answers[group.name], strict=True)
    ]
    differences, excluded = _differences(groups, answers)
    if differences:
        notes.append(METHOD + ".")
    return Comparison(
        pd.DataFrame(scores),
        pd.DataFrame([_of_group(group, answers[group.name]) for group in groups]),
        pd.DataFrame(_settings(groups)),
        pd.DataFrame(differences),
        tuple(dict.fromkeys((*notes, *excluded))),
    )


def _checkpoint(model: str | Path | Checkpoint | Experiment) -> Checkpoint:
    if isinstance(model, Experiment):
        return model.checkpoint
    return model if isinstance(model, Checkpoint) else find(str(model))


def grouped(items: Sequence[Checkpoint]) -> list[Group]:
    """The groups, in the order of their first networks; no two have the same name."""
    found: dict[str, list[Checkpoint]] = {}
    for item in items:
        card = item.card
        alike = [card.system, card.dataset, card.config, card.training]
        found.setdefault(json.dumps(alike, sort_keys=True), []).append(item)
    groups = list(found.values())
    titles = [
        members[0].title if len(members) == 1 else f"{_trained(members[0])}, {len(members)} seeds"
        for members in groups
    ]
    return [
        Group(title if titles.count(title) == 1 else f"{title} ({place + 1})", members)
        for place, (title, members) in enumerate(zip(titles, groups, strict=True))
    ]


def _trained(item: Checkpoint) -> str:
    card = item.card
    return "-".join(part for part in (card.system, card.variant, card.dataset) if part)


class _Answers(NamedTuple):
    """Whether each test image is answered correctly, (image,); None and ``why`` for a network that
    does not classify."""

    correct: np.ndarray | None
    why: str = ""

    @property
    def accuracy(self) -> float:
        return float(np.mean(self.correct)) if self.correct is not None else float("nan")


def _measured(item: Checkpoint, found: _Answers) -> dict[str, float]:
    """What a network achieves on the test images: its accuracy now, and what was measured when its
    training ended."""
    then = dict(item.card.test)
    if found.correct is None:
        return then
    then.pop("accuracy", None)
    return {"accuracy": found.accuracy, **then}


def _correct(item: Checkpoint, images: int | None) -> _Answers:
    try:
        return _Answers(correct_at_last(subject_of(item), images=images))
    except SettingsError:
        return _Answers(
            None,
            f"{item.title} does not answer after each step: it is compared by what was measured "
            "when its training ended, without an interval.",
        )


def _of_group(group: Group, answers: Sequence[_Answers]) -> dict[str, Any]:
    """A group's mean ± sd over seeds of the accuracy, and of each metric of the test."""
    row: dict[str, Any] = {"group": group.name, "seeds": len(group.items)}
    known = [_measured(item, found) for item, found in zip(group.items, answers, strict=True)]
    for name in known[0]:
        if not all(name in measured for measured in known):
            continue
        over = spread([measured[name] for measured in known])
        row |= {name: over.mean, f"{name}, sd": over.sd if over.n > 1 else None}
    return row


def _settings(groups: Sequence[Group]) -> list[dict[str, Any]]:
    """The settings that are not the same in all groups."""
    cards = {group.name: group.items[0].card for group in groups}
    of_each: dict[str, Mapping[str, Any]] = {
        name: {"system": card.system, "dataset": card.dataset, **card.config, **card.training}
        for name, card in cards.items()
    }
    names = dict.fromkeys(name for settings in of_each.values() for name in settings)
    rows = []
    for name in names:
        values = [settings.get(name) for settings in of_each.values()]
        if any(value != values[0] for value in values):
            shown = ["" if value is None else str(value) for value in values]
            rows.append({"setting": name, **dict(zip(of_each, shown, strict=True))})
    return rows


def _differences(
    groups: Sequence[Group], answers: Mapping[str, Sequence[_Answers]]
) -> tuple[list[dict[str, Any]], list[str]]:
    """Each group less the first, and why some cannot be compared with it."""
    first, *others = groups
    rows, excluded = [], []
    own = _mean_correct(answers[first.name])
    for group in others:
        theirs = _mean_correct(answers[group.name])
        if own is None or theirs is None:
            continue
        if group.items[0].card.dataset != first.items[0].card.dataset:
            excluded.append(
                f"{group.name} was tested on other images than {first.name}: their difference says "
                "nothing about the networks."
            )
            continue
        interval = bootstrap(theirs - own)
        row: dict[str, Any] = {
            "group": group.name,
            "less": first.name,
            "difference": float(np.mean(theirs - own)),
            "low": interval.low,
            "high": interval.high,
            "images": len(own),
            "seeds": min(len(group.items), len(first.items)),
        }
        paired = _by_seed(first, group, answers)
        if paired is not None:
            row |= {"paired by seed": paired.mean, "sd": paired.sd, "pairs": paired.n}
        rows.append(row)
    return rows, excluded


def _mean_correct(answers: Sequence[_Answers]) -> np.ndarray | None:
    """The share of the seeds that answer each image correctly: (image,)."""
    known = [found.correct for found in answers if found.correct is not None]
    return np.mean(known, axis=0) if len(known) == len(answers) else None


def _by_seed(
    first: Group, other: Group, answers: Mapping[str, Sequence[_Answers]]
) -> Spread | None:
    """The differences of accuracies seed by seed; None unless both have two seeds in common."""
    ours = dict(zip(first.seeds, answers[first.name], strict=True))
    theirs = dict(zip(other.seeds, answers[other.name], strict=True))
    common = sorted(ours.keys() & theirs.keys())
    if len(common) < 2:
        return None
    return paired_difference(
        [theirs[seed].accuracy for seed in common], [ours[seed].accuracy for seed in common]
    )


def bootstrap(differences: np.ndarray, resamples: int = RESAMPLES) -> Interval:
    """The BCa bootstrap interval of a mean, (image,): see ``METHOD``. Where all are the same, that
    value."""
    from scipy.stats import bootstrap as of_scipy  # pyright: ignore[reportMissingTypeStubs]

    if np.ptp(differences) == 0:
        return Interval(float(differences[0]), float(differences[0]))
    found: Any = of_scipy(  # pyright: ignore[reportUnknownVariableType]
        (differences,),
        np.mean,
        n_resamples=resamples,
        confidence_level=LEVEL,
        method="BCa",
        batch=100,
        rng=np.random.default_rng(0),
    )
    return Interval(float(found.confidence_interval.low), float(found.confidence_interval.high))
