"""Samples of hidden activity and the measures of their images, against slow NumPy and formulas."""

import numpy as np
import pytest
import torch

from corelib.data.images import ImageDataset, Split
from corelib.errors import SettingsError
from corelib.models.bpc import variety
from corelib.models.bpc.analysis import decode
from corelib.models.bpc.baselines.backprop import Backprop
from corelib.models.bpc.baselines.discriminative import DiscriminativePC
from corelib.models.bpc.inference import Given, infer
from corelib.models.bpc.network import BPC
from corelib.models.bpc.variety import ClassGaussian, Sampling

SIZES = {"input_dim": 6, "n_classes": 3, "widths": "5, 4"}


def network(kind=BPC, activation="tanh", **more):
    torch.manual_seed(0)
    return kind(**SIZES, activation=activation, **more)


def pictures(n: int = 30) -> ImageDataset:
    """Images of two rows and three columns; the test images differ from the others."""
    generator = torch.Generator().manual_seed(4)

    def split() -> Split:
        pixels = torch.randint(256, (n, 2, 3), generator=generator).to(torch.uint8)
        return Split(pixels, torch.arange(n) % 3)

    train, test = split(), split()
    return ImageDataset("tiny", tuple("012"), 0.5, 0.3, train, train, test)


def standard(n_units: int = 4, layer: int = 2) -> ClassGaussian:
    rng = np.random.default_rng(5)
    root = rng.standard_normal((n_units, n_units))
    root = root @ root.T / n_units
    return ClassGaussian(layer, rng.standard_normal(n_units), root, 0.0, 9)


@pytest.mark.parametrize("layer", [1, 2])
@pytest.mark.parametrize("split", ["train", "test"])
def test_activity_of_a_class_is_inferred_one_image_at_a_time(layer, split, monkeypatch):
    model, data = network(), pictures()
    pixels, labels = getattr(data, split)
    monkeypatch.setattr(variety, "CHUNK", 4)
    z = variety.class_activity(model, data, 1, layer, None if split == "train" else data.test)
    y = torch.eye(3)[[1]]
    expected = [
        infer(Given(data.inputs(image[None]), y), model.weights(), model.learning)
        for image in pixels[labels == 1]
    ]
    torch.testing.assert_close(z, torch.cat([t.hidden[layer - 1][:, -1] for t in expected]))


def test_activity_of_back_propagation_is_the_amortisers_pass():
    model, data = network(Backprop), pictures()
    x = data.inputs(data.train.pixels[data.train.labels == 2])
    with torch.no_grad():
        expected = model.amortiser[2](x)
    torch.testing.assert_close(variety.class_activity(model, data, 2, 2), expected)


def test_the_gaussian_has_the_shrunk_covariance_of_ledoit_and_wolf():
    rng = np.random.default_rng(1)
    states = 2 + rng.standard_normal((12, 4)) @ rng.standard_normal((4, 4))
    fitted = variety.gaussian(torch.from_numpy(states), layer=1)
    n, p = states.shape
    mean = [sum(states[:, j]) / n for j in range(p)]
    S = np.zeros((p, p))
    for row in states:
        S += np.outer(row - mean, row - mean) / n
    # Ledoit and Wolf (2004), with norms |A|² = tr(A Aᵀ) / p.
    mu = np.trace(S) / p
    d2 = np.sum((S - mu * np.eye(p)) ** 2) / p
    b2 = sum(np.sum((np.outer(row - mean, row - mean) - S) ** 2) / p for row in states) / n**2
    shrinkage = min(b2, d2) / d2
    assert 0.01 < shrinkage < 1
    assert fitted.shrinkage == pytest.approx(shrinkage)
    np.testing.assert_allclose(fitted.mean, mean)
    expected = (1 - shrinkage) * S + shrinkage * mu * np.eye(p)
    np.testing.assert_allclose(fitted.root @ fitted.root, expected)
    np.testing.assert_allclose(fitted.root, fitted.root.T)
    assert (fitted.layer, fitted.n) == (1, 12)


def test_a_unit_that_never_changes_stays_where_it_is():
    states = torch.tensor([[1.0, 7.0], [2.0, 7.0], [6.0, 7.0]]) * torch.tensor([0.0, 1.0])
    fitted = variety.gaussian(states.double(), layer=1)
    samples = variety.sample_activity(fitted, Sampling(n=5))
    np.testing.assert_allclose(samples, np.tile([0.0, 7.0], (5, 1)))


def test_samples_have_the_mean_and_covariance_of_the_gaussian_times_the_scale():
    fitted = standard()
    samples = variety.sample_activity(fitted, Sampling(n=10_000, scale=0.5, seed=3))
    covariance = fitted.root @ fitted.root
    # Five standard errors of each mean, and of each covariance: √((c_ii c_jj + c_ij²) / n).
    covariance = covariance / 4
    variance = np.diag(covariance)
    assert (np.abs(samples.mean(0) - fitted.mean) <= 5 * np.sqrt(variance / 10_000)).all()
    error = np.sqrt((np.outer(variance, variance) + covariance**2) / 10_000)
    assert (np.abs(np.cov(samples.T) - covariance) <= 5 * error).all()


def test_a_scale_moves_samples_along_directions_that_the_seed_draws():
    fitted = standard()
    half, whole, other = (
        variety.sample_activity(fitted, Sampling(n=4, scale=scale, seed=seed)) - fitted.mean
        for scale, seed in ((0.5, 0), (1.0, 0), (1.0, 1))
    )
    np.testing.assert_allclose(2 * half, whole)
    assert np.abs(whole - other).min() > 1e-6


@pytest.mark.parametrize("layer", [1, 2])
def test_scale_0_gives_the_image_of_the_mean_activity(layer):
    model, data = network(), pictures()
    fitted = variety.class_gaussian(model, data, 2, layer)
    images = variety.sample_images(model, fitted, Sampling(n=3, scale=0))
    z = variety.class_activity(model, data, 2, layer).mean(0, keepdim=True)
    torch.testing.assert_close(images, decode(model, z, layer).expand(3, -1))


def test_the_nearest_is_found_by_comparing_all(monkeypatch):
    monkeypatch.setattr(variety, "CHUNK", 2)
    rng = np.random.default_rng(2)
    images, others = rng.standard_normal((5, 6)), rng.standard_normal((9, 6))
    expected = [min(np.mean((a - b) ** 2) for b in others) for a in images]
    found = variety.nearest_distances(torch.from_numpy(images), torch.from_numpy(others))
    np.testing.assert_allclose(found, expected)
    assert (
        variety.nearest_distances(torch.from_numpy(others), torch.from_numpy(others)).max() < 1e-9
    )


def test_the_spread_is_the_mean_over_pairs():
    images = np.random.default_rng(2).standard_normal((5, 6))
    pairs = [np.mean((images[a] - images[b]) ** 2) for a in range(5) for b in range(a)]
    assert variety.mean_pair_distance(torch.from_numpy(images)) == pytest.approx(np.mean(pairs))
    assert np.isnan(variety.mean_pair_distance(torch.zeros(1, 6)))


def test_the_spread_of_samples_of_a_linear_map_has_a_closed_form():
    """From the last layer of a network whose activation is linear where the samples are."""
    torch.manual_seed(0)
    model = BPC(**SIZES, activation="relu").double()
    fitted = standard()._replace(mean=np.full(4, 100.0))
    images = variety.sample_images(model, fitted, Sampling(n=10_000, scale=0.5))
    W = model.generator[2].weight.detach().numpy()
    covariance = 0.25 * W @ fitted.root @ fitted.root @ W.T
    expected = 2 * np.trace(covariance) / 6
    # Five standard errors of the sum of the variances of n samples, √(2 tr C² / n).
    error = 2 / 6 * np.sqrt(2 * np.trace(covariance @ covariance) / 10_000)
    assert variety.mean_pair_distance(images) == pytest.approx(expected, abs=5 * error)


@pytest.mark.parametrize("shape", [(4, 3), (4, 1, 3)])
def test_the_accuracy_counts_images_read_as_their_class(shape):
    evidence = torch.eye(3)[[2, 1, 2, 2]].reshape(shape)
    measured = variety.variety(torch.eye(6)[:4], 2, torch.eye(6)[2:], lambda x: evidence)
    # The last two are training digits; the others differ from each in two pixels of six.
    assert measured == pytest.approx((0.75, 2 / 6 / 2, 2 / 6))


def test_what_cannot_be_sampled_is_refused():
    model, data = network(), pictures()
    with pytest.raises(SettingsError, match="layer is 3, but should be from 1 to 2"):
        variety.class_gaussian(model, data, 0, 3)
    with pytest.raises(SettingsError, match="layer is 0, but should be from 1 to 2"):
        variety.class_gaussian(model, data, 0, 0)
    with pytest.raises(SettingsError, match="label is 3, but should be from 0 to 2"):
        variety.class_gaussian(model, data, 3, 1)
    with pytest.raises(SettingsError, match="has no generator"):
        variety.class_gaussian(network(DiscriminativePC), data, 0, 1)
    with pytest.raises(SettingsError, match="scale"):
        Sampling(scale=-0.1)


def test_inference_that_runs_away_is_refused():
    model = network(activation="relu", alpha_f=1.0, step_size=0.9, n_steps=1000)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(5)
    with pytest.raises(SettingsError, match=r"step_size is 0\.9, but with it .* diverges"):
        variety.class_activity(model, pictures(), 0, 1)
