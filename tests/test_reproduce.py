"""Reproductions: the table is what the networks do, beside what was published."""

import importlib
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import torch

from corelib import load
from corelib.__main__ import main
from corelib.cli import show
from corelib.data import load_dataset
from corelib.errors import CheckpointError, SettingsError
from corelib.measures.evaluation import measure
from corelib.reproduce import REPRODUCTIONS, bpan, reproduce
from corelib.runs.registry import find, shipped

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def table():
    return reproduce("bpan").set_index("source")


@torch.no_grad()
def answers(model, inputs, threshold):
    """Class and step of each image, one image and one step after the other."""
    logits = model(inputs)
    sure = logits.softmax(2).amax(2) >= threshold
    sure[:, -1] = True
    steps = sure.int().argmax(1)
    return logits[torch.arange(len(inputs)), steps].argmax(1), steps + 1


def test_published_figures_stand_as_published(table):
    assert table.loc["paper", "accuracy at θ = 0.9 / %"] == 97.73
    assert table.loc["paper", "mean steps at θ = 0.9"] == 1.51
    rerun = table.loc["re-run of the authors' code"]
    assert rerun["accuracy at θ = 0.9 / %"] == 97.74
    assert rerun["mean steps at θ = 0.9"] == 1.44
    assert table["parameters"].isna().tolist()[:2] == [True, True]


def test_every_shipped_bpan_has_its_row(table):
    names = [s.name for s in shipped() if (s.card.system, s.card.dataset) == ("bpan", "mnist")]
    assert list(table.index[2:]) == names


def test_our_figures_are_what_the_network_does(table):
    """Recounted from all its logits, independently of the learner."""
    dataset = load_dataset("mnist")
    inputs, labels = dataset.inputs(dataset.test.pixels), dataset.test.labels
    model = load("bpan-mnist")
    last = model(inputs)[:, -1].argmax(1)
    chosen, steps = answers(model, inputs, 0.9)
    row = table.loc["bpan-mnist"]
    percent = 100 / len(labels)
    assert row["accuracy at the last step / %"] == round((last == labels).sum().item() * percent, 2)
    assert row["accuracy at θ = 0.9 / %"] == round((chosen == labels).sum().item() * percent, 2)
    assert row["mean steps at θ = 0.9"] == round(steps.double().mean().item(), 2)


def test_parameters_agree_with_their_closed_form(table):
    config = find("bpan-mnist").card.config
    d, e, i, c = (config[k] for k in ("input_dim", "n_excitatory", "n_inhibitory", "n_classes"))
    assert table.loc["bpan-mnist", "parameters"] == (e + i) ** 2 + (d + 2) * (e + i) + (e + 1) * c


@pytest.mark.parametrize("place", ["empty", "missing"])
def test_without_checkpoints_it_says_so(place, tmp_path, monkeypatch, capsys):
    (tmp_path / "empty").mkdir()
    monkeypatch.setattr("corelib.runs.registry.SHIPPED", tmp_path / place)
    with pytest.raises(CheckpointError, match="git checkout -- assets/checkpoints"):
        bpan.run()
    assert main(["reproduce", "bpan"]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_an_input_that_does_not_fit_is_refused():
    item = find("bpan-mnist")
    small = item._replace(card=item.card.model_copy(update={"config": {"input_dim": 100}}))
    with pytest.raises(SettingsError, match="takes 100 pixels, but images of mnist have 784"):
        measure(small, "mnist", "test")


def test_all_are_listed_and_none_is_imported_until_run(capsys):
    assert main(["reproduce"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(REPRODUCTIONS)
    script = (
        "import sys, corelib.reproduce; "
        "print([m for m in sys.modules if m in ('torch', 'pandas', 'corelib.reproduce.bpan')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, encoding="utf-8"
    )
    assert done.stdout == "[]\n"


@pytest.mark.parametrize("name", REPRODUCTIONS)
def test_those_that_are_trained_over_seeds_say_so(name):
    """The list, which imports none of them, says it apart from the table."""
    table = getattr(importlib.import_module(REPRODUCTIONS[name].module), "TABLE", None)
    assert REPRODUCTIONS[name].over_seeds == hasattr(table, "seeds")


def test_the_command_prints_the_table_and_saves_it(table, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(bpan, "run", lambda: table.reset_index())
    file = tmp_path / "table.csv"
    assert main(["reproduce", "bpan", "--csv", str(file)]) == 0
    about, head, *rows = capsys.readouterr().out.splitlines()
    assert about == REPRODUCTIONS["bpan"].about
    assert len(rows) == len(table)
    # Aligned: each column starts at the same place in every line.
    at = head.index("mean steps")
    assert all(row[at - 1] == " " and row[at] != " " for row in rows)
    saved = pd.read_csv(file).set_index("source")
    pd.testing.assert_frame_equal(saved, table.astype({"parameters": "float64"}), check_dtype=False)


def test_tables_keep_the_decimals_of_a_column():
    frame = pd.DataFrame({"a": [97.7, 97.73, None], "n": pd.array([1, None, 3], dtype="Int64")})
    assert show.frame(frame) == "a      n\n97.70  1\n97.73  –\n–      3"
