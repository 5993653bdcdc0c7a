"""What a terminal and a log show of a run, from made histories."""

import re

import pytest

from corelib.runs.history import History
from corelib.runs.progress import Bar, Lines, progress, state_sentence
from corelib.runs.store import Run, Status
from corelib.training.events import Began, Stepped, Validated
from corelib.words import percent

TOTAL, PER_EPOCH = 40, 10


def began(step: int = 0, threads: int = 1, total: int = TOTAL) -> Began:
    return Began(
        step=step,
        total_steps=total,
        steps_per_epoch=PER_EPOCH,
        device="cpu",
        threads=threads,
        parameters=1234,
    )


def stepped(step: int, seconds: float = 1.0, name: str = "loss", value: float = 0.25) -> Stepped:
    return Stepped(step=step, count=1, seconds=seconds, metrics={name: value})


def validated(step: int, score: float) -> Validated:
    metrics = {"loss": 9.0, "accuracy": score}
    return Validated(step=step, epoch=step // PER_EPOCH, metrics=metrics, score=score, best=True)


@pytest.fixture
def run(tmp_path) -> Run:
    return Run(tmp_path)


def shown(line: str) -> tuple[int, int]:
    """How many cells a drawn bar has, and how many of them are filled, from the left."""
    bar = re.match("[█░]*", line)[0]
    filled = len(bar.rstrip("░"))
    assert bar == "█" * filled + "░" * (len(bar) - filled)
    return len(bar), filled


@pytest.mark.parametrize("columns", [20, 40, 60, 80, 200])
def test_the_bar_shows_how_much_is_done_whatever_the_length_of_the_words_beside_it(
    run, monkeypatch, capsys, columns
):
    """The words grow, shrink and crowd the bar out; what it shows is never more than what is done,
    lacks less than a cell, never shrinks where it has as many cells, and is full only at the end.
    """
    monkeypatch.setenv("COLUMNS", str(columns))
    bar = Bar(run)
    run.append(began())
    history = run.history()
    bar.show(Status("running"), history)
    drawn = []
    for step in range(1, TOTAL + 1):
        # A metric's name and a rate of all lengths.
        run.append(stepped(step, 10.0 ** (step % 7 - 3), "x" * (1 + step * 7 % 40)))
        if step % PER_EPOCH == 0:
            run.append(validated(step, step / 100))
        capsys.readouterr()
        bar.show(Status("running"), history.refresh())
        out = capsys.readouterr().out
        assert out.startswith("\r")
        assert out.endswith("\x1b[K")
        line = out[1:-3]
        assert len(line) < columns, "it would go on in the next line"
        cells, filled = shown(line)
        words = progress(history, step, brief=True)
        room = columns - 1 - len(f" {words}")
        assert cells == max(0, min(Bar.WIDEST, room)), "it takes the room that the words leave"
        assert filled <= cells * step / TOTAL < filled + 1
        assert (filled == cells) == (step == TOTAL) or not cells
        assert line[cells:].strip() == words[: columns - 2 - cells].strip()
        drawn.append((cells, filled))
    for width in {cells for cells, _ in drawn}:
        filled = [done for cells, done in drawn if cells == width]
        assert filled == sorted(filled)
    if columns == 80:
        assert len({cells for cells, _ in drawn}) > 3, "the words crowd it"


def test_a_new_state_is_said_once_above_the_bar(run, capsys):
    bar = Bar(run)
    history = run.history()
    for state in ("starting", "starting", "queued"):
        bar.show(Status(state), history)
    out = capsys.readouterr().out
    assert out.count("is starting.") == 1
    assert out.count("is queued: it starts when an earlier run ends.") == 1
    assert "\x1b[K" + f"Run {run.id} is starting.\n" in out
    bar.close()
    assert capsys.readouterr().out == "\n"


def test_a_log_has_a_line_for_each_epoch_after_those_that_were_there(run, capsys):
    """A run that is resumed at update 20 prints no epoch twice."""
    for event in (began(), stepped(20), validated(10, 0.1), validated(20, 0.2), began(20)):
        run.append(event)
    history = run.history()
    lines = Lines(run)
    lines.show(Status("running"), history)
    assert capsys.readouterr().out == (
        "Training 1,234 parameters on cpu with 1 thread: updates 21 to 40.\n"
    )
    run.append(stepped(30, value=0.5))
    lines.show(Status("running"), history.refresh())
    assert capsys.readouterr().out == ""
    for event in (validated(30, 0.3), stepped(40, value=0.125), validated(40, 0.4)):
        run.append(event)
    for _ in range(2):
        lines.show(Status("completed"), history.refresh())
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("epoch 3/4  ")
    assert first.endswith(f"loss 0.5  validation accuracy {percent(0.3, 2)}")
    assert second.startswith("epoch 4/4  ")
    assert second.endswith(f"loss 0.125  validation accuracy {percent(0.4, 2)}")


def test_progress_says_rate_time_left_loss_and_score(run):
    assert progress(History(run.events), 0) == ""
    run.append(began(total=45))
    assert progress(run.history(), 0) == "epoch 0/5"
    for step in range(1, 20):
        run.append(stepped(step, 0.5, value=1 / step))
    run.append(validated(10, 0.75))
    text = progress(run.history(), 19)
    score = percent(0.75, 2)
    assert text == (f"epoch 1/5  2 updates/s  0:13 left  loss 0.05263  validation accuracy {score}")
    assert progress(run.history(), 19, brief=True).endswith(f"  validation {score}")
    # As it was at an earlier update.
    assert progress(run.history(), 9) == "epoch 0/5  2 updates/s  0:13 left  loss 0.1111"


@pytest.mark.parametrize(
    ("state", "message", "says"),
    [
        ("starting", "", "Run {} is starting."),
        ("queued", "", "Run {} is queued: it starts when an earlier run ends."),
        ("paused", "", "Run {} is paused; continue with: python -m corelib runs resume {}"),
        ("completed", "", ""),
        ("failed", "why", ""),
        ("running", "", "Training 1,234 parameters on cpu with 3 threads: updates 6 to 40."),
        (
            "running",
            "Left out: one.",
            "Training 1,234 parameters on cpu with 3 threads: updates 6 to 40. Left out: one.",
        ),
    ],
)
def test_each_state_has_its_sentence(run, state, message, says):
    assert state_sentence(run, Status("running"), run.history()) == "", "nothing is known yet"
    run.append(began(5, threads=3))
    said = state_sentence(run, Status(state, message), run.history())
    assert said == says.format(run.id, run.id)
