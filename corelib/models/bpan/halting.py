"""Halting of BPAN and its baselines: answers over time, the models' own rules, what answers cost in
multiply-adds and in time."""

from collections.abc import Callable, Sequence
from functools import partial
from statistics import median
from typing import Any, NamedTuple, cast

import numpy as np
import torch
from torch import Tensor

from corelib.analysis.anytime import Answers, halting_steps
from corelib.analysis.clock import medians, times
from corelib.models.bpan.anytime import AnytimeClassifier, Cost, confidence
from corelib.models.bpan.network import BPAN

CHUNK = 1000


class OwnAnswers(NamedTuple):
    """A data set answered by the model's own rule: ``steps`` from 1 and ``predicted``, (image,)."""

    steps: np.ndarray
    predicted: np.ndarray


class Work(NamedTuple):
    """Multiply-adds per image: ``mean`` to the answers given, ``to_last`` to the last step."""

    mean: float
    to_last: int

    @property
    def saved(self) -> float:
        """The share of the work that stopping early saves."""
        return 1 - self.mean / self.to_last


class Clock(NamedTuple):
    """Milliseconds for all ``images``, medians; ``batch`` of them at a time.

    ``early`` stops when confident, ``fixed`` computes all steps and reads out the last.
    """

    batch: int
    images: int
    early: float
    fixed: float

    @property
    def ratio(self) -> float:
        """How many times faster stopping early is."""
        return self.fixed / self.early

    @property
    def early_us(self) -> float:
        """Microseconds per image when stopping early."""
        return 1000 * self.early / self.images

    @property
    def fixed_us(self) -> float:
        """Microseconds per image at fixed depth."""
        return 1000 * self.fixed / self.images


class StepTimes(NamedTuple):
    """How long images take that are answered after ``mean_steps`` (threshold,) on average, in
    rising order: ``ms`` (threshold,) for 1,000 images."""

    mean_steps: np.ndarray
    ms: np.ndarray

    def at(self, mean_steps: np.ndarray | float) -> np.ndarray:
        """Milliseconds for 1,000 images at other mean steps, interpolated linearly; beyond the ends
        as at the nearest end."""
        return np.asarray(np.interp(mean_steps, self.mean_steps, self.ms))


@torch.no_grad()
def answers(model: AnytimeClassifier, x: Tensor, recurrence: bool = True) -> Answers:
    """The answer to each image at each step; x (image, input).

    ``recurrence=False`` sets all recurrent weights of a trained BPAN to zero; for another model it
    raises ``TypeError``.
    """
    weights = model.weights()
    if not recurrence:
        if not isinstance(model, BPAN):
            raise TypeError("Only a BPAN can be run without its recurrence.")
        weights = model.weights(recurrence_gain=0.0)
    confidences: list[Tensor] = []
    predicted: list[Tensor] = []
    for part in _parts(x, CHUNK):
        logits: Tensor = model(part, weights)
        confidences.append(confidence(logits))
        predicted.append(logits.argmax(-1).to(torch.uint8))
    return Answers(torch.cat(confidences).cpu().numpy(), torch.cat(predicted).cpu().numpy())


def own_answers(model: AnytimeClassifier, x: Tensor) -> OwnAnswers:
    """The answers by the model's own rule; x (image, input)."""
    parts = [model.own_rule(part) for part in _parts(x, CHUNK)]
    steps = torch.cat([part.steps for part in parts])
    predicted = torch.cat([part.logits.argmax(-1) for part in parts])
    return OwnAnswers(steps.cpu().numpy(), predicted.to(torch.uint8).cpu().numpy())


@torch.no_grad()
def trajectory(model: AnytimeClassifier, x: Tensor) -> np.ndarray:
    """Class probabilities of one image over time: (time, class)."""
    return model(x)[0].softmax(-1).cpu().numpy()


@torch.no_grad()
def fixed_depth(model: AnytimeClassifier, x: Tensor) -> Tensor:
    """The last step's logits (batch, class) and nothing else: no readout before it."""
    weights = model.weights()
    carry = model.begin(x, weights)
    last = model.steps_for(x)
    for t in range(2, last + 1):
        carry = model.advance(carry, t, weights)
    return model.answer(carry, last, weights)


def work(cost: Cost, steps: np.ndarray, n_steps: int) -> Work:
    """What answers after ``steps`` (image,) of ``n_steps`` cost."""
    return Work(float(cost.at(steps).mean()), int(cost.at(n_steps)))


def mean_macs(cost: Cost, confidence: np.ndarray, thresholds: Sequence[float]) -> np.ndarray:
    """Mean multiply-adds per image at each threshold, (threshold,); confidence (image, time)."""
    return np.array([cost.at(halting_steps(confidence, t)).mean() for t in thresholds])


def clock(
    model: AnytimeClassifier, x: Tensor, threshold: float, batch: int, rounds: int = 5
) -> Clock:
    """Time stopping early against fixed depth on the images given, ``batch`` at a time: medians
    over interleaved rounds; x (image, input)."""
    each = clock_rounds(model, x, threshold, batch, rounds)
    return Clock(batch, len(x), median(c.early for c in each), median(c.fixed for c in each))


def clock_rounds(
    model: AnytimeClassifier, x: Tensor, threshold: float, batch: int, rounds: int
) -> list[Clock]:
    """The same, one ``Clock`` a round."""
    ms = times(
        {
            "early": _by_batch(x, batch, lambda part: model.forward_anytime(part, threshold)),
            "fixed": _by_batch(x, batch, lambda part: fixed_depth(model, part)),
        },
        rounds,
        warm_up=1,
    )
    return [Clock(batch, len(x), *pair) for pair in zip(ms["early"], ms["fixed"], strict=True)]


def clock_curve(
    model: AnytimeClassifier, x: Tensor, thresholds: Sequence[float], batch: int, rounds: int = 5
) -> np.ndarray:
    """Milliseconds of stopping early at each threshold, (threshold,), for all the images given, in
    interleaved rounds; x (image, input)."""
    candidates = {
        str(t): _by_batch(x, batch, partial(model.forward_anytime, confidence_threshold=t))
        for t in thresholds
    }
    ms = medians(candidates, rounds, warm_up=1)
    return np.array([ms[str(t)] for t in thresholds])


def step_times(mean_steps: np.ndarray, ms: np.ndarray, images: int) -> StepTimes:
    """Milliseconds for 1,000 images, from those for ``images`` at several thresholds.

    ``mean_steps`` and ``ms`` (threshold,), in any order, as ``anytime.threshold_curve`` and
    ``clock_curve`` give them.
    """
    order = np.argsort(mean_steps)
    return StepTimes(mean_steps[order], (1000 / images * ms)[order])


def _by_batch(x: Tensor, batch: int, work: Callable[[Tensor], object]) -> Callable[[], None]:
    parts = _parts(x, batch)

    def run() -> None:
        for part in parts:
            work(part)

    return run


def _parts(x: Tensor, size: int) -> tuple[Tensor, ...]:
    # torch leaves the type of split open.
    split = cast(Any, x).split
    return cast("tuple[Tensor, ...]", split(size))
