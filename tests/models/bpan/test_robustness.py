"""States, balance and the occlusion map against the slow references."""

import math
from collections import defaultdict

import numpy as np
import pytest
import torch

from corelib.analysis.representation import principal
from corelib.data.corruptions import Corruption, corrupt, square
from corelib.data.images import ImageDataset, Split
from corelib.errors import SettingsError
from corelib.models.bpan import BPAN
from corelib.models.bpan.baselines.gru import GRU
from corelib.models.bpan.robustness import (
    OcclusionMap,
    balance,
    final_states,
    occlusion_map,
    state_path,
    states,
)
from tests.reference import bpan as reference
from tests.reference import corruptions as slow_corruptions

SIDE = 8
SIZES = {"n_excitatory": 7, "n_inhibitory": 3, "n_classes": 4}


def make_model(seed: int = 3, **changes) -> BPAN:
    """A network with strong recurrence, so that its steps differ."""
    torch.manual_seed(seed)
    model = BPAN(**{"input_dim": SIDE**2, "n_steps": 5, **SIZES} | changes)
    with torch.no_grad():
        model.theta.add_(torch.randn_like(model.theta))
        model.bias.normal_()
        model.readout.weight.mul_(5)
    return model


def slow(model: BPAN, x: torch.Tensor) -> reference.Moment:
    flat = {name: p.detach().numpy() for name, p in model.named_parameters()}
    parameters = reference.from_flat(flat, model.n_excitatory)
    x = x.double().numpy()
    return reference.run(x, parameters, model.n_steps, model.alpha, dale=model.dale)


@pytest.fixture(scope="module")
def images():
    return torch.from_numpy(np.random.default_rng(0).integers(0, 256, (40, SIDE, SIDE), np.uint8))


@pytest.fixture(scope="module")
def dataset(images):
    split = Split(images, torch.arange(len(images)) % 4)
    return ImageDataset("small", tuple("abcd"), 0.3, 0.2, split, split, split)


# --- states ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("dale", [True, False])
def test_states_match_the_rates_of_the_reference(dale):
    model, x = make_model(dale=dale), torch.randn(30, SIDE**2)
    truth = slow(model, x).rate
    rates = states(model, x)
    assert rates.dtype == np.float32
    np.testing.assert_allclose(rates, truth, atol=1e-5)
    np.testing.assert_array_equal(final_states(model, x), rates[:, -1])


def test_several_chunks_keep_their_order():
    model, x = make_model(), torch.randn(1003, SIDE**2)
    rates = states(model, x)
    assert rates.shape == (1003, 5, 10)
    np.testing.assert_allclose(rates[-4:], states(model, x[-4:]), atol=1e-6)
    np.testing.assert_allclose(final_states(model, x)[998:], rates[998:, -1], atol=1e-6)


def test_a_trajectory_on_the_plane_starts_from_silence():
    model, x = make_model(), torch.randn(30, SIDE**2)
    plane = principal(final_states(model, x))
    path = state_path(model, x[:1], plane)
    rates = slow(model, x[:1]).rate[0]
    assert path.shape == (6, 2)
    for moment, rate in zip(path, [np.zeros(10), *rates], strict=True):
        expected = [sum(axis * (rate - plane.mean)) for axis in plane.axes]
        np.testing.assert_allclose(moment, expected, atol=1e-5)


# --- balance --------------------------------------------------------------------------------------


@pytest.mark.parametrize("dale", [True, False])
def test_balance_matches_counting_current_by_current(dale):
    model, x = make_model(dale=dale), torch.randn(25, SIDE**2)
    moments = slow(model, x)
    n, n_steps, n_units = moments.net.shape
    sizes: dict[str, list[float]] = defaultdict(list)
    for u in range(n_units):
        for t in range(n_steps):
            recurrent = [
                moments.excitation[i, t, u] + moments.inhibition[i, t, u] for i in range(n)
            ]
            balanced = [recurrent[i] + moments.drive[i, t, u] for i in range(n)]
            sizes["bal"] += [abs(v) for v in balanced]
            sizes["vb"].append(np.var(balanced))
            if t > 0:
                sizes["rec"] += [abs(v) for v in recurrent]
                sizes["vr"].append(np.var(recurrent))
                sizes["exc"] += list(moments.excitation[:, t, u])
                sizes["inh"] += list(-moments.inhibition[:, t, u])
            half = "e" if u < 7 else "i"
            sizes[f"bal_{half}"] += [abs(v) for v in balanced]
            sizes[f"vb_{half}"].append(np.var(balanced))
    measured = balance(model, x)
    for name, key in (
        ("recurrent", "rec"),
        ("balance", "bal"),
        ("recurrent_variance", "vr"),
        ("balance_variance", "vb"),
        ("excitation", "exc"),
        ("inhibition", "inh"),
        ("balance_e", "bal_e"),
        ("balance_i", "bal_i"),
        ("balance_variance_e", "vb_e"),
        ("balance_variance_i", "vb_i"),
    ):
        assert getattr(measured, name) == pytest.approx(np.mean(sizes[key]), rel=1e-5), name
    change = []
    for t in range(n_steps):
        before = moments.potential[:, t - 1] if t else np.zeros((n, n_units))
        now = moments.potential[:, t]
        shares = [np.linalg.norm(now[i] - before[i]) / np.linalg.norm(now[i]) for i in range(n)]
        change.append(np.mean(shares))
    np.testing.assert_allclose(measured.change, change, rtol=1e-5)
    assert measured.change[0] == 1


def test_balance_does_not_depend_on_chunks():
    """Sums of chunks, not means of chunks: 1,000 images and 3 more weigh alike."""
    model = make_model()
    x = torch.randn(1003, SIDE**2)
    x[1000:] *= 20
    measured, truth = balance(model, x), slow(model, x)
    current = truth.excitation + truth.inhibition + truth.drive
    assert measured.balance == pytest.approx(np.abs(current).mean(), rel=1e-5)
    assert measured.balance_variance == pytest.approx(current.var(0).mean(), rel=1e-5)
    assert measured.excitation == pytest.approx(truth.excitation[:, 1:].mean(), rel=1e-5)


def test_one_step_has_no_recurrent_current():
    model, x = make_model(n_steps=1), torch.randn(20, SIDE**2)
    measured = balance(model, x)
    for name in ("recurrent", "recurrent_variance", "excitation", "inhibition"):
        assert math.isnan(getattr(measured, name))
    assert measured.balance == pytest.approx(np.abs(slow(model, x).drive).mean(), rel=1e-5)
    assert measured.change.tolist() == [1]


def test_a_silent_network_does_not_change():
    model = make_model()
    with torch.no_grad():
        for p in (model.drive.weight, model.drive.bias, model.bias):
            p.zero_()
    measured = balance(model, torch.randn(3, SIDE**2))
    assert not measured.change.any()
    assert not any(measured[:-1])


# --- the occlusion map ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("severity", "fill", "stride"), [(0.2, "black", 3), (0.5, "grey", 2), (0.3, "noise", 4)]
)
def test_the_occlusion_map_matches_the_reference_square_by_square(
    images, dataset, severity, fill, stride
):
    model, labels = make_model(), dataset.test.labels
    rng = np.random.default_rng([5, 1])
    noise = [rng.random((SIDE, SIDE), np.float32) for _ in images]
    fills = {"black": lambda i: 0, "grey": lambda i: dataset.mean, "noise": lambda i: noise[i]}
    *_, last = occlusion_map(model, images, labels, dataset, severity, fill, stride, seed=5)
    places = [stride * (k + 0.5) / SIDE for k in range(-(-SIDE // stride))]
    places = [place for place in places if place < 1]
    assert last.rows.tolist() == last.columns.tolist() == places

    def accuracy(square):
        unit = images.double().numpy() / 255
        occluded = np.stack(
            [slow_corruptions.occlusion(u, *square, fills[fill](i)) for i, u in enumerate(unit)]
        )
        x = torch.from_numpy((occluded.reshape(len(occluded), -1) - dataset.mean) / dataset.std)
        return (slow(model, x).logits[:, -1].argmax(1) == labels.numpy()).mean()

    for a, row in enumerate(places):
        for b, column in enumerate(places):
            truth = accuracy(square(severity, SIDE, row, column))
            assert last.accuracy[a, b] == pytest.approx(truth)
    assert last.clean == pytest.approx(accuracy((0, 0, 0)))
    assert len(set(last.accuracy.flat)) > 2


def test_the_occlusion_map_of_another_network_matches_direct_evaluation(images, dataset):
    torch.manual_seed(0)
    model = GRU(input_dim=SIDE**2, n_hidden=6, n_classes=4, n_steps=3).eval()
    *_, last = occlusion_map(model, images, dataset.test.labels, dataset, 0.3, "grey", 4)
    for a, row in enumerate(last.rows):
        for b, column in enumerate(last.columns):
            placed = Corruption("occlusion", 0.3, 0, "placed", row, column, "grey")
            with torch.no_grad():
                logits = model(dataset.inputs(corrupt(images, placed, dataset.mean)))[:, -1]
            hits = (logits.argmax(1) == dataset.test.labels).float().mean()
            assert last.accuracy[a, b] == pytest.approx(hits.item())


def test_an_occlusion_map_finds_the_most_and_least_harmful_squares():
    accuracy = np.array([[0.7, 0.9, 0.2], [0.95, 0.2, np.nan]])
    rows, columns = np.array([0.25, 0.75]), np.array([0.1, 0.5, 0.9])
    sensitivity = OcclusionMap(0.5, rows, columns, accuracy, 0.97)
    # Of equal places the first.
    assert sensitivity.most_harmful == (0.25, 0.9, 0.2)
    assert sensitivity.least_harmful == (0.75, 0.1, 0.95)


def test_the_occlusion_map_is_reported_row_by_row(images, dataset):
    updates = list(occlusion_map(make_model(), images, dataset.test.labels, dataset, 0.2, stride=2))
    assert [p.done for p in updates] == [0.25, 0.5, 0.75, 1]
    for k, progress in enumerate(updates, 1):
        assert not np.isnan(progress.accuracy[:k]).any()
        assert np.isnan(progress.accuracy[k:]).all()
        np.testing.assert_array_equal(progress.accuracy[:k], updates[-1].accuracy[:k])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"stride": 0}, "stride is 0, .* from 1 to 8"),
        ({"stride": 9}, "stride is 9"),
        ({"severity": 0.7}, "severity is 0.7"),
        ({"fill": "red"}, "fill is 'red'"),
    ],
)
def test_invalid_occlusion_map_settings_are_reported(images, dataset, change, words):
    with pytest.raises(SettingsError, match=words):
        next(
            occlusion_map(
                make_model(), images, dataset.test.labels, dataset, **{"severity": 0.2} | change
            )
        )
