"""Orders, sparsity and readout of codes, neuron by neuron and image by image."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from corelib.data.images import ImageDataset, Split
from corelib.models.ipvae import coding
from corelib.models.ipvae.analysis import Code, without
from corelib.models.ipvae.gabor import Gabors
from corelib.models.ipvae.inference import run_inference, trace
from corelib.models.ipvae.network import IPVAE
from tests.models.ipvae.small import images, make

RNG = np.random.default_rng(0)


def test_mean_activity_averages_absolute_values():
    rate = RNG.normal(size=(7, 4))
    slow = [sum(abs(rate[i, k]) for i in range(7)) / 7 for k in range(4)]
    np.testing.assert_allclose(coding.mean_activity(rate), slow)


def test_the_most_active_neurons_come_largest_first():
    rate = np.array([[1.0, -5.0, 0.0, 2.0, 2.0], [1.0, -4.0, 0.0, 2.0, -2.0]])
    assert coding.most_active(rate, 3).tolist() == [1, 3, 4]
    assert coding.most_active(rate, 9).tolist() == [1, 3, 4, 0, 2]


def some_fits() -> Gabors:
    """Four features; the third is flat."""
    fits = Gabors(*(np.ones(4) for _ in Gabors._fields))
    return fits._replace(
        direction=np.array([100.0, 30.0, np.nan, 0.0]),
        frequency=np.array([0.3, 0.1, np.nan, 0.2]),
        r2=np.array([0.7, 0.5, np.nan, 0.9]),
    )


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        ("number", [0, 1, 2, 3]),
        ("rate", [2, 0, 3, 1]),
        # The stripes' axes are 10, 120, none and 90 degrees.
        ("orientation", [0, 3, 1, 2]),
        ("frequency", [1, 3, 0, 2]),
        ("Gabor fit", [3, 0, 1, 2]),
    ],
)
def test_neurons_in_order(by, expected):
    activity = np.array([0.2, 0.1, 0.5, 0.2])
    assert coding.neuron_order(by, activity, some_fits()).tolist() == expected


def test_ordering_by_fit_requires_the_fits():
    with pytest.raises(ValueError, match="frequency needs the fitted Gabor functions"):
        coding.neuron_order("frequency", np.zeros(4))


def test_sparsity_is_computed_per_neuron_and_per_image():
    rate = RNG.poisson(0.6, (6, 5)).astype(float)
    rate[:, 3] = 0
    code = Code(
        rate, np.array([0.1, 0.4]), np.array([0.9, 0.7]), np.array([2.0, 1.0]), np.array([0.4])
    )

    def slow(r: np.ndarray) -> float:
        n = len(r)
        return (1 - (sum(r) / n) ** 2 / (sum(r**2) / n)) / (1 - 1 / n) if any(r) else np.nan

    sparsity = coding.sparsity(code)
    lifetime, population = [slow(r) for r in rate.T], [slow(r) for r in rate]
    np.testing.assert_allclose(sparsity.lifetime, lifetime)
    np.testing.assert_allclose(sparsity.population, population)
    assert np.isnan(sparsity.lifetime[3])
    assert sparsity.lifetime_median == pytest.approx(np.median([v for v in lifetime if v == v]))
    assert sparsity.population_median == pytest.approx(np.median([v for v in population if v == v]))
    assert sparsity.point == (0.7, 0.4)


def test_the_working_point_of_a_code_is_measured_after_the_last_step():
    model, x = make("iP"), images()
    convergence = run_inference(model, x, 5, seed=1)
    point = coding.code_point(convergence)
    traced = trace(model, x, 5, seed=1)
    assert point.zeros == pytest.approx((traced.activity[:, -1] == 0).mean())
    assert point.r2 == pytest.approx(np.mean(convergence.r2_of_each), rel=1e-5)


def test_the_first_network_of_each_kind():
    kinds = {"a": "iG-VAE", "b": "iP-VAE", "c": "iG-VAE", "d": "iP-VAE"}
    assert coding.first_of_kind(kinds) == {"iG-VAE": "a", "iP-VAE": "b"}


def striped_digits(n: int = 24, side: int = 4) -> ImageDataset:
    """Images of two classes: the left or the right half is bright."""
    torch.manual_seed(0)
    labels = torch.arange(n) % 2
    pixels = (40 * torch.rand(n, side, side)).to(torch.uint8)
    for image, label in zip(pixels, labels, strict=True):
        half = slice(2, 4) if label else slice(0, 2)
        image[:, half] += 180
    split = Split(pixels, labels)
    return ImageDataset("stripes", ("left", "right"), 0.3, 0.2, split, split, split)


@pytest.mark.parametrize("lesioned", [False, True])
def test_digits_are_decoded_from_rates_chunk_by_chunk(monkeypatch, lesioned):
    monkeypatch.setattr(coding, "READ_AT_ONCE", 7)
    torch.manual_seed(1)
    model = IPVAE(input_dim=16, n_latents=6)
    with torch.no_grad():
        model.decoder.mul_(3)
    data, size = striped_digits(), coding.ReadoutSize(18, 10, 9)
    controls = without(model, [2]) if lesioned else without(model, [])
    progress = []
    readout = coding.read_digits(
        model, data, size, controls, lambda share, what: progress.append((share, what))
    )
    x = data.train.pixels.flatten(1) / 255
    pieces = [
        trace(model, x[at : min(at + 7, 18)], 9, controls, seed=at).rate[:, -1] for at in (0, 7, 14)
    ]
    tested = trace(model, x[:10], 9, controls, seed=18)
    labels = data.train.labels.numpy()
    regression = LogisticRegression(max_iter=300).fit(np.concatenate(pieces), labels[:18])
    assert readout.accuracy == pytest.approx(regression.score(tested.rate[:, -1], labels[:10]))
    assert readout.accuracy > 0.6
    assert readout.point.zeros == pytest.approx((tested.activity[:, -1] == 0).mean())
    shares = [share for share, _ in progress]
    assert shares == sorted(shares)
    assert shares[0] == 0
    assert progress[-1] == (0.9, "Learning to read them")
