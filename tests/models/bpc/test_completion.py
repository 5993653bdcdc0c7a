"""Fills, baselines and starts of completion, against loops in NumPy and inference one by one."""

import numpy as np
import pytest
import torch

from corelib.data.images import ImageDataset, Split
from corelib.models.bpc import completion
from corelib.models.bpc.completion import Filled, Task
from corelib.models.bpc.energy import energy, errors
from corelib.models.bpc.inference import COMPLETION, Given, begin, infer, run_inference
from corelib.models.bpc.network import BPC
from corelib.models.bpc.posterior import SamplerConfig, sample

SIZES = {"input_dim": 6, "n_classes": 3, "widths": "5, 4"}
KNOWN = torch.tensor([True, True, False, True, False, False])


def network() -> BPC:
    torch.manual_seed(0)
    model = BPC(**SIZES, activation="tanh")
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(2)
    return model


def pictures() -> ImageDataset:
    generator = torch.Generator().manual_seed(4)

    def split(n: int) -> Split:
        pixels = torch.randint(256, (n, 2, 3), generator=generator).to(torch.uint8)
        return Split(pixels, torch.arange(n) % 3)

    train = split(23)
    return ImageDataset("tiny", tuple("012"), 0.5, 0.3, train, train, split(8))


def some(n: int = 7) -> Task:
    return completion.task_of(pictures(), KNOWN, n)


def distances(task: Task, data: ImageDataset) -> np.ndarray:
    """By a loop over all pairs and visible pixels."""
    train = data.inputs(data.train.pixels).double().numpy()
    x, known = task.x.double().numpy(), KNOWN.numpy()
    return np.array([[sum((a - b)[known] ** 2) for b in train] for a in x])


def test_the_nearest_digits_are_those_of_a_loop_over_all(monkeypatch):
    monkeypatch.setattr(completion, "ROW", 5)
    task, data = some(), pictures()
    expected = distances(task, data).argsort(1)[:, :4]
    found = completion.nearest_digits(task, data, 4)
    np.testing.assert_array_equal(found, expected)


def test_hidden_pixels_do_not_change_what_is_near():
    task, data = some(), pictures()
    other = task._replace(x=torch.where(KNOWN, task.x, 99.0))
    found = (completion.nearest_digits(t, data) for t in (task, other))
    assert torch.equal(*found)


def test_the_vote_is_the_most_frequent_label_and_the_smallest_of_equals():
    labels = torch.tensor([[2, 1, 2], [0, 2, 1], [1, 1, 0], [2, 1, 0]])
    assert completion.vote(labels, 3).tolist() == [2, 0, 1, 0]


def test_fills_replace_hidden_pixels_alone():
    task, data = some(), pictures()
    nearest = completion.nearest_digits(task, data, 3)
    train = data.inputs(data.train.pixels)
    expected = {
        "grey": torch.zeros(7, 6),
        "mean image": train.mean(0).expand(7, -1),
        "nearest digit": train[nearest[:, 0]],
        "mean of nearest": torch.stack([train[row].mean(0) for row in nearest]),
    }
    for how, new in expected.items():
        image = completion.fill(task, data, how, nearest)
        assert torch.equal(image[:, KNOWN], task.x[:, KNOWN])
        torch.testing.assert_close(image[:, ~KNOWN], new[:, ~KNOWN])
    drawn = [completion.random_fill(task, seed) for seed in (0, 0, 1)]
    assert torch.equal(drawn[0][:, KNOWN], task.x[:, KNOWN])
    assert torch.equal(drawn[0], drawn[1])
    assert (drawn[0] != drawn[2])[:, ~KNOWN].all()


@pytest.mark.parametrize("start", ["grey", "random"])
@pytest.mark.parametrize("clamped", [False, True])
def test_inference_from_a_start_is_that_of_one_image_at_a_time(start, clamped, monkeypatch):
    monkeypatch.setattr(completion, "CHUNK", 3)
    model, task = network(), some()
    begun = completion.random_fill(task, 1) if start == "random" else None
    labels = (task.labels + 1) % 3
    found = completion.fill_by_inference(
        model, task, begun, COMPLETION._replace(n_steps=20), labels if clamped else None
    )
    for n in range(7):
        one = slice(n, n + 1)
        y = torch.eye(3)[labels[one]]
        y_known = None if clamped else torch.zeros(3, dtype=torch.bool)
        # Without a start the hidden pixels are zero.
        x_start = torch.zeros(1, 6) if begun is None else begun[one]
        given = Given(task.x[one], y, KNOWN, y_known, x_start)
        trace = infer(given, model.weights(), COMPLETION._replace(n_steps=20))
        torch.testing.assert_close(trace.image[:, 0], torch.where(KNOWN, task.x[one], x_start))
        torch.testing.assert_close(found.image[one], trace.image[:, -1])
        torch.testing.assert_close(found.energy[one], trace.energy[:, -1])


def test_the_lowest_energy_is_chosen_image_by_image():
    images = torch.arange(12.0).reshape(2, 3, 2)
    energies = torch.tensor([[1.0, 5.0, 2.0], [3.0, 4.0, 2.5]])
    best = completion.lowest([Filled(*pair) for pair in zip(images, energies, strict=True)])
    assert best.energy.tolist() == [1, 4, 2]
    assert torch.equal(best.image, torch.stack([images[0, 0], images[1, 1], images[0, 2]]))


def test_accuracy_and_error_are_counted_one_by_one():
    model, task = network(), some()
    images = completion.random_fill(task, 2)
    right = sum(int(model(x[None]).argmax()) == k for x, k in zip(images, task.labels, strict=True))
    assert completion.accuracy_of(model, task, images) == pytest.approx(right / 7)
    hidden = [(images[n, p] - task.x[n, p]).item() ** 2 for n in range(7) for p in (2, 4, 5)]
    assert completion.error_of(task, images) == pytest.approx(np.mean(hidden), rel=1e-5)


def test_the_search_is_judged_by_images_read_wrongly():
    model, task = network(), some()
    found = completion.fill_by_inference(model, task)
    truth = completion.fill_by_inference(model, task, task.x)
    searched = completion.search(model, task, found, truth)
    wrong = [
        n for n in range(7) if int(model(found.image[n][None]).argmax()) != int(task.labels[n])
    ]
    assert 0 < len(wrong) < 7
    weights = model.weights()

    def least(n: int, label: int) -> float:
        """The energy of one image with a label clamped."""
        given = Given(task.x[n : n + 1], torch.eye(3)[[label]], KNOWN)
        ended = run_inference(given, weights, COMPLETION)
        return energy(errors(ended.z, ended.f, weights), COMPLETION.precision).item()

    lower = [bool(found.energy[n] <= 1.001 * truth.energy[n]) for n in wrong]
    answer = [
        least(n, int(model(found.image[n][None]).argmax())) < least(n, int(task.labels[n]))
        for n in wrong
    ]
    assert searched == pytest.approx((len(wrong), np.mean(lower), np.mean(answer)))
    # Whoever reads everything rightly leaves nothing to judge.
    read = completion.answers(model, found.image)
    nothing = completion.search(model, task._replace(labels=read), found, truth)
    assert nothing.wrong == 0
    assert np.isnan(nothing.lower)


def test_completion_by_samples_is_the_mean_and_the_vote_of_the_chains():
    model, task = network(), some(3)
    start = completion.random_fill(task, 1)
    config = SamplerConfig(10, 20, 5)
    got = completion.fill_by_sampling(model, task, start, config, seed=2)
    unknown = torch.zeros(3, dtype=torch.bool)
    given = Given(task.x, torch.zeros(3, 3), KNOWN, unknown, start)
    with torch.no_grad():
        weights = model.weights()
        z = begin(given, weights, "bottom-up")
        generator = torch.Generator().manual_seed(2)
        kept = list(sample(given, z, weights, config, generator))
        read = torch.stack([model(one.z[-1]).argmax(1) for one in kept], 1)
    images = torch.stack([one.z[-1] for one in kept])
    assert images.std(0)[:, ~KNOWN].min() > 0
    torch.testing.assert_close(images[:, :, KNOWN], task.x[:, KNOWN].expand(4, -1, -1))
    torch.testing.assert_close(got.mean, images.mean(0))
    votes = [[(row == label).sum().item() for label in range(3)] for row in read]
    assert got.votes.tolist() == votes
    torch.testing.assert_close(got.energy, torch.stack([one.energy for one in kept], 1))
