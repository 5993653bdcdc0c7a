"""Iterative VAEs: the figures of a network, their summary, and what ships."""

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from corelib.data import load_dataset, patches
from corelib.models.ipvae import IPVAE, analysis, gabor
from corelib.models.ipvae.inference import trace
from corelib.models.ipvae.learner import r_squared
from corelib.reproduce import ipvae, reproduce
from corelib.reproduce.ipvae_rows import NETWORKS
from corelib.runs.registry import find
from corelib.runs.spec import make_spec, resolve
from corelib.training import checkpoint
from corelib.training.card import Card


def store_network(folder, dataset: str, **config):
    """A small network, untrained, as a checkpoint in a folder."""
    spec = make_spec("ipvae", dataset=dataset, config={"n_latents": 12, "t_train": 3, **config})
    torch.manual_seed(0)
    model = IPVAE(**spec.config)
    with torch.no_grad():
        model.decoder.mul_(3)
    card = Card(**spec.model_dump(), step=0, epoch=0)
    checkpoint.save(folder, card, model.state_dict())
    return model, find(str(folder))


def test_figures_of_patches_are_what_the_network_does(tmp_path):
    model, item = store_network(tmp_path / "net", "natural-12")
    figures = ipvae.figures(item, n_images=30, n_steps=6)
    x = load_dataset("natural-12").test.pixels[:30].flatten(1)
    traced = trace(model, x, 6)
    r2 = r_squared(x[:, None], torch.from_numpy(traced.reconstruction)).mean(0)
    zeros = (traced.activity == 0).mean((0, 2))
    assert figures["R²"] == pytest.approx(float(r2[-1]), abs=1e-4)
    assert figures["R² at T"] == pytest.approx(float(r2[2]), abs=1e-4)
    assert figures["zeros"] == pytest.approx(zeros[-1], abs=1e-4)
    assert figures["zeros at T"] == pytest.approx(zeros[2], abs=1e-4)
    last = np.linalg.norm(traced.potential[:, -1] - traced.potential[:, -2], axis=1).mean()
    assert figures["change"] == pytest.approx(last, abs=1e-4)
    features = model.decoder.detach().numpy().T.reshape(-1, 12, 12)
    assert figures["Gabor fit"] == pytest.approx(np.median(gabor.fit(features).r2), abs=1e-4)
    assert "readout" not in figures
    far = trace(model, patches.unseen(12).pixels[:30].flatten(1), 6)
    assert figures["zeros unseen"] == pytest.approx((far.activity[:, -1] == 0).mean(), abs=1e-4)
    x = patches.unseen(12).pixels[:30].flatten(1)
    r2 = r_squared(x, torch.from_numpy(far.reconstruction[:, -1]))
    assert figures["R² unseen"] == pytest.approx(float(r2.mean()), abs=1e-4)


def test_images_on_which_inference_ran_away_are_counted_and_left_out(tmp_path, monkeypatch):
    _, item = store_network(tmp_path / "net", "natural-12")
    encode = analysis.encode

    def away(model, x, n_steps):
        # One below the limit, one at it; one that has no R².
        return encode(model, x, n_steps)._replace(
            r2_of_each=np.array([0.5, -1.5, 0.7, -1.0, np.nan])
        )

    monkeypatch.setattr(analysis, "encode", away)
    figures = ipvae.figures(item, n_images=5, n_steps=4)
    assert figures["ran away"] == pytest.approx(1 / 5)
    assert figures["R²"] == pytest.approx((0.5 + 0.7 - 1) / 3, abs=1e-4)


def test_causes_are_r2_and_zeros_in_per_cent():
    rows = pd.DataFrame(
        [
            {"model": ipvae.PLAIN, "seed": seed, "R²": r2, "zeros": zeros}
            for seed, r2, zeros in ((0, 0.7, 0.2), (1, 0.8, 0.4))
        ]
    )
    found = ipvae.causes(rows)
    assert list(found) == [ipvae.PLAIN]
    r2, zeros = found[ipvae.PLAIN]
    assert r2 == pytest.approx((75, np.std([70, 80], ddof=1), 2))
    assert zeros == pytest.approx((30, np.std([20, 40], ddof=1), 2))


def test_readout_is_fitted_to_training_digits_and_scored_on_test_digits(tmp_path, monkeypatch):
    monkeypatch.setattr(ipvae, "READOUT_IMAGES", 300)
    monkeypatch.setattr(ipvae, "READOUT_STEPS", 4)
    model, item = store_network(tmp_path / "net", "mnist")
    figures = ipvae.figures(item, n_images=20, n_steps=3)
    data = load_dataset("mnist")
    rates = [
        trace(model, split.pixels[:300].flatten(1) / 255, 4).rate[:, -1]
        for split in (data.train, data.test)
    ]
    # Codes are computed 500 images at a time: 300 images share one batch of noise.
    readout = LogisticRegression(max_iter=300).fit(rates[0], data.train.labels[:300])
    truth = readout.score(rates[1], data.test.labels[:300])
    assert figures["readout"] == pytest.approx(truth, abs=1e-9)
    assert "Gabor fit" not in figures


@pytest.fixture
def rows():
    return pd.DataFrame(
        [
            {"model": "iP-VAE, β = 24", "seed": 0, "R²": 0.60, "zeros": 0.80, "Gabor fit": 0.9}
            | {"change": 0.5, "R² unseen": 0.48},
            {"model": "iP-VAE, β = 24", "seed": 1, "R²": 0.64, "zeros": 0.78, "Gabor fit": 0.94}
            | {"change": 0.6, "R² unseen": 0.52},
            {"model": "iG-VAE, β = 8", "seed": 0, "R²": 0.85, "zeros": 0.0, "Gabor fit": 0.1},
            {"model": "iP-VAE, MNIST", "seed": 0, "R²": 0.9, "zeros": 0.8, "readout": 0.95},
        ]
    )


def test_summary_holds_ours_beside_the_papers(rows):
    table = ipvae.summary(rows).set_index(["figure", "model"])
    ip = table.loc["convergence, t = 1,000", "iP-VAE, β = 24"]
    assert (ip["published R² / %"], ip["published zeros / %"]) == (83.0, 77.3)
    assert ip["K, T, β"] == ip["published K, T, β"] == "512, 16, 24"
    assert (ip["unseen R² / %"].mean, ip["unseen R² / %"].n) == (pytest.approx(50), 2)
    assert ip["change"].mean == pytest.approx(0.55)
    assert (ip["R² / %"].mean, ip["R² / %"].n) == (pytest.approx(62), 2)
    assert ip["R² / %"].sd == pytest.approx(np.std([60, 64], ddof=1))
    assert ip["zeros / %"].mean == pytest.approx(79)
    assert ip["Gabor fit / %"].mean == pytest.approx(92)
    assert ip["readout / %"] is None
    # The same network stands in the plane of rate and distortion, where the paper has others.
    plane = table.loc["rate and distortion"]
    assert plane.loc["iP-VAE, β = 24", "published R² / %"] == 82.7
    assert plane.loc["iP-VAE, β = 24", "R² / %"] == ip["R² / %"]
    lca = plane.loc["LCA"]
    assert (lca["published R² / %"], lca["published zeros / %"]) == (82.6, 77.8)
    assert lca["R² / %"] is None
    assert lca["seeds"] is None
    digits = table.loc["MNIST", "iP-VAE"]
    assert digits["R² / %"].mean == pytest.approx(90)
    assert digits["readout / %"].mean == pytest.approx(95)
    assert digits["published readout / %"] == 96.46
    assert digits["published K, T, β"] == "512, 128, 128"
    missing = table.loc["convergence, t = 1,000", "iG-relu-VAE, β = 8"]
    assert missing["R² / %"] is None
    assert missing["published R² / %"] == 82.0
    assert missing["K, T, β"] is None


def test_notes_say_that_our_images_differ(rows):
    notes = " ".join(ipvae.summary(rows).attrs["notes"])
    assert "not van Hateren's" in notes


def test_the_sentences_follow_from_the_rows(rows):
    relu = {"model": "iG-relu-VAE, β = 8", "seed": 0, "R²": 0.7, "zeros": 0.5}
    causes = [
        {"model": ipvae.FORMER, "seed": 0, "R²": 0.5, "zeros": 0.7},
        {"model": ipvae.PLAIN, "seed": 0, "R²": 0.8, "zeros": 0.3},
        {"model": ipvae.CORRECTED, "seed": 0, "R²": 0.75, "zeros": 0.8},
    ]
    said = ipvae.answers(pd.concat([rows, pd.DataFrame([relu, *causes])]))
    assert said[0] == (
        "By R², ours: iG-VAE 85.0\N{NO-BREAK SPACE}%, iG-relu-VAE 70.0\N{NO-BREAK SPACE}%, "
        "iP-VAE 62.0\N{NO-BREAK SPACE}%; published: iG-VAE 87.4\N{NO-BREAK SPACE}%, iP-VAE "
        "83.0\N{NO-BREAK SPACE}%, iG-relu-VAE 82.0\N{NO-BREAK SPACE}%."
    )
    assert said[1].startswith(
        "By zeros, ours: iP-VAE 79.0\N{NO-BREAK SPACE}%, iG-relu-VAE 50.0\N{NO-BREAK SPACE}%, "
        "iG-VAE 0.0\N{NO-BREAK SPACE}%;"
    )
    # 62.0 - 83.0, 79.0 - 77.3.
    assert "R² -21.0 points, zeros +1.7 points" in said[2]
    assert said[3].endswith("R² +30.0 points, zeros -40.0 points.")
    assert said[4].endswith("R² -5.0 points, zeros +50.0 points.")
    assert ipvae.answers(rows.iloc[:0]) == []


def test_the_curve_over_beta_is_the_mean_over_seeds(rows, monkeypatch):
    six = NETWORKS[ipvae.IP]._replace(training={"beta_outer": 6.0})
    monkeypatch.setitem(NETWORKS, "iP-VAE, β = 6", six)
    monkeypatch.setitem(ipvae.SECTIONS[ipvae.PLANE], "iP-VAE, β = 6", None)
    more = {"model": "iP-VAE, β = 6", "seed": 0, "R²": 0.8, "zeros": 0.6}
    curve = ipvae.beta_curve(pd.concat([rows, pd.DataFrame([more])]))
    assert list(curve) == [6, 24]
    assert curve[24] == pytest.approx((0.79, 0.62))
    assert curve[6] == (0.6, 0.8)


def test_every_network_is_trained_on_what_it_says():
    specs = ipvae.specs(0)
    assert len({spec.title for spec in specs}) == len(specs) == len(NETWORKS)
    for spec, network in zip(specs, NETWORKS.values(), strict=True):
        assert (spec.system, spec.dataset, spec.seed) == (network.system, network.dataset, 0)
        beta = spec.training.get("beta_outer", 8.0)  # that of the Gaussian networks by default
        assert network.sizes.endswith(f", {beta:g}")


def test_the_causes_differ_in_what_they_say():
    """Each from the one before it in its own settings alone, and all are as long."""
    resolved = {name: resolve(network.spec(0)) for name, network in NETWORKS.items()}
    former, plain, corrected = (
        resolved[name] for name in (ipvae.FORMER, ipvae.PLAIN, ipvae.CORRECTED)
    )
    assert former.training == plain.training
    assert plain.config == corrected.config
    assert (former.config.fit_prior, former.config.clamp_u) == (False, 4)
    assert (plain.config.fit_prior, plain.config.clamp_u) == (True, 10)
    assert plain.training.model_copy(update={"sampling": "variance-corrected"}) == (
        corrected.training
    )


def test_the_shipped_table_is_complete():
    table = reproduce("ipvae").set_index(["figure", "model"])
    for figure, models in ipvae.SECTIONS.items():
        for model in models:
            own = table.loc[(figure, model), "R² / %"]
            assert (own is not None) == (model in NETWORKS), (figure, model)
    convergence = table.loc["convergence, t = 1,000"]
    ip, relu, ig = (convergence.loc[m] for m in (ipvae.IP, ipvae.IG_RELU, ipvae.IG))
    # The paper's order: spikes are the sparsest code, Gaussian activity reconstructs best.
    assert ip["zeros / %"].mean > relu["zeros / %"].mean > ig["zeros / %"].mean == 0
    assert ig["R² / %"].mean > max(ip["R² / %"].mean, relu["R² / %"].mean)
    assert ip["Gabor fit / %"].mean >= 80


def test_the_papers_points_are_those_of_the_table():
    published = ipvae.published_points()
    assert set(published.converged) == {"iP-VAE", "iG-relu-VAE", "iG-VAE"}
    assert published.converged["iP-VAE"] == pytest.approx((0.773, 0.830))
    assert published.plane["LCA"] == pytest.approx((0.778, 0.826))
    # Of iP-VAE the plane holds one point, that of its own section, under the name with its β.
    of_poisson = [name for name in published.plane if ipvae.kind_of(name) == "iP-VAE"]
    assert of_poisson == ["iP-VAE, β = 24"]
    assert published.plane["iP-VAE, β = 24"] == pytest.approx((0.775, 0.827))
    assert published.plane["iG-VAE"] == published.converged["iG-VAE"]
    assert published.digits.readout == 96.46
