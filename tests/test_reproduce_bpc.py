"""The table bpc: what is trained, and its arithmetic."""

import math

import pandas as pd
import pytest

from corelib.models.bpc.config import PRESETS
from corelib.reproduce import bpc, reproduce, results
from corelib.reproduce.checkpoints import RECIPES
from corelib.runs.registry import find
from corelib.runs.spec import resolve
from corelib.training.loop import total_steps

HALF = math.sqrt(0.5)


class Images:
    """A data set reduced to the number of its training images, all that is needed here."""

    class train:
        labels = range(55_000)


def test_each_run_has_a_name_of_its_own():
    for seed in (0, 2, 3):
        specs = bpc.specs(seed)
        assert len({spec.title for spec in specs}) == len(specs)
        assert {spec.seed for spec in specs} == {seed}
    # From the fourth seed on the tutorial's settings alone.
    assert len(bpc.specs(2)) == len(bpc.ROWS)
    assert [spec.variant for spec in bpc.specs(3)] == ["seed100", "seed200", "seed300"]


def test_the_tutorials_runs_end_where_it_prints():
    for updates, name in zip((100, 200, 300), bpc.ROWS, strict=False):
        resolved = resolve(bpc.ROWS[name].spec(0))
        assert total_steps(Images, resolved.training) == updates
        for key, value in PRESETS["seed"].config.items():
            assert getattr(resolved.config, key) == value
        assert resolved.training.schedule == "constant"
    lengths = {
        name: total_steps(Images, resolve(row.spec(0)).training) for name, row in bpc.ROWS.items()
    }
    assert lengths["standard settings, one epoch"] == 860
    assert lengths[bpc.REFERENCE] == lengths["hybrid PC"] == 4300


def test_the_rows_of_alpha_are_those_that_differ_in_it():
    of_alpha = {
        resolve(bpc.ROWS[name].spec(0)).config.alpha_f: name for name in bpc.ALPHAS.values()
    }
    assert of_alpha == bpc.ALPHAS


def test_summary_is_the_arithmetic_of_its_rows():
    half = {"accuracy, half grey": 0.5, "accuracy, completed": 0.75, "error, completed": 0.2}
    raw = [
        (bpc.REFERENCE, 0, 0.980, 0.284, half),
        (bpc.REFERENCE, 1, 0.982, 0.286, half | {"accuracy, completed": 0.85}),
        # In another order, with a seed that the reference lacks, and without inference.
        ("back-propagation", 7, 0.5, 0.280, {}),
        ("back-propagation", 1, 0.985, 0.278, {}),
        ("back-propagation", 0, 0.981, 0.279, {}),
        ("tutorial's settings, 300 updates", 0, 0.83, 0.29, half),
    ]
    rows = pd.DataFrame(
        {"network": name, "seed": seed, "accuracy": accuracy, "generator loss": loss, **more}
        for name, seed, accuracy, loss, more in raw
    )
    table = bpc.summary(rows).set_index("network")
    assert list(table.index) == [name for name in bpc.ROWS if name in set(rows["network"])]
    own, baseline = table.loc[bpc.REFERENCE], table.loc["back-propagation"]
    assert own["accuracy / %"] == pytest.approx((98.1, 0.2 * HALF, 2))
    assert own["generator loss x 1000"] == pytest.approx((285, 2 * HALF, 2))
    assert own["left half grey: accuracy / %"] == pytest.approx((50, 0, 2))
    assert own["completed: accuracy / %"] == pytest.approx((80, 10 * HALF, 2))
    assert own["less BPC's of five epochs / points"] is None
    assert (own["others' accuracy / %"], own["others' loss x 1000"]) == (98.30, 284.5)
    # Paired by seed: 98.1 - 98.0 and 98.5 - 98.2.
    difference = baseline["less BPC's of five epochs / points"]
    assert difference == pytest.approx((0.2, 0.2 * HALF, 2), abs=1e-9)
    assert baseline["seeds"] == 3
    assert baseline["completed: accuracy / %"] is None
    assert baseline["others' accuracy / %"] is None
    tutorial = table.loc["tutorial's settings, 300 updates"]
    assert (tutorial["others' accuracy / %"], tutorial["others' loss x 1000"]) == (83.14, None)


def test_the_shipped_table_has_every_network_and_seed():
    shipped = results.shipped("bpc")
    for name, row in bpc.ROWS.items():
        assert sorted(shipped[shipped["network"] == name]["seed"]) == list(range(row.seeds))
    table = reproduce("bpc").set_index("network")
    assert 80 < table.loc["tutorial's settings, 300 updates", "accuracy / %"].mean < 84


def test_the_shipped_networks_are_seed_0_of_the_table():
    shipped = results.shipped("bpc").set_index(["network", "seed"])
    for name, variant in ((bpc.REFERENCE, "bpc-mnist"), ("hybrid PC", "hybrid-pc-mnist")):
        measured = find(variant).card.test["accuracy"]
        # Shipped in half precision.
        assert shipped.loc[(name, 0), "accuracy"] == pytest.approx(measured, abs=0.002)
    assert {"bpc", "gpc", "dpc", "hybrid-pc", "backprop"} <= {r.system for r in RECIPES}


def test_weighting_is_mean_and_sd_over_seeds_by_alpha():
    names = {alpha: bpc.ALPHAS[alpha] for alpha in (1e-3, 1.0)}
    raw = [
        (names[1.0], 0, 0.5, 0.30),
        (names[1e-3], 1, 0.9, 0.29),
        (names[1e-3], 0, 0.8, 0.27),
        (names[1.0], 1, 0.7, 0.34),
        ("back-propagation", 0, 0.1, 0.9),
    ]
    rows = pd.DataFrame(raw, columns=["network", "seed", "accuracy", "generator loss"])
    weighing = bpc.weighing(rows)
    assert weighing.seeds == 2
    assert weighing.alpha.tolist() == [1e-3, 1.0]
    # The sd of two values is their difference over the root of two.
    expected = [[0.85, 0.1 * HALF], [0.6, 0.2 * HALF]]
    assert weighing.accuracy.tolist() == [pytest.approx(pair) for pair in expected]
    expected = [[0.28, 0.02 * HALF], [0.32, 0.04 * HALF]]
    assert weighing.loss.tolist() == [pytest.approx(pair) for pair in expected]


def test_the_completion_table_has_the_networks_that_fill_in_pixels():
    rows = results.shipped("bpc")
    table = bpc.completion_table(rows).set_index("network")
    assert set(table.index) == {name for name, row in bpc.ROWS.items() if row.completes}
    own = bpc.summary(rows).set_index("network").loc[bpc.REFERENCE]
    column = "completed: accuracy / %"
    assert table.loc[bpc.REFERENCE, column] == own[column]
    assert table.loc[bpc.REFERENCE, "seeds"] == 3


def test_the_measures_of_a_network():
    measured = bpc.measurements("backprop-mnist", False)
    test = find("backprop-mnist").card.test
    assert measured == {
        "accuracy": test["accuracy"],
        "generator loss": round(test["generator loss"], 6),
    }
