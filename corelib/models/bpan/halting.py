"""Halting of BPAN and its baselines: answers over time, the models' own rules, the clock."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from corelib.analysis.anytime import Answers
from corelib.analysis.clock import medians
from corelib.models.bpan.anytime import AnytimeClassifier, confidence
from corelib.models.bpan.network import BPAN

CHUNK = 1000


class OwnAnswers(NamedTuple):
    """A data set answered by the model's own rule: ``steps`` from 1 and ``predicted``, (image,)."""

    steps: np.ndarray
    predicted: np.ndarray


class Clock(NamedTuple):
    """Milliseconds for the whole set, medians; ``batch`` images at a time.

    ``early`` stops when confident, ``fixed`` computes all steps and reads out the last.
    """

    batch: int
    early: float
    fixed: float

    @property
    def ratio(self) -> float:
        """How many times faster stopping early is."""
        return self.fixed / self.early


@torch.no_grad()
def answers(model: AnytimeClassifier, x: Tensor, recurrence: bool = True) -> Answers:
    """The answer to each image at each step; x (image, input).

    ``recurrence=False`` zeroes all recurrent weights of a BPAN after training.
    """
    weights = model.weights()
    if not recurrence:
        if not isinstance(model, BPAN):
            raise TypeError("Only a BPAN can be run without its recurrence.")
        weights = model.weights(recurrence_gain=0.0)
    sure, predicted = [], []
    for part in x.split(CHUNK):
        logits = model(part, weights)
        sure.append(confidence(logits))
        predicted.append(logits.argmax(-1).to(torch.uint8))
    return Answers(torch.cat(sure).cpu().numpy(), torch.cat(predicted).cpu().numpy())


def own_answers(model: AnytimeClassifier, x: Tensor) -> OwnAnswers:
    """The answers by the rule that the model was made with."""
    found = [model.own_rule(part) for part in x.split(CHUNK)]
    steps = torch.cat([f.steps for f in found])
    predicted = torch.cat([f.logits.argmax(-1) for f in found])
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


def clock(
    model: AnytimeClassifier, x: Tensor, threshold: float, batch: int, rounds: int = 5
) -> Clock:
    """Time stopping early against fixed depth, interleaved, on the images given."""
    ms = medians(
        {
            "early": _by_batch(x, batch, lambda part: model.forward_anytime(part, threshold)),
            "fixed": _by_batch(x, batch, lambda part: fixed_depth(model, part)),
        },
        rounds,
        warm_up=1,
    )
    return Clock(batch, ms["early"], ms["fixed"])


def clock_curve(
    model: AnytimeClassifier, x: Tensor, thresholds: Sequence[float], batch: int, rounds: int = 5
) -> np.ndarray:
    """Milliseconds of stopping early at each threshold, interleaved, on the images given."""
    candidates = {
        str(t): _by_batch(x, batch, partial(model.forward_anytime, confidence_threshold=t))
        for t in thresholds
    }
    ms = medians(candidates, rounds, warm_up=1)
    return np.array([ms[str(t)] for t in thresholds])


def _by_batch(x: Tensor, batch: int, work: Callable[[Tensor], object]) -> Callable[[], None]:
    parts = x.split(batch)

    def run() -> None:
        for part in parts:
            work(part)

    return run
