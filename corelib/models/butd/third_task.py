"""One more task for a network that has learned some: what it costs the others.

The new task's weights in the task head are drawn at random, which opens a sub-network of its own.
It is then taught by the Counter-Hebb rule, alone or together with the old tasks. The units that all
old tasks share may be frozen: the weights by which they read, and by which the readout reads them,
stay. Their gates may move all the same, with the weights of others above them.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from corelib.data.images import ImageDataset, Split, batch
from corelib.models.butd.config import BUTDConfig
from corelib.models.butd.gates import rows
from corelib.models.butd.layers import BUTDLayer
from corelib.models.butd.losses import error_of
from corelib.models.butd.networks import BUTDNet
from corelib.models.butd.subnetworks import predictions
from corelib.training.adam import Adam


class Teaching(NamedTuple):
    """``jointly`` with the old tasks, one at random for each image; ``frozen`` shared units."""

    jointly: bool
    frozen: bool
    updates: int = 300
    learning_rate: float = 1e-3
    batch_size: int = 64
    seed: int = 0


class Moment(NamedTuple):
    """After so many updates the share of images for which each task is right, (task,)."""

    updates: int
    right: np.ndarray


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
    """The same network with one more task, whose weights in the task head are drawn from ``seed``;
    for the old tasks it is unchanged."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        twin = BUTDNet(config, n_tasks=model.n_tasks + 1)
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
    found = []
    for gate in model.gates():
        own = gate[:n_tasks].flatten(2) if gate.dim() > 2 else gate[:n_tasks, :, None]
        every, some = own.amin(0).sum(1), own.amax(0).sum(1)
        found.append((every > 0) & (every >= some / 2))
    return tuple(found)


def teach(
    model: BUTDNet, data: ImageDataset, how: Teaching, images: int, every: int
) -> Iterator[Moment]:
    """Change ``model`` so that it learns its last task, and tell how it does all of them on the
    first validation images of ``data``, whose labels have a column for each: before, after each
    ``every`` updates, and at the end.
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
    """The rule's values for a batch."""
    model.train()
    model.zero_grad()
    last = model.n_tasks - 1
    task = torch.full((len(x),), last)
    if how.jointly:
        generator = torch.Generator().manual_seed(how.seed * 1_000_003 + k)
        task = torch.randint(model.n_tasks, (len(x),), generator=generator)
    up = model.bottom_up(x, rows(model.gates(), task))
    asked = labels.gather(1, task[:, None])[:, 0]
    error = error_of(up.logits, asked, "cross-entropy")
    model.counter_hebbian_update_value(up, model.top_down(error, up.signals))


@torch.no_grad()
def _freeze(model: BUTDNet, shared: tuple[Tensor, ...]) -> None:
    """Forget what the rule would change in the weights of shared units."""
    for edge in model.core.edges:
        if edge.layer is None:
            continue
        layer, frozen = edge.layer, shared[edge.target - 1]
        layer.weight.grad[frozen] = 0
        if layer.bias is not None:
            layer.bias.grad[frozen] = 0
        _mirror(layer)
    top = shared[-1].repeat_interleave(model.head.in_features // len(shared[-1]))
    model.head.weight.grad[:, top] = 0
    model.head.bias.grad.zero_()
    _mirror(model.head)


def _mirror(layer: BUTDLayer) -> None:
    """W̄ learns what W learns."""
    if layer.back_weight is not None and layer.back_weight.grad is not None:
        layer.back_weight.grad.copy_(layer.as_back(layer.weight.grad))
