"""Networks on the command line: listed, measured as the library measures them, imported."""

import json
from types import SimpleNamespace

import pandas as pd
import pytest

from corelib import evaluate
from corelib.__main__ import main
from corelib.reproduce.model_card import export_model
from corelib.runs import registry
from corelib.runs.marks import mark
from corelib.runs.offered import available
from corelib.runs.store import create_run
from corelib.words import percent
from tests.runs.conftest import tiny
from tests.runs.test_registry import store

NAME = "bpan-sequence-streaming-mnist"
"""A small one."""


def asked(capsys, *words: str) -> dict:
    assert main([*words, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize(
    ("words", "which"),
    [
        ("", {}),
        ("--split validation", {"split": "validation"}),
        ("--threshold 0.4", {"threshold": 0.4}),
        ("--corruption gaussian --severity 0.5", {"corruption": "gaussian", "severity": 0.5}),
        (
            "--corruption gaussian --severity 0.5 --seed 7",
            {"corruption": "gaussian", "severity": 0.5, "seed": 7},
        ),
    ],
)
def test_each_option_of_evaluate_is_that_of_the_library(tmp_path, capsys, words, which):
    which = {"images": 40, **which}
    truth = evaluate("bpan-mnist", **which)
    file = tmp_path / "row.csv"
    said = asked(
        capsys, "evaluate", "bpan-mnist", "--images", "40", "--csv", str(file), *words.split()
    )
    metrics = {name: truth[name].item() for name in truth.attrs["metrics"]}
    assert said["metrics"] == pytest.approx(metrics)
    row = truth.iloc[0]
    shown = ("dataset", "split", "images", "parameters")
    assert [said[name] for name in shown] == [row[name] for name in shown]
    assert said.get("severity") == which.get("severity")
    saved = pd.read_csv(file)
    assert saved["threshold"].item() == which.get("threshold", 0.9)
    assert saved["accuracy"].item() == pytest.approx(truth["accuracy"].item())


def test_networks_are_listed_with_their_accuracy_and_own_name(runs_root, capsys):
    run = create_run(tiny())
    store(run, 110, 0.5)
    mark(run, name="Tuesday group")
    main(["checkpoints", "list"])
    head, *lines = capsys.readouterr().out.splitlines()
    assert head.split() == ["name", "network", "data", "test", "accuracy", "called"]
    items = available()
    assert [line.split()[0] for line in lines] == [item.name for item in items]
    for line, item in zip(lines, items, strict=True):
        accuracy = item.card.test.get("accuracy")
        assert (percent(accuracy, 2) in line) if accuracy else ("%" not in line)
        assert line.split()[1:3] == [item.card.system, item.card.dataset]
        assert line.endswith("Tuesday group") == (item.name == run.id)
    main(["checkpoints", "list", "--json"])
    entries = json.loads(capsys.readouterr().out)
    assert [entry["name"] for entry in entries] == [item.name for item in items]
    assert entries[0]["config"] == items[0].card.model_dump()["config"]


def test_what_cannot_be_used_is_named_below_the_list(runs_root, capsys):
    folder = registry.imported_root() / "broken"
    folder.mkdir(parents=True)
    (folder / "checkpoint.json").write_text("{", encoding="utf-8")
    main(["checkpoints", "list"])
    assert "broken" in capsys.readouterr().out.splitlines()[-1]


@pytest.mark.parametrize("measured", [True, False])
def test_an_imported_network_is_measured_at_once_if_asked(
    runs_root, tmp_path, monkeypatch, capsys, measured
):
    asked_for = []

    def measure(item, *what):
        asked_for.append((item.name, *what))
        return SimpleNamespace(metrics={"accuracy": 0.125})

    monkeypatch.setattr("corelib.measures.evaluation.measure", measure)
    export_model(NAME, tmp_path / "model.zip")
    words = ["import", str(tmp_path / "model.zip"), "--name", "mine", *["--measure"] * measured]
    assert main(words) == 0
    out = capsys.readouterr().out
    assert out.startswith("mine: bpan-sequence, tested on streaming-mnist; use it by this name.\n")
    assert ("measure it with: python -m corelib evaluate mine" in out) == (not measured)
    assert asked_for == [("mine", "streaming-mnist", "test")] * measured
    kept = registry.find("mine").card.test
    assert kept == ({"accuracy": 0.125} if measured else registry.find(NAME).card.test)
    assert (percent(0.125, 2) in out) == measured
