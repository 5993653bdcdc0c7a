"""The line of waiting runs: first come, first served, unless somebody is moved to the front."""

import threading

import pytest

from corelib.errors import RunError
from corelib.runs import slots, waiting
from corelib.runs.store import create_run
from tests.runs.conftest import tiny, wait_until


@pytest.fixture
def line(runs_root):
    """Three runs that wait, each with a living worker, in the order in which they came."""
    runs = [create_run(tiny(seed=seed)) for seed in (3, 1, 2)]
    locks = [run.lock for run in runs]
    for run, lock in zip(runs, locks, strict=True):
        lock.acquire(blocking=False)
        run.begin_beating()
        run.set_status("queued")
        waiting.join(run)
    yield runs
    for lock in locks:
        lock.release()


def ids(runs) -> list[str]:
    return [run.id for run in runs]


def test_first_come_first_served(line):
    assert ids(waiting.waiting()) == ids(line)
    waiting.leave(line[0])
    assert ids(waiting.waiting()) == ids(line[1:])


def test_a_run_moved_to_the_front_is_the_next(line):
    waiting.move_to_front(line[2])
    assert ids(waiting.waiting()) == ids([line[2], line[0], line[1]])
    waiting.move_to_front(line[1])
    assert ids(waiting.waiting()) == ids([line[1], line[2], line[0]])


def test_only_a_waiting_run_is_moved(line):
    other = create_run(tiny(seed=9))
    with pytest.raises(RunError, match="does not wait"):
        waiting.move_to_front(other)


def test_a_run_whose_worker_died_leaves_no_ticket(runs_root):
    run = create_run(tiny())
    run.set_status("queued")
    waiting.join(run)
    assert waiting.waiting() == []
    assert list((runs_root / ".queue").iterdir()) == []


def test_a_damaged_ticket_goes_last(line, runs_root):
    (runs_root / ".queue" / line[0].folder.name).write_text("soon", encoding="utf-8")
    assert ids(waiting.waiting()) == ids([line[1], line[2], line[0]])


def test_slots_are_given_in_the_order_of_the_line(runs_root):
    """Three workers, one slot: who was moved to the front gets it before who came earlier."""
    runs = [create_run(tiny(seed=seed)) for seed in (0, 1, 2)]
    locks = [run.lock for run in runs]
    for run, lock in zip(runs, locks, strict=True):
        lock.acquire(blocking=False)
        run.begin_beating()
    served: list[str] = []
    held = slots.wait_for_slot(runs[0], lambda: True)
    assert held is not None

    def work(run):
        slot = slots.wait_for_slot(run, lambda: True)
        served.append(run.id)
        assert slot is not None
        slot.release()

    threads = []
    for run in runs[1:]:
        thread = threading.Thread(target=work, args=[run], daemon=True)
        thread.start()
        threads.append(thread)
        wait_until(lambda run=run: run.id in ids(waiting.waiting()), "it waits")
    waiting.move_to_front(runs[2])
    held.release()
    for thread in threads:
        thread.join(60)
    assert served == ids([runs[2], runs[1]])
    assert waiting.waiting() == []
    for lock in locks:
        lock.release()
