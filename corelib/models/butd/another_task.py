"""A trained network learns one task more: what that does to the tasks it knew.

The new task gets an entry in the instruction, with weights of its own in the task head, drawn from
a seed; everything else is the trained network's. A unit is used by the tasks known before if one of
them opens it, a channel of a convolution if it does so anywhere.

Freezing what is used leaves for learning the incoming weights of unused units and what the readout
takes from them. The tasks known before then answer exactly as they did: unused units send nothing
up, since their gates are closed, and nothing down, since their h̄ is 0.
"""

from collections.abc import Iterator
from typing import Literal, NamedTuple

import numpy as np
import torch
from torch import Tensor

from corelib.data.images import ImageDataset
from corelib.errors import SettingsError
from corelib.models.butd.config import BUTDConfig, BUTDTraining
from corelib.models.butd.learner import BUTDLearner
from corelib.models.butd.networks import BUTDNet
from corelib.models.butd.subnetworks import predictions, score
from corelib.training.loop import step_seed

How = Literal["alone", "jointly"]


class Moment(NamedTuple):
    """After ``step`` updates each task's ``accuracy`` (task,), the new one last."""

    step: int
    accuracy: np.ndarray


def with_another_task(model: BUTDNet, config: BUTDConfig, seed: int = 0) -> BUTDNet:
    """A copy of ``model``, which has the settings ``config``, that can be told one task more."""
    n = model.n_tasks
    settings = {**config.model_dump(), "n_tasks": n + 1}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        larger = BUTDNet(**settings).to(model.head.weight)
    state = larger.state_dict()
    for name, known in model.state_dict().items():
        # Only the task head's upper layer has grown, along the axis of the tasks.
        part = state[name]
        for axis, size in enumerate(known.shape):
            part = part.narrow(axis, 0, size)
        part.copy_(known)
    return larger


def learn(
    model: BUTDNet,
    dataset: ImageDataset,
    training: BUTDTraining,
    steps: int,
    how: How = "alone",
    freeze: bool = False,
    seed: int = 0,
    every: int = 25,
    n_measured: int = 1000,
) -> Iterator[Moment]:
    """Train ``model`` in place on its last task alone, or on a random task for each image.

    Yields the accuracies on the first test images before, after each ``every`` updates, and at the
    end. ``freeze`` keeps what the other tasks use. Raises ``SettingsError`` if the data set has not
    as many tasks, or if norms are to be frozen: their statistics are of all tasks.
    """
    if len(dataset.task_names) != model.n_tasks:
        raise SettingsError(
            f"The network knows {model.n_tasks} tasks, but {dataset.name} has "
            f"{len(dataset.task_names)}."
        )
    tasks = "last" if how == "alone" else "random"
    learner = BUTDLearner(model, training.model_copy(update={"tasks": tasks}), dataset)
    if freeze:
        learner.masks = unused_weights(model)
    x = dataset.inputs(dataset.test.pixels[:n_measured]).to(model.head.weight.device)
    labels = dataset.test.labels[:n_measured].numpy()

    def measured(step: int) -> Moment:
        model.eval()
        return Moment(step, score(predictions(model, x), labels).right)

    yield measured(0)
    for step in range(steps):
        torch.manual_seed(step_seed(seed, step))
        learner.step(dataset.batch(dataset.train, step, training.batch_size, seed))
        if (step + 1) % every == 0 or step + 1 == steps:
            yield measured(step + 1)


def unused_weights(model: BUTDNet) -> dict[str, Tensor]:
    """1 for each weight that no task but the last uses, else 0, by the parameters' names."""
    if any("norm" in name for name, _ in model.named_parameters()):
        raise SettingsError("A network with batch norm cannot be frozen in part; train it without.")
    free = []
    for gate in model.gates():
        used = gate[:-1].amax(0)
        free.append(1 - (used.flatten(1).amax(1) if used.dim() > 1 else used))
    top = 1 - model.flatten(model.gates()[-1])[:-1].amax(0)
    masks = {name: torch.zeros_like(p) for name, p in model.named_parameters()}
    own = {id(p): name for name, p in model.named_parameters()}
    for edge in model.core.edges:
        if edge.layer is None:
            continue
        layer, mask = edge.layer, free[edge.target - 1]
        weight = mask.view(-1, *[1] * (layer.weight.dim() - 1)).expand_as(layer.weight)
        masks[own[id(layer.weight)]] = weight
        if id(layer.back_weight) in own:
            masks[own[id(layer.back_weight)]] = layer.as_back(weight)
        if layer.bias is not None:
            masks[own[id(layer.bias)]] = mask
    masks["head.weight"] = top.expand_as(model.head.weight)
    if "head.back_weight" in masks:
        masks["head.back_weight"] = top[:, None].expand_as(model.head.back_weight)
    return masks
