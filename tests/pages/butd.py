"""Stored networks that need no training: small, with weights as they are drawn."""

import torch

from corelib.data import load_dataset
from corelib.runs.spec import make_spec, resolve
from corelib.runs.store import Run
from corelib.training.events import Began, Event, Validated
from tests.pages.stored import completed_run

SMALL = {"network": "simple", "width": 4, "hidden": 8}


def store_network(
    system: str,
    dataset: str,
    config=None,
    training=None,
    seed: int = 0,
    variant: str = "",
    test=None,
    **noted,
) -> Run:
    """A completed run; ``noted`` are a measure's values after each epoch, by its name, and ``test``
    what was measured in the end."""
    spec = make_spec(
        system,
        dataset=dataset,
        config=config or SMALL,
        training=training or {},
        seed=seed,
        variant=variant,
    )
    resolved = resolve(spec)
    torch.manual_seed(seed)
    model = resolved.system.make_model(resolved.config)
    learner = resolved.system.make_learner(model, resolved.training, load_dataset(dataset))
    if model.n_tasks > 1:
        # As if one epoch had passed, of which the start is noted.
        from corelib.models.butd.gates import pack

        learner.history = pack(model.gates())[None]
        with torch.no_grad():
            for parameter in model.core.parameters():
                parameter.mul_(-1)
    events: list[Event] = [
        Began(step=0, total_steps=2, steps_per_epoch=1, device="cpu", threads=1, parameters=1)
    ]
    for at, values in enumerate(zip(*noted.values(), strict=True)):
        metrics = dict(zip(noted, values, strict=True))
        score = metrics["accuracy"]
        events.append(Validated(step=at + 1, epoch=at + 1, metrics=metrics, score=score, best=True))
    test = test or {"accuracy": 0.125}
    return completed_run(spec, model, learner, events, epoch=1, score=0.1, test=test)
