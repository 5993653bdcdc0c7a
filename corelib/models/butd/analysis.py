"""The Counter-Hebb rule at work: the three passes of one image, how far the rule's updates are from
the gradient, and how far the feedback weights are from the forward weights.

Layers go by their names in the network without the task head, the lowest first.
"""

import copy
from collections.abc import Sequence
from typing import NamedTuple, cast

import numpy as np
import torch
from torch import Tensor, nn

from corelib.data.images import ImageDataset
from corelib.models.butd.blocks import Signals
from corelib.models.butd.config import Loss
from corelib.models.butd.gates import open_gates, rows
from corelib.models.butd.layers import BUTDLayer
from corelib.models.butd.losses import error_of, loss_of, predicted
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


class LargestDifference(NamedTuple):
    """The layer in which two updates differ most, with its values of ``Difference``."""

    layer: str
    angle: float
    relative: float


class Difference(NamedTuple):
    """The rule's update of each layer's W against the gradient, all (layer,).

    ``angle`` in degrees and ``relative`` |rule - gradient| / |gradient|; NaN where either is zero.
    """

    layers: tuple[str, ...]
    angle: np.ndarray
    relative: np.ndarray

    def largest(self) -> LargestDifference | None:
        """Where ``relative`` is largest; None where no layer has a gradient."""
        if np.isnan(self.relative).all():
            return None
        k = int(np.nanargmax(self.relative))
        return LargestDifference(self.layers[k], float(self.angle[k]), float(self.relative[k]))

    def mean_angle(self) -> float:
        """Mean angle in degrees over the layers below the readout, which is last: its error does
        not pass the feedback weights."""
        return float(np.nanmean(self.angle[:-1]))


class Alignment(NamedTuple):
    """W against W̄ᵀ of each layer with feedback weights of its own, all (layer,): the cosine, the
    norm of the difference, and both norms."""

    layers: tuple[str, ...]
    cosine: np.ndarray
    distance: np.ndarray
    up: np.ndarray
    down: np.ndarray


class Sample(NamedTuple):
    """Images ``x`` (image, input), the label asked for, (image,), and the task of each, (image,);
    None for data of one task."""

    x: Tensor
    labels: Tensor
    task: Tensor | None


def validation_sample(data: ImageDataset, images: int) -> Sample:
    """The first validation images; the tasks take turns."""
    labels, task = data.validation.labels[:images], None
    if labels.dim() == 2:
        task = torch.arange(len(labels)) % labels.shape[1]
        labels = labels.gather(1, task[:, None])[:, 0]
    return Sample(data.inputs(data.validation.pixels[:images]), labels, task)


@torch.no_grad()
def answer(model: BUTDNet, x: Tensor, task: int = 0) -> int:
    """The class that the network names for one image, x (1, input), under one of its tasks."""
    gates = None if model.task_head is None else rows(model.task_gates(), task)
    return int(predicted(model.bottom_up(x, gates).logits, "cross-entropy"))


def layers_of(model: BUTDNet) -> dict[str, BUTDLayer]:
    """The layers that see the image, and the readout, by name."""
    parts: list[nn.Module] = [model.core, model.head]
    layers: dict[str, BUTDLayer] = {}
    for part in parts:
        for name, layer in part.named_modules():  # pyright: ignore[reportUnknownVariableType]
            if isinstance(layer, BUTDLayer):
                layers[name or "head"] = layer
    return layers


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
    generator: torch.Generator | None = None,
) -> Difference:
    """The rule's updates for a batch, x (image, input), against those of back-propagation.

    ``task`` (image,) is the task of each image, and is ignored by a network without instructions;
    ``labels`` (image,). ``biased`` lets top-down biases act on the error, ``noise`` is the standard
    deviation of a factor around 1 on each synapse's update, drawn from ``generator``, else from
    torch's global one. The model is not changed.
    """
    twin = copy.deepcopy(model)
    twin.zero_grad()
    gates = None if twin.task_head is None or task is None else rows(twin.task_gates(), task)
    with torch.enable_grad():
        up = twin.bottom_up(x, gates)
        value = loss_of(up.logits, labels, loss)
        value.backward()  # pyright: ignore[reportUnknownMemberType] (torch leaves it untyped)
    layers = layers_of(twin)
    truth = {name: _grad(layer) for name, layer in layers.items()}
    twin.zero_grad()
    with torch.no_grad():
        down = twin.top_down(error_of(up.logits, labels, loss), up.signals, biased)
        twin.counter_hebbian_update_value(up, down, noise, generator)
    pairs = [(_grad(layer), truth[name]) for name, layer in layers.items()]
    return Difference(
        tuple(layers),
        np.array([angle(a, b) for a, b in pairs]),
        np.array([_ratio(_norm(a - b), _norm(b)) for a, b in pairs]),
    )


def alignment(model: BUTDNet) -> Alignment:
    """How far W̄ is from Wᵀ. Empty where all weights are shared."""
    names: list[str] = []
    values: list[tuple[float, ...]] = []
    for name, layer in layers_of(model).items():
        if layer.back_weight is None:
            continue
        up, down = layer.weight.detach(), layer.as_back(layer.back_weight.detach())
        cosine = _ratio((up * down).sum(), _norm(up) * _norm(down))
        names.append(name)
        values.append((cosine, *(_norm(t).item() for t in (up - down, up, down))))
    return Alignment(tuple(names), *np.array(values).reshape(-1, 4).T)


def mean_alignment(alignments: Sequence[Alignment]) -> Alignment:
    """The mean over networks with the same layers.

    Raises ``ValueError`` if their layers differ, or if there are no networks.
    """
    layers = {each.layers for each in alignments}
    if len(layers) != 1:
        raise ValueError("These networks do not have the same layers with feedback weights.")
    return Alignment(
        layers.pop(),
        np.mean([each.cosine for each in alignments], 0),
        np.mean([each.distance for each in alignments], 0),
        np.mean([each.up for each in alignments], 0),
        np.mean([each.down for each in alignments], 0),
    )


def angle(a: Tensor, b: Tensor) -> float:
    """The angle between two tensors as vectors, in degrees; exact near 0, where arccos is not.
    NaN where either is zero."""
    lengths = _norm(a), _norm(b)
    if not all(lengths):
        return float("nan")
    a, b = a / lengths[0], b / lengths[1]
    return float(np.degrees(2 * np.arctan2(_norm(a - b).item(), _norm(a + b).item())))


def _grad(layer: BUTDLayer) -> Tensor:
    """What a rule filled in for W."""
    grad = layer.weight.grad
    return torch.zeros_like(layer.weight) if grad is None else grad


def _norm(tensor: Tensor) -> Tensor:
    return cast(Tensor, tensor.norm())  # pyright: ignore[reportUnknownMemberType] (untyped)


def _ratio(a: Tensor, b: Tensor) -> float:
    return (a / b).item() if b else float("nan")
