"""The worker around its training: what it writes and when, with which code it ends, and that
nobody who only looks can end it."""

from types import SimpleNamespace

import pytest
import torch

from corelib.errors import DataError, SettingsError
from corelib.runs import worker
from corelib.runs.store import Run, create_run
from corelib.runs.trained import Trained
from corelib.training.events import Saved, Stepped, Validated, parse
from tests.runs.conftest import tiny
from tests.runs.scripted import STEPS, scripted_spec


class Clock:
    """Time that passes when the test says so."""

    def __init__(self, monkeypatch) -> None:
        self.now = 100.0
        monkeypatch.setattr(worker, "time", SimpleNamespace(monotonic=lambda: self.now))


@pytest.fixture
def clock(monkeypatch) -> Clock:
    return Clock(monkeypatch)


@pytest.fixture
def states(monkeypatch) -> list[str]:
    """The states that a run was in, in order."""
    seen: list[str] = []
    set_status = Run.set_status

    def note(self, state, message=""):
        seen.append(state)
        set_status(self, state, message)

    monkeypatch.setattr(Run, "set_status", note)
    return seen


def events(run: Run) -> list:
    return [parse(line) for line in run.events.read_bytes().splitlines()]


def test_updates_in_between_are_told_by_their_mean(runs_root, clock):
    run = create_run(tiny())
    writer = worker.StepWriter(run)

    def add(step: int, loss: float, angle: float) -> None:
        metrics = {"loss": loss, "angle": angle}
        writer.add(Stepped(step=step, count=1, seconds=0.25 * step, metrics=metrics))

    add(1, 7.0, 1.0)
    assert [e.step for e in run.history().steps] == [1], "a person waits for the first one"
    for step, loss in ((2, 9.0), (3, 2.0), (4, 1.0)):
        clock.now += worker.WRITE_EVERY_S / 3.5
        add(step, loss, 10.0 * step)
    assert len(events(run)) == 1
    clock.now += worker.WRITE_EVERY_S
    add(5, 0.0, 50.0)
    add(6, 8.0, 3.0)
    assert len(events(run)) == 2
    writer.flush()
    writer.flush()
    assert events(run) == [
        Stepped(step=1, count=1, seconds=0.25, metrics={"loss": 7.0, "angle": 1.0}),
        Stepped(step=5, count=4, seconds=0.25 * 14, metrics={"loss": 3.0, "angle": 35.0}),
        Stepped(step=6, count=1, seconds=0.25 * 6, metrics={"loss": 8.0, "angle": 3.0}),
    ]


def test_a_long_epoch_is_saved_every_half_minute(script, clock, monkeypatch):
    """Updates of 20 s, 15 to an epoch: every second one is saved, counted anew from each save."""

    def later(run, done):
        clock.now += 20

    script.at = later
    monkeypatch.setattr(worker, "WRITE_EVERY_S", 1e6)
    run = script.begin(scripted_spec(epochs=2, batch_size=10))
    assert script.work(run) == 0
    saved = [e.step for e in events(run) if isinstance(e, Saved)]
    assert saved == [*range(2, 15, 2), 15, *range(17, 30, 2), 30]
    done = 0
    for event in events(run):
        if isinstance(event, Stepped):
            assert event.step == done + event.count
            done = event.step
        if isinstance(event, Saved | Validated):
            assert event.step == done, "what was not written yet precedes it"


def test_somebody_who_watches_sees_the_weights_twice_a_second(script, clock, monkeypatch):
    shown = []
    show = Trained.show
    monkeypatch.setattr(Trained, "show", lambda self: shown.append(self.step) or show(self))

    def later(run, done):
        clock.now += 0.3
        if done == 3:
            run.watch()

    script.at = later
    run = script.begin()
    assert script.work(run) == 0
    assert shown == [4, 6, 8, 10, 12]
    assert run.live.is_file()


def test_watching_never_ends_a_run(script, clock):
    """Its weights cannot be shown, as on a full disk."""

    def later(run, done):
        clock.now += 1
        run.watch()

    script.at = later
    run = script.begin()
    run.live.mkdir()
    assert script.work(run) == 0
    assert run.status.state == "completed"
    assert run.history().step == STEPS


def test_a_run_says_what_it_is_doing(script, states):
    run = script.begin()
    del states[:]
    script.work(run)
    assert states == ["starting", "running", "completed"]
    assert run.history().began.threads == 1


def test_it_computes_with_as_many_threads_as_its_slot_has(script, monkeypatch):
    monkeypatch.setattr(worker, "thread_count", lambda: 2)
    before = torch.get_num_threads()
    run = script.begin()
    try:
        script.work(run)
        assert run.history().began.threads == torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize(
    ("error", "code", "says", "logged"),
    [
        (DataError("There is no such data."), 2, "There is no such data.", False),
        (SettingsError("n is 0."), 2, "n is 0.", False),
        (OSError(28, "No space left"), 1, "Disk or system error: [Errno 28] No space left.", False),
        (ZeroDivisionError("by zero"), 1, "ZeroDivisionError: by zero. See the log for", True),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_how_it_ends_is_a_sentence_and_a_code(
    script, monkeypatch, capsys, error, code, says, logged
):
    def fail(run):
        raise error

    beating = []
    beat = worker._beat
    monkeypatch.setattr(worker, "_beat", lambda run: beating.append(beat(run)) or beating[0])
    monkeypatch.setattr(Trained, "begin_or_resume", fail)
    run = script.begin()
    assert script.work(run) == code
    assert run.status.state == "failed"
    assert run.status.message.startswith(says)
    assert ("Traceback" in capsys.readouterr().err) == logged
    assert beating[0].is_set(), "a run that has ended gives no sign of life"
    assert not run.is_alive()
