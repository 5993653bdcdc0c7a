"""LCA's curves: measured as the iterative VAEs are, and beside the published point."""

import numpy as np
import pandas as pd
import pytest
import torch

from corelib.errors import SettingsError
from corelib.models.ipvae.baselines import lca as model
from corelib.reproduce import lca, reproduce, results


def patches(n: int, seed: int) -> torch.Tensor:
    """Bars at random places of 4 x 4 pixels, and noise: (image, pixel)."""
    generator = torch.Generator().manual_seed(seed)
    x = 0.1 * torch.randn(n, 4, 4, generator=generator)
    x[torch.arange(n), torch.randint(4, (n,), generator=generator)] += 1
    return x.flatten(1)


def test_a_dictionary_gives_its_own_point_and_one_gives_a_curve():
    layout, train, x = lca.Layout(8, "non-negative"), patches(400, 0), patches(60, 1)
    (own,) = lca.points(layout, 1.0, 3, train, x)
    features = model.learn(train, layout.training(1.0), seed=3)
    activity = model.code(features, x, 1.0, sign="non-negative")
    slow = [
        1 - np.sum((a - features.numpy() @ z) ** 2) / np.sum((a - a.mean()) ** 2)
        for a, z in zip(x.numpy(), activity.numpy(), strict=True)
    ]
    assert own["R²"] == pytest.approx(np.mean(slow), abs=1e-4)
    assert own["zeros"] == pytest.approx((activity.numpy() == 0).mean(), abs=1e-4)
    assert (own["dictionary"], own["threshold"], own["seed"]) == (lca.OWN, 1.0, 3)

    rows = pd.DataFrame(lca.points(layout, lca.SHARED, 3, train, x)).set_index("dictionary")
    assert rows.loc[[lca.ONE], "threshold"].tolist() == list(lca.THRESHOLDS)
    shared = rows.loc[[lca.ONE]].set_index("threshold").loc[lca.SHARED]
    assert shared[["R²", "zeros"]].tolist() == rows.loc[lca.OWN, ["R²", "zeros"]].tolist()


def test_a_curve_is_the_mean_over_seeds_of_its_own_rows():
    rows = pd.DataFrame(
        [
            (512, "signed", lca.OWN, 0, 0.5, 0.9, 0.7),
            (512, "signed", lca.OWN, 1, 0.5, 0.8, 0.6),
            (512, "signed", lca.ONE, 0, 0.5, 0.1, 0.1),
            (256, "signed", lca.OWN, 0, 0.5, 0.1, 0.1),
            (512, "signed", lca.OWN, 0, 1.0, 0.7, 0.9),
        ],
        columns=["neurons", "activity", "dictionary", "seed", "threshold", "R²", "zeros"],
    )
    curve = lca.curve_of(rows, lca.Layout(512, "signed"))
    assert list(curve) == [0.5, 1.0]
    assert curve[0.5] == pytest.approx((0.65, 0.85))
    assert curve[1.0] == (0.9, 0.7)


def test_summary_holds_each_curve_below_the_published_point():
    rows = pd.DataFrame(
        {
            "neurons": neurons,
            "activity": sign,
            "dictionary": dictionary,
            "seed": seed,
            "learned at": 0.5,
            "threshold": threshold,
            "R²": 0.8 - threshold / 10 + seed / 100,
            "zeros": 0.7 + threshold / 10,
        }
        for seed in (0, 1)
        for neurons in (256, 512)
        for sign in lca.SIGNS
        for dictionary in (lca.OWN, lca.ONE)
        for threshold in (1.0, 0.5)
    )
    table = lca.summary(rows)
    first = table.iloc[0]
    assert (first["dictionary"], first["zeros / %"], first["R² / %"]) == ("published", 77.8, 82.6)
    assert len(table) == 1 + 16
    assert table["neurons"].tolist() == [512] * 9 + [256] * 8
    curve = table[1:3]
    assert curve["λ"].tolist() == [0.5, 1.0]
    assert (curve["activity"] == "signed").all()
    assert (curve["dictionary"] == lca.ONE).all()
    assert curve["R² / %"].iloc[0].mean == pytest.approx(75.5)
    assert curve["R² / %"].iloc[0].sd == pytest.approx(np.std([75, 76], ddof=1))
    assert curve["zeros / %"].iloc[1].mean == pytest.approx(80)
    assert (table["seeds"][1:] == 2).all()


def test_the_shipped_curves_are_complete_and_keep_their_laws():
    rows = results.shipped("lca")
    curves = rows.groupby(["neurons", "activity", "dictionary", "seed"])
    assert len(curves) == len(lca.LAYOUTS) * 2 * rows["seed"].nunique()
    for (_, _, dictionary, _), curve in curves:
        ordered = curve.sort_values("threshold")
        wanted = lca.THRESHOLDS if dictionary == lca.ONE else lca.LEARNED_AT
        assert ordered["threshold"].tolist() == list(wanted)
        assert (np.diff(ordered["zeros"]) > 0).all()
        assert (np.diff(ordered["R²"]) < 0).all()
    table = reproduce("lca")
    assert len(table) == 1 + len(lca.LAYOUTS) * (len(lca.THRESHOLDS) + len(lca.LEARNED_AT))


def test_a_table_without_runs_is_measured_by_seeds(runs_root, tmp_path, monkeypatch):
    asked = []

    def measure(seeds):
        asked.append(list(seeds))
        return pd.DataFrame({"seed": list(seeds)})

    what = results.Measured("toy", seeds=3, measure=measure, summary=lambda rows: rows.copy())
    monkeypatch.setattr(results, "SHIPPED", tmp_path)
    assert results.table(what, train=True)["seed"].tolist() == [0, 1, 2]
    results.table(what, n_seeds=1, ship=True)
    assert asked == [[0, 1, 2], [0]]
    assert results.table(what)["seed"].tolist() == [0]
    first = (tmp_path / "toy.csv").read_text(encoding="utf-8").splitlines()[0]
    assert first.startswith("# python -m corelib reproduce toy --ship --seeds 1 (python ")
    with pytest.raises(SettingsError, match="add --train"):
        results.table(what, n_seeds=2)
