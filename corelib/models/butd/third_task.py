"""One more task for a trained network: what it costs the old ones.

The new task's weights in the task head are drawn at random, which opens a sub-network of its own.
The network then learns it by the Counter-Hebb rule, alone or together with the old tasks. The units
that all old tasks share may be frozen: the weights by which they read, and by which the readout
reads them, stay. Their gates may still move with the weights of other units above them.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from corelib.data.images import ImageDataset, Split, batch
from corelib.models.butd.answers import predictions
from corelib.models.butd.config import BUTDConfig
from corelib.models.butd.gates import rows
from corelib.models.butd.layers import BUTDLayer
from corelib.models.butd.losses import error_of
from corelib.models.butd.networks import BUTDNet
from corelib.training.adam import Adam


class Teaching(NamedTuple):
    """How the last task is learned: ``jointly`` with the old tasks, one at random for each image,
    or alone; with the shared units ``frozen`` or not."""

    jointly: bool
    frozen: bool
    updates: int = 300
    learning_rate: float = 1e-3
    batch_size: int = 64
    seed: int = 0


class Moment(NamedTuple):
    """After a number of ``updates``, ``correct`` (task,): the share of images answered correctly
    under each task."""

    updates: int
    correct: np.ndarray


class Course(NamedTuple):
    """A whole teaching: ``updates`` (moment,) and ``correct`` (moment, task), the new task last."""

    updates: np.ndarray
    correct: np.ndarray

    def gained(self) -> float:
        """By how much the share of correct answers to the new task rose."""
        return float(self.correct[-1, -1] - self.correct[0, -1])

    def lost(self) -> np.ndarray:
        """By how much the share of correct answers to each old task fell: (task,)."""
        return self.correct[0, :-1] - self.correct[-1, :-1]


def course(moments: Iterable[Moment]) -> Course:
    """The moments of a teaching as arrays."""
    kept = list(moments)
    return Course(np.array([m.updates for m in kept]), np.array([m.correct for m in kept]))


def with_larger(data: ImageDataset) -> ImageDataset:
    """The same scenes of digits with one more task: to name the largest of them."""

    def more(split: Split) -> Split:
        return Split(split.pixels, torch.cat([split.labels, split.labels.amax(1, keepdim=True)], 1))

    return data._replace(
        train=more(data.train),
        validation=more(data.validation),
        test=more(data.test),
        task_names=(*data.task_names, "larger"),
    )


def extended(model: BUTDNet, config: BUTDConfig, seed: int = 0) -> BUTDNet:
    """A copy of ``model``, which has the settings ``config``, with one more task, whose weights in
    the task head are drawn from ``seed``; the old tasks are unchanged."""
    twin = BUTDNet(config, n_tasks=model.n_tasks + 1)
    twin.redraw(seed)
    kept = model.state_dict()
    state = twin.state_dict()
    for name, value in state.items():
        old = kept[name]
        # Only the task head's lowest layer has grown, along its tasks.
        value[tuple(map(slice, old.shape))] = old
    twin.load_state_dict(state)
    return twin.to(model.head.weight.device)


def shared_units(model: BUTDNet, n_tasks: int) -> tuple[Tensor, ...]:
    """Of each population the units, or channels, that the first tasks share: bool (unit,) or
    (channel,).

    The positions of a channel have their weights in common, so it counts as shared if all tasks
    open at least half of those of its positions that some task opens.
    """
    masks: list[Tensor] = []
    for gate in model.task_gates():
        own = gate[:n_tasks].flatten(2) if gate.dim() > 2 else gate[:n_tasks, :, None]
        every, some = own.amin(0).sum(1), own.amax(0).sum(1)
        masks.append((every > 0) & (every >= some / 2))
    return tuple(masks)


def teach(
    model: BUTDNet, data: ImageDataset, how: Teaching, images: int, every: int
) -> Iterator[Moment]:
    """Change ``model`` so that it learns its last task, and yield how well it does all tasks on the
    first validation images of ``data``, whose labels have a column for each task: before, after
    each ``every`` updates, and at the end.
    """
    optimiser = Adam(model, how.learning_rate)
    shared = shared_units(model, model.n_tasks - 1) if how.frozen else ()
    x = data.inputs(data.validation.pixels[:images])
    labels = data.validation.labels[:images].numpy()

    def moment(updates: int) -> Moment:
        model.eval()
        return Moment(updates, (labels == predictions(model, x).T).mean(0))

    yield moment(0)
    for k in range(how.updates):
        drawn = batch(data.train, k, how.batch_size, how.seed)
        _fill(model, data.inputs(drawn.pixels), drawn.labels, how, k)
        if shared:
            _freeze(model, shared)
        optimiser.step()
        if (k + 1) % every == 0 or k + 1 == how.updates:
            yield moment(k + 1)


@torch.no_grad()
def _fill(model: BUTDNet, x: Tensor, labels: Tensor, how: Teaching, k: int) -> None:
    """Fill ``.grad`` with the rule's values for a batch."""
    model.train()
    model.zero_grad()
    last = model.n_tasks - 1
    task = torch.full((len(x),), last)
    if how.jointly:
        generator = torch.Generator().manual_seed(how.seed * 1_000_003 + k)
        task = torch.randint(model.n_tasks, (len(x),), generator=generator)
    up = model.bottom_up(x, rows(model.task_gates(), task))
    targets = labels.gather(1, task[:, None])[:, 0]
    error = error_of(up.logits, targets, "cross-entropy")
    model.counter_hebbian_update_value(up, model.top_down(error, up.signals))


@torch.no_grad()
def _freeze(model: BUTDNet, shared: tuple[Tensor, ...]) -> None:
    """Set to zero what the rule would change in the weights of shared units."""
    for edge in model.core.edges:
        if edge.layer is None:
            continue
        layer, frozen = edge.layer, shared[edge.target - 1]
        for parameter in (layer.weight, layer.bias):
            if parameter is not None and parameter.grad is not None:
                parameter.grad[frozen] = 0
        _mirror(layer)
    top = shared[-1].repeat_interleave(model.head.in_features // len(shared[-1]))
    if model.head.weight.grad is not None:
        model.head.weight.grad[:, top] = 0
    bias = model.head.bias
    if bias is not None and bias.grad is not None:
        bias.grad.zero_()
    _mirror(model.head)


def _mirror(layer: BUTDLayer) -> None:
    """Give W̄ the update of W."""
    back, update = layer.back_weight, layer.weight.grad
    if back is not None and back.grad is not None and update is not None:
        back.grad.copy_(layer.as_back(update))
