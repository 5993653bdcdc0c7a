"""Training by back-propagation or by the Counter-Hebb rule: two rules that fill ``.grad``."""

from collections.abc import Iterator, Mapping
from typing import ClassVar, NamedTuple

import torch
from torch import Tensor

from corelib.data.images import ImageDataset, Split, steps_per_epoch
from corelib.errors import CheckpointError
from corelib.models.butd.analysis import alignment, difference, layers_of
from corelib.models.butd.blocks import Signals
from corelib.models.butd.config import BUTDTraining, RuleTraining
from corelib.models.butd.effective_step import effective_step
from corelib.models.butd.gates import open_gates, pack, packed_size, rows
from corelib.models.butd.losses import error_of, loss_of, predicted
from corelib.models.butd.networks import BUTDNet, Instructed, TaskHead
from corelib.training.adam import BETAS, Adam
from corelib.training.learner import Learner, Metrics

CHUNK = 250
MOST_NAMED = 10
MOST_NOTED = 2**16
"""Bytes of gates that are noted in each epoch; larger networks keep no history."""


class Part(NamedTuple):
    """One pass of a batch: the gates, and the label and the task of each image."""

    gates: Signals | None
    labels: Tensor
    task: Tensor | None


class BUTDLearner(Learner):
    """One gradient update per batch, in which each image follows a random task, or all of them.

    The step size is learning_rate · decay^epoch. Gates are constants, as in the authors' code; only
    a task head that is trained learns through the top gate g = 1[z > 0], by the straight-through
    gradient dL/dz = dL/dg.

    The state holds the gates at the start of each epoch, as bits (``gates.pack``), and with decay
    the running mean of its part of the gradients.
    """

    score: ClassVar[str] = "accuracy"

    def __init__(self, model: BUTDNet, settings: RuleTraining, dataset: ImageDataset) -> None:
        settings.check_loss(model.n_classes)
        self.model: BUTDNet = model  # pyright: ignore[reportIncompatibleVariableOverride]
        self.settings, self.dataset = settings, dataset
        self.optimiser = Adam(model, settings.learning_rate)
        self.decayed: list[Tensor] = []
        if settings.weight_decay:
            self.decayed = self.optimiser.per_parameter("decayed")
        self.updates = torch.zeros((), dtype=torch.int64)
        self.per_epoch = steps_per_epoch(len(dataset.train.labels), settings.batch_size)
        self.all_tasks = isinstance(settings, BUTDTraining) and settings.tasks == "all"
        size = packed_size(model.shapes, model.n_tasks) if model.n_tasks > 1 else 0
        noted = size if size <= MOST_NOTED else 0
        self.history = torch.zeros(0, noted, dtype=torch.uint8)

    def step(self, batch: Split) -> Metrics:
        if self.history.shape[1] and int(self.updates) % self.per_epoch == 0:
            self.model.eval()
            self.history = torch.cat([self.history, pack(self.model.task_gates()).cpu()[None]])
        self.model.train()
        metrics = self.fill(self.dataset.inputs(batch.pixels), batch.labels)
        if self.settings.weight_decay:
            self._add_decay()
        self.optimiser.learning_rate = self._rate(int(self.updates))
        self.optimiser.step()
        self.updates += 1
        return metrics

    def _rate(self, update: int) -> float:
        """The step size of an update, from 0."""
        return self.settings.learning_rate * self.settings.decay ** (update // self.per_epoch)

    def _add_decay(self) -> None:
        """Add λ w to the gradients, and note its running mean as Adam does that of the gradient."""
        decay, which = self.settings.weight_decay, self.settings.decays
        named = zip(self.optimiser.names, self.optimiser.parameters, self.decayed, strict=True)
        for name, parameter, mean in named:
            part = "feedback" if name.rpartition(".")[2].startswith("back_") else "forward"
            if parameter.grad is not None and which in ("all", part):
                parameter.grad.add_(parameter.detach(), alpha=decay)
                mean.lerp_(parameter.detach() * decay, 1 - BETAS[0])

    def fill(self, x: Tensor, labels: Tensor) -> Metrics:
        """Fill ``.grad`` by the rule, from x (image, input) and labels (image,) or (image, task);
        returns loss and accuracy."""
        model, kind = self.model, self.settings.loss
        backprop = self.settings.rule == "backprop"
        head, gates, instructed = model.task_head, None, None
        if head is not None:
            with torch.no_grad():
                instructed = model.instruct(model.instructions())
            gates = open_gates(instructed.signals)
            if not head.embedding.weight.requires_grad:
                head = None
            elif backprop:
                gates[-1].requires_grad_()
        gate_error = None if instructed is None else torch.zeros_like(instructed.drive)
        parts = list(self._parts(gates, labels))
        total, hits = 0.0, 0.0
        for part in parts:
            with torch.set_grad_enabled(backprop):
                up = model.bottom_up(x, part.gates)
                loss = loss_of(up.logits, part.labels, kind) / len(parts)
            if backprop:
                loss.backward()  # pyright: ignore[reportUnknownMemberType] (torch leaves it untyped)
            else:
                error = error_of(up.logits, part.labels, kind) / len(parts)
                down = model.top_down(error, up.signals)
                model.counter_hebbian_update_value(up, down, self.settings.noise)
                if head is not None and gate_error is not None and part.task is not None:
                    gate_error.index_add_(0, part.task, model.gate_error(error, up) / len(x))
            total += loss.item()
            hits += (predicted(up.logits, kind) == part.labels).float().mean().item() / len(parts)
        if head is not None and gates is not None and instructed is not None:
            if backprop:
                gate_error = gates[-1].grad
            self._fill_head(head, instructed, gate_error)
        return {"loss": total, "accuracy": hits}

    def _fill_head(self, head: TaskHead, instructed: Instructed, gate_error: Tensor | None) -> None:
        """Fill ``.grad`` of the task head, from the error of the top gate (task, unit...)."""
        if gate_error is None:
            return
        if self.settings.rule == "backprop":
            drive = head.back_forward(self.model.instructions())[1]
            drive.backward(gate_error.flatten(1))  # pyright: ignore[reportUnknownMemberType]
        else:
            head.counter_hebbian_update_value(
                self.model.instructions(), instructed.embedding, gate_error
            )

    def _parts(self, gates: Signals | None, labels: Tensor) -> Iterator[Part]:
        if gates is None:
            yield Part(None, labels, None)
        elif self.all_tasks:
            for k, column in enumerate(labels.T):
                yield Part(rows(gates, k), column, torch.full_like(column, k))
        else:
            # Drawn on the CPU, so that the seed means the same on every device.
            task = torch.randint(self.model.n_tasks, (len(labels),)).to(labels.device)
            yield Part(rows(gates, task), labels.gather(1, task[:, None])[:, 0], task)

    @torch.no_grad()
    def evaluate(self, split: Split) -> Metrics:
        """Loss and accuracy, means over tasks, and the accuracy of each task if they are few.

        Where Counter-Hebb is not back-propagation: of each layer the angle between both updates for
        the first images, the cosine between W and W̄ᵀ, and the norm ‖W − W̄ᵀ‖. In training also the
        share and the relative length of each layer's ``effective_step``, at the last update.
        """
        model, kind = self.model, self.settings.loss
        was_training = model.training
        model.eval()
        labels = split.labels if split.labels.dim() == 2 else split.labels[:, None]
        n, n_tasks = labels.shape
        total, hits = 0.0, torch.zeros(n_tasks)
        for at in range(0, n, CHUNK):
            answers = model(self.dataset.inputs(split.pixels[at : at + CHUNK]))
            answers = answers if answers.dim() == 3 else answers[:, None]
            for k, truth in enumerate(labels[at : at + CHUNK].T):
                logits = answers[:, k]
                total += loss_of(logits, truth, kind).item() * len(truth) / n_tasks
                hits[k] += (predicted(logits, kind) == truth).sum().item()
        model.train(was_training)
        metrics = {"loss": total / n, "accuracy": hits.mean().item() / n}
        names = self.dataset.task_names
        if len(names) <= MOST_NAMED:
            metrics |= {f"accuracy {name}": hits[k].item() / n for k, name in enumerate(names)}
        metrics |= self._effective_steps()
        return metrics | self._departure(split.pixels[:CHUNK], labels[:CHUNK])

    def _effective_steps(self) -> Metrics:
        adam, values = self.optimiser, Metrics()
        means = {id(p): mean for p, mean in zip(adam.parameters, self.decayed, strict=False)}
        for name, layer in layers_of(self.model).items():
            weight, moments = layer.weight.detach(), adam.moments(layer.weight)
            if moments is not None:
                decayed = means.get(id(layer.weight), torch.zeros_like(weight)) / moments.started
                step = effective_step(weight, moments, decayed, self._rate(int(self.updates) - 1))
                values[f"step {name}"] = float(f"{step.share:.3g}")
                values[f"relative step {name}"] = float(f"{step.relative:.3g}")
        return values

    def _departure(self, pixels: Tensor, labels: Tensor) -> Metrics:
        aligned = alignment(self.model)
        if self.settings.rule == "backprop" or not aligned.layers:
            return {}
        task = torch.arange(len(labels), device=labels.device) % labels.shape[1]
        asked = labels.gather(1, task[:, None])[:, 0]
        x = self.dataset.inputs(pixels)
        apart = difference(self.model, x, asked, task, self.settings.loss)
        # Rounded: the last digits are those of the summation, and cost a line of the log each.
        angles = {f"angle {n} / °": a for n, a in zip(apart.layers, apart.angle, strict=True)}
        cosines = {f"cosine {n}": c for n, c in zip(aligned.layers, aligned.cosine, strict=True)}
        norms = {f"distance {n}": d for n, d in zip(aligned.layers, aligned.distance, strict=True)}
        values = angles | cosines | norms
        return {name: round(float(value), 3) for name, value in values.items()}

    def state_dict(self) -> dict[str, Tensor]:
        own = {"updates": self.updates, "gates": self.history}
        return own | self.optimiser.state_dict()

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        noted = state.get("gates")
        if noted is None or noted.shape[1] != self.history.shape[1] or "updates" not in state:
            raise CheckpointError("The learner's state is not that of this network.")
        self.optimiser.load_state_dict(state)
        self.updates.copy_(state["updates"])
        self.history = noted.clone()
