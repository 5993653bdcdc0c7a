"""Evidence over time: the figures of a network, their summary, and what ships."""

import math
import statistics
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from corelib import load
from corelib.__main__ import main
from corelib.analysis.anytime import Answers
from corelib.data import load_dataset
from corelib.errors import SettingsError
from corelib.measures.evaluation import measure
from corelib.reproduce import reproduce, results, seeds, sequential
from corelib.runs.registry import find
from corelib.runs.spec import make_spec
from tests.reference import bpan as reference

ROOT = Path(__file__).parents[1]


def test_shares_of_four_images_by_hand():
    confidence = np.array([[0.95, 0.5, 1.0], [0.5, 0.91, 0.5], [0.1, 0.2, 0.3], [0.9, 0.1, 0.1]])
    predicted = np.array([[3, 1, 1], [2, 2, 7], [0, 0, 0], [5, 5, 5]], np.uint8)
    shares = sequential.shares(Answers(confidence, predicted), np.array([1, 2, 0, 4]))
    assert shares == {
        "steps": 3,
        "accuracy at 0.9": 0.5,
        "mean steps at 0.9": (1 + 2 + 3 + 1) / 4,
        # The first: 3 at once, and 1 at the end would have been right.
        "too early at 0.9": 0.25,
        "accuracy at step 1": 0.5,
        "accuracy at step 2": 0.75,
        "accuracy at step 3": 0.5,
    }


@pytest.fixture
def rows():
    def row(task, model, seed, steps, **figures):
        shares = {f"accuracy at step {t}": figures.get(f"at_{t}", 0.1) for t in range(1, steps + 1)}
        return {
            "task": task,
            "model": model,
            "seed": seed,
            "parameters": 1000,
            "steps": steps,
            "accuracy at 0.9": 0.2,
            "mean steps at 0.9": figures.get("mean", 5.0),
            "too early at 0.9": 0.01,
            **shares,
        }

    return pd.DataFrame(
        [
            row("ct-mnist", "BPAN", 0, 6, at_6=0.24, at_3=0.15, mean=5.5),
            row("ct-mnist", "BPAN", 1, 6, at_6=0.26, at_3=0.17, mean=5.7),
            # In another order of seeds, and with one that BPAN lacks.
            row("ct-mnist", "GRU of 256", 1, 6, at_6=0.50),
            row("ct-mnist", "GRU of 256", 0, 6, at_6=0.46),
            row("ct-mnist", "GRU of 256", 7, 6, at_6=0.90),
            row("streaming-mnist", "GRU of 79", 0, 8, at_6=0.3, at_8=0.95),
        ]
    )


def test_the_summary_is_the_arithmetic_of_its_rows(rows):
    table = sequential.summary(rows).set_index(["task", "model"])
    assert list(table.index) == [
        ("ct-mnist", "BPAN"),
        ("ct-mnist", "GRU of 256"),
        ("streaming-mnist", "GRU of 79"),
    ]
    bpan, gru, streaming = (row for _, row in table.iterrows())
    half = math.sqrt(0.5)
    for spread, mean, sd in (
        (bpan["accuracy at the last step / %"], 25, 2 * half),
        (bpan["at step 3 / %"], 16, 2 * half),
        (bpan["mean steps at θ = 0.9"], 5.6, 0.2 * half),
        (bpan["too early at θ = 0.9 / %"], 1, 0),
        # Paired by seed: 46 - 24 and 50 - 26.
        (gru["last step less BPAN's / points"], 23, 2 * half),
    ):
        assert (spread.mean, spread.n) == (pytest.approx(mean), 2)
        assert spread.sd == pytest.approx(sd, abs=1e-9)
    assert (bpan["seeds"], gru["seeds"], bpan["steps"], streaming["steps"]) == (2, 3, 6, 8)
    # Of eight steps the last is the eighth.
    assert streaming["accuracy at the last step / %"].mean == pytest.approx(95)
    assert bpan["last step less BPAN's / points"] is None
    assert streaming["last step less BPAN's / points"] is None
    assert (bpan["published accuracy / %"], gru["published accuracy / %"]) == (24.98, 47.68)
    assert streaming["published accuracy / %"] is None


def test_published_figures_stand_as_published():
    published = {key: tuple(value) for key, value in sequential.PUBLISHED.items()}
    assert published == {
        ("ct-mnist", "BPAN"): (50_250, 24.98),
        ("ct-mnist", "GRU of 256"): (311_306, 47.68),
        ("streaming-mnist", "BPAN"): (42_890, 79.72),
        ("streaming-mnist", "GRU of 256"): (275_978, 96.84),
    }


def test_networks_are_trained_as_the_authors_commands_say():
    specs = {spec.title: spec for spec in sequential.specs(3)}
    assert len(specs) == len(sequential.ROWS)
    for spec in specs.values():
        assert spec.seed == 3
        assert spec.training["epochs"] == (20 if spec.dataset.startswith("ct") else 15)
        assert spec.variant == ("matched" if spec.config.get("n_hidden", 256) != 256 else "")


@pytest.mark.parametrize("row", [r for r in sequential.ROWS if r.variant == "matched"], ids=str)
def test_matched_grus_are_the_nearest_to_bpan(row):
    def gru(h: int, d: int) -> int:
        return 3 * h * (d + h + 2) + (h + 1) * 10

    d = row.spec(0).config["input_dim"]
    bpan = 160**2 + (d + 2) * 160 + 129 * 10
    assert min(range(1, 300), key=lambda h: abs(gru(h, d) - bpan)) == row.n_hidden


@torch.no_grad()
def test_figures_are_what_a_trained_network_does(runs_root, monkeypatch):
    """A real run on sequences; all figures recounted from its logits, one by one."""
    training = {"epochs": 1, "batch_size": 5000}
    config = {"n_excitatory": 8, "n_inhibitory": 2}
    spec = make_spec(
        "bpan-sequence", dataset="streaming-mnist-fixed", config=config, training=training
    )
    (run,) = seeds.train([spec], lambda line: None)
    figures, card = sequential.figures(run.id), find(run.id).card
    assert figures["accuracy at step 8"] == pytest.approx(card.test["accuracy"], abs=1e-4)
    assert figures["accuracy at 0.9"] == pytest.approx(card.test["accuracy at θ = 0.9"], abs=1e-4)
    assert figures["mean steps at 0.9"] == pytest.approx(
        card.test["mean steps at θ = 0.9"], abs=1e-3
    )
    with pytest.raises(SettingsError, match="takes 98 inputs, but steps of ct-mnist have 144 inp"):
        measure(find(run.id), "ct-mnist", "test")
    with pytest.raises(SettingsError, match="reads sequences, but mnist holds images; choose"):
        measure(find(run.id), "mnist", "test")
    dataset, model = load_dataset("streaming-mnist-fixed"), load(run.id)
    logits = model(dataset.inputs(dataset.test.pixels[:300])).numpy()
    labels = dataset.test.labels[:300].numpy()
    answered = [reference.anytime(one, 0.2) for one in logits]
    early = np.array([answer.argmax() for answer, _ in answered])
    sure = torch.from_numpy(logits).softmax(-1).amax(-1).numpy()
    monkeypatch.setattr(sequential, "THRESHOLD", 0.2)
    shares = sequential.shares(Answers(sure, logits.argmax(-1)), labels)
    last = logits[:, -1].argmax(-1)
    assert shares["mean steps at 0.9"] == pytest.approx(np.mean([s for _, s in answered]), abs=1e-4)
    assert shares["too early at 0.9"] == pytest.approx(
        np.mean((early != labels) & (last == labels)), abs=1e-4
    )


def test_accuracy_over_steps_is_mean_and_sd_over_seeds(rows):
    curve = sequential.accuracy_over_steps(rows, sequential.ROWS[0])
    own = [row for row in rows.to_dict("records") if row["model"] == "BPAN"]
    own = [row for row in own if row["task"] == "ct-mnist"]
    assert curve.n_seeds == len(own) > 1
    assert curve.mean.shape == curve.sd.shape == (6,)
    for t in range(6):
        values = [row[f"accuracy at step {t + 1}"] for row in own]
        assert curve.mean[t] == pytest.approx(statistics.mean(values))
        assert curve.sd[t] == pytest.approx(statistics.stdev(values))
    one = sequential.accuracy_over_steps(rows[rows["seed"] == 0], sequential.ROWS[0])
    assert (one.n_seeds, one.sd.any()) == (1, False)


def test_a_checkpoint_has_its_row_and_published_figures():
    row = sequential.row_of("bpan-sequence-ct-mnist")
    assert row == sequential.Row("ct-mnist")
    assert sequential.published_accuracy(row) == pytest.approx(0.2498)
    located = sequential.row_of("bpan-sequence-ct-mnist-located")
    assert located is not None
    assert sequential.published_accuracy(located) is None
    assert sequential.row_of("bpan-mnist") is None


# --- what ships ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def shipped():
    return results.shipped("sequential")


def test_every_row_ships_with_at_least_three_seeds(shipped):
    groups = dict(list(shipped.groupby(["task", "model"])))
    assert set(groups) == {(row.task, row.model) for row in sequential.ROWS}
    assert all(set(group["seed"]) >= {0, 1, 2} for group in groups.values())
    first = (results.SHIPPED / "sequential.csv").read_text(encoding="utf-8").splitlines()[0]
    assert first.startswith("# python -m corelib reproduce sequential --ship")


def test_shipped_figures_are_plausible(shipped):
    shares = [n for n in shipped if n.startswith(("accuracy", "too early"))]
    values = shipped[shares].to_numpy()
    assert np.nanmin(values) >= 0
    assert np.nanmax(values) <= 1
    assert shipped["mean steps at 0.9"].between(1, shipped["steps"]).all()
    for (task, model), published in sequential.PUBLISHED.items():
        own = shipped[(shipped["task"] == task) & (shipped["model"] == model)]
        assert set(own["parameters"]) == {published.parameters}
    is_glimpses = shipped["task"].str.startswith("ct")
    assert (shipped["steps"] == np.where(is_glimpses, 6, 8)).all()
    # All that is right when stopped, and was stopped too early, is at least what is right at last.
    last = np.where(is_glimpses, shipped["accuracy at step 6"], shipped["accuracy at step 8"])
    assert (shipped["accuracy at 0.9"] + shipped["too early at 0.9"] >= last - 2e-4).all()


@pytest.mark.parametrize("row", sequential.ROWS, ids=str)
def test_seed_0_is_close_to_the_shipped_network(row, shipped):
    """Retrained on a machine like this one, so not exactly."""
    title = row.spec(0).title
    if not (ROOT / "assets" / "checkpoints" / title).exists():
        pytest.skip("no such network ships")
    own = shipped[
        (shipped["task"] == row.task) & (shipped["model"] == row.model) & (shipped["seed"] == 0)
    ].iloc[0]
    accuracy = own[f"accuracy at step {own['steps']}"]
    assert accuracy == pytest.approx(find(title).card.test["accuracy"], abs=0.003)


def test_the_printed_table_has_published_figures_and_ours(capsys):
    assert main(["reproduce", "sequential"]) == 0
    out = capsys.readouterr().out
    table = reproduce("sequential")
    lines = [line for line in out.splitlines() if line.startswith(("ct-mnist", "streaming"))]
    assert len(lines) == len(table) == len(sequential.ROWS)
    for line, (_, row) in zip(lines, table.iterrows(), strict=True):
        assert {row["task"], *row["model"].split()} <= set(line.split())
        assert str(row["accuracy at the last step / %"]) in line
        published = sequential.PUBLISHED.get((row["task"], row["model"]))
        assert published is None or {str(value) for value in published} <= set(line.split())
    assert "From assets/results/sequential.csv; --train recomputes it." in out
    assert "authors' README" in out
