"""A run that is completed without being trained."""

from collections.abc import Iterable
from typing import Any

from torch import nn

from corelib.runs.spec import RunSpec
from corelib.runs.store import Run, create_run
from corelib.training.card import Card
from corelib.training.checkpoint import save
from corelib.training.events import Event
from corelib.training.learner import Learner


def completed_run(
    spec: RunSpec,
    model: nn.Module,
    learner: Learner | None = None,
    events: Iterable[Event] = (),
    **card: Any,
) -> Run:
    """A completed run with these ``events`` and one checkpoint, of step 1: the weights of ``model``
    and, where there is one, the learner's state. ``card`` are more fields of its card."""
    run = create_run(spec)
    for event in events:
        run.append(event)
    described = Card(**{**spec.model_dump(), "step": 1, "epoch": 0.0, **card})
    run.checkpoint(1).parent.mkdir(exist_ok=True)
    save(
        run.checkpoint(1),
        described,
        model.state_dict(),
        None if learner is None else learner.state(),
    )
    run.set_status("completed")
    return run
