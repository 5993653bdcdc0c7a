"""What the tables of bidirectional predictive coding measure, procedure by procedure."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from corelib import load
from corelib.data import load_dataset
from corelib.data.images import Split, first_of
from corelib.models.bpc import completion, variety
from corelib.models.bpc.analysis import decode
from corelib.models.bpc.completion import Filled, Sampled, Searched
from corelib.models.bpc.depth import reach
from corelib.reproduce import bpc, bpc_completion, bpc_depth, bpc_variety
from tests.models.bpc.test_completion import KNOWN, network, pictures, some

# --- bpc ------------------------------------------------------------------------------------------


@torch.no_grad()
def test_the_left_half_is_completed_from_grey_without_the_label(monkeypatch):
    monkeypatch.setattr(bpc, "COMPLETED", 20)
    measured = bpc.measurements("bpc-mnist", True)
    data, model = load_dataset("mnist"), load("bpc-mnist")
    visible = torch.arange(784) % 28 >= 14
    task = completion.task_of(data, visible, 20)
    # The mean pixel is 0.
    before = completion.accuracy_of(model, task, torch.where(visible, task.x, 0.0))
    filled = completion.fill_by_inference(model, task).image
    after = completion.accuracy_of(model, task, filled)
    assert before != after
    assert measured["accuracy, half grey"] == pytest.approx(before)
    assert measured["accuracy, completed"] == pytest.approx(after)
    assert measured["error, completed"] == pytest.approx(
        completion.error_of(task, filled), abs=6e-6
    )


# --- bpc-completion -------------------------------------------------------------------------------


class Told:
    """In place of inference and of sampling: images and energies that tell what was asked for."""

    def __init__(self, monkeypatch, task) -> None:
        self.task = task
        for name in ("fill_by_inference", "fill_by_sampling", "search"):
            monkeypatch.setattr(completion, name, getattr(self, name))

    def fill_by_inference(self, model, task, start=None, config=None, clamped=None) -> Filled:
        steps = 300 if config is None else config.n_steps
        image = (torch.zeros_like(task.x) if start is None else start) + steps / 1000
        return Filled(image, image.square().sum(1))

    def fill_by_sampling(self, model, task, start, config, seed) -> Sampled:
        votes = torch.zeros(len(task.x), 3)
        # Two of three samples are read as the class before the true one where a chain begins at the
        # true pixels, as the true one where it begins elsewhere; but for the first image.
        from_truth = torch.allclose(start, self.task.x[: len(start)] + 0.3)
        for n, label in enumerate(task.labels.tolist()):
            votes[n, (label - (from_truth or not n)) % 3] += 2
            votes[n, label] += 1
        return Sampled(start + seed, votes, torch.full((len(start), 2), 7.0 + from_truth), 0.25)

    def search(self, model, task, found, truth) -> Searched:
        assert truth.energy.sum() != found.energy.sum()
        return Searched(4, float(found.image.mean()), float(truth.image.mean()))


@pytest.fixture
def rows(monkeypatch) -> dict:
    """All procedures on seven pictures of six pixels, seed 2, of which five are sampled."""
    monkeypatch.setattr(bpc_completion, "SAMPLED_IMAGES", 5)
    task = some()
    Told(monkeypatch, task)
    found = bpc_completion._procedures(network(), task, pictures(), 2)
    return {row["procedure"]: row for row in found}


def expected(image: torch.Tensor) -> dict:
    model, task = network(), some()
    return {
        "accuracy": completion.accuracy_of(model, task, image),
        "error": round(completion.error_of(task, image), 5),
    }


def test_each_procedure_begins_and_ends_as_it_says(rows):
    b, task, data = bpc_completion, some(), pictures()
    near = completion.nearest_digits(task, data)
    fills = {how: completion.fill(task, data, how, near) for how in b.BASELINES}
    random = [completion.random_fill(task, 3 * 2 + k) for k in range(3)]
    least = completion.lowest([Filled(r, (r + 0.3).square().sum(1)) for r in random])
    ends = {
        b.STANDARD: torch.zeros(7, 6) + 0.3,
        b.TRUTH: task.x + 0.3,
        b.LONGER: torch.zeros(7, 6) + 0.6,
        **{name: fills[how] + 0.3 for how, name in b.STARTED.items()},
        b.ONE_RANDOM: random[0] + 0.3,
        b.BEST_RANDOM: least.image + 0.3,
    }
    for name, image in ends.items():
        row = rows[name]
        assert {key: row[key] for key in ("accuracy", "error")} == expected(image), name
        assert row["energy"] == round(image.square().sum(1).mean().item(), 4), name
    for how, name in b.BASELINES.items():
        row = rows[name]
        assert {key: row[key] for key in ("accuracy", "error")} == expected(fills[how])
        assert np.isnan(row["energy"])
    labels = data.train.labels[near]
    for k, name in b.NEIGHBOURS.items():
        voted = [np.bincount(own[:k], minlength=3).argmax() for own in labels.numpy()]
        assert rows[name]["accuracy"] == pytest.approx(np.mean(voted == task.labels.numpy()))
    assert set(rows) == set(b.ORDER)
    searched = [rows[b.STANDARD][b.SEARCHED[k]] for k in Searched._fields]
    assert searched == [4, 0.3, round((task.x + 0.3).mean().item(), 4)]


def test_samples_begin_where_inference_from_grey_ends_and_are_compared_with_it(rows):
    b, model, task = bpc_completion, network(), some(5)
    vote, mean, each = (rows[names[1.0]] for names in (b.SAMPLES, b.MEANS, b.EACH))
    ended = torch.zeros(5, 6) + 0.3
    optimum = completion.accuracy_of(model, task, ended)
    assert [row[b.OPTIMUM] for row in (vote, mean, each)] == [optimum] * 3
    # The first of the five is outvoted; one sample of three is right there, and all elsewhere.
    assert vote["accuracy"] == pytest.approx(4 / 5)
    assert each["accuracy"] == pytest.approx((4 * 3 + 1) / 15, abs=1e-5)
    assert mean["error"] == round(completion.error_of(task, ended + 2), 5)
    assert (vote["energy"], vote[b.ACCEPTED]) == (7, 0.25)
    # Chains from the true pixels agree with the others on the first alone.
    assert vote[b.AGREE] == pytest.approx(1 / 5)


def test_no_other_start_is_tried_where_grey_and_truth_end_alike(monkeypatch):
    task = some()
    Told(monkeypatch, task)
    monkeypatch.setattr(bpc_completion, "SAME", 1e9)
    rows = bpc_completion._procedures(network(), task, pictures(), 0)
    b = bpc_completion
    tried = {row["procedure"] for row in rows}
    assert {b.LONGER, b.ONE_RANDOM, b.BEST_RANDOM, b.STARTED["mean image"]}.isdisjoint(tried)
    assert {b.STANDARD, b.TRUTH, b.STARTED[b.BEST]} < tried
    assert KNOWN.sum() == 3


# --- bpc-depth ------------------------------------------------------------------------------------


def test_the_energies_of_depth_are_named_by_their_layers(monkeypatch):
    monkeypatch.setattr(bpc_depth, "IMAGES", 12)
    data, model = load_dataset("mnist"), load("bpc-mnist")
    truth = reach(model, data.inputs(data.test.pixels[:12]), data.test.labels[:12])
    named = bpc_depth._reach("bpc-mnist")
    last = len(model.sizes) - 1
    # The image is layer L, which the generator predicts; the label is layer 0.
    energies = {f"forward energy {k}": truth.forward[k - 1] for k in range(1, last + 1)}
    energies |= {f"backward energy {k}": truth.backward[k] for k in range(last)}
    assert set(named) == {*energies, "λ_max", "γ λ_max"}
    for name, energy in energies.items():
        assert named[name] == pytest.approx(energy.item(), rel=1e-3), name
    assert named["λ_max"] == pytest.approx(truth.eigenvalue, rel=1e-3)
    assert named["γ λ_max"] == pytest.approx(model.learning.step_size * named["λ_max"], rel=1e-3)


# --- bpc-variety ----------------------------------------------------------------------------------


@pytest.fixture
def few(monkeypatch):
    """The first 120 digits of each split."""
    whole = load_dataset("mnist")
    parts = {
        name: Split(*(tensor[:120] for tensor in getattr(whole, name)))
        for name in ("train", "validation", "test")
    }
    data = whole._replace(**parts)
    monkeypatch.setattr(bpc_variety, "load_dataset", lambda name: data)
    monkeypatch.setattr(bpc_variety, "PER_CLASS", 4)
    return data


@torch.no_grad()
def test_images_of_each_source_are_those_that_it_names(few):
    model, v = load("bpc-mnist"), bpc_variety
    test = first_of(few.test, 4, 3)
    of_data = v._of_data(few)(3)
    assert torch.equal(of_data[v.Source(v.DIGITS)], few.inputs(test.pixels))
    train = few.inputs(few.train.pixels)[few.train.labels == 3]
    torch.testing.assert_close(of_data[v.Source(v.MEANS)], train.mean(0, keepdim=True))
    label = torch.nn.functional.one_hot(torch.tensor([3]), 10).float()
    by_seed = {seed: v._of_network(model, few, seed)(3) for seed in (1, 2)}
    for layer in (1, 2):
        activity = variety.class_activity(model, few, 3, layer, test)
        fitted = variety.class_gaussian(model, few, 3, layer)
        for seed, images in by_seed.items():
            torch.testing.assert_close(images[v.Source(v.LABEL)], model.generate(label))
            inferred = images[v.Source(v.INFERRED, layer)]
            torch.testing.assert_close(inferred, decode(model, activity, layer))
            for scale in v.SCALES:
                sampling = variety.Sampling(n=4, scale=scale, seed=seed)
                drawn = variety.sample_images(model, fitted, sampling)
                torch.testing.assert_close(images[v.Source(v.SAMPLED, layer, scale)], drawn)


def test_measures_of_variety_are_means_over_the_classes(few, monkeypatch):
    monkeypatch.setattr(bpc_variety, "_of_network", lambda *given: lambda label: {})
    rows = bpc_variety.measure(
        [SimpleNamespace(system="bpc", seed=0)], [SimpleNamespace(id="bpc-mnist")]
    )
    (digits,) = rows[rows["source"] == bpc_variety.DIGITS].to_dict("records")
    judge, per_class = load("mlp-mnist"), []
    for label in range(10):
        own = few.inputs(few.train.pixels[few.train.labels == label])
        x = few.inputs(first_of(few.test, 4, label).pixels)
        apart = torch.cdist(x, x).square() / 784
        per_class.append(
            (
                (judge(x)[:, -1].argmax(1) == label).double().mean().item(),
                (torch.cdist(x, own).square().amin(1) / 784).mean().item(),
                apart[~torch.eye(len(x), dtype=torch.bool)].mean().item(),
            )
        )
    measured = [digits[name] for name in ("accuracy", "distance", "spread")]
    assert measured == pytest.approx(np.mean(per_class, 0), abs=2e-4)
