"""Training that diverges, or for which memory does not suffice, ends with a sentence that helps."""

import math
import re

import pytest
import torch

from corelib.runs import launch, worker
from corelib.runs.offered import available
from corelib.runs.registry import find
from corelib.runs.spec import make_spec
from corelib.runs.store import Run, create_run
from corelib.runs.summary import summary
from corelib.runs.trained import Trained
from tests.runs.conftest import tiny, wait_for


def test_a_diverging_run_fails_at_its_update_and_says_what_to_lower(workers):
    training = {"learning_rate": 1.0, "max_steps": 60, "device": "cpu"}
    run = launch.start(make_spec("bpc", training=training))
    wait_for(run, "failed")
    message = run.status.message
    assert message.startswith("diverged at update ")
    assert "Lower learning_rate (1; default 0.001), then " in message
    assert "No checkpoint yet." in message
    assert "Resuming would repeat this" in message
    assert run.log.read_text(encoding="utf-8") == ""
    line = summary(run)
    assert (line.state, line.problems, line.history.unreadable) == ("failed", (), 0)
    assert line.history.step > 0
    assert all(math.isfinite(v) for e in line.history.steps for v in e.metrics.values())


def in_this_process(run: Run, monkeypatch) -> int:
    monkeypatch.setattr(worker.signal, "signal", lambda *_: None)
    monkeypatch.setattr(worker, "thread_count", lambda: 1)
    return worker.main(str(run.folder))


def test_the_last_good_checkpoint_is_kept_and_offered(runs_root, monkeypatch):
    run = create_run(tiny())
    real = Trained.stepped

    def spoil(self, event) -> None:
        real(self, event)
        if event.step == 150:  # the second epoch of three
            self.learner.model.theta.data[0, 0] = math.nan

    monkeypatch.setattr(Trained, "stepped", spoil)
    monkeypatch.setattr(worker, "WRITE_EVERY_S", 1e6)
    assert in_this_process(run, monkeypatch) == 1
    message = run.status.message
    assert "diverged at update 151: " in message
    assert "The checkpoint of update 110 is kept." in message
    item = find(run.id)
    assert item.card.step == 110
    assert run.id in [known.name for known in available()]
    assert summary(run).note == message
    assert summary(run).history.step == 150, "what was learned until then is told"


@pytest.mark.parametrize(
    ("demand", "says"),
    [
        (lambda: torch.empty(10**14), r"Memory ran out: another 400 TB was needed\. Lower "),
        (lambda: bytearray(2**62), r"Memory ran out\. Lower "),
    ],
)
def test_lack_of_memory_is_a_sentence_with_the_size(runs_root, monkeypatch, demand, says):
    run = create_run(tiny())
    monkeypatch.setattr(Trained, "begin_or_resume", lambda run: demand())
    assert in_this_process(run, monkeypatch) == 1
    assert run.status.state == "failed"
    assert re.match(says, run.status.message)
    assert "batch_size" in run.status.message
    assert not run.log.exists()
