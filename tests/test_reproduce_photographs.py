"""Photographs against the pictures that ship: what is measured, and what is said of it."""

from types import SimpleNamespace

import pandas as pd
import pytest
import torch

from corelib import load
from corelib.analysis.anytime import paired_difference, spread
from corelib.data import load_dataset, patches
from corelib.models.ipvae.config import PRESETS
from corelib.models.ipvae.inference import trace
from corelib.models.ipvae.learner import r_squared
from corelib.reproduce import photographs
from corelib.runs.spec import make_spec, resolve


def test_the_figures_are_those_of_inference_on_the_patches_given():
    model = load("ipvae-natural-16")
    x = patches.unseen(16).pixels[:20].flatten(1)
    found = photographs.figures(model, x, n_steps=12)
    traced = trace(model, x, 12)
    r2 = r_squared(x, torch.from_numpy(traced.reconstruction[:, -1]))
    assert found["R²"] == pytest.approx(float(r2.mean()), abs=1e-4)
    assert found["zeros"] == pytest.approx((traced.activity[:, -1] == 0).mean(), abs=1e-4)


def test_both_networks_have_the_standard_settings_and_differ_in_their_images():
    one, other = photographs.specs(1)
    standard = resolve(make_spec("ipvae", dataset="natural-16"))
    for spec in (one, other):
        assert resolve(spec).config == standard.config
        assert resolve(spec).training == standard.training
        assert spec.seed == 1
    assert (one.dataset, other.dataset) == ("natural-16", "photographs-16")
    assert PRESETS["ipvae"]["quick"].config == {}


def test_each_network_is_measured_on_each_kind_of_picture(monkeypatch):
    test = load_dataset("natural-16").test.pixels[:6].flatten(1)
    shown = {name: test + k for k, name in enumerate(photographs.TITLES)}
    monkeypatch.setattr(photographs, "images", lambda: shown)
    monkeypatch.setattr(
        photographs, "figures", lambda model, x: {"R²": float(x.mean()), "zeros": 0.5}
    )
    specs = [SimpleNamespace(dataset=name, seed=0) for name in list(photographs.TITLES)[:2]]
    runs = [SimpleNamespace(id="ipvae-natural-16")] * 2
    rows = photographs.measure(specs, runs)
    assert len(rows) == 6
    for name, x in shown.items():
        own = rows[rows["measured on"] == name]
        assert own["R²"].tolist() == pytest.approx([float(x.mean())] * 2)


def test_differences_are_paired_by_seed():
    r2 = {("natural-16", "unseen"): [0.70, 0.80], ("photographs-16", "unseen"): [0.75, 0.83]}
    rows = pd.DataFrame(
        [
            {"trained on": a, "measured on": b, "seed": k, "R²": value, "zeros": 0.1 + value / 2}
            for (a, b), values in r2.items()
            for k, value in enumerate(values)
        ]
    )
    first, second = photographs.summary(rows).to_dict("records")
    assert first["R² / %"] == pytest.approx(spread([70.0, 80.0]))
    assert second["zeros / %"] == pytest.approx(spread([47.5, 51.5]))
    (said,) = photographs.answers(rows)
    assert f"R² by {paired_difference([75.0, 83.0], [70.0, 80.0])} points" in said
