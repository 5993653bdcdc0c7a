"""Several trainings side by side: their curves, settings and scores, and paired differences."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from corelib.analysis.anytime import Spread, spread
from corelib.data.sources import DATASETS
from corelib.errors import SettingsError, SynaptariumError
from corelib.measures.compared import Entry, entries_of
from corelib.measures.correctness import correctness
from corelib.measures.paired import ACCURACY, DESCRIBED, LEVEL, Group, differences_of, groups_of
from corelib.words import PER_CENT, percent

if TYPE_CHECKING:
    import pandas as pd

    from corelib.measures.compared import Compared
    from corelib.runs.registry import Checkpoint

    Correct = Callable[[Checkpoint, int | None], np.ndarray]
    """The correctness of a checkpoint's answers to as many test images, or all: (image,)."""

LEAST, MOST = 2, 8
"""How many trainings can be compared."""
BATCHES, VALIDATION = "training batches", "validation"


class Comparison(NamedTuple):
    """Trainings beside each other; a run is called by its title.

    ``curves``
        One row a point: ``run``, ``part`` ("training batches" or "validation"), ``step`` (updates),
        ``metric``, ``value``.
    ``settings``
        Those that differ, one row each: ``setting``, then a column for each run; None where it has
        no such setting.
    ``scores``
        One row a run: ``run``, ``group``, ``system``, ``dataset``, ``seed``, ``state`` ("completed"
        also of what ships), ``updates`` of its checkpoint, ``images`` tested, then the metrics on
        the test set, shares from 0 to 1.
    ``groups``
        Runs that are equal in everything but the seed, one row a metric: ``group``, ``dataset``,
        ``metric``, ``mean``, ``sd`` (n - 1), ``n`` and the ``seeds``.
    ``differences``
        One row for each group but the baseline's: ``group``, ``baseline``, ``metric``,
        ``difference`` of the means, ``low`` and ``high`` of its interval, ``images``, and of the
        differences paired by seed ``seed_mean``, ``seed_sd``, ``seeds``; missing where there is
        none.
    ``notes``
        What could not be compared, and why, a sentence each.
    ``sentence``
        Which is better, and by how much.
    """

    curves: pd.DataFrame
    settings: pd.DataFrame
    scores: pd.DataFrame
    groups: pd.DataFrame
    differences: pd.DataFrame
    notes: tuple[str, ...]
    sentence: str

    def tidy(self) -> pd.DataFrame:
        """All in one table, one row a number or setting: ``table`` (which of them), ``name``,
        ``baseline``, ``part``, ``step``, ``item``, ``value``, ``sd``, ``low``, ``high``, ``n``."""
        import pandas as pd

        d = self.differences
        by_seed = d.dropna(subset="seeds")
        fixed = ["run", "group"]
        parts = {
            "curves": self.curves.rename(columns={"run": "name", "metric": "item"}),
            "settings": self.settings.melt("setting", var_name="name").rename(
                columns={"setting": "item"}
            ),
            "scores": self.scores.melt(fixed, var_name="item")
            .rename(columns={"run": "name"})
            .dropna(subset="value"),
            "groups": self.groups.rename(
                columns={"group": "name", "metric": "item", "mean": "value"}
            ),
            "differences": d.rename(
                columns={"group": "name", "metric": "item", "difference": "value", "images": "n"}
            ),
            "differences by seed": by_seed[["group", "baseline", "metric"]]
            .assign(value=by_seed["seed_mean"], sd=by_seed["seed_sd"], n=by_seed["seeds"])
            .rename(columns={"group": "name", "metric": "item"}),
            "notes": pd.DataFrame({"value": [self.sentence, *self.notes]}),
        }
        columns = ["table", "name", "baseline", "part", "step", "item", "value", "sd"]
        columns += ["low", "high", "n"]
        tables = [part.assign(table=name).reindex(columns=columns) for name, part in parts.items()]
        return pd.concat([table.astype(object) for table in tables], ignore_index=True)

    def to_csv(self) -> str:
        """``tidy`` as CSV."""
        return self.tidy().to_csv(index=False)


def _tested(item: Checkpoint, images: int | None) -> np.ndarray:
    return correctness(item, images=images)


def compare(
    networks: Sequence[Compared],
    *,
    baseline: str = "",
    images: int | None = None,
    correct: Correct = _tested,
) -> Comparison:
    """Two to eight trainings side by side: ``compare(["bpan-mnist", "mlp-mnist"])``.

    ``networks`` are names of runs or checkpoints, experiments or checkpoints; of a run its best
    checkpoint is measured. ``baseline`` is the title of the one that others are compared with, the
    first by default. ``images`` limits the test images that are classified, from the first.
    ``correct`` gives the correctness of a checkpoint where it has been computed before.

    What cannot be read, or is not trained yet, is left out with a sentence in ``notes``. Networks
    tested on other images than the baseline have scores and no difference. Raises
    ``CheckpointError`` for an unknown name, ``SettingsError`` for too few or too many.

    >>> from corelib import compare
    >>> found = compare(["mlp-mnist", "bpan-mnist"], images=500)
    >>> found.differences[["group", "baseline"]].values.tolist()
    [['bpan-mnist', 'mlp-mnist']]
    """
    if not LEAST <= len(networks) <= MOST:
        given = f"{len(networks)} network{'s were' if len(networks) != 1 else ' was'}"
        raise SettingsError(f"{given} named, but {LEAST} to {MOST} can be compared.")
    if images is not None and images < 1:
        raise SettingsError(f"images is {images}, but should be at least 1.")
    entries = entries_of(networks)
    titles = [entry.title for entry in entries]
    if baseline and baseline not in titles:
        raise SettingsError(f"baseline is {baseline!r}, but should be one of: {', '.join(titles)}.")
    notes = [entry.note for entry in entries if entry.note]
    trained = [entry for entry in entries if entry.item is not None]
    hits = _hits(trained, images, correct, notes)
    usable = [entry for entry in trained if entry.title in hits or not entry.classifies]
    groups = groups_of(usable, notes)
    scores = _scores(trained, groups, hits, images)
    means = _means(groups, scores)
    chosen = (g for g in groups if any(e.title == baseline for e in g.entries))
    first = next(chosen, groups[0] if groups else None)
    differences = differences_of(groups, first, hits, scores, notes)
    sentence = _sentence(first, means, differences)
    settings = _settings(entries)
    return Comparison(
        _curves(entries), settings, scores, means, differences, tuple(notes), sentence
    )


def _hits(
    entries: Sequence[Entry], images: int | None, correct: Correct, notes: list[str]
) -> dict[str, np.ndarray]:
    """The correctness of each network that classifies, (image,), by its title."""
    hits: dict[str, np.ndarray] = {}
    for entry in entries:
        if entry.classifies:
            try:
                hits[entry.title] = correct(entry.checkpoint, images)
            except SynaptariumError as error:
                notes.append(f"{entry.title} could not be tested: {error}")
    return hits


def _scores(
    entries: Sequence[Entry],
    groups: Sequence[Group],
    hits: Mapping[str, np.ndarray],
    images: int | None,
) -> pd.DataFrame:
    import pandas as pd

    of = {entry.title: group.name for group in groups for entry in group.entries}
    rows: list[dict[str, Any]] = []
    for entry in entries:
        card, hit = entry.checkpoint.card, hits.get(entry.title)
        # Other metrics are those of all test images.
        metrics = {} if images is not None and entry.classifies else dict(card.test)
        if hit is not None:
            metrics.pop(ACCURACY, None)
            metrics = {ACCURACY: float(hit.mean())} | metrics
        rows.append(
            {
                "run": entry.title,
                "group": of.get(entry.title, ""),
                "system": card.system,
                "dataset": card.dataset,
                "seed": card.seed,
                "state": entry.state,
                "updates": card.step,
                "images": None if hit is None else len(hit),
                **metrics,
            }
        )
    frame = pd.DataFrame(rows, columns=None if rows else list(DESCRIBED))
    return frame.astype({"images": "Int64"})


def _means(groups: Sequence[Group], scores: pd.DataFrame) -> pd.DataFrame:
    import pandas as pd

    measured, rows = scores.set_index("run"), []
    for group in groups:
        titles = list(group.by_seed.values())
        for metric in measured.columns.difference(DESCRIBED, sort=False):
            values = measured.loc[titles, metric].dropna().to_numpy(float)
            if len(values):
                rows.append((group.name, group.card.dataset, metric, *spread(values)))
    frame = pd.DataFrame(rows, columns=["group", "dataset", "metric", "mean", "sd", "n"])
    seeds = {group.name: ", ".join(map(str, group.by_seed)) for group in groups}
    return frame.assign(seeds=[seeds[name] for name in frame["group"]])


def _curves(entries: Sequence[Entry]) -> pd.DataFrame:
    import pandas as pd

    rows: list[tuple[str, str, int, str, float]] = []
    for entry in entries:
        for part, events in (
            (BATCHES, entry.history.steps),
            (VALIDATION, entry.history.validations),
        ):
            rows += [
                (entry.title, part, event.step, metric, value)
                for event in events
                for metric, value in event.metrics.items()
            ]
    return pd.DataFrame(rows, columns=["run", "part", "step", "metric", "value"])


def _settings(entries: Sequence[Entry]) -> pd.DataFrame:
    import pandas as pd

    values = {}
    for entry in entries:
        if entry.spec is not None:
            spec = entry.spec
            what = {"system": spec.system, "dataset": spec.dataset, "seed": spec.seed}
            values[entry.title] = what | entry.settings
    names = Counter(name for own in values.values() for name in own)
    # First what most of them have; networks of different systems share few settings.
    names = sorted(names, key=lambda name: -names[name])
    rows = [
        {"setting": name, **{title: own.get(name) for title, own in values.items()}}
        for name in names
        if len({json.dumps(own.get(name)) for own in values.values()}) > 1
    ]
    return pd.DataFrame(rows, columns=["setting", *values], dtype=object)


def _sentence(first: Group | None, means: pd.DataFrame, differences: pd.DataFrame) -> str:
    """Which group is best, and by how much."""
    if first is None:
        return "None of these networks could be tested, so there are only curves to compare."
    paired = differences.dropna(subset="images")
    if not len(paired):
        if len(differences):
            return (
                "These networks do not classify: their test metrics stand side by side, without an "
                "interval."
            )
        return (
            f"{first.name} has no partner for a paired comparison; the scores are listed side by "
            "side."
        )
    of = means[means["metric"] == ACCURACY].set_index("group")
    best = paired.loc[paired["difference"].idxmax()]
    images = f"{best['images']:,} test {DATASETS[first.card.dataset].kind}s"
    if best["difference"] == 0 and best["low"] == best["high"]:
        return f"{best['group']} and {first.name} are equally accurate on each of {images}."
    worse = best["difference"] <= 0
    ours, theirs = (first.name, best["group"]) if worse else (best["group"], first.name)
    low, high = (-best["high"], -best["low"]) if worse else (best["low"], best["high"])
    lead = f"{ours} has the highest accuracy of {len(paired) + 1}. " if len(paired) > 1 else ""
    verdict = ", which includes 0: this test does not tell them apart" if low <= 0 <= high else ""
    interval = " to ".join(signed(100 * bound) for bound in (low, high))
    return (
        f"{lead}On {images}, {ours} is {100 * abs(best['difference']):.2f} points more accurate "
        f"than {theirs}, {_with_sd(of.loc[ours])} against {_with_sd(of.loc[theirs])} "
        f"({percent(LEVEL, 0)} interval of the difference {interval} points{verdict})."
    )


def signed(points: float) -> str:
    """Two decimals, with a minus sign and no sign of zero."""
    return f"{points:z.2f}".replace("-", "\N{MINUS SIGN}")


def _with_sd(row: Any) -> str:
    """An accuracy in per cent, with its sd over several seeds."""
    return f"{Spread(100 * row['mean'], 100 * row['sd'], int(row['n']))}{PER_CENT}"
