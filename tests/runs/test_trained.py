"""What a worker keeps and measures, in runs whose best epoch is not their last."""

import pytest
import torch

from corelib.runs import worker
from corelib.runs.registry import best_checkpoint
from corelib.runs.spec import make_spec, resolve
from corelib.runs.store import Run, create_run
from corelib.runs.trained import Trained
from corelib.training.card import WEIGHTS, read_card
from corelib.training.checkpoint import read_tensors
from corelib.training.loop import train
from tests.runs.conftest import TINY
from tests.runs.scripted import BEST, N_TEST, N_VALIDATION, PER_EPOCH, SCORES, STEPS


def kept(run: Run) -> list[int]:
    """The updates of which there is a checkpoint."""
    return [int(folder.name.removeprefix("step-")) for folder in run.checkpoints()]


def outcome(run: Run) -> dict:
    """All that must not depend on what happened on the way."""
    history = run.history()
    measured = [*history.validations, *filter(None, [history.finished])]
    return {
        "state": run.status.state,
        "cards": {folder.name: read_card(folder) for folder in run.checkpoints()},
        "steps": [(e.step, e.count, e.metrics) for e in history.steps],
        "measured": [event.model_copy(update={"seconds": 0.0}) for event in measured],
    }


def test_the_best_checkpoint_is_kept_and_tested_though_it_is_not_the_last(script):
    run = script.begin()
    assert script.work(run) == 0
    assert kept(run) == [BEST, STEPS]
    best, last = (read_card(folder) for folder in run.checkpoints())
    finished = run.history().finished
    assert (finished.step, finished.best_step) == (STEPS, BEST)
    assert finished.metrics == {"accuracy": 0.9, "updates": BEST, "images": N_TEST}
    assert (best.test, last.test) == (finished.metrics, {})
    assert (best.score, last.score) == (SCORES[BEST], SCORES[STEPS])
    assert last.metrics == {"accuracy": 0.8, "updates": STEPS, "images": N_VALIDATION}
    assert (best.epoch, last.epoch) == (2, 4)
    assert best_checkpoint(run).card == best
    assert [v.best for v in run.history().validations] == [True, True, False, False]
    for folder, step in zip(run.checkpoints(), (BEST, STEPS), strict=True):
        assert read_tensors(folder / WEIGHTS)["weight"].item() == step


@pytest.mark.parametrize("stop", range(1, STEPS))
def test_a_run_cancelled_in_any_update_keeps_its_best_and_ends_as_if_undisturbed(script, stop):
    run = script.cancelled_at(stop)
    validated = [step for step in SCORES if step <= stop]
    best = max(validated, key=SCORES.__getitem__, default=stop)
    assert kept(run) == sorted({best, stop})
    card = read_card(run.checkpoint(stop))
    # Between two epochs nothing was measured, whatever was before.
    assert card.score == SCORES.get(stop)
    assert card.metrics.get("updates") == (stop if stop in SCORES else None)
    assert card.epoch == pytest.approx(stop / PER_EPOCH)
    assert [v.step for v in run.history().validations] == validated

    script.resume(run)
    ours = outcome(run)
    run.folder.rename(run.folder.with_name(".disturbed"))
    undisturbed = script.begin()
    script.work(undisturbed)
    assert ours == outcome(undisturbed)
    assert ours["state"] == "completed"


def test_the_network_and_the_batches_are_those_of_the_seed(small_data):
    """A whole run by hand: initial weights, batches and noise are drawn from its seed alone."""
    training = {"epochs": 2, "batch_size": 50, "device": "cpu"}
    spec = make_spec("bpan", config=TINY, training=training, seed=3)
    run = create_run(spec)
    assert worker.main(str(run.folder)) == 0
    resolved = resolve(spec)
    torch.manual_seed(3)
    model = resolved.system.make_model(resolved.config)
    learner = resolved.system.make_learner(model, resolved.training, small_data)
    events = list(train(learner, small_data, resolved.training, 3))
    weights = read_tensors(run.checkpoint(2 * PER_EPOCH) / WEIGHTS)
    assert weights.keys() == model.state_dict().keys()
    for name, tensor in model.state_dict().items():
        assert torch.equal(weights[name], tensor), name
    for ours, truth in (
        (run.history().steps, [e for e in events if e.kind == "stepped"]),
        (run.history().validations, [e for e in events if e.kind == "validated"]),
    ):
        assert [(e.step, e.metrics) for e in ours] == [(e.step, e.metrics) for e in truth]


@pytest.mark.parametrize("file", ["weights.safetensors", "learner.safetensors"])
def test_a_damaged_checkpoint_is_left_out_in_words_and_the_one_before_it_goes_on(
    script, monkeypatch, capsys, file
):
    run = script.cancelled_at(8)
    damaged = run.checkpoint(8) / file
    damaged.write_bytes(damaged.read_bytes()[:-1] + b"?")
    said: list[tuple[str, str]] = []
    set_status = Run.set_status
    monkeypatch.setattr(
        Run,
        "set_status",
        lambda self, state, message="": (
            said.append((state, message)) or set_status(self, state, message)
        ),
    )
    script.resume(run)
    assert run.history().began.step == BEST
    (message,) = [message for state, message in said if state == "running"]
    assert message.startswith("Left out: ")
    assert f"{file} is damaged" in message
    assert capsys.readouterr().out == f"{message}\n"
    assert run.status[:2] == ("completed", "")
    assert kept(run) == [BEST, STEPS]
    assert [e.step for e in run.history().steps] == list(range(1, STEPS + 1))


def test_a_run_killed_before_it_said_that_it_is_completed_ends_tidily(script, monkeypatch):
    """Older checkpoints are still there, and no update is left to make."""
    run = script.begin()
    with monkeypatch.context() as patch:
        patch.setattr(Trained, "_prune", lambda self: None)
        script.work(run)
    assert kept(run) == list(SCORES)
    before = outcome(run)
    run.set_status("running")
    assert run.status.state == "died"
    script.resume(run)
    assert kept(run) == [BEST, STEPS]
    after = outcome(run)
    assert (after["measured"], after["steps"]) == (before["measured"], before["steps"])
    assert after["state"] == "completed"
