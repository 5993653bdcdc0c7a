"""Rows are those that reading every run anew would give, whatever was kept of earlier ones."""

import json
import os
import random
from contextlib import suppress
from types import SimpleNamespace

import pytest

from corelib.errors import SettingsError
from corelib.runs import index, scan
from corelib.runs.deleted import remove_run, restore_run
from corelib.runs.index import Index, row_of
from corelib.runs.marks import mark
from corelib.runs.store import create_run, list_runs
from corelib.training.events import Began, Finished, Stepped, Validated
from tests.runs.conftest import tiny
from tests.runs.test_registry import ODDITIES, store


def read_anew():
    return [row_of(run) for run in list_runs()]


def trained(seed: int = 3, score: float = 0.5):
    run = create_run(tiny(seed=seed))
    run.append(
        Began(step=0, total_steps=220, steps_per_epoch=110, device="cpu", threads=1, parameters=99)
    )
    run.append(Stepped(step=10, count=10, seconds=0.5, metrics={"loss": 1.0}))
    run.append(Stepped(step=220, count=210, seconds=1.5, metrics={"loss": 0.5}))
    metrics = {"loss": 0.7, "accuracy": score}
    run.append(Validated(step=220, epoch=2, metrics=metrics, score=score, best=True, seconds=0.25))
    store(run, 220, score)
    run.append(Finished(step=220, best_step=220, metrics={"accuracy": 0.4}, seconds=0.75))
    run.set_status("completed")
    return run


def test_a_row_says_what_the_run_did(runs_root):
    run = trained()
    (row,) = index.rows(fresh=True)
    assert (row.id, row.state, row.system, row.dataset, row.seed) == (
        run.id,
        "completed",
        "bpan",
        "mnist",
        3,
    )
    assert (row.step, row.total, row.parameters) == (220, 220, 99)
    assert (row.score, row.measure) == (0.5, "accuracy")
    assert row.seconds == pytest.approx(0.5 + 1.5 + 0.25 + 0.75)
    assert row.speed == pytest.approx(220 / 2.0)
    assert row.size == sum(f.stat().st_size for f in run.folder.rglob("*") if f.is_file())
    assert row.problems == ()


def test_whatever_happens_rows_are_as_if_read_anew(runs_root):
    """A random walk of all that can happen to runs, with an index that has been kept, and one of a
    process that begins only now."""
    draw = random.Random(0)
    runs = [trained(seed) for seed in range(4)]
    kept = Index(runs_root)

    def finish(run):
        run.append(Stepped(step=300, count=80, seconds=1.0, metrics={"loss": 0.1}))

    def damage(run):
        (run.folder / "spec.json").write_text("{", encoding="utf-8")

    def delete_and_restore(run):
        if run.status.state in ("completed", "cancelled", "failed", "died"):
            remove_run(run)
            restore_run(run.id)

    happenings = [
        finish,
        damage,
        delete_and_restore,
        lambda run: mark(run, name=draw.choice("abc")),
        lambda run: run.set_status(draw.choice(["cancelled", "failed", "completed"]), "why"),
        lambda run: store(run, draw.randrange(230, 999), draw.random()),
        lambda run: runs.append(trained(draw.randrange(9))),
    ]
    for _ in range(40):
        with suppress(SettingsError):  # nothing more is stored in a run without a readable spec
            draw.choice(happenings)(draw.choice(runs))
        expected = read_anew()
        assert kept.rows(fresh=True) == expected
        assert Index(runs_root).rows(fresh=True) == expected


def test_what_was_kept_is_used_by_another_process_and_not_read_again(runs_root, monkeypatch):
    monkeypatch.setattr(index, "FEW", 0)
    for seed in range(3):
        trained(seed)
    rows = Index(runs_root).rows(fresh=True)
    read = []
    monkeypatch.setattr(index, "row_of", lambda run: read.append(run.id) or row_of(run))
    another = Index(runs_root)
    assert another.rows(fresh=True) == rows
    assert read == []
    newest = trained(7)
    assert len(another.rows(fresh=True)) == 4
    assert read == [newest.id]


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"basis": 1, "rows": 3}', "\0"])
def test_a_damaged_file_costs_reading_again_and_nothing_else(runs_root, monkeypatch, text):
    monkeypatch.setattr(index, "FEW", 0)
    trained()
    rows = Index(runs_root).rows(fresh=True)
    (runs_root / ".index.json").write_text(text, encoding="utf-8")
    assert Index(runs_root).rows(fresh=True) == rows


def test_rows_of_another_basis_are_not_used(runs_root, monkeypatch):
    monkeypatch.setattr(index, "FEW", 0)
    trained()
    Index(runs_root).rows(fresh=True)
    file = runs_root / ".index.json"
    data = json.loads(file.read_text(encoding="utf-8"))
    for _stamps, row in data["rows"].values():
        row[index.Row._fields.index("note")] = "forged"
    file.write_text(json.dumps(data), encoding="utf-8")
    assert Index(runs_root).rows(fresh=True)[0].note == "forged"
    monkeypatch.setattr(index, "own_version", lambda: "another")
    assert Index(runs_root).rows(fresh=True)[0].note == ""


def test_a_worker_that_dies_is_noticed_though_no_file_changes(runs_root):
    run = trained()
    run.set_status("running")
    with run.lock:
        run.begin_beating()
        assert index.rows(fresh=True)[0].state == "running"
    (row,) = index.rows(fresh=True)
    assert (row.state, row.message) == run.status[:2]
    assert row.state == "died"


@pytest.mark.parametrize("oddity", ODDITIES)
def test_an_odd_folder_has_a_row_like_any_other(runs_root, oddity):
    run = create_run(tiny())
    store(run, 110, 0.5)
    run.set_status("completed")
    ODDITIES[oddity](run)
    assert index.rows(fresh=True) == read_anew()


def test_looking_takes_a_small_share_of_the_time(runs_root, monkeypatch):
    """A look of 60 ms, a twentieth of the time, is repeated after 1.2 s; a quick one each time."""
    now, took, looks = [1000.0], [0.06], []
    look = scan._look

    def timed(root):
        looks.append(root)
        now[0] += took[0]
        return look(root)

    monkeypatch.setattr(scan, "_look", timed)
    monkeypatch.setattr(scan, "time", SimpleNamespace(monotonic=lambda: now[0]))
    trained()
    looked = scan.Scan(runs_root)
    for _ in range(12):
        looked.stamps()
        now[0] += 0.1
    assert len(looks) == 1
    looked.stamps(fresh=True)
    assert len(looks) == 2
    now[0] += 1.3
    took[0] = 0.04
    for _ in range(3):
        looked.stamps()
    assert len(looks) == 5


def test_a_rewritten_card_changes_the_stamp(runs_root):
    run = trained()
    before = scan.scan(fresh=True)[run.id]
    card = run.checkpoint(220) / "checkpoint.json"
    text = card.read_bytes()
    status = card.stat()
    card.write_bytes(text)
    os.utime(card, ns=(status.st_atime_ns, status.st_mtime_ns + 1000))
    assert scan.scan(fresh=True)[run.id] != before


def test_the_table_has_a_line_for_each_row(runs_root):
    trained()
    damaged = trained(4)
    (damaged.folder / "events.jsonl").unlink()
    (damaged.folder / "spec.json").write_text("{", encoding="utf-8")
    table = index.table()
    assert list(table.index) == [run.id for run in list_runs()]
    assert "is not a spec" in table.loc[damaged.id, "note"]


def test_the_state_is_of_the_runs_that_are_there_also_if_another_thread_looks(
    runs_root, monkeypatch
):
    looked = scan.Scan(runs_root)
    seen = looked.stamps(fresh=True)
    empty = looked.state()
    trained()
    looked.stamps(fresh=True)
    # One thread has looked before the run came, and asks for the state only now.
    monkeypatch.setattr(looked, "stamps", lambda fresh=False: seen)
    assert looked.state() == empty
    monkeypatch.undo()
    assert looked.state() != empty
