"""What bounds the completion of hidden pixels by bidirectional predictive coding, as mean ± sd over
seeds: initial fills, more steps, several starts and posterior samples, beside baselines without
inference.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from corelib.analysis.anytime import paired_difference, spread
from corelib.data.images import ImageDataset
from corelib.data.sources import load_dataset
from corelib.reproduce import bpc
from corelib.reproduce.results import OverSeeds, table
from corelib.reproduce.seeds import say
from corelib.runs.registry import load
from corelib.runs.spec import RunSpec
from corelib.runs.store import Run
from corelib.words import percent

if TYPE_CHECKING:
    import pandas as pd

    from corelib.models.bpc.analysis import Mask
    from corelib.models.bpc.completion import Fill, Filled, Searched, Task
    from corelib.models.bpc.network import PredictiveCoding

NAME = "bpc-completion"
SEEDS = 3
MASKS: tuple[Mask, ...] = ("left half", "right half", "top half", "bottom half", "random half")
IMAGES = bpc.COMPLETED
MORE_STEPS = 600
STARTS = 3
"""Random starts, of which the one that ends with the least energy counts."""

STANDARD, TRUTH = "inference from grey (standard)", "inference from the true pixels"
BASELINES: dict[Fill, str] = {
    "grey": "grey in place of hidden pixels",
    "mean image": "mean image in their place",
    "nearest digit": "nearest training digit in their place",
    "mean of nearest": "mean of the 5 nearest in their place",
}
"""What the network reads without inference, by fill."""
BEST: Fill = "mean of nearest"
SAME = 1e-3
"""Images that differ by less than this, mean squared over normalised pixels, are the same."""
NEIGHBOURS = {1: "label of the nearest digit", 5: "vote of the 5 nearest"}
STARTED: dict[Fill, str] = {
    "mean image": "inference from the mean image",
    "nearest digit": "inference from the nearest digit",
    "mean of nearest": "inference from the mean of the 5 nearest",
}
SAMPLED_IMAGES = 100
"""Images whose posterior is sampled, which costs many more steps than an optimum does."""
TEMPERATURES = (1.0,)
SAMPLES = {T: f"vote of posterior samples, T = {T:g}" for T in TEMPERATURES}
MEANS = {T: f"mean of posterior samples, T = {T:g}" for T in TEMPERATURES}
EACH = {T: f"one posterior sample, T = {T:g}" for T in TEMPERATURES}
SAMPLED = {*SAMPLES.values(), *MEANS.values(), *EACH.values()}
LONGER = f"inference from grey, {MORE_STEPS} steps"
ONE_RANDOM = "inference from a random start"
BEST_RANDOM = f"lowest energy of {STARTS} random starts"
OPTIMUM, ACCEPTED, AGREE = "accuracy of one optimum", "accepted", "agreement of two starts"
"""Columns of the raw rows of posterior samples alone: the accuracy of ``STANDARD`` on the same
images, the share of proposals accepted, and whether chains from the true pixels agree."""
SEARCHED = {"wrong": "wrong", "lower": "lower energy", "answer_lower": "answer's energy lower"}
"""Columns of the raw rows, of ``STANDARD`` alone, from the fields of ``Searched``."""

NOTES = (
    f"The first {IMAGES} test digits, half of whose pixels are hidden, by networks of the standard "
    "settings after five epochs; the label is unknown. Inference: 300 steps of Adam with both "
    "kinds of errors at equal weight. Energy: that of an image after inference.",
    "Nearest: of 55,000 training digits by the visible pixels. The labels of the nearest digits "
    "need no network. The true pixels are no procedure: they show what the best start would give. "
    "Where they lead to the same image as grey does, other starts are not tried.",
    f"Posterior samples: of the first {SAMPLED_IMAGES} digits; their difference is to inference "
    "from grey on the same digits. Chains of Metropolis-adjusted Langevin steps begin at its end. "
    "The energy over T is read as a negative log-density: independent Gaussian errors of variance "
    "T in both directions. Vote: the class that most samples are read as.",
)


def specs(seed: int) -> list[RunSpec]:
    """The trainings of one seed, one of those of the table ``bpc``."""
    return [bpc.ROWS[bpc.REFERENCE].spec(seed)]


def measure(specs: Sequence[RunSpec], runs: Sequence[Run]) -> pd.DataFrame:
    """Raw measurements, one row for each seed, mask and procedure; accuracies are shares."""
    import pandas as pd
    import torch

    from corelib.models.bpc.analysis import mask_of
    from corelib.models.bpc.completion import task_of

    dataset = load_dataset("mnist")
    assert isinstance(dataset, ImageDataset)
    rows = []
    for spec, run in zip(specs, runs, strict=True):
        model = cast("PredictiveCoding", load(run.id))
        for mask in MASKS:
            say(f"Measuring seed {spec.seed}, {mask} hidden.")
            task = task_of(dataset, torch.as_tensor(~mask_of(mask).ravel()), IMAGES)
            rows += [
                {"mask": mask, "seed": spec.seed, **row}
                for row in _procedures(model, task, dataset, spec.seed)
            ]
    return pd.DataFrame(rows)


def _procedures(
    model: PredictiveCoding, task: Task, dataset: ImageDataset, seed: int
) -> list[dict[str, Any]]:
    from corelib.models.bpc import completion

    def row(name: str, filled: Filled, searched: Searched | None = None) -> dict[str, Any]:
        found = {} if searched is None else searched._asdict()
        return {
            "procedure": name,
            "accuracy": completion.accuracy_of(model, task, filled.image),
            "error": round(completion.error_of(task, filled.image), 5),
            "energy": round(filled.energy.mean().item(), 4),
            **{SEARCHED[key]: round(value, 4) for key, value in found.items()},
        }

    nearest = completion.nearest_digits(task, dataset)
    labels = dataset.train.labels[nearest]
    rows: list[dict[str, Any]] = []
    for k, name in NEIGHBOURS.items():
        right = completion.vote(labels[:, :k], model.n_classes) == task.labels
        rows.append({"procedure": name, "accuracy": right.double().mean().item()})
    fills = {how: completion.fill(task, dataset, how, nearest) for how in BASELINES}
    unknown = task.x.new_full((len(task.x),), float("nan"))
    for how, name in BASELINES.items():
        rows.append(row(name, completion.Filled(fills[how], unknown)))
    found = completion.fill_by_inference(model, task)
    truth = completion.fill_by_inference(model, task, task.x)
    searched = completion.search(model, task, found, truth)
    rows += [row(STANDARD, found, searched), row(TRUTH, truth)]
    rows.append(row(STARTED[BEST], completion.fill_by_inference(model, task, fills[BEST])))
    rows += _sampled(model, task, found, truth, seed)
    if _is_same(found, truth):
        return rows
    for how, name in STARTED.items():
        if how != BEST:
            rows.append(row(name, completion.fill_by_inference(model, task, fills[how])))
    rows.append(row(LONGER, _longer(model, task)))
    random = [
        completion.fill_by_inference(model, task, completion.random_fill(task, STARTS * seed + k))
        for k in range(STARTS)
    ]
    return [*rows, row(ONE_RANDOM, random[0]), row(BEST_RANDOM, completion.lowest(random))]


def _sampled(
    model: PredictiveCoding, task: Task, found: Filled, truth: Filled, seed: int
) -> list[dict[str, Any]]:
    """Posterior samples at each temperature: by vote, by the mean image, and one by one.

    ``AGREE`` is the share of images whose vote is the same for chains that begin at the true
    pixels: 1 if chains forget where they began.
    """
    from corelib.models.bpc import completion
    from corelib.models.bpc.posterior import SamplerConfig

    some = completion.Task(task.x[:SAMPLED_IMAGES], task.known, task.labels[:SAMPLED_IMAGES])
    optimum = completion.accuracy_of(model, some, found.image[:SAMPLED_IMAGES])
    rows: list[dict[str, Any]] = []
    for T in TEMPERATURES:
        config = SamplerConfig(temperature=T)
        ours, others = (
            completion.fill_by_sampling(model, some, begun.image[:SAMPLED_IMAGES], config, seed)
            for begun in (found, truth)
        )
        read = ours.votes.argmax(1)
        shared = {OPTIMUM: optimum}
        chains = {
            "energy": round(ours.energy.mean().item(), 4),
            ACCEPTED: round(ours.acceptance, 4),
            AGREE: (read == others.votes.argmax(1)).double().mean().item(),
        }
        right = (read == some.labels).double().mean().item()
        own = ours.votes.gather(1, some.labels[:, None]).sum() / ours.votes.sum()
        rows += [
            {"procedure": SAMPLES[T], "accuracy": right, **shared, **chains},
            {
                "procedure": MEANS[T],
                "accuracy": completion.accuracy_of(model, some, ours.mean),
                "error": round(completion.error_of(some, ours.mean), 5),
                **shared,
            },
            {"procedure": EACH[T], "accuracy": round(own.item(), 5), **shared},
        ]
    return rows


def _is_same(found: Filled, truth: Filled) -> bool:
    """Whether inference ends at the same image from grey and from the true pixels; then no other
    start needs to be tried."""
    return (found.image - truth.image).square().mean().item() < SAME


def _longer(model: PredictiveCoding, task: Task) -> Filled:
    from corelib.models.bpc.analysis import completion_config
    from corelib.models.bpc.completion import fill_by_inference

    return fill_by_inference(model, task, config=completion_config(model, MORE_STEPS))


ORDER = (
    *NEIGHBOURS.values(),
    *BASELINES.values(),
    STANDARD,
    LONGER,
    *STARTED.values(),
    ONE_RANDOM,
    BEST_RANDOM,
    *(name for T in TEMPERATURES for name in (SAMPLES[T], MEANS[T], EACH[T])),
    TRUTH,
)
"""The procedures as the table lists them."""


def summary(rows: pd.DataFrame) -> pd.DataFrame:
    """The table from raw rows, procedures of one mask after the other. Cells over seeds are
    ``Spread``; the difference to the standard procedure is paired by seed."""
    import pandas as pd

    lines = []
    for mask in rows["mask"].unique():
        standard = _own(rows, mask, STANDARD)
        for name in ORDER:
            own = _own(rows, mask, name)
            if own.empty:
                continue
            line: dict[str, Any] = {"hidden": mask, "procedure": name, "seeds": len(own)}
            line["accuracy / %"] = spread(100 * own["accuracy"].to_numpy())
            common = own.index.intersection(standard.index)
            line["minus standard / points"] = None
            if name in SAMPLED:
                theirs = 100 * own[OPTIMUM]
                line["minus standard / points"] = paired_difference(
                    list(100 * own["accuracy"]), list(theirs)
                )
            elif name != STANDARD and len(common):
                ours, theirs = (100 * frame.loc[common, "accuracy"] for frame in (own, standard))
                line["minus standard / points"] = paired_difference(list(ours), list(theirs))
            for column in ("error", "energy"):
                values = own[column].dropna().to_numpy()
                line[column] = spread(values) if len(values) else None
            lines.append(line)
    frame = pd.DataFrame(lines, dtype=object)
    frame.attrs["notes"] = (*NOTES, *verdicts(rows))
    return frame


def _half(mask: str) -> str:
    return f"a {mask}" if mask == "random half" else f"the {mask}"


def _own(rows: pd.DataFrame, mask: str, procedure: str) -> pd.DataFrame:
    """The rows of a procedure by seed."""
    chosen = (rows["mask"] == mask) & (rows["procedure"] == procedure)
    return rows[chosen].set_index("seed")


def verdicts(rows: pd.DataFrame) -> list[str]:
    """What bounds the completion of each mask, a sentence computed from raw rows."""
    by_mask = [_verdict(rows, mask) for mask in rows["mask"].unique()]
    return [*by_mask, *(one for T in TEMPERATURES if (one := _sampling_verdict(rows, T)))]


def _sampling_verdict(rows: pd.DataFrame, T: float) -> str:
    """Whether samples read better than one optimum, over seeds of each mask; empty without any."""
    votes = {mask: _own(rows, mask, SAMPLES[T]) for mask in rows["mask"].unique()}
    votes = {mask: own for mask, own in votes.items() if len(own)}
    if not votes:
        return ""
    gains: list[str] = []
    beyond = 0
    for mask, own in votes.items():
        gain = paired_difference(list(100 * own["accuracy"]), list(100 * own[OPTIMUM]))
        # Two standard errors of the mean, with room for rounding.
        beyond += len(own) > 1 and abs(gain.mean) > 1e-9 + 2 * gain.sd / len(own) ** 0.5
        gains.append(f"{gain.mean:+.1f} ± {gain.sd:.1f} ({mask})")
    accepted, agree = (
        sum(own[column].to_numpy(float).mean() for own in votes.values()) / len(votes)
        for column in (ACCEPTED, AGREE)
    )
    return (
        f"At T = {T:g} the vote of posterior samples differs from one optimum by "
        f"{', '.join(gains)} points, mean ± sd over {max(map(len, votes.values()))} seeds; more "
        f"than two standard errors in {beyond} of {len(votes)} masks. {percent(accepted, 0)} of "
        "proposals are accepted, and chains that begin at the true pixels give the same answer for "
        f"{percent(agree, 0)} of the digits: below 100 % the chains have not converged."
    )


def _verdict(rows: pd.DataFrame, mask: str) -> str:
    import numpy as np

    def values(name: str, column: str = "accuracy") -> np.ndarray:
        return _own(rows, mask, name)[column].to_numpy(float)

    standard, truth, vote = (100 * values(name).mean() for name in (STANDARD, TRUTH, NEIGHBOURS[5]))
    wrong = values(STANDARD, SEARCHED["wrong"])
    if not wrong.sum():
        return f"With {_half(mask)} hidden no completed digit is read wrongly."
    lower, answer = (
        np.nansum(values(STANDARD, SEARCHED[field]) * wrong) / wrong.sum()
        for field in ("lower", "answer_lower")
    )
    bound = "by the energy, not by the search" if min(lower, answer) >= 0.5 else "by the search too"
    best = max(
        (100 * values(name).mean() - standard, name)
        for name in (LONGER, *STARTED.values(), BEST_RANDOM)
        if len(values(name))
    )
    starts = (
        f"Where inference starts chooses among ends of about equal energy: {best[1]} gains "
        f"{best[0]:+.1f} points, the true pixels would gain {truth - standard:+.1f}."
    )
    if not len(values(LONGER)):
        starts = "Wherever inference starts, it ends at the same images."
    return (
        f"With {_half(mask)} hidden completion is bounded {bound}: of the digits read wrongly, "
        f"{percent(lower, 0)} end with no more energy than inference from the true pixels does, "
        f"and in {percent(answer, 0)} the wrong label explains the visible pixels with less "
        f"energy than the true one. {starts} The vote of the 5 nearest digits is right for "
        f"{percent(vote / 100)}, the network for {percent(standard / 100)}."
    )


TABLE = OverSeeds(NAME, seeds=SEEDS, specs=specs, measure=measure, summary=summary)
run = partial(table, TABLE)
