"""What the controls say: sentences for made rows in which one explanation or another holds."""

import numpy as np
import pandas as pd
import pytest

from corelib.models.butd.rules import DECAYING, REFERENCE, SEPARATE
from corelib.reproduce import butd_findings as findings
from corelib.reproduce.butd_findings import (
    ANGLE,
    BP_DECAYING,
    FEEDBACK,
    FORWARD,
    RATES,
    RELATIVE_STEP,
    STEP,
    TRAINING,
)

SEEDS = (0, 1, 2)


def rows(fits: float = 0.0, **changes) -> pd.DataFrame:
    """Three seeds, by accuracy in per cent, angle in degrees, and step. Back-propagation loses as
    much as separate weights; the feedback weights turn the update, the forward ones lose; the step
    at twice the rate equals that without decay, and the loss stays. On training images decaying
    weights lose ``fits`` points more than on test images."""
    made = {
        REFERENCE: (97.7, None, 2.0),
        BP_DECAYING: (97.2, None, 1.0),
        SEPARATE: (97.3, 48.0, 2.0),
        DECAYING: (96.8, 42.0, 1.0),
        FEEDBACK: (97.3, 42.0, 2.0),
        FORWARD: (96.8, 48.0, 1.0),
        RATES[0.5]: (96.6, 43.0, 0.5),
        RATES[2.0]: (96.9, 40.0, 2.0),
        RATES[4.0]: (97.0, 38.0, 4.0),
    } | changes
    return pd.DataFrame(
        {
            "data": "mnist",
            "rule": rule,
            "seed": seed,
            "epochs": 6,
            "accuracy": (accuracy + seed / 10) / 100,
            ANGLE.format(1): np.nan if angle is None else 60.0,
            ANGLE.format(6): np.nan if angle is None else angle + seed,
            TRAINING: (accuracy + 1 - fits * (rule == DECAYING)) / 100,
            STEP: step * (1 + seed),
            RELATIVE_STEP: step,
        }
        for seed in SEEDS
        for rule, (accuracy, angle, step) in made.items()
    )


def said(frame: pd.DataFrame) -> str:
    return " ".join(findings.findings(frame))


def test_figures_are_paired_means_and_ratios():
    text = said(rows(fits=0.2))
    assert "differ by -0.70 ± 0.00 points from those" in text
    assert "accuracy of separate weights on MNIST by -0.50 ± 0.00 points" in text
    assert "back-propagation by -0.50 ± 0.00" in text
    assert "49.00 ± 1.00° from the gradient without decay (60.00 ± 0.00° after the first)" in text
    assert "brings this to 43.00 ± 1.00°" in text
    assert "those that do not, on test images by -0.50 ± 0.00: they fit the task worse" in text
    # Half the step, and half relative to the weights: these are as large.
    assert "with weights 1.00 times as large, mean over epochs (n = 3)." in text
    assert "the task's step is 0.50 times that without" in text
    assert "at a learning rate x 2, 1.00 times, where accuracy differs by -0.40 ± 0.00" in text
    assert "(-0.50 ± 0.00 at x 1)" in text


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({}, "the loss comes from the decay and not from the feedback (n = 3)."),
        ({BP_DECAYING: (97.7, None, 1)}, "the loss needs feedback weights of their own (n = 3)."),
        ({BP_DECAYING: (97.45, None, 1)}, "the decay as such explains a part of the loss (n = 3)."),
        ({DECAYING: (97.4, 42, 1)}, "so here decay does not lower the accuracy (n = 3)."),
        ({}, "angle comes from the decay of the feedback weights, the lower accuracy from that of"),
        ({}, "the lower accuracy from that of the forward weights (n = 3)."),
        (
            {FORWARD: (96.8, 42, 1), FEEDBACK: (97.3, 48, 2)},
            "the smaller angle and the lower accuracy come from the decay of the forward weights (",
        ),
        ({FORWARD: (96.8, 42, 1)}, "the smaller angle comes from the decay of both"),
        ({FEEDBACK: (97.3, 46, 1)}, "the smaller angle comes from the decay of neither alone"),
        ({}, "1.00 times, where accuracy differs by -0.40 ± 0.00 points (-0.50 ± 0.00 at x 1): a"),
        ({}, "a changed step does not explain the loss (n = 3)."),
        ({RATES[2.0]: (97.3, 40, 2)}, "the changed step explains the loss (n = 3)."),
        ({RATES[2.0]: (97.05, 40, 2)}, "the changed step explains a part of the loss (n = 3)."),
        ({DECAYING: (96.8, 42, 1.9), RATES[2.0]: (96.9, 40, 3)}, "hardly shortens the step"),
        ({DECAYING: (96.8, 42, 2.6)}, "the decay does not shorten the step, so"),
    ],
)
def test_the_sentence_follows_the_figures(changes, sentence):
    assert sentence in said(rows(**changes))


@pytest.mark.parametrize(
    ("fits", "verdict"),
    [
        (-0.1, "they fit the task worse"),
        (-0.25, "they fit and generalise worse"),
        (-0.5, "they fit as well and generalise worse"),
    ],
)
def test_fitting_worse_is_told_from_generalising_worse(fits, verdict):
    assert f": {verdict}, with weights" in said(rows(fits))


def test_weights_that_do_not_lose_fit_no_worse():
    assert ": they do not lose" in said(rows(**{DECAYING: (97.8, 42.0, 1.0)}))
    assert "they do not lose" not in said(rows())


def test_ratios_over_seeds_are_averaged_by_their_geometric_mean():
    """Half as long and twice as long are as long on average."""
    steps = {"a": [1.0, 4.0, 3.0], "b": [2.0, 2.0, 3.0]}
    rules = findings.Rules({name: pd.DataFrame({STEP: own}) for name, own in steps.items()})
    assert rules.times(STEP, "a", "b") == pytest.approx(1)
    assert rules.times(STEP, "b", "a") == pytest.approx(1)


def test_a_sentence_needs_all_of_its_rows_and_seeds():
    full = rows()
    assert len(findings.findings(full)) == 5
    assert len(findings.findings(full[full["rule"] != FEEDBACK])) == 4
    assert len(findings.findings(full[full["rule"] != RATES[4.0]])) == 3
    assert not findings.findings(full[full["data"] != "mnist"])
    # Only the seeds that all have are compared: another one changes nothing.
    short = full[(full["rule"] != BP_DECAYING) | (full["seed"] < 2)].copy()
    spoilt = (short["rule"] == DECAYING) & (short["seed"] == 2)
    short.loc[spoilt, "accuracy"] = 0.1
    first, other = (findings.findings(frame)[0] for frame in (full, short))
    assert other == first.replace("n = 3", "n = 2")
    nothing_in_common = short[(short["rule"] == BP_DECAYING) | (short["seed"] == 2)]
    assert "Decay changes" not in said(nothing_in_common)
    assert len(findings.findings(full.drop(columns=[STEP, RELATIVE_STEP]))) == 3
