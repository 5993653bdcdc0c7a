"""The Sub-networks page says what its networks do."""

import numpy as np
import pytest
import torch

from corelib import load
from corelib.data import load_dataset
from corelib.data.multidigit import compose
from corelib.models.butd.gates import silenced
from corelib.models.butd.lesions import LesionSpec
from corelib.models.butd.subnetworks import Kind
from corelib.models.butd.third_task import Teaching
from corelib.runs.registry import find
from corelib.words import percent
from dashboard.butd.subnetworks import cache as own_cache
from dashboard.butd.subnetworks import instruction, tabs, view
from dashboard.shell import cache
from tests.charts import charts
from tests.pages.app import open_page, sentences
from tests.pages.butd import store_network


@pytest.fixture
def name(runs_root, monkeypatch):
    monkeypatch.setattr(view, "LIVE", 60)
    monkeypatch.setattr(tabs, "FEW", 40)
    monkeypatch.setattr(instruction, "PLANE", 20)
    return store_network("butd", "multi-mnist").id


def scenes(n: int):
    data = load_dataset("multi-mnist")
    chosen = np.arange(n) * (len(data.test.labels) // n)
    return data.inputs(data.test.pixels[chosen]), data.test.labels[chosen].numpy()


@torch.no_grad()
def answers(name: str, n: int) -> np.ndarray:
    """(image, task), by the network's own forward pass."""
    return load(name)(scenes(n)[0]).argmax(2).numpy()


def test_the_sentence_gives_the_networks_accuracy(name):
    app = open_page("subnetworks", sub_model=name)
    predicted, labels = answers(name, 60), scenes(60)[1]
    right = (predicted == labels).mean(0)
    text = sentences(app)
    assert (
        f"names **{percent(right[0])}** of the left and **{percent(right[1])}** of the right "
        "digits correctly" in text
    )
    differ = labels[:, 0] != labels[:, 1]
    other = [((predicted[:, k] == labels[:, 1 - k]) & differ).sum() / differ.sum() for k in (0, 1)]
    assert f"it names the other digit in {percent(other[0])} and {percent(other[1])}" in text


def test_the_scene_is_composed_of_the_chosen_digits(name):
    app = open_page("subnetworks", sub_model=name, sub_left_index="18", sub_right_index="3")
    digits = load_dataset("mnist")
    pixels = compose(digits.test.pixels[[18, 3]].numpy()[None])
    x = load_dataset("multi-mnist").inputs(torch.from_numpy(pixels))
    with torch.no_grad():
        predicted = load(name)(x)[0].argmax(1).tolist()
    labels = digits.test.labels[[18, 3]].tolist()
    for k, task in enumerate(("left", "right")):
        wrong = f" (it is {labels[k]})" if predicted[k] != labels[k] else ""
        assert (
            f"Under the instruction **{task}** the network answers **{predicted[k]}**{wrong}."
            in sentences(app)
        )


@pytest.mark.parametrize(
    "view",
    [
        {"sub_tab": "Layers", "sub_task": "left", "sub_what": "open and active"},
        {"sub_tab": "Layers", "sub_layer": "fc", "sub_shift": "0"},
        {"sub_tab": "Over training"},
        {"sub_tab": "Lesions"},
        {"sub_tab": "Swap gates"},
        {"sub_tab": "Instruction"},
        {"sub_tab": "Instruction", "sub_way": "pad"},
        {"sub_tab": "About"},
        {"sub_tab": "Train"},
        {"sub_tab": "Export"},
        {"sub_tab": "What you see"},
    ],
    ids=lambda view: "-".join(view.values()),
)
def test_every_view_opens(name, view):
    app = open_page("subnetworks", sub_model=name, **view)
    assert not app.exception
    assert not app.error
    assert not app.info


@torch.no_grad()
def test_without_gates_the_whole_network_answers(name):
    text = sentences(open_page("subnetworks", sub_model=name, sub_tab="Swap gates"))
    x, labels = scenes(40)
    none = load(name).bottom_up(x, None).logits.argmax(1).numpy()
    right = [(none == labels[:, k]).mean() for k in (0, 1)]
    assert f"without gates in **{percent(right[0])}** and **{percent(right[1])}**" in text


@torch.no_grad()
def test_a_lesion_silences_the_chosen_units_and_its_control_as_many(name):
    which = cache.checkpoint_key(find(name))
    model, (x, labels) = load(name), scenes(40)
    gates = own_cache.gates(which)
    reached = own_cache.reached(which)
    effect = own_cache.effect(which, 40, 0, 1, LesionSpec((2, 4), Kind.ONLY_FIRST, 1.0, (1, 3)))
    masks = [np.zeros(g.shape[1:], bool) for g in gates]
    for k in (2, 4):
        only_left = gates[k][0] & ~gates[k][1] & reached[k]
        masks[k][[1, 3]] = only_left[[1, 3]]
    assert effect.units == sum(m.sum() for m in masks)
    shut = silenced(model.gates(), masks)
    for task in (0, 1):
        own = tuple(g[task : task + 1] for g in shut)
        predicted = model.bottom_up(x, own).logits.argmax(1).numpy()
        assert effect.answers.correct[task] == (predicted == labels[:, task]).mean()
    assert effect.control.shape == (3, 2)


def test_gates_over_training_start_with_those_recorded(name):
    app = open_page("subnetworks", sub_model=name, sub_tab="Over training", sub_epoch="0")
    assert app.select_slider(key="sub_epoch").value == 0
    which = cache.checkpoint_key(find(name))
    course = own_cache.overlap_history(which, 0, 1)
    from corelib.models.butd.subnetworks import overlap

    now = overlap(own_cache.gates(which), own_cache.reached(which))
    np.testing.assert_allclose(course.open[-1], now.open.mean(1))
    assert (course.open[0] != course.open[-1]).any()
    assert f"to **{percent(course.jaccard[0, 2], 0)}**" in sentences(app)


def test_a_third_task_is_learned_and_the_saved_network_is_unchanged(name):
    before = {n: p.clone() for n, p in load(name).named_parameters()}
    app = open_page(
        "subnetworks",
        sub_model=name,
        sub_tab="Third task",
        sub_third_updates="100",
        sub_third_way="jointly",
    )
    assert "Nothing trained yet" in " ".join(c.value for c in app.caption)
    app.button(key="sub_third_go").click().run(timeout=120)
    assert not app.exception
    (((which, how), (updates, right)),) = app.session_state["_sub_third"].items()
    assert which == cache.checkpoint_key(find(name))
    assert how == Teaching(jointly=True, frozen=False, updates=100)
    assert list(updates) == list(range(0, 101, 10))
    with torch.no_grad():
        data = load_dataset("multi-mnist")
        predicted = load(name)(data.inputs(data.validation.pixels[:40])).argmax(2)
    np.testing.assert_allclose(
        right[0, :2], (predicted == data.validation.labels[:40]).float().mean(0), rtol=1e-6
    )
    assert "jointly, 100 updates: the larger digit gains" in sentences(app)
    for n, p in cache.model(cache.checkpoint_key(find(name))).named_parameters():
        assert torch.equal(p, before[n])


def test_a_preset_opens_its_view(name):
    app = open_page("subnetworks", sub_model=name)
    app.button(key="sub_try_half").click().run()
    assert not app.exception
    assert (
        "Under an instruction of 50\N{NO-BREAK SPACE}% left and 50\N{NO-BREAK SPACE}% right"
        in sentences(app)
    )
    app.button(key="sub_try_active").click().run()
    assert app.session_state["sub_what"] == "open and active"


def test_it_opens_on_the_shipped_network_which_follows_instructions(runs_root):
    """What it says of 1,000 scenes is near what was measured on all of the test set."""
    app = open_page("subnetworks", sub_tab="Swap gates")
    assert app.selectbox(key="sub_model").value == "butd-shared-multi-mnist"
    which = cache.checkpoint_key(find("butd-shared-multi-mnist"))
    test = find(which.name).card.test
    shares = own_cache.answers(which, view.LIVE)
    expected = [test["accuracy left"], test["accuracy right"]]
    # Two and a half standard errors of a share of 1,000.
    error = np.sqrt(np.array(expected) * (1 - np.array(expected)) / 1000)
    assert (np.abs(shares.correct - expected) <= 2.5 * error).all()
    assert (shares.other < 0.03).all()
    tried = own_cache.combinations(which, tabs.FEW)
    assert (tried["no gates"].correct < 0.4).all()
    # Through the other task's gates it names the other digit.
    assert (tried["gates of the other task"].other > 0.85).all()
    closed = [1 - each.mean() for each in own_cache.reached(which)]
    assert closed == pytest.approx([0.16, 0.16, 0.23, 0, 0], abs=0.006)
    epochs = own_cache.gate_history(which).epochs
    assert (epochs[0], epochs[-1]) == (0, find(which.name).card.epoch)


def test_without_a_digit_or_a_network_it_says_what_to_do(name, monkeypatch):
    app = open_page("subnetworks", sub_model=name, sub_left_input="Draw")
    assert "Draw both digits" in app.info[0].value
    assert "which units it makes active" in app.info[1].value
    assert not app.exception
    # What needs no scene is shown: the map, its composition, and the layers' open units.
    assert len(charts(app)) == 3
    monkeypatch.setattr(cache, "checkpoints", list)
    app = open_page("subnetworks", sub_tab="Train")
    assert "No trained network of this kind" in app.info[0].value
    assert not app.exception
    assert app.button(key="sub_train").label == "Train"
