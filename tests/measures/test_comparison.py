"""Comparisons against differences and intervals computed another way, and what cannot be compared
as a sentence."""

import io
from statistics import mean, stdev

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from corelib import compare, evaluate, load, load_dataset
from corelib.__main__ import main
from corelib.analysis import correctness
from corelib.errors import CheckpointError, SettingsError
from corelib.measures.comparison import signed
from corelib.measures.paired import interval_of_mean
from corelib.models.bpan import BPAN
from corelib.runs.experiment import Experiment
from corelib.runs.registry import find
from corelib.runs.store import Run, create_run
from corelib.training.events import Began, Stepped, Validated
from tests.pages.stored import completed_run
from tests.runs.conftest import TINY, tiny

IMAGES = 400
BEGAN = Began(step=0, total_steps=9, steps_per_epoch=3, device="cpu", threads=1, parameters=1)


def stored(seed: int, name: str = "", events=(BEGAN,), **more) -> Run:
    """A completed run with random weights; ``more`` are its training settings."""
    spec = tiny(seed=seed, variant=name)
    spec = spec.model_copy(update={"training": {**spec.training, **more}})
    torch.manual_seed(seed)
    test = {"accuracy": 0.5, "loss": 1.0 + seed}
    return completed_run(spec, BPAN(**TINY), events=events, test=test)


def answers_of(hits: dict[str, np.ndarray]):
    """What stands in for testing: the correctness by the seed and the learning rate of a run."""

    def correct(item, images):
        return hits[item.card.variant, item.card.seed][:images]

    return correct


@pytest.fixture
def hits():
    rng = np.random.default_rng(5)
    shares = {"plain": 0.9, "fast": 0.8}
    return {
        (name, seed): (rng.random(IMAGES) < share + 0.02 * seed).astype(float)
        for name, share in shares.items()
        for seed in range(3)
    }


@pytest.fixture
def six(runs_root, hits):
    """Three seeds of two networks; their order is not that of the seeds."""
    for seed in (2, 0, 1):
        stored(seed, "plain")
        stored(seed, "fast", learning_rate=0.01)
    return [f"{name}, seed {seed}" for name in ("plain", "fast") for seed in (2, 0, 1)]


def of_title(title: str) -> Experiment:
    from corelib.runs.offered import titles

    (id,) = [id for id, called in titles().items() if called == title]
    return Experiment.of(id)


@pytest.fixture
def found(six, hits):
    return compare([of_title(title) for title in six], correct=answers_of(hits))


@pytest.mark.parametrize(
    "name",
    ["bpan-mnist", "bpc-mnist", "gpc-mnist", "butd-shared-multi-mnist", "counter-hebb-bp-mnist"],
)
def test_mean_correctness_is_the_accuracy_that_the_learner_measures(name):
    hits = correctness(name, images=120)
    assert hits.shape == (120,)
    assert hits.mean() == pytest.approx(evaluate(name, images=120)["accuracy"].item(), abs=1e-6)


def test_correctness_is_that_of_each_image():
    digits, network = load_dataset("mnist"), load("bpan-mnist")
    x = digits.inputs(digits.test.pixels[:300])
    with torch.no_grad():
        right = [int(network(one[None])[0, -1].argmax()) for one in x]
    expected = np.array(right) == digits.test.labels[:300].numpy()
    assert (~expected).sum() > 0
    np.testing.assert_array_equal(correctness("bpan-mnist", images=300), expected)


def test_what_does_not_classify_has_no_correctness():
    with pytest.raises(SettingsError, match="ipvae-mnist gives no answer"):
        correctness("ipvae-mnist", images=10)


# A quantile at p = 0.025 of 5,000 resamples has the standard error √(p (1 - p) / 5000) / φ(1.96) =
# 0.038 of the mean's own, of which half an interval is 1.96. Five of them:
UNCERTAIN = 5 * 0.038 / 1.96


@pytest.mark.parametrize(("lost", "won"), [(0.02, 0.03), (0.1, 0.02)])
def test_the_interval_of_paired_answers_is_that_of_the_normal_approximation(lost, won):
    """Of n differences -1, 0, 1 the mean has the standard error sqrt((p+ + p- - d²) / n)."""
    n = 4000
    values = np.repeat([-1.0, 1.0, 0.0], [round(lost * n), round(won * n), 0])
    values = np.concatenate([values, np.zeros(n - len(values))])
    d = won - lost
    half = 1.959964 * np.sqrt((won + lost - d**2) / n)
    low, high = interval_of_mean(values)
    assert low == pytest.approx(d - half, abs=UNCERTAIN * half)
    assert high == pytest.approx(d + half, abs=UNCERTAIN * half)


@settings(max_examples=8)
@given(
    st.lists(st.sampled_from([-1.0, 0.0, 1.0]), min_size=3, max_size=40),
    st.floats(-2, 2),
    st.floats(0.1, 3),
)
def test_an_interval_moves_and_stretches_with_its_values(values, by, times):
    low, high = interval_of_mean(np.array(values))
    moved = interval_of_mean(times * np.array(values) + by)
    assert moved == pytest.approx((times * low + by, times * high + by), abs=1e-9)
    turned = interval_of_mean(-np.array(values))
    # The same resamples, whose quantiles change places.
    assert turned == pytest.approx((-high, -low), abs=1e-9)
    assert low <= np.mean(values) <= high


def test_groups_have_mean_and_sd_over_their_seeds(found, hits):
    shares = [hits["fast", seed].mean() for seed in range(3)]
    row = found.groups.set_index(["group", "metric"]).loc[("bpan-fast-mnist (3 seeds)", "accuracy")]
    assert row["mean"] == pytest.approx(mean(shares))
    assert row["sd"] == pytest.approx(stdev(shares))
    assert (row["n"], row["seeds"]) == (3, "0, 1, 2")
    loss = found.groups.set_index(["group", "metric"]).loc[("bpan-plain-mnist (3 seeds)", "loss")]
    assert (loss["mean"], loss["sd"]) == (2.0, 1.0)


def test_differences_are_paired_by_image_and_by_seed(found, hits):
    (row,) = found.differences.to_dict("records")
    by_image = np.mean([hits["fast", s] for s in range(3)], 0) - np.mean(
        [hits["plain", s] for s in range(3)], 0
    )
    assert row["group"] == "bpan-fast-mnist (3 seeds)"
    assert row["baseline"] == "bpan-plain-mnist (3 seeds)"
    assert row["images"] == IMAGES
    assert row["difference"] == pytest.approx(by_image.mean())
    half = 1.959964 * by_image.std() / IMAGES**0.5
    assert row["low"] == pytest.approx(by_image.mean() - half, abs=UNCERTAIN * half)
    assert row["high"] == pytest.approx(by_image.mean() + half, abs=UNCERTAIN * half)
    by_seed = [hits["fast", s].mean() - hits["plain", s].mean() for s in range(3)]
    assert row["seed_mean"] == pytest.approx(mean(by_seed))
    assert row["seed_sd"] == pytest.approx(stdev(by_seed))
    assert row["seeds"] == 3
    points = f"{-100 * by_image.mean():.2f} points more accurate than bpan-fast-mnist (3 seeds)"
    assert points in found.sentence
    assert "includes 0" not in found.sentence


def test_another_baseline_turns_the_difference_around(six, hits, found):
    turned = compare(
        [of_title(title) for title in six], baseline="fast, seed 0", correct=answers_of(hits)
    )
    (row,), (other,) = turned.differences.to_dict("records"), found.differences.to_dict("records")
    assert row["baseline"] == other["group"]
    assert row["difference"] == pytest.approx(-other["difference"])
    assert turned.sentence.split(" (")[0] == found.sentence.split(" (")[0]
    with pytest.raises(SettingsError, match="baseline is 'nobody'"):
        compare(["mlp-mnist", "bpan-mnist"], baseline="nobody")


def test_other_seeds_are_not_paired_by_seed(six, hits):
    four = [title for title in six if title not in ("plain, seed 2", "fast, seed 0")]
    found = compare([of_title(title) for title in four], correct=answers_of(hits))
    (row,) = found.differences.to_dict("records")
    assert row["images"] == IMAGES
    assert pd.isna(row["seeds"])


def test_only_settings_that_differ_are_listed(found):
    table = found.settings.set_index("setting")
    assert list(table.index) == ["seed", "learning_rate"]
    assert table.loc["learning_rate", "fast, seed 1"] == 0.01
    assert table.loc["learning_rate", "plain, seed 1"] == 0.001


def test_curves_are_the_events_of_the_runs(runs_root):
    runs = [
        stored(
            seed,
            events=[
                BEGAN,
                Stepped(step=3, count=3, seconds=1.0, metrics={"loss": 2.0 + seed}),
                Validated(step=3, epoch=1, metrics={"accuracy": 0.3}, score=0.3, best=True),
            ],
        )
        for seed in (0, 1)
    ]
    found = compare([run.id for run in runs], images=50)
    titles = found.scores["run"].tolist()
    assert found.curves.to_numpy().tolist() == [
        row
        for seed, title in enumerate(titles)
        for row in (
            [title, "training batches", 3, "loss", 2.0 + seed],
            [title, "validation", 3, "accuracy", 0.3],
        )
    ]


def test_the_csv_holds_every_number(found):
    table = pd.read_csv(io.StringIO(found.to_csv()))
    by = dict([*table.groupby("table")])
    (difference,) = by["differences"].to_dict("records")
    (row,) = found.differences.to_dict("records")
    for name, own in {"value": "difference", "low": "low", "high": "high", "n": "images"}.items():
        assert float(difference[name]) == pytest.approx(row[own])
    (by_seed,) = by["differences by seed"].to_dict("records")
    assert float(by_seed["sd"]) == pytest.approx(row["seed_sd"])
    scores = by["scores"].set_index(["name", "item"])["value"]
    for score in found.scores.to_dict("records"):
        assert float(scores[score["run"], "accuracy"]) == pytest.approx(score["accuracy"])
    assert len(by["groups"]) == len(found.groups)
    assert len(by["settings"]) == found.settings.size - len(found.settings)
    assert by["notes"]["value"].tolist() == [found.sentence]


def test_equal_networks_are_told_as_such(runs_root):
    runs = [stored(0, "one"), stored(0, "two", learning_rate=0.02)]
    found = compare([run.id for run in runs], images=60)
    assert found.sentence == "two and one are equally accurate on each of 60 test images."
    (row,) = found.differences.to_dict("records")
    assert (row["difference"], row["low"], row["high"]) == (0, 0, 0)


def test_a_second_run_of_the_same_seed_is_not_counted(runs_root):
    runs = [stored(0, "one"), stored(0, "two"), stored(1, "three")]
    found = compare([run.id for run in runs], images=30)
    assert len(found.scores) == 3
    assert set(found.groups["n"]) == {2}
    assert any("two has the settings and the seed of one" in note for note in found.notes)


def test_what_is_not_finished_is_compared_apart_and_said(runs_root):
    runs = [stored(0, "one"), stored(1, "two")]
    runs[1].set_status("cancelled")
    found = compare([run.id for run in runs], images=30)
    assert any("two has not finished, it is cancelled" in note for note in found.notes)
    assert found.groups["group"].unique().tolist() == ["one", "two"]


def test_a_run_without_checkpoint_has_its_curves_alone(runs_root):
    run = create_run(tiny(variant="early"))
    run.append(Stepped(step=1, count=1, seconds=1.0, metrics={"loss": 3.0}))
    run.set_status("cancelled")
    found = compare(["mlp-mnist", run.id], images=30)
    assert any("early has no network to test" in note for note in found.notes)
    assert found.scores["run"].tolist() == ["mlp-mnist"]
    assert "early" in set(found.curves["run"])
    assert "early" in found.settings.columns
    assert (
        found.sentence
        == "mlp-mnist has no partner for a paired comparison; the scores are listed side by "
        "side."
    )
    alone = create_run(tiny(variant="later"))
    none = compare([run.id, alone.id])
    assert none.sentence.startswith("None of these networks could be tested")


def test_damaged_weights_are_a_sentence(runs_root):
    runs = [stored(0, "one"), stored(1, "two", learning_rate=0.1), stored(2, "three")]
    weights = runs[1].checkpoint(1) / "weights.safetensors"
    weights.write_bytes(weights.read_bytes()[:-8])
    found = compare([run.id for run in runs], images=30)
    assert any(note.startswith("two could not be tested: ") for note in found.notes)
    assert "two" not in set(found.groups["group"])
    (runs[0].folder / "spec.json").write_text("{", encoding="utf-8")
    (runs[0].checkpoint(1) / "checkpoint.json").write_text("[", encoding="utf-8")
    found = compare([run.id for run in runs], images=30)
    assert any("has no network to test" in note for note in found.notes)


def test_networks_of_other_images_are_separated():
    found = compare(["mlp-mnist", "butd-shared-multi-mnist", "ipvae-mnist"], images=30)
    assert found.differences.empty
    apart, unlike = found.notes
    assert "butd-shared-multi-mnist is tested on multi-mnist, mlp-mnist on mnist" in apart
    assert "Only one of ipvae-mnist and mlp-mnist classifies" in unlike
    assert len(found.scores) == 3


def test_iterative_vaes_compare_by_their_metrics_without_an_interval():
    found = compare(["ipvae-natural-16", "igvae-natural-16"])
    assert found.sentence.startswith("These networks do not classify")
    row = found.differences.set_index("metric").loc["R²"]
    ours, theirs = (find(name).card.test["R²"] for name in ("igvae-natural-16", "ipvae-natural-16"))
    assert row["difference"] == pytest.approx(ours - theirs)
    assert pd.isna(row["low"])
    assert pd.isna(row["images"])


def test_names_that_cannot_be_compared():
    with pytest.raises(SettingsError, match="1 network was named, but 2 to 8"):
        compare(["mlp-mnist"])
    with pytest.raises(SettingsError, match="9 networks were named"):
        compare(["mlp-mnist"] * 9)
    with pytest.raises(SettingsError, match="mlp-mnist is named twice"):
        compare(["mlp-mnist", find("mlp-mnist")])
    with pytest.raises(CheckpointError, match="no checkpoint named 'nobody'"):
        compare(["mlp-mnist", "nobody"])


def test_signs_are_those_of_print():
    assert [signed(x) for x in (-0.004, 0.0, -1.5)] == ["0.00", "0.00", "\N{MINUS SIGN}1.50"]


def test_the_command_prints_means_of_runs_that_differ_in_their_seed_alone(runs_root, capsys):
    names = [stored(seed).id for seed in (0, 1)]
    assert main(["runs", "compare", *names, "--images", "100"]) == 0
    found = compare(names, images=100).groups
    title, header, line, *_ = (
        capsys.readouterr().out.partition("Mean over seeds, sd with n")[2].splitlines()
    )
    assert title == " \N{MINUS SIGN} 1"
    assert "n" in header.split()
    assert found["n"].tolist() == [2]
    assert str(found["n"][0]) in line.split()


def test_the_command_prints_and_saves_the_comparison(tmp_path, capsys):
    file = tmp_path / "all.csv"
    names = ["bpan-mnist", "mlp-mnist"]
    assert main(["runs", "compare", *names, "--images", "200", "--csv", str(file)]) == 0
    printed = capsys.readouterr().out
    found = compare(names, images=200)
    assert file.read_text(encoding="utf-8") == found.to_csv()
    assert found.sentence in printed
    assert "n_excitatory" in printed
    assert "Mean over seeds" not in printed
    assert main(["runs", "compare", "mlp-mnist"]) != 0
    assert "2 to 8 can be compared" in capsys.readouterr().err
    assert main(["runs", "compare", *names, "--images", "many"]) != 0
    assert "images is 'many', but should be a whole number." in capsys.readouterr().err
