"""A learner whose scores are written down, for workers in this process that take no time.

Its one weight counts the updates, so that a checkpoint and a test say which update they are of. The
validation score is at its best after the second of four epochs, is reached once more, and falls.
"""

from collections.abc import Callable, Mapping

import torch

from corelib.data import ImageDataset, Split
from corelib.runs import launch, worker
from corelib.runs.spec import RunSpec
from corelib.runs.store import Run, create_run
from corelib.training.learner import Learner, Metrics
from tests.digits import with_first_test_images
from tests.runs.conftest import tiny
from tests.test_catalog_laws import noisy_digits

PER_EPOCH, STEPS, BEST = 3, 12, 6
SCORES = {3: 0.5, 6: 0.9, 9: 0.9, 12: 0.8}
"""The validation score after each of these updates."""
N_VALIDATION, N_TEST = 40, 25


def small_data() -> ImageDataset:
    """150 images, three batches of 50; validation and test differ in size."""
    return with_first_test_images(noisy_digits(), N_TEST)


class Scripted(Learner):
    """``at`` is called with the number of each update while it is made."""

    score = "accuracy"

    def __init__(self, at: Callable[[int], object] | None = None) -> None:
        self.model = torch.nn.Linear(1, 1, bias=False)
        self.model.weight.data.zero_()
        self.pace = torch.ones(())
        self.at = at

    @property
    def done(self) -> int:
        return int(self.model.weight.item())

    def step(self, batch: Split) -> Metrics:
        self.model.weight.data += 1
        self.pace /= 2
        if self.at is not None:
            self.at(self.done)
        return {"loss": self.pace.item()}

    def evaluate(self, split: Split) -> Metrics:
        return {
            "accuracy": SCORES.get(self.done, 0.1),
            "updates": float(self.done),
            "images": float(len(split.labels)),
        }

    def state_dict(self) -> dict[str, torch.Tensor]:
        return {"pace": self.pace}

    def load_state_dict(self, state: Mapping[str, torch.Tensor]) -> None:
        self.pace = state["pace"].clone()


def scripted_spec(**more) -> RunSpec:
    return tiny(**{"epochs": STEPS // PER_EPOCH, "batch_size": 50, **more})


class Script:
    """Runs whose learner is ``Scripted``; ``at`` may be changed between two attempts."""

    def __init__(self) -> None:
        self.at: Callable[[Run, int], object] | None = None

    def begin(self, spec: RunSpec | None = None) -> Run:
        return create_run(spec or scripted_spec())

    def work(self, run: Run) -> int:
        """Train in this process, as a worker does; returns its exit code."""
        return worker.main(str(run.folder))

    def resume(self, run: Run) -> None:
        """As the page and the command line do it, but in this process."""
        launch.resume(run)

    def cancelled_at(self, step: int) -> Run:
        """A run that was cancelled while it made this update."""
        run = self.begin()
        self.at = lambda run, done: run.ask("cancel") if done == step else None
        assert self.work(run) == 0
        assert run.status.state == "cancelled"
        self.at = None
        return run
