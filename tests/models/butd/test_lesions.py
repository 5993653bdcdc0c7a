"""Lesions silence the chosen units, and their controls equally many."""

import numpy as np
import pytest
import torch

from corelib.models.butd import lesions
from corelib.models.butd.answers import Answers, activities, predictions, with_gates
from corelib.models.butd.gates import silenced
from corelib.models.butd.lesions import (
    Lesion,
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


def test_each_draw_of_an_effect_has_a_control_of_its_own(model, images, monkeypatch):
    """Answers that tell which gates are open."""

    def told(model, x, labels, gates, kept=None) -> Answers:
        weighed = sum((g[0] * torch.arange(g[0].numel()).view_as(g[0])).sum() for g in gates)
        return Answers(np.full(2, float(weighed)), np.zeros(2), np.zeros(2))

    monkeypatch.setattr(lesions, "with_gates", told)
    x, labels = images
    sorts = kinds(gates_of(model), reachable(model))
    spec = LesionSpec((2,), Kind.ONLY_FIRST, draws=4)
    found = effect(model, x, labels, sorts, spec)
    for seed, control in enumerate(found.control):
        shut = silenced(model.gates(), lesion_of(sorts, spec, seed).control)
        assert control.tolist() == told(model, x, labels, shut).correct.tolist()
    assert len(np.unique(found.control)) == 4
    assert found.answers.correct[0] not in found.control


def population() -> np.ndarray:
    """Kinds of 40 units, 30 of which some task opens."""
    counts = {
        Kind.SHARED: 18,
        Kind.ONLY_FIRST: 7,
        Kind.ONLY_SECOND: 5,
        Kind.NEVER: 6,
        Kind.UNREACHABLE: 4,
    }
    return np.random.default_rng(0).permutation(np.repeat([*counts], [*counts.values()]))


def test_a_control_is_drawn_from_all_open_units_alike():
    """Not from the lesioned ones, which have their share in it and no more."""
    kind = population()
    draws = [lesion((kind,), 0, Kind.ONLY_FIRST, seed=seed) for seed in range(600)]
    assert all((drawn.lesioned[0] == (kind == Kind.ONLY_FIRST)).all() for drawn in draws)
    times = np.sum([drawn.control[0] for drawn in draws], 0)
    is_open = np.isin(kind, (Kind.SHARED, Kind.ONLY_FIRST, Kind.ONLY_SECOND))
    assert not times[~is_open].any()
    # Each of the 30 is in a control of 7 with p = 7 / 30: within five standard deviations.
    p = 7 / 30
    assert np.abs(times[is_open] - 600 * p).max() < 5 * np.sqrt(600 * p * (1 - p))


@pytest.mark.parametrize(
    ("share", "n"), [(0.0, 0), (0.05, 0), (0.2, 1), (0.5, 4), (0.9, 6), (0.94, 7), (1.0, 7)]
)
def test_a_share_is_rounded_to_the_nearest_number_of_units(share, n):
    drawn = lesion((population(),), 0, Kind.ONLY_FIRST, share, seed=1)
    assert [mask[0].sum() for mask in drawn] == [n, n]


@torch.no_grad()
def test_answers_without_the_lesion_come_before_those_without_the_control(images):
    x, labels = images
    model = net("simple", n_tasks=2, width=6, hidden=20).float()
    # A silent network answers a class that it else never answers.
    model.head.bias.zero_()
    silent = (set(range(5)) - set(predictions(model, x).flatten().tolist())).pop()
    model.head.bias[silent] = 1e-6
    nothing = tuple(np.zeros(shape, bool) for shape in model.shapes)
    everything = tuple(np.ones(shape, bool) for shape in model.shapes)
    without, control = lesioned(model, x, labels, Lesion(everything, nothing))
    whole = with_gates(model, x, labels, model.gates())
    np.testing.assert_array_equal(without.correct, (labels == silent).mean(0))
    np.testing.assert_array_equal(control.correct, whole.correct)
    assert (without.correct != control.correct).any()


@pytest.mark.parametrize(
    ("rows", "columns", "inside"),
    [
        # Five pixels have their middles at 0.1, 0.3, 0.5, 0.7 and 0.9, four at 0.125 and so on.
        ((0.0, 1.0), (0.0, 0.5), [[1, 1, 0, 0]] * 5),
        ((0.0, 1.0), (0.6, 1.0), [[0, 0, 1, 1]] * 5),
        ((0.25, 0.75), (0.0, 1.0), [[0] * 4, [1] * 4, [1] * 4, [1] * 4, [0] * 4]),
        ((0.8, 1.0), (0.0, 0.2), [[0] * 4] * 4 + [[1, 0, 0, 0]]),
        # A middle on the edge is inside.
        ((0.3, 0.5), (0.375, 0.375), [[0] * 4, [0, 1, 0, 0], [0, 1, 0, 0], [0] * 4, [0] * 4]),
    ],
)
def test_a_box_holds_the_units_whose_middles_lie_in_it(rows, columns, inside):
    spec = LesionSpec((0,), None, rows=rows, columns=columns)
    found = units_within((3, 5, 4), spec)
    np.testing.assert_array_equal(found, [np.array(inside, bool)] * 3)


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
