"""The commands on runs, from made runs: what they print, to the letter, and what they change."""

import json
import re

import pytest

from corelib.__main__ import main
from corelib.cli import follow as following
from corelib.cli.follow import follow
from corelib.errors import RunError
from corelib.runs import waiting, watch
from corelib.runs.marks import mark
from corelib.runs.spec import as_command
from corelib.runs.store import Run, create_run
from corelib.training.events import Began, Finished, Saved, Stepped, Validated
from corelib.words import percent
from tests.runs.conftest import tiny
from tests.runs.test_registry import store


def trained(state: str = "completed", message: str = "") -> Run:
    """A run of 1,100 updates that was better in its first epoch than in its second."""
    run = create_run(tiny(epochs=10, variant="lab1"))
    run.append(
        Began(
            step=0, total_steps=1100, steps_per_epoch=110, device="cpu", threads=2, parameters=8050
        )
    )
    for epoch, score in ((1, 0.875), (2, 0.75)):
        step = 110 * epoch
        metrics = {"loss": 1 - score, "accuracy": score}
        run.append(Stepped(step=step, count=110, seconds=1.0, metrics={"loss": 0.5}))
        run.append(Validated(step=step, epoch=epoch, metrics=metrics, score=score, best=epoch == 1))
        store(run, step, score)
        run.append(Saved(step=step))
    if state == "completed":
        metrics = {"loss": 0.25, "accuracy": 0.8125}
        run.append(Finished(step=1100, best_step=110, metrics=metrics))
    run.set_status(state, message)
    return run


def printed(capsys, *words: str) -> list[str]:
    assert main(list(words)) == 0
    out, err = capsys.readouterr()
    assert err == ""
    return out.splitlines()


def test_a_run_in_the_list(runs_root, capsys):
    run = trained()
    mark(run, tags=["course", "wide"])
    head, row = printed(capsys, "runs", "list")
    assert head.split() == ["run", "state", "updates", "best", "score", "name"]
    assert re.split("  +", row) == [
        run.id,
        "completed",
        "220 of 1,100",
        "0.8750",
        "lab1, #course, #wide",
    ]
    main(["runs", "list", "--json"])
    (entry,) = json.loads(capsys.readouterr().out)
    assert (entry["step"], entry["total_steps"], entry["best_score"]) == (220, 1100, 0.875)
    assert entry["test"] == {"loss": 0.25, "accuracy": 0.8125}
    assert entry["folder"] == str(run.folder)


def test_without_a_run_the_list_says_how_to_begin(runs_root, capsys):
    (line,) = printed(capsys, "runs", "list")
    assert line == "There are no runs yet; start one with: python -m corelib train bpan"


def test_what_is_shown_of_a_run(runs_root, capsys):
    run = trained()
    lines = printed(capsys, "runs", "show", "lab1")
    shown = dict(line.split("  ", 1) for line in lines[:7])
    assert {name: value.strip() for name, value in shown.items()} == {
        "run": run.id,
        "state": "completed",
        "updates": "220 of 1,100",
        "parameters": "8,050",
        "computed on": "cpu, threads: 2",
        "best score": "0.8750 in epoch 1",
        "folder": str(run.folder),
    }
    assert lines[7] == f"repeat with  {as_command(run.spec)}"
    assert [line.split(maxsplit=1) for line in lines[8:]] == [
        ["Validation", "set, epoch 2:"],
        ["loss", "0.25"],
        ["accuracy", percent(0.75, 2)],
        ["Test", "set, best checkpoint:"],
        ["loss", "0.25"],
        ["accuracy", percent(0.8125, 2)],
    ]


def test_the_command_that_repeats_a_run_names_only_what_differs(runs_root, capsys):
    run = create_run(tiny(epochs=15, batch_size=256, variant="", config={"dale": False}))
    assert printed(capsys, "runs", "command", run.id) == [
        "python -m corelib train bpan --dataset mnist --no-dale --device cpu --seed 3"
    ]


def test_the_end_of_a_run_that_is_followed(runs_root, capsys):
    run = trained()
    assert follow(run) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines == [
        "Test set, best checkpoint (update 110):",
        "  loss      0.25",
        f"  accuracy  {percent(0.8125, 2)}",
        f"Run {run.id} is completed; evaluate it with: python -m corelib evaluate {run.id}",
    ]


def test_why_a_run_ended_and_how_it_goes_on(runs_root):
    resume = "python -m corelib runs resume"
    for state, message, says in (
        ("cancelled", "", "Run {0} was cancelled; continue with: {1} {0}"),
        ("failed", "why.", "Run {0} failed: why. Continue from the last checkpoint with: {1} {0}"),
        (
            "failed",
            "",
            "Run {0} failed: no reason was recorded. Continue from the last checkpoint with: "
            "{1} {0}",
        ),
    ):
        run = trained(state, message)
        with pytest.raises(RunError) as caught:
            follow(run)
        assert str(caught.value) == says.format(run.id, resume)
    bare = create_run(tiny())
    bare.set_status("failed", "why.")
    with pytest.raises(RunError) as caught:
        follow(bare)
    assert str(caught.value) == f"Run {bare.id} failed: why.", "there is nothing to go on from"


@pytest.mark.parametrize(
    ("end", "code", "says"),
    [
        ("cancelled", 130, "is cancelled after 220 updates; continue with: python -m corelib runs"),
        ("completed", 130, "is completed."),
    ],
)
def test_ctrl_c_says_what_became_of_the_run(runs_root, monkeypatch, capsys, end, code, says):
    run = trained("running")

    def interrupted(run):
        raise KeyboardInterrupt
        yield

    monkeypatch.setattr(watch, "statuses", interrupted)
    monkeypatch.setattr(watch, "cancel", lambda run: run.set_status(end) or True)
    with run.lock:
        assert follow(run) == code
    first, second = capsys.readouterr().out.splitlines()
    assert first == "Cancelling; the current update is finished and saved."
    assert says in second


def test_ctrl_c_after_the_end_cancels_nothing(runs_root, monkeypatch, capsys):
    run = trained()
    monkeypatch.setattr(following, "cancel", lambda run: pytest.fail("it has ended"))
    assert following._interrupted(run) == 130
    assert capsys.readouterr().out == f"Run {run.id} is completed.\n"


def test_a_worker_that_does_not_answer_is_said_to_be_asked(runs_root, monkeypatch, capsys):
    run = trained("running")
    monkeypatch.setattr(watch, "PATIENCE_S", 0.0)
    with run.lock:
        assert main(["runs", "cancel", run.id]) == 2
    err = capsys.readouterr().err
    assert f"Run {run.id} was asked to cancel but has not responded yet" in err
    assert err.strip().endswith(f"python -m corelib runs show {run.id}")
    assert run.control.request == "cancel"


def test_a_run_that_completes_instead_was_not_cancelled(runs_root, monkeypatch, capsys):
    run = trained("running")
    monkeypatch.setattr(watch, "cancel", lambda run: run.set_status("completed") or True)
    assert main(["runs", "cancel", run.id]) == 2
    assert "was not cancelled in time: it is completed." in capsys.readouterr().err


def test_a_waiting_run_is_moved_to_the_front(runs_root, capsys):
    runs = [create_run(tiny(seed=seed)) for seed in (1, 2)]
    with runs[0].lock, runs[1].lock:
        for run in runs:
            run.set_status("queued")
            waiting.join(run)
        assert printed(capsys, "runs", "next", runs[1].id) == [f"Run {runs[1].id} trains next."]
        assert [run.id for run in waiting.waiting()] == [runs[1].id, runs[0].id]
    assert main(["runs", "next", trained().id]) == 2
    assert "does not wait for a slot" in capsys.readouterr().err


def test_pausing_asks_the_worker_and_says_how_to_go_on(runs_root, capsys):
    run = trained("running")
    with run.lock:
        (line,) = printed(capsys, "runs", "pause", "lab1")
    assert line == f"Run {run.id} is pausing; continue with: python -m corelib runs resume {run.id}"
    assert run.control.request == "pause"


@pytest.mark.parametrize(("n", "says"), [(1, "1 deleted run was"), (2, "2 deleted runs were")])
def test_emptying_says_how_many_are_gone(runs_root, capsys, n, says):
    for run in [trained() for _ in range(n)]:
        main(["runs", "remove", run.id])
    capsys.readouterr()
    assert printed(capsys, "runs", "empty", "--yes") == [f"{says} deleted for good."]
    assert printed(capsys, "runs", "empty", "--yes") == ["No run is deleted."]


def test_marks_are_printed_and_changed_one_by_one(runs_root, capsys):
    run = trained()
    printed(capsys, "runs", "mark", run.id, "--name", "Tuesday", "--tags", "a,b", "--note", "wide")
    lines = printed(capsys, "runs", "mark", run.id, "--tags", "c")
    assert [line.split(maxsplit=1) for line in lines] == [
        ["run", run.id],
        ["name", "Tuesday"],
        ["tags", "c"],
        ["note", "wide"],
    ]
