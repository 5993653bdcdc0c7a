"""The Sparse code page shows how its network represents the image."""

import numpy as np
import pytest
import torch

from corelib import load
from corelib.data import load_dataset
from corelib.models.ipvae import gradients
from corelib.models.ipvae.coding import ReadoutSize
from corelib.models.ipvae.gradients import likelihood_gradients
from corelib.models.ipvae.inference import run_inference, trace
from corelib.models.ipvae.learner import images
from corelib.reproduce.ipvae import published_points
from corelib.words import percent
from dashboard.ipvae.sparse import cache as sparse_cache
from dashboard.ipvae.sparse import digits, features
from dashboard.shell import cache
from dashboard.shell.text import plain
from tests.charts import charts
from tests.pages.app import open_page, sentences
from tests.pages.ipvae import DATASET, UNITS, fields, store_network

DIGITS = "ipvae-mnist"


@pytest.fixture
def network(runs_root):
    return store_network()


def patch(index: int):
    data = load_dataset(DATASET)
    return images(data, data.test.pixels[index : index + 1])


def title_of(name: str) -> str:
    return next(item.title for item in cache.checkpoints() if item.name == name)


def open_sparse(network: str, **query: str):
    app = open_page("sparse", sparse_model=network, **query)
    assert not app.exception
    assert not app.error
    return app


def test_the_sentence_matches_the_networks_inference(network):
    app = open_sparse(network, sparse_patch="7", sparse_steps="50", sparse_seed="3")
    convergence = run_inference(load(network), patch(7), 50, seed=3)
    text = sentences(app)
    assert (
        f"**{plain(title_of(network))}** (iP-VAE) has {UNITS} features. After **50** steps" in text
    )
    assert f"R² of **{convergence.r2[-1]:.2f}**" in text
    assert f"with **{percent(convergence.zeros[-1], 0)}** of the neurons at zero" in text


def test_explaining_away_and_lesions_change_the_sentence(network):
    before = sentences(open_sparse(network, sparse_steps="20"))
    assert "intact" not in before
    off = sentences(open_sparse(network, sparse_steps="20", sparse_away="false"))
    assert "in the intact network these would be" in off
    assert "Without explaining-away" in off
    lesioned = open_sparse(network, sparse_lesion="true", sparse_neuron="5")
    assert "in the intact network these would be" in sentences(lesioned)


def test_features_are_sorted_by_their_orientation(network):
    app = open_sparse(network, sparse_sort="orientation")
    key = next(cache.checkpoint_key(i) for i in cache.checkpoints() if i.name == network)
    order = sparse_cache.neuron_order(key, "orientation")
    axes = (15 * (np.arange(UNITS) % 12) + 90) % 180
    np.testing.assert_array_equal(axes[order], np.sort(axes))
    assert "axis 90°" in features.hover_texts(key, "orientation")[0]
    app.number_input(key="sparse_neuron").set_value(3).run()
    assert "Axis of the stripes 135°, 0.14 cycles per pixel" in "\n".join(
        c.value for c in app.caption
    )


@pytest.mark.parametrize(
    "tab",
    [
        "Convergence",
        "Rate and distortion",
        "Sparsity",
        "Lesions",
        "Gradient",
        "Digits",
        "About",
        "Published",
        "Export",
        "Train",
    ],
)
def test_every_tab_opens(network, tab, monkeypatch):
    monkeypatch.setattr(sparse_cache, "CONVERGENCE_STEPS", 40)
    app = open_sparse(network, sparse_tab=tab)
    if tab == "Digits":
        assert "which have no classes" in app.info[0].value


def test_without_the_published_table_it_says_how_to_get_it(network, monkeypatch, tmp_path):
    from corelib.reproduce import results

    monkeypatch.setattr(results, "SHIPPED", tmp_path)
    app = open_sparse(network, sparse_tab="Published")
    assert "not part of this copy yet" in app.info[0].value
    assert app.code[0].value == "python -m corelib reproduce ipvae --train"


def test_digits_are_read_from_the_code(runs_root, monkeypatch):
    from corelib.models.ipvae.analysis import encode, read_out

    monkeypatch.setattr(digits, "SIZE", ReadoutSize(500, 300, 12))
    app = open_sparse(DIGITS, sparse_tab="Digits", sparse_steps="5")
    app.button(key="sparse_read").click().run(timeout=120)
    assert not app.exception
    table = app.dataframe[0].value.set_index("")
    data, model = load_dataset("mnist"), load(DIGITS)
    train = encode(model, images(data, data.train.pixels[:500]), 12, seed=0)
    test = encode(model, images(data, data.test.pixels[:300]), 12, seed=500)
    share = read_out(
        train.rate, data.train.labels[:500].numpy(), test.rate, data.test.labels[:300].numpy()
    ).accuracy
    assert share > 0.6
    assert list(table.loc["this network"]) == [
        f"{test.r2[-1]:.3f}",
        f"{test.zeros[-1]:.3f}",
        percent(share, 2),
    ]
    test_figures = next(i for i in cache.checkpoints() if i.name == DIGITS).card.test
    correctly = table["digits read correctly"]
    assert correctly["this network, its card"] == percent(test_figures["readout"], 2)
    published = published_points().digits
    assert list(table.loc["paper, iP-VAE"]) == [
        f"{published.r2 / 100:.3f}",
        f"{published.zeros / 100:.3f}",
        "96.46\N{NO-BREAK SPACE}%",
    ]


def test_the_gradients_named_are_those_of_the_network(network, monkeypatch):
    monkeypatch.setattr(sparse_cache, "GRADIENT_DRAWS", 2000)
    app = open_sparse(network, sparse_tab="Gradient", sparse_steps="20", sparse_seed="2")
    u = trace(load(network), patch(0), 20, seed=2).potential[0, -1]
    found = likelihood_gradients(load(network), torch.from_numpy(u), patch(0)[0], 2000, 2)
    (text,) = (m.value for m in app.markdown if "straight-through estimate is" in m.value)
    assert f"**{percent(found.bias(found.straight_through), 0)}**" in text
    assert f"**{percent(found.bias(found.relaxed), 0)}**" in text
    assert found.bias(found.corrected) < found.bias(found.straight_through)


def test_rates_at_which_softened_counts_take_too_long_are_said(network, monkeypatch):
    monkeypatch.setattr(gradients, "MOST_SPIKES", 0.01)
    app = open_sparse(network, sparse_tab="Gradient")
    assert not app.exception
    assert not app.error
    assert "spikes a step here" in app.info[0].value
    # What does not depend on them stays.
    assert "sparse_causes" in {chart.key for chart in charts(app)}


def test_a_gaussian_network_has_no_counts_to_estimate(runs_root):
    app = open_sparse(store_network("igvae"), sparse_tab="Gradient")
    assert "draws no counts" in app.info[0].value


def test_two_kinds_stand_side_by_side(runs_root, monkeypatch):
    monkeypatch.setattr(sparse_cache, "CONVERGENCE_STEPS", 40)
    one, other = store_network("ipvae"), store_network("igvae")
    app = open_sparse(
        one, sparse_tab="Rate and distortion", **{f"sparse_{DATASET}_models": [one, other]}
    )
    table = app.dataframe[0].value.set_index("network")
    assert list(table["kind"]) == ["iP-VAE", "iG-VAE"]
    assert float(table.loc[title_of(other), "zeros at 1,000"]) == 0
    assert float(table.loc[title_of(one), "zeros at 1,000"]) > 0


def test_the_lesion_named_is_the_neuron_that_matters(network):
    app = open_sparse(network, sparse_tab="Lesions", sparse_steps="100", sparse_neuron="2")
    rate = trace(load(network), patch(0), 100).rate[0, -1]
    x, decoder = patch(0)[0].numpy(), fields().reshape(UNITS, -1).T

    def r2(a: np.ndarray) -> float:
        return 1 - ((x - decoder @ a) ** 2).sum() / ((x - x.mean()) ** 2).sum()

    drops = [r2(rate) - r2(np.where(np.arange(UNITS) == k, 0, rate)) for k in range(UNITS)]
    text = sentences(app)
    assert "When neuron **2** is removed from the finished code" in text
    assert f"this image loses **{drops[2]:z.3f}** of R²" in text
    assert f"The neuron needed most here is **{int(np.argmax(drops))}**" in text


def test_without_a_network_it_says_how_to_get_one(runs_root, monkeypatch):
    monkeypatch.setattr(cache, "checkpoints", list)
    app = open_page("sparse", sparse_tab="Train")
    assert not app.exception
    assert "No trained network of this kind is available" in app.info[0].value
    assert not app.button(key="sparse_ipvae_train").disabled
