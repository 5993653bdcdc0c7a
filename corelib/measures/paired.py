"""Groups of trainings that differ in their seeds alone, and their paired differences.

    d_i = mean over seeds of c_i, of a group - the same of the baseline

c_i is whether test image i is classified correctly. The mean of d over images is the difference of
accuracy; its interval is a percentile bootstrap of ``scipy.stats.bootstrap``, in which the test
images are resampled and the trained networks stay as they are. How far trainings with other seeds
would differ is not in it: the standard deviation over seeds stands beside it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from corelib.analysis.anytime import Interval, paired_difference

if TYPE_CHECKING:
    import pandas as pd

    from corelib.measures.compared import Entry
    from corelib.training.card import Card

RESAMPLES, LEVEL, METHOD, BATCH = 5000, 0.95, "percentile", 200
"""Of the bootstrap; ``BATCH`` resamples are drawn at a time."""
ACCURACY = "accuracy"
DESCRIBED = ("run", "group", "system", "dataset", "seed", "state", "updates", "images")
"""The columns of the scores that are no metrics."""


class Group(NamedTuple):
    """Runs that are equal in everything but the seed, one for each seed."""

    name: str
    entries: list[Entry]

    @property
    def card(self) -> Card:
        return self.entries[0].checkpoint.card

    @property
    def by_seed(self) -> dict[int, str]:
        """The titles of its runs by their seeds, in their order."""
        titles = {entry.checkpoint.card.seed: entry.title for entry in self.entries}
        return dict(sorted(titles.items()))


def groups_of(entries: Sequence[Entry], notes: list[str]) -> list[Group]:
    """The entries by what is trained, in their order; of two with the same seed the first."""
    kinds: dict[str, dict[int, Entry]] = {}
    for entry in entries:
        kind, seed = kinds.setdefault(entry.kind, {}), entry.checkpoint.card.seed
        if seed in kind:
            notes.append(
                f"{entry.title} has the settings and the seed of {kind[seed].title}: it has its "
                "scores, but is not counted among the seeds."
            )
        else:
            kind[seed] = entry
    members = [list(kind.values()) for kind in kinds.values()]
    names = [_name(group) for group in members]
    return [
        # Groups of the same name differ in their settings alone: told by their first runs.
        Group(f"{name}, {group[0].title}" if names.count(name) > 1 else name, group)
        for name, group in zip(names, members, strict=True)
    ]


def _name(entries: Sequence[Entry]) -> str:
    """The title of a single run; of several what is trained, and how many seeds."""
    if len(entries) == 1:
        return entries[0].title
    card = entries[0].checkpoint.card
    what = "-".join(part for part in (card.system, card.variant, card.dataset) if part)
    return f"{what} ({len(entries)} seeds)"


def interval_of_mean(values: np.ndarray, seed: int = 0) -> Interval:
    """The percentile bootstrap interval of the mean of ``values`` (image,), by
    ``scipy.stats.bootstrap``; the resamples are drawn from ``seed``."""
    # SciPy comes without types.
    from scipy import stats  # pyright: ignore[reportMissingTypeStubs]

    found: Any = stats.bootstrap(
        (values,),
        np.mean,
        n_resamples=RESAMPLES,
        batch=BATCH,
        confidence_level=LEVEL,
        method=METHOD,
        rng=np.random.default_rng(seed),
    ).confidence_interval
    return Interval(float(found.low), float(found.high))


def differences_of(
    groups: Sequence[Group],
    first: Group | None,
    hits: Mapping[str, np.ndarray],
    scores: pd.DataFrame,
    notes: list[str],
) -> pd.DataFrame:
    """The ``differences`` of a ``Comparison`` from the group ``first``, given the correctness of
    the runs by their titles, (image,); why there is none is added to ``notes``."""
    import pandas as pd

    rows: list[dict[str, Any]] = []
    for group in groups:
        if first is None or group is first:
            continue
        if group.card.dataset != first.card.dataset:
            notes.append(
                f"{group.name} is tested on {group.card.dataset}, {first.name} on "
                f"{first.card.dataset}: their scores stand side by side, without a difference."
            )
            continue
        ours, theirs = (_mean_hits(g, hits) for g in (group, first))
        if ours is not None and theirs is not None:
            low, high = interval_of_mean(ours - theirs)
            row = {"difference": float((ours - theirs).mean()), "low": low, "high": high}
            metrics = {ACCURACY: row | {"images": len(ours)}}
        elif any(e.classifies for g in (group, first) for e in g.entries):
            notes.append(
                f"Only one of {group.name} and {first.name} classifies, so there is no difference "
                "between them."
            )
            continue
        else:
            metrics = _metric_differences(group, first, scores)
        for metric, row in metrics.items():
            names = {"group": group.name, "baseline": first.name, "metric": metric}
            rows.append(names | row | _by_seed(group, first, metric, scores))
    columns = ["group", "baseline", "metric", "difference", "low", "high", "images"]
    frame = pd.DataFrame(rows, columns=[*columns, "seed_mean", "seed_sd", "seeds"])
    return frame.astype({"images": "Int64", "seeds": "Int64"})


def _mean_hits(group: Group, hits: Mapping[str, np.ndarray]) -> np.ndarray | None:
    """How often each image is classified correctly over the seeds, (image,); None unless by all."""
    found = [hits[entry.title] for entry in group.entries if entry.title in hits]
    return np.mean(found, 0) if len(found) == len(group.entries) else None


def _metric_differences(
    group: Group, first: Group, scores: pd.DataFrame
) -> dict[str, dict[str, float]]:
    """The differences of the means of all metrics that both have."""
    measured = scores.set_index("run").drop(columns=list(DESCRIBED[1:]))
    ours, theirs = (measured.loc[list(g.by_seed.values())].mean() for g in (group, first))
    return {str(name): {"difference": d} for name, d in (ours - theirs).dropna().items()}


def _by_seed(
    group: Group, first: Group, metric: str, scores: pd.DataFrame
) -> dict[str, float | int]:
    """The differences of a metric between runs of the same seed; empty unless all have a partner
    and there are several."""
    if len(group.by_seed) < 2 or [*group.by_seed] != [*first.by_seed]:
        return {}
    measured = dict(zip(scores["run"], scores[metric], strict=True))
    pairs = ([measured[title] for title in g.by_seed.values()] for g in (group, first))
    mean, sd, n = paired_difference(*pairs)
    return {"seed_mean": mean, "seed_sd": sd, "seeds": n}
