"""Slots and threads by the cores of a machine, and whose turn it is."""

from types import SimpleNamespace

import pytest

from corelib.runs import slots, waiting
from corelib.runs.store import create_run
from tests.runs.conftest import tiny


@pytest.fixture
def no_time(monkeypatch):
    """Polling takes none."""
    monkeypatch.setattr(slots, "time", SimpleNamespace(sleep=lambda seconds: None))


@pytest.mark.parametrize(
    ("cores", "asked", "n_slots", "n_threads"),
    [
        (1, "auto", 1, 1),
        (2, "auto", 1, 1),
        (3, "auto", 1, 1),
        (4, "auto", 2, 1),
        (16, "auto", 8, 1),
        (16, "1", 1, 8),
        (16, "2", 2, 4),
        (16, "3", 3, 2),
        (16, "16", 16, 1),
        (2, "999", 999, 1),
    ],
)
def test_slots_and_threads_leave_half_of_the_cores_to_the_app(
    monkeypatch, cores, asked, n_slots, n_threads
):
    monkeypatch.setattr(slots, "cores", lambda: cores)
    monkeypatch.setenv("SYNAPTARIUM_SLOTS", asked)
    assert (slots.slot_count(), slots.thread_count()) == (n_slots, n_threads)


def test_a_newcomer_goes_to_the_end_of_the_line_though_a_slot_is_free(runs_root, no_time):
    runs = [create_run(tiny(seed=seed)) for seed in (3, 1, 2)]
    locks = [run.lock for run in runs]
    for lock in locks:
        lock.acquire(blocking=False)
    first, second, newcomer = runs
    for run in (first, second):
        run.set_status("queued")
        waiting.join(run)
    ticket = runs_root / ".queue" / newcomer.folder.name
    lines, places = [], []

    def look() -> bool:
        lines.append([run.id for run in waiting.waiting()])
        places.append(ticket.read_text(encoding="ascii") if ticket.exists() else None)
        return len(lines) < 5

    assert slots.wait_for_slot(newcomer, look) is None
    assert lines == [[first.id, second.id], *4 * [[first.id, second.id, newcomer.id]]]
    assert places[0] is None
    assert len(set(places[1:])) == 1, "it keeps its place while it waits"
    assert not ticket.exists(), "who gives up leaves the line"

    slot = slots.wait_for_slot(first, lambda: True)
    assert slot is not None
    assert [run.id for run in waiting.waiting()] == [second.id]
    assert slots.wait_for_slot(second, iter([True, True, False]).__next__) is None
    slot.release()
    for lock in locks:
        lock.release()


def test_each_slot_is_given_once_and_says_whose_it_is(runs_root, no_time, monkeypatch):
    monkeypatch.setenv("SYNAPTARIUM_SLOTS", "2")
    runs = [create_run(tiny(seed=seed)) for seed in range(3)]
    held = [slots.wait_for_slot(run, lambda: True) for run in runs[:2]]
    folder = runs_root / ".slots"
    names = [(folder / f"{k}.run").read_text(encoding="utf-8") for k in (0, 1)]
    assert names == [run.folder.name for run in runs[:2]]
    assert slots.wait_for_slot(runs[2], iter([True, False]).__next__) is None
    held[1].release()
    third = slots.wait_for_slot(runs[2], lambda: True)
    assert (folder / "1.run").read_text(encoding="utf-8") == runs[2].folder.name
    for slot in (held[0], third):
        slot.release()
