"""The Robustness page says what its networks do under the corruption chosen."""

import numpy as np
import pytest
import torch

from corelib import load
from corelib.data import load_dataset
from corelib.data.corruptions import CORRUPTIONS, Corruption, corrupt
from corelib.models.bpan.robustness import occlusion_map
from corelib.reproduce import results
from dashboard.bpan.robustness import states as robustness_states
from dashboard.bpan.robustness import tabs as robustness_tabs
from dashboard.bpan.robustness.figures.strip import Read
from tests.pages.app import open_page, sentences

FEW = ["bpan-mnist", "mlp-mnist"]


def open_robustness(**query):
    return open_page("robustness", **{"robust_models": FEW, **query})


def test_the_sentence_is_the_mean_over_seeds_of_the_table_that_ships(runs_root):
    app = open_robustness(robust_kind="gaussian", robust_gaussian_severity="0.5")
    rows = results.shipped("robustness")
    rows = rows[
        (rows["model"] == "bpan")
        & (rows["corruption"] == "gaussian")
        & (rows["protocol"] == "ours")
    ]
    at, clean = (rows[rows["severity"] == s]["accuracy"] * 100 for s in (0.5, 0.0))
    text = sentences(app)
    assert "With Gaussian noise of sd 0.5 **bpan-mnist** reads" in text
    assert f"**{at.mean():.1f} ± {at.std():.1f} %**" in text
    assert f"**{clean.mean() - at.mean():.1f} points** fewer than clean" in text


def accuracy(name: str, corruption: Corruption, images: int) -> float:
    data = load_dataset()
    pixels = corrupt(data.test.pixels[:images], corruption, data.mean, data.std)
    with torch.no_grad():
        answers = load(name)(data.inputs(pixels))[:, -1].argmax(1)
    return (answers == data.test.labels[:images]).float().mean().item()


def test_what_no_table_ships_for_is_measured_here(runs_root):
    app = open_robustness(
        robust_kind="occlusion",
        robust_occlusion_severity="0.2",
        robust_fill="noise",
        robust_tab="Numbers",
    )
    table = app.dataframe[0].value.set_index("network")
    corruption = Corruption("occlusion", 0.2, fill="noise")
    for name in FEW:
        expected = 100 * accuracy(name, corruption, robustness_tabs.LIVE)
        assert table.loc[name, "corrupted / %"] == f"{expected:.1f}"
        assert table.loc[name, "seeds"] == 1


@pytest.mark.parametrize("kind", list(CORRUPTIONS))
def test_every_corruption_can_be_chosen(runs_root, kind):
    app = open_robustness(robust_kind=kind)
    assert not app.exception
    assert not app.error
    severity = app.select_slider(key=f"robust_{kind}_severity").value
    corruption = Corruption(kind, severity)
    assert robustness_tabs.words(corruption) in sentences(app)


def test_one_digit_is_answered_as_the_networks_answer_it(runs_root):
    app = open_robustness(
        robust_tab="One digit", robust_index="18", robust_occlusion_severity="0.1"
    )
    table = app.dataframe[0].value.set_index("network")
    data = load_dataset()
    clean = data.test.pixels[18:19]
    after = corrupt(clean, Corruption("occlusion", 0.1))
    for name in FEW:
        said = [int(load(name)(data.inputs(p))[0, -1].argmax()) for p in (clean, after)]
        expected = str(said[0]) if said[0] == said[1] else f"{said[0]} → {said[1]}"
        assert table.loc[name, "answer"] == expected


def test_a_dragged_occluder_moves_the_controls(runs_root):
    app = open_robustness(robust_tab="One digit")
    app.session_state["robust_place"] = "placed"
    app.session_state["robust_row"], app.session_state["robust_column"] = 0.25, 0.75
    app.run()
    assert app.slider(key="robust_row").value == 0.25
    assert not app.exception


def test_the_map_is_the_networks(runs_root):
    app = open_robustness(robust_tab="Where it hurts", robust_map_digit="1")
    data = load_dataset()
    ones = data.test.labels == 1
    *_, last = occlusion_map(
        load("bpan-mnist"),
        data.test.pixels[ones][: robustness_tabs.LIVE],
        data.test.labels[ones][: robustness_tabs.LIVE],
        data,
        0.1,
        "black",
        robustness_states.STRIDE,
    )
    assert f"**{last.accuracy.min():.1%}**" in sentences(app)


def test_states_show_a_bpan_only(runs_root):
    app = open_page("robustness", robust_tab="States", robust_models=["mlp-mnist"])
    assert "Choose a BPAN" in app.info[0].value
    app = open_robustness(robust_tab="States")
    assert not app.exception
    app.button(key="robust_tsne").click().run(timeout=120)
    assert not app.exception
    points = app.session_state["_robust_tsne"][1]
    assert points.shape == (robustness_states.CLOUD, 2)
    assert np.isfinite(points).all()


def test_the_published_claims_stand_beside_ours(runs_root):
    app = open_robustness(robust_tab="Published", robust_table="balance")
    assert not app.exception
    assert not app.button(key="robust_balance_anew").disabled
    app = open_robustness(robust_tab="Balance ablation")
    assert not app.exception
    assert len(app.get("plotly_chart")) > 5


def test_no_network_chosen_is_a_sentence(runs_root):
    app = open_robustness()
    app.multiselect(key="robust_models").set_value([]).run()
    assert "Choose at least one network" in app.info[0].value


def test_the_strip_goes_home_as_a_table():
    labels, names = np.arange(10) % 3, ("top", "bag", "boot")
    read = Read(before=(labels + 1) % 3, after=labels)
    table = robustness_tabs._read_out(labels, {"one": read, "two": read}, names)
    assert list(table.network) == ["one"] * 10 + ["two"] * 10
    assert list(table["test image"][:10]) == list(robustness_tabs.SHOWN)
    assert list(table.digit[:3]) == list(table.corrupted[:3]) == list(names)
    assert list(table.clean[:3]) == ["bag", "boot", "top"]
