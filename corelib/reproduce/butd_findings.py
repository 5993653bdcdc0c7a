"""What the controls of the table butd say, in sentences: why separate weights that decay have the
smaller angle to the gradient and the lower accuracy.

Each sentence is computed from raw rows, one of ``butd.measure`` for each rule and seed, and covers
the n seeds that all of its rules have.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from corelib.analysis.anytime import Spread, paired_difference, spread
from corelib.models.butd.rules import DECAYING, REFERENCE, SEPARATE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pandas as pd

BP_DECAYING = "back-propagation, decaying"
FEEDBACK = "separate, feedback weights decaying"
FORWARD = "separate, forward weights decaying"
RATES = {
    0.5: "separate, decaying, rate x 0.5",
    1.0: DECAYING,
    2.0: "separate, decaying, rate x 2",
    4.0: "separate, decaying, rate x 4",
}
"""Separate, decaying weights by the factor of their learning rate."""
ANGLE = "angle after epoch {}"
STEP, RELATIVE_STEP = "task's step", "task's step / weights"
TRAINING = "accuracy on training images"
"""Columns of raw rows."""
MEASURES = {STEP: "the task's step", RELATIVE_STEP: "the task's step relative to the weights"}
DATA = "mnist"
MOST = 0.75
"""The share of an effect from which on it is said to be explained."""


class Rules(NamedTuple):
    """The rows of one data set by rule, each indexed by seed."""

    of: dict[str, pd.DataFrame]

    def having(self, column: str, *names: str) -> Rules | None:
        """These rules alone, at the seeds for which all of them have ``column``, so that they are
        compared by the same seeds; None if there are none."""
        known = [self.of[name] for name in names if name in self.of and column in self.of[name]]
        if len(known) < len(names):
            return None
        common = [set(own.dropna(subset=[column]).index) for own in known]
        seeds = sorted(set.intersection(*common))
        if not seeds:
            return None
        return Rules({name: own.reindex(seeds) for name, own in zip(names, known, strict=True)})

    def points(self, rule: str, other: str, column: str = "accuracy") -> Spread:
        """Accuracy of a rule less that of another in percentage points, paired by seed."""
        values = [100 * self.of[name][column].to_numpy() for name in (rule, other)]
        return paired_difference(*values)

    def angle(self, rule: str, epoch: int | None = None) -> Spread:
        """In degrees, after an epoch, by default the last."""
        rows = self.of[rule]
        return spread(list(rows[ANGLE.format(epoch or int(rows["epochs"].iloc[0]))]))

    def times(self, column: str, rule: str, other: str) -> float:
        """The geometric mean over seeds of a rule's value divided by another's."""
        ratio = self.of[rule][column].to_numpy() / self.of[other][column].to_numpy()
        return float(np.exp(np.log(ratio).mean()))


def findings(rows: pd.DataFrame) -> list[str]:
    """One sentence for each question that the rows answer."""
    of_data = rows[rows["data"] == DATA]
    rules = Rules(
        {str(n): own.set_index("seed").sort_index() for n, own in of_data.groupby("rule")}
    )
    sentences = []
    for column, names, compose in QUESTIONS:
        own = rules.having(column, *names)
        if own is not None:
            n = len(own.of[names[0]])
            sentences += [f"{sentence} (n = {n})." for sentence in compose(own)]
    return sentences


def _which_learns(rules: Rules) -> Iterator[str]:
    """Whether back-propagation loses as much by the same decay."""
    exact = rules.points(BP_DECAYING, REFERENCE)
    own = rules.points(DECAYING, SEPARATE)
    share = exact.mean / own.mean if own.mean < 0 else 0.0
    if own.mean >= 0:
        verdict = "so here decay does not lower the accuracy"
    elif share >= MOST:
        verdict = "so the loss comes from the decay and not from the feedback"
    elif share <= 1 - MOST:
        verdict = "so the loss needs feedback weights of their own"
    else:
        verdict = "so the decay as such explains a part of the loss"
    yield (
        f"Decay changes the accuracy of separate weights on MNIST by {own} points and that of "
        f"back-propagation by {exact}: {verdict}"
    )


def _fit(rules: Rules) -> Iterator[str]:
    """Whether weights that decay fit the training images worse or generalise worse, and their size
    where it is known: the length of the step divided by its length relative to the weights."""
    seen, unseen = (rules.points(DECAYING, SEPARATE, name) for name in (TRAINING, "accuracy"))
    if unseen.mean >= 0:
        verdict = "they do not lose"
    elif seen.mean <= MOST * unseen.mean:
        verdict = "they fit the task worse"
    elif seen.mean > (1 - MOST) * unseen.mean:
        verdict = "they fit as well and generalise worse"
    else:
        verdict = "they fit and generalise worse"
    size = ""
    if rules.having(STEP, SEPARATE, DECAYING):
        times = [rules.times(column, DECAYING, SEPARATE) for column in (STEP, RELATIVE_STEP)]
        size = f", with weights {times[0] / times[1]:.2f} times as large, mean over epochs"
    yield (
        f"On training images separate weights that decay differ by {seen} points from those that "
        f"do not, on test images by {unseen}: {verdict}{size}"
    )


def _which_weights(rules: Rules) -> Iterator[str]:
    """Which weights' decay makes the angle smaller, and which one's takes the accuracy."""
    alone = {"feedback weights": FEEDBACK, "forward weights": FORWARD}
    still = rules.angle(SEPARATE).mean
    turned = {part: rules.angle(name).mean - still for part, name in alone.items()}
    points = {part: rules.points(name, SEPARATE) for part, name in alone.items()}
    words = "; ".join(
        f"of the {part} alone to {rules.angle(name)}°, with {points[part]} points"
        for part, name in alone.items()
    )
    angle = _source(turned, rules.angle(DECAYING).mean - still)
    loss = _source(
        {part: p.mean for part, p in points.items()}, rules.points(DECAYING, SEPARATE)[0]
    )
    verdict = (
        f"the smaller angle and the lower accuracy come from the decay of {angle}"
        if angle == loss
        else f"the smaller angle comes from the decay of {angle}, the lower accuracy from that of "
        f"{loss}"
    )
    yield (
        f"After the last epoch the update is {rules.angle(SEPARATE)}° from the gradient without "
        f"decay ({rules.angle(SEPARATE, 1)}° after the first). Decay of all weights brings this to "
        f"{rules.angle(DECAYING)}°; {words}: {verdict}"
    )


def _source(effects: dict[str, float], total: float) -> str:
    """The part that alone has most of the ``total`` effect, where the other one has not."""
    most = [part for part, effect in effects.items() if effect * total >= MOST * total**2 > 0]
    return f"the {most[0]}" if len(most) == 1 else "both" if most else "neither alone"


def _equal_steps(rules: Rules) -> Iterator[str]:
    """The loss that remains at the rate at which the task's step is nearest to that without decay,
    by each of its measures."""
    for column, words in MEASURES.items():
        yield _equal_step(rules, column, words)


def _equal_step(rules: Rules, column: str, words: str) -> str:
    times = {rate: rules.times(column, name, SEPARATE) for rate, name in RATES.items()}
    rate = min(times, key=lambda rate: abs(np.log(times[rate])))
    before, after = (rules.points(RATES[r], SEPARATE) for r in (1.0, rate))
    if times[1.0] >= 1:
        verdict = "the decay does not shorten the step, so it does not explain the loss"
    elif rate == 1:
        verdict = "the decay hardly shortens the step, so it does not explain the loss"
    elif after.mean < MOST * before.mean:
        verdict = "a changed step does not explain the loss"
    elif after.mean > (1 - MOST) * before.mean:
        verdict = "the changed step explains the loss"
    else:
        verdict = "the changed step explains a part of the loss"
    nearest = (
        f"no other learning rate brings it nearer; accuracy differs by {after} points"
        if rate == 1
        else f"it is nearest to that without at a learning rate x {rate:g}, {times[rate]:.2f} "
        f"times, where accuracy differs by {after} points ({before} at x 1)"
    )
    return f"With decay {words} is {times[1.0]:.2f} times that without; {nearest}: {verdict}"


QUESTIONS: tuple[tuple[str, tuple[str, ...], Callable[[Rules], Iterator[str]]], ...] = (
    ("accuracy", (REFERENCE, BP_DECAYING, SEPARATE, DECAYING), _which_learns),
    (TRAINING, (SEPARATE, DECAYING), _fit),
    (ANGLE.format(1), (SEPARATE, DECAYING, FEEDBACK, FORWARD), _which_weights),
    (STEP, (SEPARATE, *RATES.values()), _equal_steps),
)
"""A column and the rules that must have it, and what is then said."""
