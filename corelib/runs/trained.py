"""What a worker trains: the learner, its progress and its checkpoints."""

from __future__ import annotations

import math
import time
from contextlib import suppress
from pathlib import Path

import torch

from corelib import files
from corelib.data import Dataset, Split, load_dataset
from corelib.data.images import steps_per_epoch
from corelib.errors import CheckpointError
from corelib.runs.spec import resolve
from corelib.runs.store import Run
from corelib.training import checkpoint
from corelib.training.card import LEARNER, WEIGHTS, Card, read_card, write_card
from corelib.training.config import TrainingSettings
from corelib.training.device import resolve_device
from corelib.training.events import Began, Finished, Saved, Stepped, Validated
from corelib.training.learner import Learner, Metrics
from corelib.training.loop import total_steps


class Trained:
    """A run's learner, its progress and its checkpoints on disk."""

    def __init__(
        self, run: Run, learner: Learner, dataset: Dataset, training: TrainingSettings
    ) -> None:
        self.run, self.spec = run, run.spec
        self.whole: set[Path] = set()
        self.left_out: list[str] = []
        self.learner, self.dataset, self.training = learner, dataset, training
        self.step = 0
        self.best_score, self.best_step = -math.inf, 0
        self.last_validation: Validated | None = None
        self.steps_per_epoch = steps_per_epoch(len(dataset.train.labels), training.batch_size)

    @classmethod
    def begin_or_resume(cls, run: Run) -> Trained:
        """Initial weights drawn from the seed, or the last checkpoint if there is one."""
        spec = run.spec
        resolved = resolve(spec)
        dataset = load_dataset(spec.dataset)
        device = resolve_device(resolved.training.device)
        # Drawn on the CPU, so that a seed gives the same weights on every device.
        torch.manual_seed(spec.seed)
        model = resolved.system.make_model(resolved.config).to(device)
        learner = resolved.system.make_learner(model, resolved.training, dataset)
        trained = cls(run, learner, dataset, resolved.training)
        trained._restore()
        return trained

    def _restore(self) -> None:
        """Continue from the last whole checkpoint; what is wrong with others is kept in
        ``left_out``, a sentence each."""
        for folder in (self.run.folder, self.run.folder / "checkpoints"):
            files.sweep(folder)
        for folder in self.run.checkpoints():
            try:
                card = checkpoint.check(folder)
                learner = checkpoint.read_tensors(folder / LEARNER)
                checkpoint.load_weights(self.learner.model, folder / WEIGHTS)
            except CheckpointError as error:
                self.left_out.append(str(error))
                continue
            self.learner.load_state_dict(learner)
            self.step = card.step
            self.whole.add(folder)
            if card.score is not None and card.score > self.best_score:
                self.best_score, self.best_step = card.score, card.step

    @property
    def total_steps(self) -> int:
        return total_steps(self.dataset, self.training)

    @property
    def validation_is_due(self) -> bool:
        """Whether the last update ended an epoch or the run and is not validated yet."""
        last = self.last_validation
        ended = self.step % self.steps_per_epoch == 0 or self.step == self.total_steps
        return ended and (last is None or last.step != self.step)

    def began(self) -> Began:
        parameters = list(self.learner.model.parameters())
        return Began(
            step=self.step,
            total_steps=self.total_steps,
            steps_per_epoch=self.steps_per_epoch,
            device=str(parameters[0].device),
            threads=torch.get_num_threads(),
            parameters=sum(p.numel() for p in parameters),
            spec=self.spec.model_dump(),
        )

    def stepped(self, event: Stepped) -> None:
        self.step = event.step

    def validated(self, event: Validated) -> None:
        self.last_validation = event
        if event.best:
            self.best_score, self.best_step = event.score, event.step

    def save(self) -> None:
        """Write a checkpoint of this step; of the older ones only the best is kept."""
        folder = self.run.checkpoint(self.step)
        last = self.last_validation
        if last is not None and last.step != self.step:
            last = None
        if folder in self.whole:
            return
        checkpoint.save(
            folder,
            self._card(last.metrics if last else {}, last.score if last else None),
            self.learner.model.state_dict(),
            self.learner.state_dict(),
        )
        self.whole.add(folder)
        self.run.append(Saved(step=self.step))
        self._prune()

    def _prune(self) -> None:
        """Remove all checkpoints but the one of this step and the best."""
        kept = (self.run.checkpoint(self.step), self.run.checkpoint(self.best_step))
        for old in self.run.checkpoints():
            if old not in kept:
                files.remove(old)

    def show(self) -> None:
        """Write the current weights, by one rename, for whoever is watching."""
        # Watching a run must not end it, for example on a full disk.
        with suppress(OSError):
            checkpoint.save_weights(self.run.live, self.learner.model.state_dict())

    def _card(self, metrics: Metrics, score: float | None) -> Card:
        epoch = self.step / self.steps_per_epoch
        described = self.spec.model_dump()  # a card has all fields of a spec
        return Card(**described, step=self.step, epoch=epoch, metrics=metrics, score=score)

    def finish(self) -> Finished:
        """Measure the best checkpoint on the test set and record the result on its card."""
        # A worker killed after its last save may have left older ones.
        self._prune()
        folder = self.run.checkpoint(self.best_step)
        checkpoint.load_weights(self.learner.model, folder / WEIGHTS)
        device = next(self.learner.model.parameters()).device
        began = time.perf_counter()
        test = self.learner.evaluate(Split(*(t.to(device) for t in self.dataset.test)))
        seconds = time.perf_counter() - began
        write_card(folder, read_card(folder).model_copy(update={"test": test}))
        return Finished(step=self.step, best_step=self.best_step, metrics=test, seconds=seconds)
