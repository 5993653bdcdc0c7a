"""Measurements of trained networks, against direct computations in float64."""

import numpy as np
import pytest
import torch

from corelib.data.images import ImageDataset, Split
from corelib.errors import SettingsError
from corelib.models.bpc import analysis, stability
from corelib.models.bpc.baselines.backprop import Backprop
from corelib.models.bpc.baselines.discriminative import DiscriminativePC
from corelib.models.bpc.baselines.generative import GenerativePC
from corelib.models.bpc.inference import COMPLETION, Given, InferenceConfig, infer
from corelib.models.bpc.network import BPC

SIZES = {"input_dim": 6, "n_classes": 3, "widths": "5, 4"}


def network(activation: str = "tanh") -> BPC:
    torch.manual_seed(0)
    return BPC(**SIZES, activation=activation).double()


def inputs(n: int = 4) -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(1)
    return torch.randn(n, 6).double(), torch.arange(n) % 3


def pictures(n: int = 12) -> ImageDataset:
    """Images of two rows and three columns."""
    generator = torch.Generator().manual_seed(4)
    pixels = torch.randint(256, (n, 2, 3), generator=generator).to(torch.uint8)
    split = Split(pixels, torch.arange(n) % 3)
    return ImageDataset("tiny", tuple("012"), 0.5, 0.3, split, split, split)


def seeded(seed: int = 3) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_label_energies_match_inference_with_each_label_separately():
    model, (x, _) = network(), inputs()
    config = InferenceConfig(7, 0.05, 0.7, 1.3)
    energies = analysis.label_energies(model, x, config)
    for n in range(len(x)):
        for k in range(3):
            y = torch.eye(3).double()[k : k + 1]
            trace = infer(Given(x[n : n + 1], y), model.weights(), config)
            torch.testing.assert_close(energies[n, k], trace.energy[0, -1])


def test_random_starts_from_a_generator_match_those_from_the_global_one():
    model, (x, labels) = network(), inputs(2)
    config = InferenceConfig(3, 0.05, start="random")
    both = Given(x, torch.eye(3).double()[labels])
    measured = (
        lambda g: analysis.label_energies(model, x, config, g),
        lambda g: analysis.activity(model, x, both.y, 1, config, g),
        lambda g: model.infer_label(x, config, g),
        lambda g: torch.tensor(stability.stability(both, model.weights(), config, g)),
        lambda g: infer(both, model.weights(), config, 1, g).energy,
    )
    for measure in measured:
        torch.manual_seed(3)
        by_global = measure(None)
        torch.manual_seed(5)
        before = torch.get_rng_state()
        assert torch.equal(measure(seeded()), by_global)
        assert not torch.equal(measure(seeded(4)), by_global)
        assert torch.equal(torch.get_rng_state(), before), "the global generator is untouched"


def test_a_label_of_none_is_inferred():
    model, (x, _) = network(), inputs(2)
    known = torch.tensor([True, False] * 3)
    clamped = analysis.clamped(model, x, 2, known)
    assert clamped.y.tolist() == [[0, 0, 1], [0, 0, 1]]
    assert clamped.y_known is None
    assert clamped.x_known is known
    free = analysis.clamped(model, x, None)
    assert free.y_known is not None
    assert free.y_known.tolist() == [False] * 3
    config = InferenceConfig(6, 0.05)
    label = infer(free, model.weights(), config).label[:, -1]
    torch.testing.assert_close(label, model.infer_label(x, config))


def test_mixed_labels_interpolate_between_two_classes():
    labels = analysis.mixed_labels(network(), 2, 0, [0.0, 0.25, 1.0])
    assert labels.tolist() == [[0, 0, 1], [0.25, 0, 0.75], [1, 0, 0]]
    assert analysis.mixed_labels(network(), 1, 1, [0.3]).tolist() == [[0, 1, 0]]


def test_answers_are_the_label_with_most_evidence_whatever_the_chunk_size(monkeypatch):
    model, (x, _) = network(), inputs(7)
    expected = [int(model(row[None]).argmax()) for row in x]
    monkeypatch.setattr(analysis, "CHUNK", 3)
    assert analysis.answers(model, x).tolist() == expected
    assert len(set(expected)) > 1


def test_pixels_are_recovered_from_normalised_images():
    data = pictures()
    images = data.inputs(data.test.pixels)
    assert torch.equal(analysis.to_pixels(images, data), data.test.pixels)
    over_time = images.unflatten(0, (3, 4))
    assert analysis.to_pixels(over_time, data).shape == (3, 4, 2, 3)
    clipped = analysis.to_pixels(torch.tensor([[-9.0, 9, 0, 0, 0, 0]]), data)
    assert clipped.flatten().tolist() == [0, 255, 128, 128, 128, 128]


def test_trained_inference_is_the_one_used_in_training():
    assert analysis.trained_inference(network()) == network().learning
    assert analysis.trained_inference(Backprop(**SIZES)) == InferenceConfig(8, 0.1)


def test_decoding_a_layer_is_the_rest_of_the_generator_pass():
    model = network()
    y = torch.eye(3).double()
    weights = model.weights()
    z1 = y @ weights.generator[0].weight.T
    z2 = torch.tanh(z1) @ weights.generator[1].weight.T
    for layer, z in enumerate((y, z1, z2)):
        torch.testing.assert_close(analysis.decode(model, z, layer), model.imagine(y))


def test_axes_follow_the_variance_of_the_activity():
    rng = np.random.default_rng(0)
    spread = np.array([5.0, 2.0, 0.1])
    z = torch.from_numpy(3 + rng.standard_normal((4000, 3)) * spread)
    along = analysis.principal_axes(z, np.arange(4000) % 2)
    # Five standard errors: √(λ_1 λ_2 / n) / (λ_1 - λ_2) of the angle between the first two axes,
    # the largest of all, and √(1 / 2n) of an sd.
    angle = np.sqrt(25 * 4 / 4000) / (25 - 4)
    np.testing.assert_allclose(np.abs(along.axes), np.eye(3)[:2], atol=5 * angle)
    np.testing.assert_allclose(along.sd, spread[:2], rtol=min(0.05, 5 / np.sqrt(2 * 4000)))
    np.testing.assert_allclose(along.of_class[1], z[1::2].mean(0))
    there = analysis.moved(along.mean, along, np.array([2.0, -1.0]))
    back = (there - along.mean) @ along.axes.T / along.sd
    np.testing.assert_allclose(back, [2, -1], atol=1e-9)
    drawn = analysis.samples_around(along.mean, along, 0.5, 3000, seed=1)
    np.testing.assert_allclose(
        ((drawn - along.mean) @ along.axes.T).std(0), 0.5 * along.sd, rtol=5 / np.sqrt(2 * 3000)
    )
    np.testing.assert_array_equal(
        drawn, analysis.samples_around(along.mean, along, 0.5, 3000, seed=1)
    )


@pytest.mark.parametrize("layer", [1, 2])
@pytest.mark.parametrize("kind", [BPC, Backprop])
def test_layer_axes_match_activity_inferred_one_image_at_a_time(layer, kind):
    torch.manual_seed(0)
    model, data = kind(**SIZES, activation="tanh"), pictures()
    along = analysis.layer_axes(model, data, layer, 9)
    z, labels = [], data.test.labels[:9].numpy()
    for n in range(9):
        x, y = data.inputs(data.test.pixels[n : n + 1]), torch.eye(3)[labels[n : n + 1]]
        if kind is BPC:
            z.append(infer(Given(x, y), model.weights(), model.learning).hidden[layer - 1][0, -1])
        else:
            weight = model.amortiser[2].weight
            z2 = x @ weight.T
            z.append((z2 if layer == 2 else torch.tanh(z2) @ model.amortiser[1].weight.T)[0])
    z = torch.stack(z).detach().double().numpy()
    np.testing.assert_allclose(along.mean, z.mean(0), atol=1e-6)
    for k in range(3):
        np.testing.assert_allclose(along.of_class[k], z[labels == k].mean(0), atol=1e-6)
    variance, vectors = np.linalg.eigh(np.cov(z.T, ddof=0))
    np.testing.assert_allclose(along.sd, np.sqrt(variance[::-1][:2]), rtol=1e-4)
    overlap = np.abs(np.sum(along.axes * vectors.T[::-1][:2], axis=1))
    np.testing.assert_allclose(overlap, 1, atol=1e-5)


def test_images_are_closest_to_the_mean_with_the_least_squared_error():
    from corelib.data import load_dataset

    data = load_dataset()
    means = analysis.class_means(data)
    images = means[[3, 1, 7]] + 0.2 * torch.randn(3, 784)
    distances = ((images[:, None] - means[None]) ** 2).sum(-1)
    nearest = analysis.nearest_means(images, data)
    assert nearest.tolist() == distances.argmin(1).tolist() == [3, 1, 7]


def test_class_means_minimise_the_generation_loss():
    from corelib.data import load_dataset

    data = load_dataset()
    means = analysis.class_means(data)
    sevens = data.inputs(data.train.pixels[data.train.labels == 7])
    torch.testing.assert_close(means[7], sevens.mean(0), rtol=1e-4, atol=1e-4)
    best = analysis.generation_loss(means, data, data.train)
    # The number stated for the test images.
    assert analysis.best_generation_loss(data) == pytest.approx(0.2788, abs=5e-4)
    test = data.inputs(data.test.pixels)
    errors = [
        (test[data.test.labels == k] - means[k]).double().square().sum().item() for k in range(10)
    ]
    expected = sum(errors) / test.numel() / 2
    assert analysis.best_generation_loss(data) == pytest.approx(expected, rel=1e-5)
    torch.manual_seed(0)
    for _ in range(3):
        other = means + 0.05 * torch.randn_like(means)
        assert analysis.generation_loss(other, data, data.train) > best


def test_completion_changes_only_hidden_pixels_and_lowers_the_energy():
    model, (x, labels) = network(), inputs()
    known = torch.tensor([True, True, False, True, False, True])
    config = InferenceConfig(200, 0.03, optimiser="adam")
    completed, image = analysis.complete(model, x, known, labels, True, config)
    assert torch.equal(image[:, known], x[:, known])
    assert not torch.equal(image[:, ~known], torch.zeros_like(x[:, ~known]))
    expected = (image - x)[:, ~known].square().mean().item()
    assert completed.error == pytest.approx(expected)
    assert completed.error_before == pytest.approx(x[:, ~known].square().mean().item())
    after = (model(image).argmax(1) == labels).double().mean().item()
    assert completed.after == pytest.approx(after)
    given = Given(x, torch.eye(3).double()[labels], known)
    trace = infer(given, model.weights(), config)
    assert (trace.energy[:, -1] < trace.energy[:, 0]).all()
    torch.testing.assert_close(trace.image[:, -1], image)


def test_masks_hide_half():
    for name in analysis.MASKS:
        assert analysis.mask_of(name).mean() == 0.5
    assert analysis.mask_of("left half")[:, :14].all()
    assert analysis.mask_of("right half")[:, 14:].all()
    assert analysis.mask_of("top half")[:14].all()
    assert analysis.mask_of("bottom half")[14:].all()
    drawn = analysis.mask_of("random half")
    assert 0.3 < drawn[:, :14].mean() < 0.7
    np.testing.assert_array_equal(drawn, analysis.mask_of("random half", seed=0))
    assert (drawn != analysis.mask_of("random half", seed=1)).any()
    with pytest.raises(SettingsError, match="mask is 'middle', but should be one of: left half"):
        analysis.mask_of("middle")


def test_completion_starts_from_the_pass_the_network_has():
    assert analysis.completion_config(network()) == COMPLETION
    generative = analysis.completion_config(GenerativePC(**SIZES), n_steps=7)
    assert generative == COMPLETION._replace(n_steps=7, start="top-down")
    assert analysis.completion_config(DiscriminativePC(**SIZES)) == COMPLETION


@pytest.mark.parametrize("label_known", [False, True])
def test_completion_of_test_images_matches_counting_one_by_one(label_known):
    torch.manual_seed(0)
    model, data = BPC(**SIZES), pictures()
    hidden = np.array([[True, False, False], [True, True, False]])
    completed = analysis.completed_test_images(model, data, hidden, 8, label_known)
    before = after = error = error_before = 0.0
    for n in range(8):
        x, label = data.inputs(data.test.pixels[n : n + 1]), int(data.test.labels[n])
        grey = x * torch.tensor(~hidden.ravel())
        y_known = torch.full((3,), label_known)
        given = Given(grey, torch.eye(3)[[label]], torch.tensor(~hidden.ravel()), y_known)
        image = infer(given, model.weights(), COMPLETION).image[:, -1]
        before += int(model(grey).argmax()) == label
        after += int(model(image).argmax()) == label
        error_before += (grey - x).square().sum().item()
        error += (image - x).square().sum().item()
    assert completed.before == pytest.approx(before / 8)
    assert completed.after == pytest.approx(after / 8)
    assert completed.error_before == pytest.approx(error_before / (8 * 3), rel=1e-4)
    assert completed.error == pytest.approx(error / (8 * 3), rel=1e-4)


@pytest.mark.parametrize("label", [None, 1])
def test_completion_can_be_followed_during_inference(label):
    model, (x, _) = network(), inputs(2)
    hidden = np.array([[True, False, False], [True, True, False]])
    filling = analysis.watch_completion(model, x, hidden, label, n_steps=10, every=4)
    assert filling.step.tolist() == [0, 4, 8, 10]
    y = torch.zeros(2, 3).double()
    if label is not None:
        y[:, label] = 1
    y_known = torch.full((3,), label is not None)
    given = Given(x, y, torch.tensor(~hidden.ravel()), y_known)
    trace = infer(given, model.weights(), COMPLETION._replace(n_steps=10))
    for at, step in enumerate(filling.step.tolist()):
        torch.testing.assert_close(filling.image[:, at], trace.image[:, step])
        answer = model(trace.image[:, step]).argmax(1)
        assert torch.equal(filling.answer[:, at], answer)
