"""The tables robustness and balance: arithmetic, what is measured, and the figures that ship."""

import math
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch

from corelib.__main__ import main
from corelib.analysis.anytime import Interval, Spread, t_interval
from corelib.data.corruptions import CORRUPTIONS, Corruption, corrupt
from corelib.errors import DataError
from corelib.models.bpan.network import BPAN
from corelib.models.bpan.robustness import balance as balance_of
from corelib.reproduce import balance, results, robustness
from corelib.reproduce.balance_measures import CONDITIONS, MEASURES
from corelib.runs.registry import find, load
from corelib.runs.spec import resolve

ROOT = Path(__file__).parents[1]
HALF = math.sqrt(0.5)


def close(spread: Spread, mean: float, sd: float, n: int = 2) -> None:
    assert spread.mean == pytest.approx(mean)
    assert spread.sd == pytest.approx(sd, abs=1e-9)
    assert spread.n == n


# --- robustness -----------------------------------------------------------------------------------


def test_robustness_summary_is_the_arithmetic_of_its_rows():
    accuracies = {
        # By seed, clean and under each condition; 5 and 7 only one of the two has.
        "bpan": {0: (0.98, 0.60), 1: (0.97, 0.50), 5: (0.1, 0.1)},
        "mlp": {1: (0.99, 0.56), 0: (0.98, 0.62), 7: (0.2, 0.2)},
    }
    rows = [
        {
            "protocol": condition.protocol,
            "corruption": condition.corruption,
            "severity": condition.severity,
            "model": model,
            "seed": seed,
            "accuracy": pair[bool(condition.severity)],
            "accuracy at 0.9": pair[bool(condition.severity)] - 0.01,
            "mean steps at 0.9": 1 + seed + condition.severity,
        }
        for condition in robustness.CONDITIONS
        for model, by_seed in accuracies.items()
        for seed, pair in by_seed.items()
    ]
    table = robustness.summary(pd.DataFrame(rows)).set_index(["corruption", "model"])
    assert len(table) == 2 * len(robustness.CONDITIONS)
    clean, mlp = table.loc["none", "MLP"], table.loc["occlusion, side 0.4", "MLP"]
    bpan = table.loc["occlusion, side 0.4", "BPAN"]
    assert (mlp["seeds"], bpan["seeds"]) == (2, 3)
    close(mlp["accuracy / %"], 59, 6 * HALF)
    # 98 - 62 and 99 - 56; 62 - 60 and 56 - 50.
    close(mlp["drop / points"], 39.5, 7 * HALF)
    close(mlp["less BPAN's / points"], 4, 4 * HALF)
    close(mlp["accuracy at θ = 0.9 / %"], 58, 6 * HALF)
    close(mlp["mean steps at θ = 0.9"], 1.9, HALF)
    close(bpan["accuracy / %"], 40, 26.457513110645905, 3)
    assert bpan["less BPAN's / points"] is None
    assert clean["drop / points"] is None
    close(clean["less BPAN's / points"], 1, 2 * HALF)
    published = [row["published / %"] for row in (clean, mlp, bpan)]
    assert [str(value) for value in published] == ["97.93", "53.87", "53.49"]


def test_curves_over_seeds_are_means_severity_by_severity(corrupted):
    curves = robustness.over_seeds(corrupted, "gru", "blur", 0.9)
    for measure, column in (
        (curves.accuracy, "accuracy"),
        (curves.early, "accuracy at 0.9"),
        (curves.steps, "mean steps at 0.9"),
    ):
        assert tuple(measure.severities) == CORRUPTIONS["blur"].severities
        for k, severity in enumerate(measure.severities):
            cells = [
                row[column]
                for _, row in corrupted.iterrows()
                if (row["protocol"], row["model"], row["corruption"]) == ("ours", "gru", "blur")
                and row["severity"] == severity
            ]
            assert measure.n == len(cells) == 3
            assert measure.mean[k] == pytest.approx(np.mean(cells))
            assert measure.sd[k] == pytest.approx(np.std(cells, ddof=1))
    one_seed = robustness.over_seeds(corrupted[corrupted["seed"] == 0], "gru", "blur", 0.9)
    assert one_seed.accuracy.n == 1
    assert not one_seed.accuracy.sd.any()
    with pytest.raises(DataError, match="no rows of gru under fog"):
        robustness.over_seeds(corrupted, "gru", "fog", 0.9)


def test_only_bpan_and_the_mlp_were_published():
    published = [item.published for item in robustness.CONDITIONS]
    assert all(set(models) in (set(), {"bpan", "mlp"}) for models in published)
    assert sum(bool(models) for models in published) == 11


def test_every_seed_sees_every_severity():
    corruptions = robustness.corruptions(3)
    assert {item.seed for item in corruptions} == {3}
    assert len(corruptions) == len(set(corruptions))
    for name, kind in CORRUPTIONS.items():
        ours = [c.severity for c in corruptions if c.name == name and not c.faithful]
        assert tuple(ours) == kind.severities
    published = {(c.name, c.severity) for c in corruptions if c.faithful}
    assert published == {("gaussian", s) for s in (0.1, 0.2, 0.3, 0.5)} | {
        ("occlusion", s) for s in (0.2, 0.4, 0.5, 0.6)
    }
    # Salt and pepper is the same in both, so our grid must hold what was published.
    for item in robustness.CONDITIONS:
        if item.protocol == "ours":
            assert item.severity in CORRUPTIONS[item.corruption].severities


def test_a_seed_trains_the_networks_of_the_table():
    specs = robustness.specs(2)
    assert [spec.title.removesuffix("-mnist") for spec in specs] == list(robustness.NAMES)
    assert {spec.seed for spec in specs} == {2}
    unbalanced = resolve(specs[1])
    assert unbalanced.training.lambda_bal == 0
    assert unbalanced.config == resolve(specs[0]).config


def shipped_in_place_of_runs(module, monkeypatch) -> None:
    """Runs are the names of shipped networks."""
    monkeypatch.setattr(module, "find", lambda name: SimpleNamespace(name=name))


def test_robustness_measures_what_it_says(few_digits, monkeypatch):
    shipped_in_place_of_runs(robustness, monkeypatch)
    kinds = {name: CORRUPTIONS[name] for name in ("gaussian", "shift")}
    monkeypatch.setattr(robustness, "CORRUPTIONS", kinds)
    first = [spec for spec in robustness.specs(1) if spec.system in ("bpan", "gru")]
    specs = [*robustness.specs(2)[:1], *first]
    # Another network stands for BPAN's second seed.
    names = ["bpan-nodale-mnist", *(spec.title for spec in first)]
    rows = robustness.measure(specs, [SimpleNamespace(id=name) for name in names])
    assert len(rows) == 4 * (11 + 11 + 8)
    rows = rows.set_index(["model", "seed", "protocol", "corruption", "severity"])
    labels = few_digits.test.labels
    for model, name, protocol, corruption in (
        ("bpan", "bpan", "ours", Corruption("gaussian", 0.5, 1)),
        (
            "bpan-unbalanced",
            "bpan-unbalanced",
            "published",
            Corruption("occlusion", 0.4, 1, faithful=True),
        ),
        ("gru", "gru", "published", Corruption("gaussian", 0.5, 1, faithful=True)),
        ("gru", "gru", "ours", Corruption("shift", 4, 1)),
        ("bpan", "bpan-nodale", "ours", Corruption("gaussian", 0.6, 2)),
    ):
        x = few_digits.inputs(corrupt(few_digits.test.pixels, corruption))
        row = rows.loc[model, corruption.seed, protocol, *corruption[:2]]
        model = load(f"{name}-mnist")
        with torch.no_grad():
            hits = (model(x)[:, -1].argmax(1) == labels).float().mean()
        assert row["accuracy"] == pytest.approx(hits.item())
        for threshold in (0.5, 0.9, 0.99):
            logits, steps = model.forward_anytime(x, threshold)
            hits = (logits.argmax(1) == labels).float().mean()
            # One of the 300 may be at the very threshold and fall to either side.
            assert row[f"accuracy at {threshold}"] == pytest.approx(hits.item(), abs=1.01 / 300)
            assert row[f"mean steps at {threshold}"] == pytest.approx(
                steps.double().mean().item(), abs=1.01 * 5 / 300
            )


# --- balance --------------------------------------------------------------------------------------


def test_balance_summary_is_the_arithmetic_of_its_rows():
    columns = {item.column for item in MEASURES}
    by_arm = {
        # Values by seed; seed 9 only one arm has.
        "λ_bal = 0": {0: 0.5, 1: 0.4},
        "λ_bal = 5e-4": {1: 0.3, 0: 0.25, 9: 0.2},
        "no Dale's law": {0: 0.2, 1: 0.36},
        "T = 1": {0: math.nan, 1: math.nan},
    }
    rows = [
        {"arm": arm, "seed": seed, **dict.fromkeys(columns, value)}
        for arm, values in by_arm.items()
        for seed, value in values.items()
    ]
    table = balance.summary(pd.DataFrame(rows)).set_index(["measure", "arm"])
    assert len(table) == 4 * len(MEASURES)
    currents = "mean |recurrent current| / 0.01"
    standard = table.loc[currents, "λ_bal = 5e-4"]
    close(standard["value"], 25, 5, 3)
    # 25 - 50 and 30 - 40; half and a quarter less.
    close(standard["difference"], -17.5, 15 * HALF)
    close(standard["change / %"], -37.5, 25 * HALF)
    # Student's t with one degree of freedom: tan(0.475 pi).
    reach = math.tan(0.475 * math.pi) * 15 * HALF * HALF
    assert standard["95 % interval"] == pytest.approx((-17.5 - reach, -17.5 + reach))
    assert standard["compared with"] == "λ_bal = 0"
    assert (standard["published"], standard["their code, run again"]) == ("-25 %", "about -23 %")
    # One change away from the standard network: 20 - 25 and 36 - 30.
    dale = table.loc[currents, "no Dale's law"]
    assert dale["compared with"] == "λ_bal = 5e-4"
    close(dale["difference"], 0.5, 11 * HALF)
    assert dale["published"] is None
    first = table.loc[currents, "λ_bal = 0"]
    missing = ("difference", "95 % interval", "change / %", "compared with")
    assert all(first[name] is None for name in missing)
    one = table.loc[currents, "T = 1"]
    assert one["value"] is None
    assert one["difference"] is None
    accuracy = table.loc["accuracy, clean / %", "λ_bal = 5e-4"]
    close(accuracy["value"], 25, 5, 3)
    close(accuracy["difference"], -17.5, 15 * HALF)
    assert accuracy["change / %"] is None


def test_claims_are_the_published_lines_of_the_table(balanced):
    """Differences of accuracies in points, with their interval; all else in per cent."""
    published = balance.claims(balanced)
    assert [claim.measure.title for claim in published] == [
        item.title for item in MEASURES if item.published
    ]
    for measured, change, interval in published:
        arms = balanced.pivot(index="seed", columns="arm", values=measured.column)
        on, off = arms["λ_bal = 5e-4"], arms["λ_bal = 0"]
        if measured.column.startswith("accuracy"):
            changes = 100 * (on - off)
            assert interval.low < changes.mean() < interval.high
        else:
            changes = 100 * (on / off - 1)
            assert interval is None
        close(change, changes.mean(), changes.std(), len(changes))


def test_arms_are_aligned_by_seed():
    rows = pd.DataFrame(
        {
            "arm": ["λ_bal = 0", "λ_bal = 0", "T = 1"],
            "seed": [3, 1, 1],
            "recurrent": [0.5, 0.4, math.nan],
            "change 1": [1.0, 1.0, 1.0],
            "change 2": [0.2, 0.4, math.nan],
        }
    )
    (measured,) = (item for item in MEASURES if item.column == "recurrent")
    arms = balance.by_seed(rows, measured)
    np.testing.assert_allclose(arms["λ_bal = 0"], [40, 50])
    assert np.isnan(arms["T = 1"]).all()
    assert len(arms["T = 1"]) == 2
    changes = balance.convergence(rows)
    assert list(changes) == ["λ_bal = 0"]
    np.testing.assert_allclose(changes["λ_bal = 0"], [1, 0.3])


def test_intervals_are_from_students_t():
    # Quantiles of the printed tables.
    for n, quantile in ((2, 12.706), (3, 4.303), (5, 2.776), (11, 2.228)):
        low, high = t_interval(Spread(1.0, math.sqrt(n), n))
        assert (high - low) / 2 == pytest.approx(quantile, abs=5e-4)
        assert (high + low) / 2 == pytest.approx(1)
    assert t_interval(Spread(1.0, math.nan, 1)) is None
    assert str(Interval(-1.234, 0.5)) == "[-1.23, 0.50]"


def test_a_true_zero_is_inside_19_intervals_of_20():
    draws = np.random.default_rng(0).normal(size=(4000, 5))
    inside = 0
    for row in draws:
        low, high = t_interval(Spread(row.mean(), row.std(ddof=1), 5))
        inside += low <= 0 <= high
    # Three standard errors of a share of 4,000.
    assert inside / 4000 == pytest.approx(0.95, abs=3 * math.sqrt(0.95 * 0.05 / 4000))


def test_each_arm_differs_in_one_thing_from_what_it_is_compared_with():
    titles = [spec.title for spec in balance.specs(1)]
    assert len(titles) == len(set(titles)) == len(balance.ARMS) - 1  # one network, measured twice
    for name, arm in balance.ARMS.items():
        if arm.against is None or arm.system != "bpan":
            continue
        one, other = resolve(arm.spec(1)), resolve(balance.ARMS[arm.against].spec(1))
        settings = [
            {**spec.config.model_dump(), **spec.training.model_dump()} for spec in (one, other)
        ]
        changed = sum(settings[0][key] != settings[1][key] for key in settings[0])
        assert changed == (1 if arm.recurrence else 0), name
        assert arm.spec(1).seed == balance.ARMS[arm.against].spec(1).seed


def test_arms_of_a_seed_start_from_the_same_weights():
    """As a worker makes them: initial weights are drawn from the seed."""
    first = []
    for seed in (0, 3):
        started = []
        for spec in balance.specs(seed):
            torch.manual_seed(spec.seed)
            resolved = resolve(spec)
            if spec.system == "bpan":
                started.append(resolved.system.make_model(resolved.config).weights())
        for weights in started[1:]:
            torch.testing.assert_close(tuple(weights), tuple(started[0]))
        first.append(started[0])
    assert not torch.allclose(first[0].drive, first[1].drive)


def test_the_arms_that_settle_a_question_have_the_most_seeds():
    assert {spec.title for spec in balance.specs(balance.SEEDS - 1)} == {
        "bpan-mnist",
        "bpan-unbalanced-mnist",
        "mlp-matched-mnist",
    }
    assert balance.specs(balance.SEEDS) == []
    assert len(balance.specs(balance.FEW_SEEDS)) < len(balance.specs(0))


def test_the_matched_mlp_has_as_many_parameters():
    """Counted by hand, as the note of the table says."""
    d, h, c = 784, balance.ARMS[balance.MATCHED].config["n_hidden"], 10
    mlp = d * h + h + h * h + h + h * c + c
    assert abs(mlp / 152_650 - 1) < 0.003


def settled(gain: float, wobble: float) -> pd.DataFrame:
    """Rows of four seeds in which the balance term adds ``gain`` points to occluded accuracy."""
    rows = []
    for seed in range(4):
        base = 0.5 + 0.01 * seed
        by_arm = {
            balance.NONE: base,
            balance.STANDARD: base + gain / 100 + wobble * (-1) ** seed / 100,
            balance.ZEROED: base,
            balance.MATCHED: base + 0.2,
        }
        rows += [
            {"arm": arm, "seed": seed, "accuracy published occlusion side 0.5": value}
            for arm, value in by_arm.items()
        ]
    return pd.DataFrame(rows)


@pytest.mark.parametrize(
    ("gain", "wobble", "verdict"),
    [(1.0, 0.5, "is excluded"), (6.0, 2.0, "cannot be excluded"), (6.5, 0.1, "cannot be excluded")],
)
def test_the_verdict_on_the_published_gain_follows_from_the_interval(gain, wobble, verdict):
    rows = settled(gain, wobble)
    (found,) = (item for item in balance.differences(rows) if item.arm == balance.STANDARD)
    close(found.points, gain, wobble * math.sqrt(4 / 3), 4)
    assert found.interval.holds(6.5) == (verdict == "cannot be excluded")
    sentence = balance.answers(rows)[0]
    assert sentence.endswith(f"+6.5 {verdict}.")
    assert f"{found.points.mean:+.2f} points, 95 % interval {found.interval}" in sentence


def test_controls_are_compared_with_the_standard_network():
    rows = settled(2.0, 0.0)
    by_arm = {item.arm: item.points for item in balance.differences(rows)}
    close(by_arm[balance.ZEROED], -2, 0, 4)
    close(by_arm[balance.MATCHED], 18, 0, 4)
    _, zeroed, matched = balance.answers(rows)
    assert zeroed.startswith("Zeroing the recurrence changes accuracy by more than chance under 1 ")
    assert "-2.00 points" in zeroed
    assert "+18.00 points" in matched


def test_every_published_severity_is_a_condition():
    columns = {
        (item.corruption, item.severity): item.protocol
        for item in robustness.CONDITIONS
        if item.severity
    }
    for (kind, severity), protocol in columns.items():
        faithful = protocol == "published"
        assert Corruption(kind, severity, faithful=faithful) in CONDITIONS.values()


def test_zeroed_recurrence_is_measured_without_currents(few_digits):
    model = load("bpan-mnist")
    own = balance.figures(model, few_digits, 0)
    zeroed = balance.figures(model, few_digits, 0, recurrence=False)
    assert "recurrent" in own
    assert not any(name.startswith(("recurrent", "change")) for name in zeroed)
    assert zeroed.keys() == set(CONDITIONS)
    assert any(zeroed[name] != own[name] for name in CONDITIONS)


def test_balance_measures_what_it_says(few_digits, monkeypatch):
    shipped_in_place_of_runs(balance, monkeypatch)
    arms = {name: balance.ARMS[name] for name in ("λ_bal = 0", "λ_bal = 5e-4")}
    monkeypatch.setattr(balance, "ARMS", arms)
    specs = balance.specs(2)
    rows = balance.measure(specs, [SimpleNamespace(id=spec.title) for spec in specs])
    assert rows["arm"].tolist() == list(arms)
    row, model = rows.iloc[1], load("bpan-mnist")
    pixels, labels = few_digits.test
    for column, corruption in (
        ("accuracy clean", Corruption("blur", 0)),
        ("accuracy occlusion area 0.25", Corruption("occlusion", 0.25)),
        ("accuracy occlusion area 0.5", Corruption("occlusion", 0.5)),
        ("accuracy published occlusion side 0.3", Corruption("occlusion", 0.3, faithful=True)),
        ("accuracy published occlusion side 0.5", Corruption("occlusion", 0.5, faithful=True)),
        ("accuracy published gaussian sd 0.5", Corruption("gaussian", 0.5, 2, faithful=True)),
        ("accuracy published gaussian sd 1.0", Corruption("gaussian", 1.0, 2, faithful=True)),
    ):
        with torch.no_grad():
            predicted = model(few_digits.inputs(corrupt(pixels, corruption)))[:, -1].argmax(1)
        hits = (predicted == labels).float().mean()
        assert row[column] == pytest.approx(hits.item()), column
    currents = balance_of(model, few_digits.inputs(pixels))
    assert row["recurrent"] == pytest.approx(currents.recurrent, rel=1e-4)
    assert row["balance variance"] == pytest.approx(currents.balance_variance, rel=1e-4)
    changes = [row[f"change {t}"] for t in range(1, 7)]
    assert changes == pytest.approx(list(currents.change), rel=1e-4)
    assert row["last change"] == changes[-1]
    short = balance.figures(BPAN(n_steps=2), few_digits, 0)
    assert short["last change"] == short["change 2"]
    assert "last change" not in balance.figures(BPAN(n_steps=1), few_digits, 0)


# --- what ships -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def corrupted():
    return results.shipped("robustness")


@pytest.fixture(scope="module")
def balanced():
    return results.shipped("balance")


@pytest.mark.parametrize("name", ["robustness", "balance"])
def test_the_file_names_the_command_that_made_it(name):
    first = (results.SHIPPED / f"{name}.csv").read_text(encoding="utf-8").splitlines()[0]
    assert first.startswith(f"# python -m corelib reproduce {name} --ship")


def test_every_network_ships_under_every_corruption(corrupted):
    wanted = len(robustness.corruptions(0))
    assert list(dict.fromkeys(corrupted["model"])) == list(robustness.NAMES)
    for _, part in corrupted.groupby(["model", "seed"]):
        keys = part[["protocol", "corruption", "severity"]]
        assert len(keys.drop_duplicates()) == len(keys) == wanted
    assert all(set(part["seed"]) >= {0, 1, 2} for _, part in corrupted.groupby("model"))


def test_every_arm_ships_with_at_least_three_seeds(balanced):
    assert list(dict.fromkeys(balanced["arm"])) == list(balance.ARMS)
    for name, part in balanced.groupby("arm"):
        assert sorted(part["seed"]) == list(range(balance.ARMS[name].seeds))
    controls = balanced["arm"].isin([balance.ZEROED, balance.MATCHED])
    one = balanced["arm"] == "T = 1"
    assert balanced[one][["recurrent", "change 2", "last change"]].isna().all(axis=None)
    assert balanced[controls][["recurrent", "balance", "change 1"]].isna().all(axis=None)
    assert balanced[~one & ~controls].notna().all(axis=None)
    assert balanced[list(CONDITIONS)].notna().all(axis=None)


def test_shipped_figures_are_plausible(corrupted, balanced):
    clean = corrupted[corrupted["severity"] == 0]
    assert clean["accuracy"].between(0.96, 0.99).all()
    # Severity 0 is the same, whatever the corruption.
    assert (clean.groupby(["model", "seed"])["accuracy"].nunique() == 1).all()
    assert corrupted["accuracy"].between(0.05, 0.99).all()
    for threshold in robustness.THRESHOLDS:
        assert (corrupted[f"mean steps at {threshold}"] >= 1).all()
    assert (corrupted["mean steps at 0.5"] <= corrupted["mean steps at 0.99"]).all()
    # Without contrast nothing but the mean is left.
    gone = corrupted[(corrupted["corruption"] == "contrast") & (corrupted["severity"] == 1)]
    assert gone["accuracy"].between(0.05, 0.2).all()
    assert balanced["accuracy clean"].between(0.96, 0.99).all()
    kept = balanced[balanced["recurrent"].notna()]
    assert (kept["recurrent"] <= kept["excitation"] + kept["inhibition"]).all()
    assert (kept["change 1"] == 1).all()


def test_both_tables_agree_on_the_networks_they_share(corrupted, balanced):
    """Measured twice by two commands: BPAN with and without the balance term."""
    for model, arm in (("bpan", "λ_bal = 5e-4"), ("bpan-unbalanced", "λ_bal = 0")):
        one = (
            corrupted[corrupted["model"] == model]
            .set_index(["protocol", "corruption", "severity", "seed"])["accuracy"]
            .sort_index()
        )
        other = balanced[balanced["arm"] == arm].set_index("seed")
        for column, key in (
            ("accuracy clean", ("ours", "blur", 0)),
            ("accuracy occlusion area 0.25", ("ours", "occlusion", 0.25)),
            ("accuracy published occlusion side 0.5", ("published", "occlusion", 0.5)),
            ("accuracy published gaussian sd 0.5", ("published", "gaussian", 0.5)),
        ):
            for seed, value in one.loc[key].items():
                assert other.loc[seed, column] == pytest.approx(value, abs=3e-4)


@pytest.mark.parametrize("name", list(robustness.NAMES))
def test_seed_0_is_close_to_the_shipped_network(name, corrupted):
    """Retrained on a machine like this one, so not exactly."""
    own = corrupted[(corrupted["model"] == name) & (corrupted["seed"] == 0)]
    card = find(f"{name}-mnist").card
    assert own["accuracy"].iloc[0] == pytest.approx(card.test["accuracy"], abs=0.003)


def printed(name: str, capsys) -> list[str]:
    assert main(["reproduce", name]) == 0
    return capsys.readouterr().out.splitlines()


def test_the_printed_robustness_holds_published_and_ours(corrupted, capsys):
    lines = printed("robustness", capsys)
    own = corrupted[
        (corrupted["model"] == "mlp")
        & (corrupted["protocol"] == "published")
        & (corrupted["corruption"] == "occlusion")
        & (corrupted["severity"] == 0.6)
    ]["accuracy"]
    (line,) = (x for x in lines if x.startswith("occlusion, side 0.6") and " MLP " in x)
    assert f"{100 * own.mean():.2f} ± {100 * own.std():.2f}" in line
    assert "30.54" in line
    assert any("same corrupted test images" in x for x in lines)


def test_the_printed_balance_holds_published_rerun_and_ours(balanced, capsys):
    lines = printed("balance", capsys)
    column = "accuracy published occlusion side 0.5"
    arms = balanced.pivot(index="seed", columns="arm", values=column)
    difference = 100 * (arms["λ_bal = 5e-4"] - arms["λ_bal = 0"])
    (line,) = (
        x
        for x in lines
        if x.startswith("accuracy, published occlusion, side 0.5") and "+6.5 points" in x
    )
    assert f"{difference.mean():.2f} ± {difference.std():.2f}" in line
    assert "+0.4 to +1.2 points" in line
    assert any("-25 %" in x and "about -23 %" in x for x in lines)
    assert any("-40 %" in x and "about -16 %" in x for x in lines)


def test_shipped_tables_are_read_without_torch():
    script = (
        "import sys; from corelib.reproduce import reproduce; reproduce('robustness'); "
        "reproduce('balance'); print('torch' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, encoding="utf-8"
    )
    assert done.stdout == "False\n", done.stderr
