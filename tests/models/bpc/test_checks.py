"""Nonsense asked of a trained network is refused with field, value and limit."""

import math

import numpy as np
import pytest
import torch

from corelib.errors import SettingsError
from corelib.models.bpc import analysis
from corelib.models.bpc.network import BPC

HIDDEN = np.array([[True, False, False], [True, True, False]])
USUAL = {"x": torch.zeros(2, 6), "hidden": HIDDEN, "label": None, "n_steps": 4, "every": 2}

WRONG = [
    ("x", torch.zeros(6), r"shape \(6,\), .*\(batch, 6\)"),
    ("x", torch.zeros(2, 7), r"shape \(2, 7\), .*\(batch, 6\)"),
    ("x", torch.zeros(2, 2, 3), r"shape \(2, 2, 3\)"),
    ("x", torch.zeros(0, 6), r"shape \(0, 6\)"),
    ("x", torch.full((1, 6), math.nan), "not finite"),
    ("x", torch.full((1, 6), math.inf), "not finite"),
    ("hidden", HIDDEN.astype(float), "float64 .* bool"),
    ("hidden", HIDDEN.ravel(), r"shape \(6,\), .* \(row, column\)"),
    ("hidden", np.zeros((2, 2), bool), r"shape \(2, 2\), .* 6 pixels"),
    ("hidden", np.zeros((1, 2, 3), bool), r"shape \(1, 2, 3\)"),
    ("hidden", np.zeros((0, 0), bool), r"shape \(0, 0\)"),
    *(("label", value, "is .+") for value in (-1, 3, 10**30, 0.5, math.nan, "one", True)),
    *(
        ("n_steps", value, "is .+")
        for value in (-1, 10_001, 10**30, 0.5, math.nan, None, "x", True)
    ),
    *(("every", value, "is .+") for value in (-1, 0, 0.5, math.nan, None, "x", True)),
]


@pytest.fixture(scope="module")
def model() -> BPC:
    torch.manual_seed(0)
    return BPC(input_dim=6, n_classes=3, widths="5, 4")


@pytest.mark.parametrize(("field", "value", "words"), WRONG)
def test_what_cannot_be_watched_is_named_with_its_value_and_its_limit(model, field, value, words):
    with pytest.raises(SettingsError, match=rf"^{field} .*{words}") as caught:
        analysis.watch_completion(model, **{**USUAL, field: value})
    assert ", but should be " in str(caught.value)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("label", [-1, 3, 0.5, "one", True])
def test_a_class_that_the_network_lacks_cannot_be_clamped(model, label):
    with pytest.raises(SettingsError, match=r"^label is .+, but should be .+\.$"):
        analysis.clamped(model, torch.zeros(2, 6), label)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("n_steps", 0),
        ("n_steps", np.int64(3)),
        ("every", 1000),
        ("label", 0),
        ("label", np.int64(2)),
        ("hidden", np.ones((3, 2), bool)),
    ],
)
def test_what_can_be_watched_is(model, field, value):
    settings = {**USUAL, field: value}
    filling = analysis.watch_completion(model, **settings)
    assert filling.step[-1] == settings["n_steps"]
    assert filling.image.isfinite().all()
