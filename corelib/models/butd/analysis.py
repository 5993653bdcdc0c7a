"""What the Counter-Hebb page shows: the three passes of one image, how far the rule's updates are
from the gradient, and how far the weights of the way down are from those of the way up.

Layers go by their names in the network without the task head, the lowest first.
"""

import copy
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from corelib.models.butd.blocks import Signals
from corelib.models.butd.config import Loss
from corelib.models.butd.gates import open_gates, rows
from corelib.models.butd.layers import BUTDLayer
from corelib.models.butd.losses import error_of, loss_of
from corelib.models.butd.networks import BUTDNet


class ThreePasses(NamedTuple):
    """One image. ``instruction`` h̄, ``gate``, ``activity`` h and ``error`` δ (unit...) of each
    population ``names``, the lowest first; the first two are empty without instructions.

    ``probability`` (class,) and ``output_error`` (class,) at the answer.
    """

    names: tuple[str, ...]
    instruction: tuple[np.ndarray, ...]
    gate: tuple[np.ndarray, ...]
    activity: tuple[np.ndarray, ...]
    error: tuple[np.ndarray, ...]
    probability: np.ndarray
    output_error: np.ndarray


class Difference(NamedTuple):
    """The rule's update of each layer's W against the gradient, all (layer,).

    ``angle`` in degrees and ``relative`` |rule - gradient| / |gradient|; NaN where either is zero.
    """

    layers: tuple[str, ...]
    angle: np.ndarray
    relative: np.ndarray


class Alignment(NamedTuple):
    """W against W̄ᵀ of each layer that has its own way down, all (layer,): the cosine, the norm of
    the difference, and both norms."""

    layers: tuple[str, ...]
    cosine: np.ndarray
    distance: np.ndarray
    up: np.ndarray
    down: np.ndarray


def layers_of(model: BUTDNet) -> dict[str, BUTDLayer]:
    """The layers that see the image, and the readout."""
    found = {
        name: layer
        for part in (model.core, model.head)
        for name, layer in part.named_modules()
        if isinstance(layer, BUTDLayer)
    }
    return {name or "head": layer for name, layer in found.items()}


@torch.no_grad()
def three_passes(
    model: BUTDNet,
    x: Tensor,
    label: int,
    task: int = 0,
    loss: Loss = "cross-entropy",
    biased: bool = False,
) -> ThreePasses:
    """The passes of one image, x (1, input); ``biased`` lets top-down biases act on the error."""
    instruction: Signals = ()
    gates = None
    if model.task_head is not None:
        instruction = rows(model.instruct(model.instructions()).signals, task)
        gates = open_gates(instruction)
    up = model.bottom_up(x, gates)
    error = error_of(up.logits, torch.tensor([label], device=x.device), loss)
    down = model.top_down(error, up.signals, biased)

    def arrays(signals: Signals) -> tuple[np.ndarray, ...]:
        return tuple(signal[0].cpu().numpy() for signal in signals)

    return ThreePasses(
        names=model.names,
        instruction=arrays(instruction),
        gate=arrays(gates or ()),
        activity=arrays(up.signals),
        error=arrays(down.signals),
        probability=up.logits[0].softmax(0).cpu().numpy(),
        output_error=error[0].cpu().numpy(),
    )


def difference(
    model: BUTDNet,
    x: Tensor,
    labels: Tensor,
    task: Tensor | None = None,
    loss: Loss = "cross-entropy",
    biased: bool = False,
    noise: float = 0.0,
) -> Difference:
    """The rule's updates for a batch, x (image, input), against those of back-propagation.

    ``task`` (image,) is what each image is asked; ``labels`` (image,). The model is not changed.
    """
    twin = copy.deepcopy(model)
    twin.zero_grad()
    gates = None if twin.task_head is None else rows(twin.gates(), task)
    with torch.enable_grad():
        up = twin.bottom_up(x, gates)
        loss_of(up.logits, labels, loss).backward()
    layers = layers_of(twin)
    truth = {name: layer.weight.grad for name, layer in layers.items()}
    twin.zero_grad()
    with torch.no_grad():
        down = twin.top_down(error_of(up.logits, labels, loss), up.signals, biased)
        twin.counter_hebbian_update_value(up, down, noise)
    pairs = [(layer.weight.grad, truth[name]) for name, layer in layers.items()]
    return Difference(
        tuple(layers),
        np.array([angle(a, b) for a, b in pairs]),
        np.array([_ratio((a - b).norm(), b.norm()) for a, b in pairs]),
    )


def alignment(model: BUTDNet) -> Alignment:
    """How far W̄ is from Wᵀ. Empty where all weights are shared."""
    own = {n: la for n, la in layers_of(model).items() if la.back_weight is not None}
    found = []
    for layer in own.values():
        up, down = layer.weight.detach(), layer.as_back(layer.back_weight.detach())
        cosine = _ratio((up * down).sum(), up.norm() * down.norm())
        found.append((cosine, *(t.norm().item() for t in (up - down, up, down))))
    return Alignment(tuple(own), *np.array(found).reshape(-1, 4).T)


def angle(a: Tensor, b: Tensor) -> float:
    """Between two tensors as vectors, in degrees; exact near 0, where arccos is not."""
    lengths = a.norm(), b.norm()
    if not all(lengths):
        return float("nan")
    a, b = a / lengths[0], b / lengths[1]
    return float(np.degrees(2 * np.arctan2((a - b).norm().item(), (a + b).norm().item())))


def _ratio(a: Tensor, b: Tensor) -> float:
    return (a / b).item() if b else float("nan")
