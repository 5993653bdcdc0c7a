"""Tables over seeds: their summaries, the figures that ship, and the command."""

import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from corelib.__main__ import main
from corelib.analysis.anytime import Spread
from corelib.cli import show
from corelib.reproduce import anytime, classification, reproduce, results, sizes
from corelib.runs.registry import find
from corelib.runs.store import list_runs

ROOT = Path(__file__).parents[1]


def raw(model, seed, **figures):
    """A row of anytime's raw figures; those not named are missing."""
    names = [
        "parameters",
        "steps",
        "accuracy",
        "accuracy at 0.9",
        "mean steps at 0.9",
        "accuracy by own rule",
        "mean steps by own rule",
        "multiply-adds",
        "multiply-adds at 0.9",
    ]
    known = {name.replace(" ", "_").replace(",", ""): name for name in names}
    return {"model": model, "seed": seed, **dict.fromkeys(names, np.nan)} | {
        known[key]: value for key, value in figures.items()
    }


def test_published_points_are_the_published_figures():
    points = anytime.published_points()
    assert [point.system for point in points] == ["bpan", "bpan", "act", "pondernet", "multi-exit"]
    for point, row in zip(points, anytime.PUBLISHED.values(), strict=True):
        assert (point.mean_steps, 100 * point.accuracy) == pytest.approx(
            (row.mean_steps, row.accuracy)
        )
    assert [point.rerun for point in points] == [False, True, False, False, False]
    assert {point.system for point in points if point.own_rule} == {"act", "pondernet"}


@pytest.fixture
def rows():
    cost = {"multiply-adds": 300.0, "multiply-adds at 0.9": 100.0}
    bpan = [
        raw("BPAN", seed, parameters=152_650, steps=6, accuracy=accuracy) | cost | more
        for seed, accuracy, more in (
            (0, 0.970, {"accuracy at 0.9": 0.96, "mean steps at 0.9": 1.5}),
            (1, 0.974, {"accuracy at 0.9": 0.96, "mean steps at 0.9": 2.0}),
        )
    ]
    # In another order of seeds, and with one that BPAN lacks.
    act = [
        raw("ACT", seed, parameters=803_083, steps=6, accuracy=accuracy, mean_steps_by_own_rule=3.0)
        for seed, accuracy in ((1, 0.980), (0, 0.972), (7, 0.5))
    ]
    return pd.DataFrame(bpan + act)


def test_anytime_summary_is_the_arithmetic_of_its_rows(rows):
    table = anytime.summary(rows).set_index("model")
    bpan, act = table.loc["BPAN"], table.loc["ACT"]
    assert (bpan["seeds"], bpan["parameters"], act["seeds"]) == (2, 152_650, 3)
    half = math.sqrt(0.5)
    for spread, mean, sd in (
        (bpan["accuracy at the last step / %"], 97.2, 0.4 * half),
        (bpan["accuracy at θ = 0.9 / %"], 96, 0),
        (bpan["mean steps at θ = 0.9"], 1.75, 0.5 * half),
        (bpan["speed-up by steps"], (6 / 1.5 + 6 / 2) / 2, half),
        (bpan["speed-up by multiply-adds"], 3, 0),
        # Paired by seed: 98.0 - 97.4 and 97.2 - 97.0.
        (act["last step less BPAN's / points"], 0.4, 0.4 * half),
    ):
        assert spread.mean == pytest.approx(mean)
        assert spread.sd == pytest.approx(sd, abs=1e-9)
        assert spread.n == 2
    assert act["speed-up by steps, own rule"] == Spread(2, 0, 3)
    missing = ("last step less BPAN's / points", "accuracy by own rule / %")
    assert all(bpan[name] is None for name in missing)
    assert act["speed-up by multiply-adds"] is None


def test_published_rows_are_shown_without_ours_too(rows):
    table = anytime.summary(rows).set_index("model")
    names = ["published parameters", "published accuracy / %", "published mean steps"]
    names.append("published speed-up")
    assert table.loc[["BPAN", "ACT"], names].to_numpy().tolist() == [
        [152_650, 97.73, 1.51, 3.97],
        [803_083, 98.18, 2.34, 2.56],
    ]
    rerun = table.loc["BPAN, the authors' code run again by us"]
    assert rerun[names].tolist() == [None, 97.74, 1.44, None]
    assert rerun["seeds"] is None
    assert rerun["accuracy at θ = 0.9 / %"] is None


def test_published_speed_ups_are_steps_over_mean_steps():
    for item in anytime.PUBLISHED.values():
        assert item.speed_up is None or abs(item.speed_up - 6 / item.mean_steps) < 0.01


def test_classification_summary_is_the_arithmetic_of_its_rows():
    # A seed that only one of the two has does not count.
    shares = {"bpan": [0.955, 0.957, 0.1], "mlp": [0.969, 0.970]}
    rows = [
        (model, hidden, seed, 1000 * hidden + len(model), share)
        for hidden in sizes.HIDDEN
        for model, accuracies in shares.items()
        for seed, share in enumerate(accuracies)
    ]
    frame = pd.DataFrame(rows, columns=["model", "hidden", "seed", "parameters", "accuracy"])
    table = classification.summary(frame).set_index("hidden")
    row = table.loc[128]
    assert (row["seeds"], row["BPAN: parameters"], row["MLP: parameters"]) == (2, 128_004, 128_003)
    assert row["accuracy / %"].mean == pytest.approx(95.6)
    assert row["accuracy / %"].sd == pytest.approx(0.2 * math.sqrt(0.5))
    assert row["MLP: accuracy / %"].mean == pytest.approx(96.95)
    assert row["BPAN less MLP / points"].mean == pytest.approx(-1.35)
    assert row["BPAN less MLP / points"].sd == pytest.approx(0.1 * math.sqrt(0.5))
    assert table["published parameters"].tolist() == [39_050, 76_170, 152_650, 307_850]
    assert list(map(str, table["published accuracy / %"])) == [
        "95.70 ± 0.12",
        "96.82 ± 0.10",
        "97.38 ± 0.12",
        "97.92 ± 0.08",
    ]
    assert list(map(str, table["published MLP accuracy / %"])) == [
        "96.99 ± 0.09",
        "97.65 ± 0.14",
        "98.01 ± 0.12",
        "98.13 ± 0.02",
    ]


# --- what ships ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def shipped():
    return results.shipped("anytime")


def test_every_model_ships_with_at_least_three_seeds(shipped):
    assert list(dict.fromkeys(shipped["model"])) == list(anytime.ROWS)
    assert all(set(part["seed"]) >= {0, 1, 2} for _, part in shipped.groupby("model"))
    rows = results.shipped("classification")
    for _, part in rows.groupby(["model", "hidden"]):
        assert set(part["seed"]) >= {0, 1, 2}
    assert set(rows["hidden"]) == set(sizes.HIDDEN)


@pytest.mark.parametrize("name", ["anytime", "classification", "controls"])
def test_the_file_names_the_command_that_made_it(name):
    first = (results.SHIPPED / f"{name}.csv").read_text(encoding="utf-8").splitlines()[0]
    assert first.startswith(f"# python -m corelib reproduce {name} --ship")
    assert "torch" in first


def test_shipped_figures_are_plausible(shipped):
    assert shipped["accuracy"].between(0.96, 0.99).all()
    assert shipped["accuracy at 0.9"].between(0.95, 0.99).all()
    assert shipped["mean steps at 0.9"].between(1, shipped["steps"]).all()
    own = shipped.dropna(subset="mean steps by own rule")
    assert own["mean steps by own rule"].between(1, own["steps"]).all()
    priced = shipped.dropna(subset="multiply-adds")
    assert (priced["multiply-adds at 0.9"] <= priced["multiply-adds"]).all()
    times = shipped[[name for name in shipped if name.startswith("ms")]]
    assert (times.isna() | (times > 0)).all(axis=None)
    assert results.shipped("classification")["accuracy"].between(0.93, 0.99).all()


@pytest.mark.parametrize("name", ["BPAN", "ACT", "PonderNet", "Multi-Exit"])
def test_shipped_parameters_are_those_published(name, shipped):
    own = shipped[shipped["model"] == name]["parameters"]
    assert set(own) == {anytime.PUBLISHED[name].parameters}


def test_sizes_of_the_authors_code():
    table = reproduce("classification").set_index("hidden")
    assert table["BPAN: parameters"].tolist() == [33_370, 69_930, 152_650, 356_490]
    # Multilayer perceptron D-h-h-10.
    assert [row["MLP: parameters"] for _, row in table.iterrows()] == [
        785 * h + (h + 1) * h + (h + 1) * 10 for h in table.index
    ]


@pytest.mark.parametrize("name", list(anytime.ROWS))
def test_seed_0_is_close_to_the_shipped_network(name, shipped):
    """Retrained on a machine like this one, so not exactly."""
    row = anytime.ROWS[name]
    title = row.trained.spec(0).title
    if not (ROOT / "assets" / "checkpoints" / title).exists():
        pytest.skip("no such network ships")
    card = find(title).card
    own = shipped[(shipped["model"] == name) & (shipped["seed"] == 0)].iloc[0]
    assert own["accuracy"] == pytest.approx(card.test["accuracy"], abs=0.003)
    if row.recurrence:
        assert own["mean steps at 0.9"] == pytest.approx(
            card.test["mean steps at θ = 0.9"], abs=0.005
        )


@pytest.mark.parametrize("name", ["bpan-mnist", "act-mnist", "mlp-mnist"])
def test_measured_figures_are_those_of_the_card(name):
    """The worker measured the same network by another route, on the same test images."""
    item = find(name)
    figures, card = anytime.figures(item), item.card.test
    assert figures["accuracy"] == pytest.approx(card["accuracy"], abs=2e-4)
    assert figures["accuracy at 0.9"] == pytest.approx(card["accuracy at θ = 0.9"], abs=2e-4)
    assert figures["mean steps at 0.9"] == pytest.approx(card["mean steps at θ = 0.9"], abs=2e-3)
    own = {key for key in card if key.endswith("by own rule")}
    assert {key for key in figures if key.endswith("by own rule")} == own
    for key in own:
        assert figures[key] == pytest.approx(card[key], abs=2e-3)


# --- the command --------------------------------------------------------------------------------


def printed(name, capsys):
    assert main(["reproduce", name]) == 0
    return capsys.readouterr().out


def test_the_printed_table_has_every_published_figure_and_ours(capsys):
    out = printed("anytime", capsys)
    lines = {line.split("  ")[0]: line.split() for line in out.splitlines()}
    for name, published in anytime.PUBLISHED.items():
        assert {str(value) for value in published if value is not None} <= set(lines[name])
    for name, rows in results.shipped("anytime").groupby("model"):
        accuracy = 100 * rows["accuracy"]
        assert f"{accuracy.mean():.2f} ± {accuracy.std():.2f}" in " ".join(lines[name])
        steps = rows["mean steps at 0.9"]
        assert f"{steps.mean():.2f} ± {steps.std():.2f}" in " ".join(lines[name])
    assert "From assets/results/anytime.csv; --train recomputes it." in out
    assert "authors' README" in out


def test_the_printed_classification_has_both_parameter_counts(capsys):
    out = printed("classification", capsys)
    lines = {line.split()[0]: line for line in out.splitlines()}
    for hidden, ours in zip(sizes.HIDDEN, (33_370, 69_930, 152_650, 356_490), strict=True):
        for value in (ours, *sizes.PUBLISHED[hidden], *sizes.LOGGED[hidden]):
            assert str(value) in lines[str(hidden)]
    assert "for 64, 128 and 512 no E and I give it" in out


def test_shipped_tables_are_read_without_torch():
    script = (
        "import sys; from corelib.reproduce import reproduce; reproduce('anytime'); "
        "reproduce('classification'); print('torch' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, encoding="utf-8"
    )
    assert done.stdout == "False\n", done.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["bpan", "--train"], "take --train, --seeds and --ship; bpan does not"),
        (["anytime", "--seeds", "3"], "add --train"),
        (["anytime", "--seeds", "0", "--train"], "seeds is 0, but should be from 1 to 100"),
        (["anytime", "--seeds", "-1", "--train"], "seeds is '-1', but should be a whole number"),
        (["anytime", "--seeds", "some", "--train"], "seeds is 'some', but should be"),
    ],
)
def test_wrong_options_are_one_sentence(words, message, runs_root, capsys):
    assert main(["reproduce", *words]) == 2
    err = capsys.readouterr().err
    assert message in err
    assert err.count("\n") == 1
    assert not list(list_runs())


def test_a_missing_table_says_how_to_make_it(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(results, "SHIPPED", tmp_path)
    assert main(["reproduce", "anytime"]) == 2
    assert "python -m corelib reproduce anytime --ship" in capsys.readouterr().err


def test_a_wide_table_continues_below_with_its_first_column_repeated():
    frame = pd.DataFrame({"model": ["a", "b"], "one": [1, 2], "two": [3, 4], "three": [5, 6]})
    assert show.frame(frame, 12) == (
        "model  one\na      1\nb      2\n\nmodel  two\na      3\nb      4\n\n"
        "model  three\na      5\nb      6"
    )
    assert show.frame(frame, 14).splitlines()[0] == "model  one"
    assert show.frame(frame, 15).splitlines()[0] == "model  one  two"
    assert show.frame(frame).splitlines()[0] == "model  one  two  three"
