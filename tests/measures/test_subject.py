"""What is measured: one's own images are normalised as those that a network was trained on, each
image, seed and task is told for itself, and a network is left as it was."""

import numpy as np
import pytest
import torch

from corelib import evaluate, load
from corelib.analysis import accuracy_by_severity, energy_trace, gates, halting_steps
from corelib.data import load_dataset
from corelib.data.images import Split
from corelib.measures import subject
from corelib.measures.evaluation import measure
from corelib.measures.paired import interval_of_mean
from corelib.models.bpan.halting import answers
from corelib.models.butd.subnetworks import gates_of, reachable
from corelib.runs.registry import find


@torch.no_grad()
def test_own_images_are_normalised_as_those_that_the_network_learned(monkeypatch):
    """As if it had been trained on digits with another mean and deviation."""
    digits = load_dataset("mnist")
    other = digits._replace(mean=0.4, std=0.2)
    monkeypatch.setattr(subject, "load_dataset", lambda name: other)
    pixels, labels = digits.test.pixels[:200], digits.test.labels[:200]
    found = evaluate("mlp-mnist", (pixels.numpy(), labels.numpy()))
    x = (pixels.flatten(1) / 255 - 0.4) / 0.2
    right = (load("mlp-mnist")(x)[:, -1].argmax(1) == labels).double().mean().item()
    assert found["accuracy"].item() == pytest.approx(right)
    usual = evaluate("mlp-mnist", "mnist", images=200)
    assert usual["accuracy"].item() == found["accuracy"].item()
    # Of a module itself nothing is known, and the digits' own numbers are taken.
    module = evaluate(load("mlp-mnist"), (pixels.numpy(), labels.numpy()))
    right = load("mlp-mnist")(digits.inputs(pixels))[:, -1].argmax(1) == labels
    assert module["accuracy"].item() == pytest.approx(right.double().mean().item())


@pytest.mark.parametrize("training", [True, False])
def test_measuring_switches_dropout_off_and_leaves_the_network_as_it_was(training):
    network = torch.nn.Sequential(torch.nn.Dropout(0.5), torch.nn.Linear(3, 2)).train(training)
    with subject.in_evaluation(network):
        assert not any(part.training for part in network.modules())
    assert all(part.training == training for part in network.modules())


def test_a_checkpoint_is_measured_on_the_first_images_of_a_split(monkeypatch):
    digits = load_dataset("mnist")
    split = Split(digits.validation.pixels[:30], digits.validation.labels[:30])
    measured = measure(find("mlp-mnist"), "mnist", "validation", 30)
    right = load("mlp-mnist")(digits.inputs(split.pixels))[:, -1].argmax(1) == split.labels
    assert measured.images == 30
    assert measured.metrics["accuracy"] == pytest.approx(right.double().mean().item())
    assert measured.parameters == 269_322


def test_an_image_is_told_with_the_confidence_of_its_own_step():
    digits = load_dataset("mnist")
    every = answers(load("bpan-mnist"), digits.inputs(digits.test.pixels[:120]))
    told = halting_steps("bpan-mnist", threshold=0.97, images=120)
    assert told["step"].nunique() > 2
    for row in told.to_dict("records"):
        image, step = row["image"], row["step"]
        assert row["confidence"] == every.confidence[image, step - 1]
        assert row["answer"] == every.predicted[image, step - 1]
        assert (every.confidence[image, : step - 1] < 0.97).all()


def test_each_seed_draws_its_own_corruption():
    grid = accuracy_by_severity(
        "bpan-mnist", corruption="salt_pepper", severities=[0.3], seeds=3, images=200
    )
    for row in grid.to_dict("records"):
        one = evaluate(
            "bpan-mnist", corruption="salt_pepper", severity=0.3, seed=row["seed"], images=200
        )
        assert row["accuracy"] == one["accuracy"].item()
    assert grid["accuracy"].nunique() > 1


def test_resamples_depend_on_their_seed_alone():
    values = np.random.default_rng(0).normal(size=30)
    assert interval_of_mean(values, 3) == interval_of_mean(values, 3)
    assert interval_of_mean(values, 3) != interval_of_mean(values, 4)


def test_what_a_task_opens_is_told_task_by_task():
    network = load("butd-shared-multi-mnist")
    table = gates("butd-shared-multi-mnist").set_index(["population", "task"])
    for name, gate, reach in zip(network.names, gates_of(network), reachable(network), strict=True):
        shares = [gate[task][reach].mean() for task in (0, 1)]
        assert table.loc[name, "open"].tolist() == pytest.approx(shares)
    by_task = table["open"].unstack("task")
    assert (by_task[0] != by_task[1]).any()


def test_a_random_start_of_inference_depends_on_its_seed():
    one, same, other = (
        energy_trace("bpc-mnist", start="random", n_steps=3, seed=seed) for seed in (4, 4, 5)
    )
    assert one.equals(same)
    assert one["energy"].iloc[0] != other["energy"].iloc[0]
