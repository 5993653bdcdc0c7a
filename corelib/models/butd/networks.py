"""The network: the image's path, the readout above it, and the task head for instructions."""

from math import prod
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from corelib.models.butd.architectures import Kind, parts_of
from corelib.models.butd.blocks import BUTDSequential, Signals
from corelib.models.butd.config import BUTDConfig, PathConfig, image_shape
from corelib.models.butd.gates import open_gates, rows
from corelib.models.butd.layers import BUTDFlatten, BUTDLayer, galu
from corelib.shapes import images


class Instructed(NamedTuple):
    """The instruction pass of some rows, (row, unit...): ``embedding`` r, ``drive`` z of the top
    population before ReLU, and ``signals`` h̄ of all populations, the lowest first."""

    embedding: Tensor
    drive: Tensor
    signals: Signals


class Ascended(NamedTuple):
    """The bottom-up pass: ``x`` (batch, channel, row, column), ``signals`` h (batch, unit...) of
    all populations, the lowest first, ``logits`` (batch, class)."""

    x: Tensor
    signals: Signals
    logits: Tensor


class Descended(NamedTuple):
    """The error pass: ``error`` (batch, class), the gradient of each image's own loss, and
    ``signals`` δ (batch, unit...) of all populations, the lowest first."""

    error: Tensor
    signals: Signals


class TaskHead(nn.Module):
    """From an instruction t, a vector with one entry per task, down to the top population:

        r = ReLU(T̄₂ t)        z = T̄₁ r        h̄ = ReLU(z)

    Nothing passes bottom-up here when images are read. The biases of that direction exist, and
    count as parameters, because the authors' code has them.
    """

    def __init__(self, kind: Kind, top: int, embedding: int, n_tasks: int) -> None:
        super().__init__()
        self.embedding = kind.linear(top, embedding)
        self.task = kind.linear(embedding, n_tasks)

    def back_forward(self, instruction: Tensor) -> tuple[Tensor, Tensor]:
        """r (row, unit) and z (row, top unit) of instructions (row, task)."""
        r = self.task.back_forward(instruction).relu()
        return r, self.embedding.back_forward(r)

    @torch.no_grad()
    def counter_hebbian_update_value(self, instruction: Tensor, r: Tensor, error: Tensor) -> None:
        """Fill ``.grad`` from the error (row, top unit) of z: the same rule with the roles of the
        directions exchanged, for here the error goes up, by GaLU and without biases."""
        # The rule takes the mean over rows, but the error is a sum over images.
        error = error * len(error)
        self.embedding.counter_hebbian_update_value(bu=error, td=r)
        up = galu(nn.functional.linear(error, self.embedding.weight), r)
        self.task.counter_hebbian_update_value(bu=up, td=instruction)


class BUTDNet(nn.Module):
    """A network that an instruction turns into one of its sub-networks.

    Built from a ``CounterHebbConfig`` it has one task, and neither instructions nor gates. Keyword
    arguments alone are those of ``BUTDConfig``. The input is (batch, input_dim), normalised: a
    square image, grey or in colours.
    """

    def __init__(self, config: PathConfig | None = None, **settings: Any) -> None:
        super().__init__()
        config = PathConfig.from_arguments(BUTDConfig() if config is None else config, settings)
        self.n_classes = config.n_classes
        self.shape = image_shape(config.input_dim)
        kind = Kind(config.weights, config.norm, config.top_down_bias)
        self.core = BUTDSequential(
            parts_of(config.network, kind, self.shape, config.width, config.hidden)
        )
        self.shapes = self.core.shapes(self.shape)
        self.flatten = BUTDFlatten()
        top = prod(self.shapes[-1])
        self.head = kind.linear(top, config.n_classes)
        self.n_tasks, self.task_head = 1, None
        if isinstance(config, BUTDConfig):
            self.n_tasks = config.n_tasks
            self.task_head = TaskHead(kind, top, config.embedding, config.n_tasks)
            if config.task_head == "fixed":
                self.task_head.requires_grad_(False)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the populations, the lowest first."""
        return self.core.names

    def instructions(self) -> Tensor:
        """One row per task: (task, task)."""
        return torch.eye(self.n_tasks).to(self.head.weight)

    def instruct(self, instruction: Tensor) -> Instructed:
        """The first pass, of instructions (row, task).

        It costs one row for each instruction, however many images follow it. Raises
        ``ValueError`` for a network of one task.
        """
        if self.task_head is None:
            raise ValueError("This network has one task and takes no instructions.")
        r, z = self.task_head.back_forward(instruction)
        top = self.flatten.back_forward(z.relu(), self.shapes[-1])
        return Instructed(r, z, self.core.back_forward(top, self.shapes))

    def gates(self) -> Signals | None:
        """g = 1[h̄ > 0] of each population, (task, unit...); None without instructions."""
        return None if self.task_head is None else self.task_gates()

    def task_gates(self) -> Signals:
        """The same of a network that takes instructions; raises ``ValueError`` for another."""
        with torch.no_grad():
            return open_gates(self.instruct(self.instructions()).signals)

    def bottom_up(self, x: Tensor, gates: Signals | None, kept: Signals = ()) -> Ascended:
        """The second pass, of images x (batch, input), through gates (batch, unit...), or
        (1, unit...) for all images. It goes on from ``kept``, the activities of the lowest
        populations, where they are known already."""
        x = images(x, prod(self.shape)).view(-1, *self.shape)
        up = self.core.bottom_up(x, gates, kept)
        return Ascended(x, up, self.head(self.flatten(up[-1])))

    @torch.no_grad()
    def gate_error(self, error: Tensor, up: Ascended) -> Tensor:
        """The gradient of each image's loss to the top population's gate, (batch, top unit): the
        error that reaches it from above times what it would let through."""
        open_top = self.flatten(self.core.open_top(up.x, up.signals))
        return self.head.back_forward(error, biased=False) * open_top

    @torch.no_grad()
    def top_down(self, error: Tensor, up: Signals, biased: bool = False) -> Descended:
        """The third pass, of the error (batch, class), through GaLU by the activities ``up``.

        ``biased=True`` lets the top-down biases act on it; it is then not the gradient.
        """
        top = self.head.back_forward(error, biased=biased)
        top = galu(self.flatten.back_forward(top, self.shapes[-1]), up[-1])
        return Descended(error, self.core.back_forward(top, self.shapes, up, biased))

    def counter_hebbian_update_value(
        self,
        up: Ascended,
        down: Descended,
        noise: float = 0.0,
        generator: torch.Generator | None = None,
    ) -> None:
        """Fill ``.grad`` of the path and the readout with the rule's value for a batch; noise is
        drawn from ``generator``, else from torch's global one."""
        self.core.counter_hebbian_update_value(up.x, up.signals, down.signals, noise, generator)
        top = self.flatten(up.signals[-1])
        self.head.counter_hebbian_update_value(top, down.error, noise, generator)

    def redraw(self, seed: int) -> None:
        """Draw all weights anew from ``seed``, with no effect on torch's global generator."""
        generator = torch.Generator().manual_seed(seed)
        for part in self.modules():
            if isinstance(part, BUTDLayer):
                part.redraw(generator)

    def forward(self, x: Tensor) -> Tensor:
        """Logits of each task, (batch, task, class); (batch, class) without instructions."""
        gates = self.gates()
        if gates is None:
            return self.bottom_up(x, None).logits
        return torch.stack(
            [self.bottom_up(x, rows(gates, task)).logits for task in range(self.n_tasks)], 1
        )
