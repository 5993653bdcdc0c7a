"""Lesions silence the chosen units, and their controls equally many."""

import numpy as np
import pytest
import torch

from corelib.models.butd.answers import activities, predictions, with_gates
from corelib.models.butd.gates import silenced
from corelib.models.butd.lesions import (
    LesionSpec,
    effect,
    lesion,
    lesion_of,
    lesioned,
    units_within,
)
from corelib.models.butd.subnetworks import Kind, gates_of, kinds, reachable
from tests.models.butd.small import N, net


@pytest.fixture(scope="module")
def model():
    return net("simple", n_tasks=2, width=6, hidden=20).float()


def test_lesions_and_their_controls(model, images):
    x, labels = images
    sorts = kinds(gates_of(model), reachable(model))
    layer = 2
    n = {kind: int((sorts[layer] == kind).sum()) for kind in Kind}
    assert n[Kind.ONLY_FIRST] > 5
    whole = lesion(sorts, layer, Kind.ONLY_FIRST)
    np.testing.assert_array_equal(whole.lesioned[layer], sorts[layer] == Kind.ONLY_FIRST)
    opened = np.isin(sorts[layer], (Kind.SHARED, Kind.ONLY_FIRST, Kind.ONLY_SECOND))
    for what in (whole, lesion(sorts, layer, None, 0.3, seed=4)):
        assert what.control[layer].sum() == what.lesioned[layer].sum()
        assert not (what.control[layer] & ~opened).any()
        for k in range(5):
            if k != layer:
                assert not what.lesioned[k].any()
                assert not what.control[k].any()
    half = [lesion(sorts, layer, Kind.SHARED, 0.5, seed) for seed in (0, 0, 1)]
    assert half[0].lesioned[layer].sum() == round(0.5 * n[Kind.SHARED])
    np.testing.assert_array_equal(half[0].lesioned[layer], half[1].lesioned[layer])
    assert (half[0].lesioned[layer] != half[2].lesioned[layer]).any()
    more = lesion(sorts, layer, Kind.SHARED, 0.8, 0)
    assert not (half[0].lesioned[layer] & ~more.lesioned[layer]).any()
    channel = np.zeros(sorts[layer].shape, bool)
    channel[3] = True
    narrow = lesion(sorts, layer, None, within=channel)
    np.testing.assert_array_equal(narrow.lesioned[layer], opened & channel)

    # Units that a task does not open do nothing to it.
    with_lesion, with_control = lesioned(model, x, labels, whole)
    own = with_gates(model, x, labels, model.gates())
    assert with_lesion.correct[1] == own.correct[1]
    assert with_control.correct.shape == (2,)
    nothing = tuple(np.ones(k.shape, bool) for k in sorts)
    silent = predictions(model, x, silenced(model.gates(), nothing))
    assert set(silent.flatten()) == {int(model.head.bias.argmax())}


def test_a_box_of_positions_and_channels():
    inside = units_within((2, 4, 4), LesionSpec((0,), None, rows=(0.0, 0.5), channels=(1,)))
    assert not inside[0].any()
    assert inside[1, :2].all()
    assert not inside[1, 2:].any()
    assert units_within((5,), LesionSpec((0,), None, rows=(0.0, 0.1))).all()


@torch.no_grad()
def test_the_effect_of_a_lesion_matches_masked_gates_image_by_image(model, images):
    x, labels = images
    sorts = kinds(gates_of(model), reachable(model))
    spec = LesionSpec((2, 4), Kind.ONLY_FIRST, 1.0, (1, 3), draws=2)
    measured = effect(model, x, labels, sorts, spec)
    masks = [np.zeros(k.shape, bool) for k in sorts]
    for k in (2, 4):
        masks[k][[1, 3]] = (sorts[k] == Kind.ONLY_FIRST)[[1, 3]]
    assert measured.units == sum(mask.sum() for mask in masks)

    def correct(shut, task: int) -> float:
        own = tuple(g[task : task + 1] for g in silenced(model.gates(), shut))
        named = [int(model.bottom_up(x[k : k + 1], own).logits.argmax()) for k in range(N)]
        return np.mean([a == b for a, b in zip(named, labels[:, task], strict=True)])

    whole = with_gates(model, x, labels, model.gates())
    for task in (0, 1):
        assert measured.answers.correct[task] == pytest.approx(correct(masks, task))
        draws = [correct(lesion_of(sorts, spec, seed).control, task) for seed in (0, 1)]
        np.testing.assert_allclose(measured.control[:, task], draws)
        intact = correct([np.zeros(k.shape, bool) for k in sorts], task)
        assert measured.lost(whole)[task] == pytest.approx(intact - correct(masks, task))
        assert measured.lost_at_random(whole)[task] == pytest.approx(intact - np.mean(draws))
    kept = effect(model, x, labels, sorts, spec, activities(model, x, 2))
    for ours, plain in zip(kept.answers, measured.answers, strict=True):
        np.testing.assert_array_equal(ours, plain)
    np.testing.assert_array_equal(kept.control, measured.control)
    with pytest.raises(ValueError, match="empty"):
        effect(model, x, labels, sorts, LesionSpec((), None))
