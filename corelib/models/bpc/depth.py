"""How far inference reaches in a deep network: the energy of each layer after it.

From the amortiser's pass all δ are 0 but the label's, δ_0 = y - ŷ. Each step of inference carries
an error one layer further, times γ: δ_l is 0 until step l, and after T steps about

    |δ_l| ~ binomial(T, l) γ^l |δ_0|

times products of weights and slopes. Layers far from the label then learn from almost nothing,
unless γ or T is larger. γ λ_max, from ``stability.stability``, says how large γ may be.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from corelib.models.bpc.analysis import labels_of
from corelib.models.bpc.inference import Given, run_inference
from corelib.models.bpc.network import PredictiveCoding
from corelib.models.bpc.stability import stability


class Reach(NamedTuple):
    """A network after inference as in training, image and label clamped, mean over images.

    ``forward`` α_f/2 |e_l|², l = 1 .. L, and ``backward`` α_b/2 |δ_l|², l = 0 .. L-1: (layer),
    whose sum is the energy. ``eigenvalue`` is λ_max, ``value`` γ λ_max.
    """

    forward: Tensor
    backward: Tensor
    eigenvalue: float
    value: float


@torch.no_grad()
def reach(model: PredictiveCoding, x: Tensor, labels: Tensor) -> Reach:
    """The energy of each layer and the stability of inference: x (batch, pixel), labels (batch).

    A random start is always the same.

    >>> from corelib import load
    >>> from corelib.data import load_dataset
    >>> data = load_dataset("mnist")
    >>> x, labels = data.inputs(data.test.pixels[:50]), data.test.labels[:50]
    >>> reach(load("bpc-mnist"), x, labels).backward.shape
    torch.Size([3])
    """
    given, config, weights = Given(x, labels_of(model)[labels]), model.learning, model.weights()
    ended = run_inference(given, weights, config, torch.Generator().manual_seed(0))
    forward, backward = (
        torch.stack([alpha / 2 * layer.square().sum(1).mean() for layer in side])
        if side
        else x.new_zeros(0)
        for alpha, side in zip(config.precision, ended.errors, strict=True)
    )
    stable = stability(given, weights, config, torch.Generator().manual_seed(0))
    return Reach(forward, backward, stable.eigenvalue, stable.value)
