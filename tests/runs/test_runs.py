"""Runs with real worker processes: they end, pause, resume, queue and die as documented."""

import json
import resource
import signal
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import torch

from corelib.data import fashion_mnist, load_dataset
from corelib.errors import RunError, SettingsError
from corelib.runs import launch, store, worker
from corelib.runs.deleted import remove_run
from corelib.runs.history import History
from corelib.runs.registry import best_checkpoint, load, load_live
from corelib.runs.spec import make_spec, read_spec
from corelib.runs.store import Run, create_run, find_run, list_runs
from corelib.training.card import read_card
from corelib.training.checkpoint import read_tensors
from corelib.training.events import Began, Finished, Saved, Stepped, Validated, parse
from tests.runs.conftest import tiny, wait_for, wait_until

PER_EPOCH, STEPS = 110, 330


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory) -> Run:
    """The reference: ``tiny()`` without any disturbance, in a folder of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SYNAPTARIUM_RUNS", str(tmp_path_factory.mktemp("truth")))
        patch.setenv("SYNAPTARIUM_SLOTS", "1")
        run = launch.start(tiny())
        wait_for(run, "completed")
        wait_until(lambda: not run.is_alive(), "the worker has left")
    return run


def last_state(run: Run) -> dict[str, torch.Tensor]:
    """All tensors of the last checkpoint: weights and the learner's own."""
    folder = run.checkpoints()[-1]
    return {
        f"{file}/{name}": tensor
        for file in ("weights", "learner")
        for name, tensor in read_tensors(folder / f"{file}.safetensors").items()
    }


def measured(run: Run) -> list:
    """Its validations and the test at its end, whatever time they took."""
    history = run.history()
    events = [*history.validations, *filter(None, [history.finished])]
    assert all(event.seconds > 0 for event in events)
    return [event.model_copy(update={"seconds": 0.0}) for event in events]


def assert_same_end(run: Run, truth: Run) -> None:
    """Bit for bit the same weights and optimiser state, the same scores, the same history."""
    assert [f.name for f in run.checkpoints()] == [f.name for f in truth.checkpoints()]
    ours, theirs = last_state(run), last_state(truth)
    assert ours.keys() == theirs.keys()
    for name in ours:
        assert torch.equal(ours[name], theirs[name]), name
    assert measured(run) == measured(truth)
    assert_steps_are_whole(run)


def assert_steps_are_whole(run: Run) -> None:
    """Each update is recorded once: counts add up from event to event."""
    done = 0
    for event in run.history().steps:
        assert event.step == done + event.count
        done = event.step
    assert done == run.history().step


def lines(run: Run) -> list:
    return [parse(line) for line in (run.folder / "events.jsonl").read_bytes().splitlines()]


# -- a run that nothing disturbs


def test_a_completed_run_has_recorded_all_it_did(uninterrupted):
    run = uninterrupted
    events = lines(run)
    began, finished = events[0], events[-1]
    assert isinstance(began, Began)
    assert (began.step, began.total_steps, began.steps_per_epoch) == (0, STEPS, PER_EPOCH)
    assert began.parameters == 10**2 + 786 * 10 + 9 * 10
    assert began.device == "cpu"
    assert began.threads >= 1
    assert isinstance(finished, Finished)
    assert [(e.epoch, e.step) for e in events if isinstance(e, Validated)] == [
        (1, PER_EPOCH),
        (2, 2 * PER_EPOCH),
        (3, STEPS),
    ]
    assert [e.step for e in events if isinstance(e, Saved)] == [PER_EPOCH, 2 * PER_EPOCH, STEPS]
    assert_steps_are_whole(run)
    history = run.history()
    assert history.step == STEPS
    assert history.saved_step == STEPS
    assert history.updates_per_second() > 0
    assert history.seconds_left() == 0
    steps = history.steps
    assert steps[-1].metrics["loss"] < steps[0].metrics["loss"]
    assert run.status.state == "completed"
    assert not run.is_alive()
    assert run.log.read_text(encoding="utf-8") == ""


def test_a_completed_run_keeps_its_best_and_its_last_checkpoint(uninterrupted):
    run = uninterrupted
    history = run.history()
    best = history.best
    names = [f.name for f in run.checkpoints()]
    assert names == sorted({f"step-{best.step}", f"step-{STEPS}"}, key=lambda n: int(n[5:]))
    assert history.finished.best_step == best.step
    folder = best_checkpoint(run).folder
    assert folder.name == f"step-{best.step}"
    card = read_card(folder)
    assert card.test == history.finished.metrics
    assert card.metrics == best.metrics
    assert (card.step, card.epoch, card.score) == (best.step, best.epoch, best.score)
    assert card.versions == run.spec.versions
    assert {"python", "torch", "numpy"} <= card.versions.keys()


def test_test_metrics_are_true(uninterrupted):
    model = load(best_checkpoint(uninterrupted))
    digits = load_dataset("mnist")
    x = digits.inputs(digits.test.pixels)
    with torch.no_grad():
        hits = model(x)[:, -1].argmax(1) == digits.test.labels
    metrics = uninterrupted.history().finished.metrics
    assert metrics["accuracy"] == pytest.approx(hits.double().mean().item(), abs=2e-4)
    assert metrics["accuracy"] > 0.5


def test_a_completed_run_is_not_resumed(uninterrupted):
    with pytest.raises(RunError, match="is completed; there is nothing left to resume"):
        launch.resume(uninterrupted)
    for ask in (lambda: uninterrupted.ask("pause"), uninterrupted.ask_single_step):
        with pytest.raises(RunError, match="is completed"):
            ask()


# -- watching


def test_a_watched_run_shows_its_weights_and_learns_as_if_unwatched(workers, uninterrupted):
    assert not uninterrupted.live.exists(), "nobody watched that one"
    run = launch.start(tiny())
    seen = []

    def look() -> bool:
        network = load_live(run)
        if network is not None and (not seen or not torch.equal(seen[-1], network.theta)):
            seen.append(network.theta.detach())
        return run.status.state == "completed"

    wait_until(look, "the run is completed")
    assert seen, "the weights of some moment should have been seen"
    start = read_tensors(run.checkpoints()[-1] / "weights.safetensors")["theta"]
    assert all(theta.shape == start.shape for theta in seen)
    assert_same_end(run, uninterrupted)


def test_watching_expires_by_itself(runs_root, monkeypatch):
    run = create_run(tiny())
    assert not run.is_watched
    assert load_live(run) is None
    assert run.is_watched
    later = store.time.time() + store.WATCHED_FOR_S
    monkeypatch.setattr(store.time, "time", lambda: later)
    assert not run.is_watched


# -- pause, single steps, cancel


@pytest.fixture
def slow_run(workers, monkeypatch) -> Run:
    """A run whose steps take so long that each has its own event; its worker has one thread."""
    monkeypatch.setenv("SYNAPTARIUM_SLOTS", "999")
    training = {"epochs": 50, "batch_size": 6000, "device": "cpu"}
    return launch.start(make_spec("bpan", config={"n_excitatory": 192}, training=training))


def test_pause_single_step_and_cancel_are_exact_to_the_step(slow_run):
    run = slow_run
    wait_for(run, "running")
    history = run.history()
    wait_until(lambda: history.refresh().step >= 1, "the first step is recorded")

    run.ask("pause")
    before = history.refresh().step
    wait_for(run, "paused")
    paused_at = history.refresh().step
    assert paused_at - before <= 1, "only the step being computed may still be finished"
    assert run.checkpoints()[-1].name == f"step-{paused_at}"

    # A living run has one worker and stays.
    second = subprocess.run(
        [sys.executable, "-m", "corelib.runs.worker", str(run.folder)],
        capture_output=True,
        text=True,
        cwd=Path(launch.__file__).parents[2],
        encoding="utf-8",
    )
    assert second.returncode == 2
    assert f"Run {run.id} already has a worker." in second.stderr
    with pytest.raises(RunError, match="is paused; cancel it before removing it"):
        remove_run(run)
    assert run.status.state == "paused"
    assert history.refresh().step == paused_at

    run.ask_single_step()
    wait_until(lambda: history.refresh().step > paused_at, "the single step is recorded")
    assert history.step == paused_at + 1
    run.ask_single_step()
    run.ask_single_step()
    wait_until(lambda: history.refresh().saved_step >= paused_at + 3, "both steps are saved")

    # Had there been one more step than asked for, it would be saved here.
    run.ask("cancel")
    wait_for(run, "cancelled")
    assert history.refresh().step == paused_at + 3
    assert run.checkpoints()[-1].name == f"step-{paused_at + 3}"
    wait_until(lambda: not run.is_alive(), "the worker has left")
    remove_run(run)
    assert not run.folder.exists()
    assert list(list_runs()) == []


def test_cancel_is_honoured_within_a_step(slow_run):
    run = slow_run
    history = run.history()
    wait_until(lambda: history.refresh().step >= 1, "the first step is recorded")
    run.ask("cancel")
    before = history.refresh().step
    wait_for(run, "cancelled")
    assert history.refresh().step - before <= 1
    assert run.checkpoints()[-1].name == f"step-{history.step}"
    with pytest.raises(RunError, match="only an active run can pause"):
        run.ask("pause")


def test_paused_and_resumed_is_uninterrupted(workers, uninterrupted):
    run = launch.start(tiny())
    wait_until(lambda: run.history().step >= 1, "the first step is recorded")
    run.ask("pause")
    wait_for(run, "paused")
    assert 0 < run.history().step < STEPS
    launch.resume(run)
    wait_for(run, "completed")
    assert len(workers.processes[run.id]) == 1
    assert_same_end(run, uninterrupted)


def test_cancelled_and_resumed_is_uninterrupted(workers, uninterrupted):
    """Cancelled by the signal with which a system or a cluster asks a process to leave."""
    run = launch.start(tiny())
    wait_until(lambda: run.history().step >= 1, "the first step is recorded")
    workers.signal(run, signal.SIGTERM)
    wait_for(run, "cancelled")
    cancelled_at = run.history().step
    assert 0 < cancelled_at < STEPS
    # At once: the cancelled worker may still be leaving.
    launch.resume(run)
    wait_for(run, "completed")
    assert [e.step for e in lines(run) if isinstance(e, Began)] == [0, cancelled_at]
    assert_same_end(run, uninterrupted)


# -- death


def test_killed_and_resumed_is_uninterrupted(workers, uninterrupted):
    run = launch.start(tiny())
    wait_until(lambda: run.history().saved_step, "there is a checkpoint")
    workers.kill(run)
    status = run.status
    assert status.state == "died"
    assert "continues from its last whole checkpoint" in status.message
    assert run.history().finished is None
    # Killed in the middle of a line, and of a checkpoint.
    with (run.folder / "events.jsonl").open("ab") as file:
        file.write(b'{"kind":"stepped","st')
    scratch = run.folder / "checkpoints" / ".step-999.1.part"
    scratch.mkdir()
    (scratch / "weights.safetensors").write_bytes(b"half")

    saved = run.history().saved_step
    launch.resume(run)
    assert run.status.state == "starting"
    wait_for(run, "completed")
    assert [e.step for e in lines(run) if isinstance(e, Began)] == [0, saved]
    assert_same_end(run, uninterrupted)


def test_a_worker_killed_while_starting_is_resumed_at_once(workers, uninterrupted):
    run = launch.start(tiny())
    workers.kill(run)
    assert run.status.state == "starting", "it may still be about to lock its folder"
    launch.resume(run)
    wait_for(run, "completed")
    assert_same_end(run, uninterrupted)


def test_a_full_disk_is_reported_and_leaves_the_last_checkpoint(workers, uninterrupted):
    run = launch.start(tiny())
    wait_until(lambda: run.history().saved_step, "there is a checkpoint")
    # From now on no file may grow so large as a checkpoint: the system refuses as when full.
    limit = (10_000, resource.RLIM_INFINITY)
    resource.prlimit(workers.of(run).pid, resource.RLIMIT_FSIZE, limit)
    wait_for(run, "failed")
    assert "could not be written" in run.status.message
    kept = run.checkpoints()
    assert kept
    assert not [f for f in (run.folder / "checkpoints").iterdir() if f not in kept]
    assert read_card(kept[-1]).step == run.history().saved_step
    launch.resume(run)
    wait_for(run, "completed")
    assert_same_end(run, uninterrupted)


# -- the line


def test_queued_runs_start_first_come_first_served(workers):
    """One slot: it is passed on when its run is cancelled, is paused, or completes."""
    a = launch.start(tiny(epochs=1000))
    wait_for(a, "running")
    b = launch.start(tiny(epochs=1000, seed=1))
    wait_for(b, "queued")
    c = launch.start(tiny(epochs=1, batch_size=5000, seed=2))
    wait_for(c, "queued")
    assert a.status.state == "running"

    gone = launch.start(tiny(seed=4))
    wait_for(gone, "queued")
    gone.ask("cancel")
    wait_for(gone, "cancelled")
    assert gone.history().began is None, "a run cancelled in the line has computed nothing"
    assert (a.status.state, b.status.state, c.status.state) == ("running", "queued", "queued")

    a.ask("cancel")
    wait_for(b, "running")
    assert c.status.state == "queued"

    b.ask("pause")
    wait_for(b, "paused")
    wait_for(c, "starting", "running")
    launch.resume(b)
    wait_for(b, "queued")
    assert c.status.state in ("starting", "running")
    wait_for(b, "running")
    assert c.status.state == "completed"
    b.ask("cancel")
    wait_for(b, "cancelled")
    assert b.status.since > c.status.since


# -- failures in words


def test_what_cannot_be_trained_fails_with_a_sentence(workers, tmp_path, monkeypatch):
    monkeypatch.setenv("SYNAPTARIUM_SLOTS", "4")
    monkeypatch.setenv("SYNAPTARIUM_DATA", str(tmp_path / "no-data"))
    expected: dict[Run, str] = {}
    with pytest.raises(SettingsError, match="input_dim is 100, but should be 784"):
        tiny(config={"input_dim": 100})
    if not fashion_mnist.DEBIAN_FOLDER.exists():
        expected[launch.start(tiny(dataset="fashion-mnist"))] = "Fashion-MNIST is not here."
    if not torch.cuda.is_available():
        training = {"device": "cuda"}
        expected[launch.start(tiny(training=training))] = "no CUDA device; use 'auto'."
    damaged = create_run(tiny())
    (damaged.folder / "spec.json").write_text(
        '{"system": "bpan", "config": {"n_steps": 0}}', encoding="utf-8"
    )
    launch._launch(damaged)
    expected[damaged] = "n_steps is 0, but should be greater than or equal to 1."
    for run, sentence in expected.items():
        wait_for(run, "failed")
        assert sentence in run.status.message
        assert run.log.read_text(encoding="utf-8") == "", (
            "an expected failure is a sentence, no traceback"
        )
        assert run.checkpoints() == []


def test_a_worker_without_a_folder_says_so(runs_root, tmp_path):
    assert list(list_runs()) == []
    with pytest.raises(RunError, match="There is no run named 'x'"):
        find_run("x")


# -- the folder itself, without workers


def test_a_worker_waits_for_a_status_check(runs_root, monkeypatch):
    """Whoever asks whether a run is alive holds its lock for a moment."""
    run = create_run(tiny())
    worked = []
    monkeypatch.setattr(worker, "_beat", lambda run: threading.Event())
    monkeypatch.setattr(worker.Worker, "work", lambda self: worked.append(self.run.id))
    monkeypatch.setattr(worker.signal, "signal", lambda *_: None)
    asked = run.lock.acquire().lock
    # The worker finds it held and sleeps, until it is let go.
    monkeypatch.setattr(worker.time, "sleep", lambda seconds: asked.release())
    assert worker.main(str(run.folder)) == 0
    assert worked == [run.id]


def living(run: Run):
    """Hold the run's lock as its worker would."""
    return run.lock.acquire(blocking=False)


def test_a_new_run_is_starting_until_its_grace_is_over(runs_root, monkeypatch):
    run = create_run(tiny())
    assert run.status.state == "starting"
    assert not run.is_alive()
    with living(run):
        assert run.is_alive()
    with monkeypatch.context() as patch:
        patch.setattr("corelib.runs.store.LAUNCH_GRACE_S", 0.0)
        assert run.status.state == "died"
    run.set_status("running")
    assert run.status.state == "died"
    with living(run):
        assert run.status.state == "running"
    run.set_status("failed", "why")
    assert run.status[:2] == ("failed", "why")


def test_a_run_appears_whole(runs_root):
    spec = tiny(variant="small")
    run = create_run(spec)
    assert [r.id for r in list_runs()] == [run.id]
    assert "bpan-small-mnist-s3" in run.id
    assert run.spec == spec
    assert read_spec(run.folder / "spec.json") == spec
    assert [f for f in runs_root.iterdir() if f.name.startswith(".")] == []
    assert run.control == ("run", 0)
    assert run.checkpoints() == []
    assert run.history().step == 0
    assert run.history().seconds_left() is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"mood": "fine"}', "3", "\0"])
def test_a_damaged_status_hides_neither_its_run_nor_the_others(runs_root, text):
    whole, damaged = create_run(tiny()), create_run(tiny())
    (damaged.folder / "status.json").write_text(text, encoding="utf-8")
    assert damaged.status.state == "died"
    assert "status.json is damaged" in damaged.status.message
    assert sorted(r.status.state for r in list_runs()) == ["died", "starting"]
    with living(damaged):
        assert damaged.status.state == "running"
        with pytest.raises(RunError, match="before removing"):
            remove_run(damaged)
    damaged.set_status("starting")
    assert damaged.status.state == "starting"
    assert whole.status.state == "starting"


@pytest.mark.parametrize("text", ["", "{", "[]", '{"mood": "fine"}'])
def test_a_damaged_control_is_reported_in_a_sentence(runs_root, text):
    run = create_run(tiny())
    (run.folder / "control.json").write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match=r"control\.json is damaged"):
        run.ask("pause")
    run.reset_control()
    run.ask("pause")
    assert run.control.request == "pause"


@pytest.mark.parametrize("text", ["", "{", "[]", "3", "\0"])
def test_a_damaged_spec_is_reported_in_a_sentence(runs_root, text):
    run = create_run(tiny())
    (run.folder / "spec.json").write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match="is not a spec"):
        _ = run.spec


def stepped(step: int, count: int = 1, loss: float = 0.0) -> Stepped:
    return Stepped(step=step, count=count, seconds=0.5 * count, metrics={"loss": loss})


def began(step: int) -> Began:
    return Began(
        step=step, total_steps=20, steps_per_epoch=5, device="cpu", threads=1, parameters=9
    )


def validated(step: int, score: float) -> Validated:
    return Validated(step=step, epoch=step // 5, metrics={}, score=score, best=True)


def test_half_a_line_is_not_read_until_it_is_whole(runs_root):
    run = create_run(tiny())
    file = run.folder / "events.jsonl"
    run.append(began(0))
    history = run.history()
    line = stepped(1).model_dump_json().encode() + b"\n"
    for cut in range(1, len(line)):
        with file.open("ab") as half:
            half.write(line[cut - 1 : cut])
        assert history.refresh().steps == []
        assert run.history().steps == []
    with file.open("ab") as half:
        half.write(line[-1:] + line[:9])
    assert history.refresh().steps == [stepped(1)]
    assert history.refresh().steps == [stepped(1)], "what is read is not read again"
    run.drop_half_line()
    run.append(stepped(2))
    assert history.refresh().steps == [stepped(1), stepped(2)]
    assert run.history().steps == [stepped(1), stepped(2)]


def test_a_line_that_is_no_event_is_left_out_and_counted(runs_root):
    run = create_run(tiny())
    run.append(began(0))
    with (run.folder / "events.jsonl").open("ab") as file:
        file.write(b"no event\n" + b"[" * 10_000 + b"\n\xff\xfe\n")
    run.append(stepped(1))
    history = run.history()
    assert history.unreadable == 3
    assert history.steps == [stepped(1)]


def test_the_spec_in_force_is_the_one_it_began_with(runs_root):
    run = create_run(tiny())
    (run.folder / "spec.json").write_text(tiny(seed=5).model_dump_json(), encoding="utf-8")
    assert run.spec.seed == 5, "nothing has begun yet"
    run.append(began(0).model_copy(update={"spec": run.spec.model_dump()}))
    for text in (tiny(seed=6).model_dump_json(), "{"):
        (run.folder / "spec.json").write_text(text, encoding="utf-8")
        assert run.spec.seed == 5


def test_names_sort_by_time_in_every_time_zone(runs_root, monkeypatch):
    names: list[str] = []
    for zone in ("Pacific/Auckland", "UTC", "Pacific/Honolulu"):
        monkeypatch.setenv("TZ", zone)
        store.time.tzset()
        names.append(create_run(tiny()).id[:15])
    monkeypatch.undo()
    store.time.tzset()
    assert names == sorted(names)
    now = datetime.now(UTC)
    for name in names:
        named = datetime.strptime(name, "%Y%m%d-%H%M%S").replace(tzinfo=UTC)
        assert timedelta(0) <= now - named < timedelta(minutes=1)


@pytest.mark.parametrize("launched", [1e12, -1e12, float("inf"), "x", None])
def test_a_run_whose_launch_cannot_be_true_has_died_and_can_be_removed(runs_root, launched):
    run = create_run(tiny())
    status = {"state": "starting", "message": "", "since": 0.0, "launched": launched}
    (run.folder / "status.json").write_text(json.dumps(status), encoding="utf-8")
    assert run.status.state == "died"
    remove_run(run)
    assert list(list_runs()) == []


def test_history_forgets_what_a_resume_invalidates(tmp_path):
    run = Run(tmp_path)
    valid = [began(0), stepped(3, 3), stepped(5, 2), validated(5, 0.6), Saved(step=5)]
    void = [stepped(8, 3, loss=9.0), stepped(10, 2), validated(10, 0.9)]
    for event in valid + void:
        run.append(event)
    history = run.history()
    assert history.step == 10
    assert history.best.score == 0.9
    run.append(began(5))
    for reader in (history.refresh(), run.history()):
        assert reader.steps == [stepped(3, 3), stepped(5, 2)]
        assert reader.validations == [validated(5, 0.6)]
        assert reader.best.score == 0.6
        assert reader.step == 5
    run.append(stepped(6, 1, loss=1.0))
    assert [e.step for e in history.refresh().steps] == [3, 5, 6]
    assert history.updates_per_second() == pytest.approx(2)
    assert history.seconds_left() == pytest.approx(7)
    assert history.finished is None


def test_history_of_nothing(tmp_path):
    history = History(tmp_path / "events.jsonl").refresh()
    assert (history.step, history.best, history.updates_per_second()) == (0, None, None)


def test_find_run_by_any_unique_prefix(runs_root):
    first, second = create_run(tiny()), create_run(tiny(variant="other"))
    assert find_run(first.id).folder == first.folder
    assert find_run(second.id[:-1]).folder == second.folder
    with pytest.raises(RunError, match="2 runs begin with 2; give more of the id"):
        find_run("2")  # the millennium, with which both names begin
    # A run whose whole name is a prefix of another's can still be addressed.
    first.folder.rename(runs_root / "same")
    second.folder.rename(runs_root / "same-and-more")
    assert find_run("same").id == "same"


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../outside", "/etc", "a/b", "a\\b", "*", "a\0", "x\n", "é", ".slots"]
)
def test_names_that_point_outside_the_folder_are_refused(runs_root, name):
    run = create_run(tiny())  # with which an empty beginning would agree
    create_run(tiny()).folder.rename(runs_root.parent / "outside")
    for pointing in (name, f"{run.id}/../../outside"):
        with pytest.raises(RunError, match="There is no run named"):
            find_run(pointing)


def test_removing_needs_an_ended_run(runs_root):
    run = create_run(tiny())
    with pytest.raises(RunError, match="is starting; cancel it before removing it"):
        remove_run(run)
    run.set_status("running")
    with living(run), pytest.raises(RunError, match="is running; cancel it"):
        remove_run(run)
    remove_run(run)
    assert list(list_runs()) == []


def test_files_are_replaced_whole(runs_root):
    """A reader in between never sees half a status."""
    run = create_run(tiny())
    for state in ("queued", "starting", "running"):
        run.set_status(state)
        names = {f.name for f in run.folder.iterdir()}
        assert not [n for n in names if n.startswith(".")], "no scratch file is left"
        assert (
            json.loads((run.folder / "status.json").read_text(encoding="utf-8"))["state"] == state
        )
