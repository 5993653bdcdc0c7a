"""Every number that the pages of BPC and BU/TD say, against the networks themselves."""

import numpy as np
import pytest
import torch

from corelib import load
from corelib.catalog import system
from corelib.data import load_dataset
from corelib.data.multidigit import compose
from corelib.models.bpc.analysis import (
    best_generation_loss,
    label_energies,
    mask_of,
    watch_completion,
)
from corelib.models.butd.analysis import Sample, validation_sample
from corelib.models.butd.departures import Switches, compared, departed
from corelib.models.butd.history import overlap_history, read
from corelib.models.butd.instructions import answer, sweep
from corelib.models.butd.lesions import LesionSpec, effect
from corelib.models.butd.subnetworks import Kind, gates_of, kinds, reachable
from corelib.reproduce import results
from corelib.runs.registry import find, shipped
from dashboard.butd.subnetworks import instruction, tabs, view
from tests.pages.app import open_page
from tests.pages.butd import store_network
from tests.pages.said import (
    axes_of,
    called,
    drawn,
    headline,
    in_per_cent,
    named,
    numbers,
    saying,
    says,
)

LIVE, FEW, PLANE = 75, 40, 20
"""Scenes; of 75 the untrained network answers both tasks differently well."""
SHIPPED = "butd-shared-multi-mnist"
"""It has learned, so that lesions cost it something and instructions change its answers."""


@says("bpc")
def test_bpc(runs_root):
    app = open_page("bpc", bpc_index="18", bpc_tab="Classify", bpc_n_steps="7", bpc_alpha_f="0.5")
    data, model, card = load_dataset(), load("bpc-mnist"), find("bpc-mnist").card
    x, true = data.inputs(data.test.pixels[18:19]), int(data.test.labels[18])
    with torch.no_grad():
        one_pass = model.amortise(x)[0].numpy()
    config = model.learning._replace(n_steps=7, alpha_f=0.5)
    inferred = model.infer_label(x, config, torch.Generator().manual_seed(0))[0].numpy()
    assert numbers(headline(app)) == [
        *(in_per_cent(card.test["accuracy"]), f"{card.test['generator loss']:.4f}"),
        f"{best_generation_loss(data):.4f}",
        *called(int(one_pass.argmax()), [], true),
    ]
    evidence = drawn(app, "bpc_evidence")
    names = ["the amortiser's one pass", "after 7 steps of inference"]
    assert [trace["name"] for trace in evidence] == names
    shown = [trace["y"] for trace in evidence]
    np.testing.assert_allclose(shown, [one_pass, inferred], rtol=1e-4, atol=1e-6)
    assert axes_of(app, "bpc_evidence") == ("class", "evidence")
    energies = label_energies(model, x, config, torch.Generator().manual_seed(0))[0].numpy()
    np.testing.assert_allclose(drawn(app, "bpc_energies")[0]["y"], energies, rtol=1e-4)
    assert numbers(saying(app, "with each label clamped in turn"))[0] == "7"


def test_bpc_completion(runs_root):
    app = open_page(
        "bpc", bpc_index="18", bpc_tab="Complete", bpc_mask="random half", bpc_complete_steps="20"
    )
    data, model = load_dataset(), load("bpc-mnist")
    hidden = mask_of("random half")
    caption = saying(app, "of the pixels hidden")
    assert in_per_cent(hidden.mean(), 0) in numbers(caption)
    x = data.inputs(data.test.pixels[18:19])
    filling = watch_completion(model, x, hidden, None, 20, 1)
    (titles,) = (trace["text"] for trace in named(app, "bpc_completed", "titles"))
    pairs = zip(filling.step.tolist(), filling.answer[0].tolist(), strict=True)
    assert titles == ["whole", *(f"step {step}: {named}" for step, named in pairs)]


def test_bpc_compared(runs_root):
    app = open_page("bpc", bpc_model="hybrid-pc-mnist", bpc_tab="Compare")
    tests = {item.title: item.card.test for item in shipped() if item.card.dataset == "mnist"}
    tests = {name: test for name, test in tests.items() if test and "generator loss" in test}
    reader = max(tests, key=lambda name: tests[name]["accuracy"])
    maker = min(tests, key=lambda name: tests[name]["generator loss"])
    best, least = tests[reader]["accuracy"], tests[maker]["generator loss"]
    said = [in_per_cent(best, 2), f"{least:.4f}"]
    if reader != maker:
        own = tests["hybrid-pc-mnist"]
        said.append(f"{100 * (best - own['accuracy']):.2f}")
        said.append(f"{own['generator loss'] / least:.2f}")
    assert numbers(saying(app, "classifies best")) == said
    caption = numbers(saying(app, "test digits; dotted: the mean of each class"))
    assert caption[:3] == ["10,000", f"{best_generation_loss(load_dataset()):.4f}", "1"]
    rows = results.shipped("bpc")
    (seeds,) = set(rows[rows["network"].str.contains("one epoch")].groupby("network").size())
    assert numbers(saying(app, "One epoch each; mean ± sd over"))[:2] == [str(seeds), "10,000"]


def departure(name: str, switches: Switches, sample: Sample):
    """The largest difference of a shipped network's update from the gradient."""
    card = find(name).card
    config = system(card.system).config_type(**card.config)
    settled = validation_sample(load_dataset(), 250)
    return compared(departed(load(name), config, switches, settled), switches, sample)


@says("learning")
def test_learning(runs_root):
    data, name = load_dataset(), "counter-hebb-separate-mnist"
    x = data.inputs(data.test.pixels[5:6])
    sample = Sample(x, torch.tensor([3]), torch.tensor([0]))
    difference = departure(name, Switches(noise=0.5, loss="mse"), sample)
    app = open_page(
        "learning",
        learn_model=name,
        learn_index="5",
        learn_target="3",
        learn_noise="0.5",
        learn_loss="mse",
        learn_tab="Difference",
    )
    at = int(np.nanargmax(difference.relative))
    angle, relative = difference.angle[at], difference.relative[at]
    assert numbers(headline(app)) == [f"{angle:.1f}", f"{relative:.2g}"]
    assert f"**{difference.layers[at]}**" in headline(app)
    relative, angle = (trace["y"] for trace in drawn(app, "learn_difference"))
    np.testing.assert_allclose(relative, difference.relative)
    np.testing.assert_allclose(angle, difference.angle)
    assert numbers(saying(app, "Each layer has its own scale"))[-2:] == ["3", "1"]


def test_learning_where_the_update_is_the_gradient(runs_root):
    name, sample = "counter-hebb-shared-mnist", validation_sample(load_dataset(), 64)
    largest = departure(name, Switches(), sample).largest()
    app = open_page("learning", learn_model=name, learn_of="64 images")
    assert numbers(headline(app)) == ["64", f"{largest.relative:.0e}"]


@pytest.fixture
def name(runs_root, monkeypatch):
    monkeypatch.setattr(view, "LIVE", LIVE)
    monkeypatch.setattr(tabs, "FEW", FEW)
    monkeypatch.setattr(instruction, "PLANE", PLANE)
    return store_network("butd", "multi-mnist").id


def scenes(n: int) -> tuple[torch.Tensor, np.ndarray]:
    data = load_dataset("multi-mnist")
    chosen = np.arange(n) * (len(data.test.labels) // n)
    return data.inputs(data.test.pixels[chosen]), data.test.labels[chosen].numpy()


SCENE = {"sub_left_index": "18", "sub_right_index": "3", "sub_shift": "20"}


def scene() -> tuple[torch.Tensor, list[int]]:
    """What ``SCENE`` asks for, as networks read it, and both labels."""
    digits = load_dataset("mnist").test
    pixels = compose(digits.pixels[[18, 3]].numpy()[None], 20)
    return load_dataset("multi-mnist").inputs(torch.from_numpy(pixels)), digits.labels[
        [18, 3]
    ].tolist()


@torch.no_grad()
def right(name: str, n: int) -> tuple[np.ndarray, np.ndarray]:
    """The shares of scenes answered with the label asked for, and with the other one where the two
    differ, (task,) each."""
    x, labels = scenes(n)
    predicted = load(name)(x).argmax(2).numpy()
    differ = labels[:, 0] != labels[:, 1]
    other = (predicted == labels[:, ::-1])[differ].mean(0)
    return (predicted == labels).mean(0), other


@says("subnetworks")
def test_subnetworks(name):
    app = open_page("subnetworks", sub_model=name, **SCENE)
    model, (x, labels) = load(name), scene()
    with torch.no_grad():
        logits = model(x)[0]
    answered = logits.argmax(1).tolist()
    for task, bars in zip(("left", "right"), drawn(app, "sub_answers"), strict=True):
        assert bars["name"] == f"instruction: {task}"
    shown = [bars["y"] for bars in drawn(app, "sub_answers")]
    np.testing.assert_allclose(shown, logits.softmax(1), 1e-4)
    correct, other = right(name, LIVE)
    assert correct[0] != correct[1]
    assert other[0] != other[1]
    shares = []
    for gates, reached in zip(gates_of(model), reachable(model), strict=True):
        both, either = gates[:2].all(0) & reached, gates[:2].any(0) & reached
        shares.append(both.sum() / either.sum() if either.any() else np.nan)
    least = int(np.nanargmin(shares))
    assert numbers(headline(app)) == [
        *(n for own, true in zip(answered, labels, strict=True) for n in called(own, [], true)),
        *(str(LIVE), *(in_per_cent(share) for share in (*correct, *other))),
        in_per_cent(shares[least], 0),
    ]
    assert f"share least in **{model.names[least]}**" in headline(app)
    assert "20 pixels apart" in saying(app, "Framed: the correct answer")


def test_subnetworks_over_training(name):
    model = load(name)
    layer = 1
    app = open_page(
        "subnetworks", sub_model=name, sub_tab="Over training", sub_layer=model.names[layer]
    )
    course = overlap_history(read(find(name).folder, model), model, 0, 1)
    shares = (*course.open[[0, -1], layer], *course.jaccard[[0, -1], layer])
    assert numbers(saying(app, "From epoch"), model.names[layer]) == [
        *("0", "1", *(in_per_cent(share, 0) for share in shares))
    ]


@pytest.mark.usefixtures("name")
def test_subnetworks_lesioned():
    model = load(SHIPPED)
    layers = [model.names[2], model.names[4]]
    app = open_page(
        "subnetworks",
        sub_model=SHIPPED,
        sub_tab="Lesions",
        sub_lesion_layers=layers,
        sub_lesion_share="0.5",
    )
    x, labels = scenes(FEW)
    sorts = kinds(gates_of(model), reachable(model), 0, 1)
    whole, _ = right(SHIPPED, FEW)
    said = []
    for task, kind in enumerate((Kind.ONLY_FIRST, Kind.ONLY_SECOND)):
        found = effect(model, x, labels, sorts, LesionSpec((2, 4), kind, 0.5))
        lost = whole - found.answers.correct, whole - found.control.mean(0)
        said += [str(found.units), *(f"{100 * each[task]:.1f}" for each in lost)]
    assert float(said[1]) > 1
    assert numbers(saying(app, "Without the")) == said
    caption = numbers(saying(app, "of the units of each kind silenced"), *layers)
    assert caption == ["50", str(FEW), "3"]


@pytest.mark.usefixtures("name")
@pytest.mark.parametrize(
    ("controls", "given"),
    [
        ({"sub_share": "0.9"}, (0.1, 0.9)),
        ({"sub_way": "pad", "sub_pad_first": "0.6", "sub_pad_second": "-0.4"}, (0.6, -0.4)),
    ],
)
def test_subnetworks_under_other_instructions(controls, given):
    app = open_page("subnetworks", sub_model=SHIPPED, sub_tab="Instruction", **SCENE, **controls)
    pad = "sub_way" in controls
    x, labels = scenes(PLANE if pad else FEW)
    model = load(SHIPPED)
    swept = sweep(model, x, labels, np.array([given]))
    probability = answer(model, scene()[0], np.array(given))
    shown = [f"{value:.1f}" if pad else in_per_cent(value, 0) for value in given]
    assert numbers(saying(app, "the network names the left label")) == [
        *(*shown, *(in_per_cent(share) for share in swept.named[0])),
        *(str(probability.argmax()), in_per_cent(probability.max(), 0)),
        *([in_per_cent(swept.changed[0].mean(), 0)] if pad else []),
    ]
