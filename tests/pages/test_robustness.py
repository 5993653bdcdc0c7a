"""The Robustness page shows what its networks do under the corruption chosen."""

import json

import numpy as np
import pytest
import torch

from corelib import load
from corelib.data import load_dataset
from corelib.data.corruptions import CORRUPTIONS, Corruption, corrupt
from corelib.data.own_asked import Asked
from corelib.data.own_reading import add
from corelib.models.bpan.robustness import occlusion_map
from corelib.reproduce import results
from corelib.words import PER_CENT, percent
from dashboard.bpan import cache as bpan_cache
from dashboard.bpan.robustness import cache, occlusion, states, tabs, view
from dashboard.bpan.robustness.figures.strip import AnswerPair
from tests.charts import charts
from tests.data.shapes import make_npz
from tests.pages.app import joined, open_page, sentences

FEW = ["bpan-mnist", "mlp-mnist"]


def open_robustness(**query):
    return open_page("robustness", **{"robust_models": FEW, **query})


def test_corruption_as_published_has_the_units_of_its_own_images(tmp_path, monkeypatch):
    monkeypatch.setenv("SYNAPTARIUM_DATA", str(tmp_path / "data"))
    add(make_npz(tmp_path / "shapes.npz"), "mine", Asked())
    data = load_dataset("mine")
    for name in ("gaussian", "occlusion"):
        corruption = Corruption(name, 0.5, faithful=True)
        expected = corrupt(data.test.pixels[:4], corruption, data.mean, data.std)
        assert torch.equal(bpan_cache.corrupted("mine", corruption, 4), expected)
        assert not torch.allclose(expected, corrupt(data.test.pixels[:4], corruption))


def test_the_sentence_gives_the_mean_over_seeds_of_the_shipped_table(runs_root):
    app = open_robustness(robust_kind="gaussian", robust_gaussian_severity="0.5")
    rows = results.shipped("robustness")
    rows = rows[
        (rows["model"] == "bpan")
        & (rows["corruption"] == "gaussian")
        & (rows["protocol"] == "ours")
    ]
    at, clean = (rows[rows["severity"] == s]["accuracy"] * 100 for s in (0.5, 0.0))
    text = sentences(app)
    assert "With Gaussian noise of sd 0.5, **bpan-mnist** classifies" in text
    assert f"**{at.mean():.1f} ± {at.std():.1f}{PER_CENT}**" in text
    assert f"**{clean.mean() - at.mean():.1f} points fewer** than clean ones" in text
    assert f"({clean.mean():.1f} ± {clean.std():.1f}{PER_CENT})" in text
    assert "Of the 2 networks shown **" in text


def accuracy(name: str, corruption: Corruption, images: int) -> float:
    data = load_dataset()
    pixels = corrupt(data.test.pixels[:images], corruption, data.mean, data.std)
    with torch.no_grad():
        answers = load(name)(data.inputs(pixels))[:, -1].argmax(1)
    return (answers == data.test.labels[:images]).float().mean().item()


def test_what_no_shipped_table_holds_is_measured_live(runs_root):
    app = open_robustness(
        robust_kind="occlusion",
        robust_occlusion_severity="0.2",
        robust_fill="noise",
        robust_tab="Numbers",
    )
    table = joined(app).T
    corruption = Corruption("occlusion", 0.2, fill="noise")
    for name in FEW:
        expected = 100 * accuracy(name, corruption, cache.LIVE)
        assert table.loc[name, "corrupted"] == f"{expected:.1f}{PER_CENT}"
        assert table.loc[name, "seeds"] == "1"


@pytest.mark.parametrize("kind", list(CORRUPTIONS))
def test_every_corruption_can_be_chosen(runs_root, kind):
    app = open_robustness(robust_kind=kind)
    assert not app.exception
    assert not app.error
    severity = app.select_slider(key=f"robust_{kind}_severity").value
    corruption = Corruption(kind, severity)
    assert f"With {corruption.in_words}, **" in sentences(app)


def test_answers_to_one_digit_are_those_of_the_networks(runs_root):
    app = open_robustness(
        robust_tab="One digit", robust_index="18", robust_occlusion_severity="0.1"
    )
    table = app.dataframe[0].value.set_index("network")
    data = load_dataset()
    clean = data.test.pixels[18:19]
    after = corrupt(clean, Corruption("occlusion", 0.1))
    for name in FEW:
        before, now = (int(load(name)(data.inputs(p))[0, -1].argmax()) for p in (clean, after))
        expected = str(before) if before == now else f"{before} → {now}"
        assert table.loc[name, "answer"] == expected


def test_a_dragged_occluder_moves_the_controls(runs_root):
    app = open_robustness(robust_tab="One digit")
    app.session_state["robust_place"] = "placed"
    app.session_state["robust_row"], app.session_state["robust_column"] = 0.25, 0.75
    app.run()
    assert app.slider(key="robust_row").value == 0.25
    assert not app.exception


def test_the_map_is_that_of_the_network(runs_root):
    app = open_robustness(robust_tab="Occlusion sensitivity", robust_map_digit="1")
    data = load_dataset()
    ones = data.test.labels == 1
    *_, last = occlusion_map(
        load("bpan-mnist"),
        data.test.pixels[ones][: cache.LIVE],
        data.test.labels[ones][: cache.LIVE],
        data,
        0.1,
        "black",
        occlusion.STRIDE,
    )
    assert f"**{percent(float(last.accuracy.min()))}**" in sentences(app)


def test_an_old_address_opens_the_renamed_tab(runs_root):
    app = open_robustness(robust_tab="Where it hurts")
    assert app.session_state["robust_tab"] == "Occlusion sensitivity"
    assert "The square does most harm" in sentences(app)


def test_the_published_claim_is_a_preset_and_reset_undoes_it(runs_root):
    app = open_robustness(robust_kind="rotation", robust_rotation_severity="45.0")
    app.button(key="robust_try_claim").click().run()
    assert f"a square of {percent(0.5, 0)} of the side, as published" in sentences(app)
    assert app.session_state["robust_tab"] == "Balance ablation"
    app.button(key="robust_reset").click().run()
    assert f"With {percent(0.15, 0)} of the area covered" in sentences(app)
    assert app.multiselect(key="robust_models").value == list(view.STANDARD)


def test_states_show_a_bpan_only(runs_root, monkeypatch):
    monkeypatch.setattr(states, "CLOUD", 200)
    app = open_page("robustness", robust_tab="States", robust_models=["mlp-mnist"])
    assert "Choose a BPAN" in app.info[0].value
    app = open_robustness(robust_tab="States")
    assert not app.exception
    app.button(key="robust_tsne").click().run(timeout=120)
    assert not app.exception
    points = app.session_state["_robust_tsne"][1]
    assert points.shape == (states.CLOUD, 2)
    assert np.isfinite(points).all()
    # It is of the states under this severity; under another it has to be asked for anew.
    shown = len(charts(app))
    app.select_slider(key="robust_occlusion_severity").set_value(0.3).run(timeout=60)
    assert len(charts(app)) == shown - 1


def test_the_published_claims_stand_beside_ours(runs_root):
    app = open_robustness(robust_tab="Published", robust_table="balance")
    assert not app.exception
    assert not app.button(key="robust_balance_anew").disabled
    app = open_robustness(robust_tab="Balance ablation")
    assert not app.exception
    assert len(charts(app)) > 5


def test_differences_are_of_the_shipped_means_in_points(runs_root):
    app = open_robustness(robust_shown="difference", robust_kind="gaussian")
    (figure,) = [json.loads(chart.spec) for chart in charts(app)]
    rows = results.shipped("robustness")
    rows = rows[(rows["corruption"] == "gaussian") & (rows["protocol"] == "ours")]
    means = rows.pivot_table(index="severity", columns="model", values="accuracy")
    drawn = {trace["name"]: trace["y"] for trace in figure["data"]}
    assert list(drawn) == FEW
    np.testing.assert_allclose(drawn["mlp-mnist"], 100 * (means["mlp"] - means["bpan"]), atol=1e-9)
    assert not np.any(drawn["bpan-mnist"])


def test_no_network_chosen_is_a_sentence(runs_root):
    app = open_robustness()
    app.multiselect(key="robust_models").set_value([]).run()
    assert "Choose at least one network" in app.info[0].value


def test_the_strip_is_exported_as_a_table():
    labels, names = np.arange(10) % 3, ("top", "bag", "boot")
    pair = AnswerPair(clean=(labels + 1) % 3, corrupted=labels)
    strip = cache.Strip("", np.array(cache.SHOWN), labels, {"one": pair, "two": pair})
    table = tabs.strip_table(strip, names)
    assert list(table.network) == ["one"] * 10 + ["two"] * 10
    assert list(table["test image"][:10]) == list(cache.SHOWN)
    assert list(table.digit[:3]) == list(table.corrupted[:3]) == list(names)
    assert list(table.clean[:3]) == ["bag", "boot", "top"]
