"""The energy of bidirectional predictive coding and its gradients, written by hand.

Layers are numbered from the label, z_0, to the image, z_L. The generator predicts downwards, from
z_{l-1} to z_l, the amortiser upwards, from z_l to z_{l-1}:

    e_l = z_l - W_l f(z_{l-1}) - b_l            l = 1 .. L         errors of the generator
    δ_{l-1} = z_{l-1} - V_l f(z_l) - c_l        l = 1 .. L         errors of the amortiser
    F = mean over the batch of  α_f/2 Σ_l |e_l|² + α_b/2 Σ_l |δ_l|²

f is the activation φ in hidden layers and the identity at both ends, whose values are data. A
network that lacks one direction lacks its errors. Every function is pure; arrays are (batch, unit).
Gradients with respect to activity are those of one sample's energy, N times those of F, so that the
step size of inference does not depend on the batch size.
"""

from collections.abc import Callable, Sequence
from functools import reduce
from itertools import repeat
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from corelib.models.bpc.config import ActivationName
from corelib.models.bpc.products import linear, residual

Activity = tuple[Tensor, ...]
"""z_0 .. z_L, each (batch, unit)."""

SLOPE = 0.01
"""Slope of the leaky rectifier below zero."""


class Activation(NamedTuple):
    """φ(z); ``back(g, z, φ(z))`` = g ⊙ φ'(z); ``curvature(z)`` = φ''(z).

    At zero a rectifier has the slope of its negative side; its curvature is zero everywhere.
    """

    value: Callable[[Tensor], Tensor]
    back: Callable[[Tensor, Tensor, Tensor], Tensor]
    curvature: Callable[[Tensor], Tensor]


def _gelu_curvature(z: Tensor) -> Tensor:
    """φ'' of φ(z) = z/2 (1 + tanh u), u = a (z + b z³)."""
    a, b = (2 / torch.pi) ** 0.5, 0.044715
    t = torch.tanh(a * (z + b * z**3))
    du, ddu = a * (1 + 3 * b * z**2), 6 * a * b * z
    return (1 - t**2) * (du + z / 2 * (ddu - 2 * t * du**2))


def _tanh_curvature(z: Tensor) -> Tensor:
    t = torch.tanh(z)
    return -2 * t * (1 - t**2)


# torch's elementwise kernels of g ⊙ φ'(z): one pass over memory where formulas take five.
_aten = torch.ops.aten


def _relu_back(g: Tensor, z: Tensor, f: Tensor) -> Tensor:
    return _aten.threshold_backward(g, z, 0)


def _leaky_relu(z: Tensor) -> Tensor:
    return F.leaky_relu(z, SLOPE)


def _leaky_relu_back(g: Tensor, z: Tensor, f: Tensor) -> Tensor:
    return _aten.leaky_relu_backward(g, z, SLOPE, False)


def _tanh_back(g: Tensor, z: Tensor, f: Tensor) -> Tensor:
    return _aten.tanh_backward(g, f)


def _gelu(z: Tensor) -> Tensor:
    return F.gelu(z, approximate="tanh")


def _gelu_back(g: Tensor, z: Tensor, f: Tensor) -> Tensor:
    return _aten.gelu_backward(g, z, approximate="tanh")


ACTIVATIONS: dict[ActivationName, Activation] = {
    "relu": Activation(torch.relu, _relu_back, torch.zeros_like),
    "leaky-relu": Activation(_leaky_relu, _leaky_relu_back, torch.zeros_like),
    "tanh": Activation(torch.tanh, _tanh_back, _tanh_curvature),
    "gelu": Activation(_gelu, _gelu_back, _gelu_curvature),
}


class Affine(NamedTuple):
    """W_l and b_l, or V_l and c_l: ``weight`` (unit to, unit from), ``bias`` (unit to) or None."""

    weight: Tensor
    bias: Tensor | None


class Weights(NamedTuple):
    """``generator`` W_1 .. W_L, ``amortiser`` V_1 .. V_L; empty where the network lacks it."""

    generator: tuple[Affine, ...]
    amortiser: tuple[Affine, ...]
    activation: ActivationName

    @property
    def depth(self) -> int:
        """L, the number of layers of weights in each direction."""
        return max(len(self.generator), len(self.amortiser))

    @property
    def sizes(self) -> tuple[int, ...]:
        """Units of z_0 .. z_L."""
        if self.generator:
            first = self.generator[0].weight.shape[1]
            return (first, *(layer.weight.shape[0] for layer in self.generator))
        last = self.amortiser[-1].weight.shape[1]
        return (*(layer.weight.shape[0] for layer in self.amortiser), last)

    @property
    def phi(self) -> Activation:
        return ACTIVATIONS[self.activation]


class Precision(NamedTuple):
    """The weights α_f of the generator's and α_b of the amortiser's errors in the energy."""

    alpha_f: float
    alpha_b: float


class Errors(NamedTuple):
    """``forward`` e_1 .. e_L and ``backward`` δ_0 .. δ_{L-1}, each (batch, unit)."""

    forward: tuple[Tensor, ...]
    backward: tuple[Tensor, ...]


class Constant(NamedTuple):
    """Products that stay the same while an end of the network is clamped; None where it is free.

    ``below`` (batch, unit) = W_1 z_0 + b_1 and ``above`` = V_L z_L + c_L. With ``gram`` = W_Lᵀ W_L
    and ``image_back`` = W_Lᵀ (z_L - b_L), W_Lᵀ e_L is image_back - gram φ(z_{L-1}).
    """

    below: Tensor | None = None
    above: Tensor | None = None
    gram: Tensor | None = None
    image_back: Tensor | None = None


NOTHING = Constant()


def outputs(z: Activity, weights: Weights) -> Activity:
    """f(z_l) of each layer: φ in hidden layers, the identity at both ends."""
    phi = weights.phi.value
    return (z[0], *(phi(layer) for layer in z[1:-1]), z[-1])


def apply(layer: Affine, f: Tensor) -> Tensor:
    """W f + b: (batch, unit from) -> (batch, unit to)."""
    return linear(f, layer.weight, layer.bias)


def errors(z: Activity, f: Activity, weights: Weights, constant: Constant = NOTHING) -> Errors:
    """All errors; ``f`` are the ``outputs`` of z.

    Products in ``constant`` are not computed again; with its gram matrix e_L is left out.
    """
    depth = weights.depth
    forward: list[Tensor] = []
    backward: list[Tensor] = []
    for at, layer in enumerate(weights.generator, 1):
        if at == 1 and constant.below is not None:
            forward.append(z[1] - constant.below)
        elif at < depth or constant.gram is None:
            forward.append(residual(z[at], f[at - 1], *layer))
    for at, layer in enumerate(weights.amortiser, 1):
        if at == depth and constant.above is not None:
            backward.append(z[at - 1] - constant.above)
        else:
            backward.append(residual(z[at - 1], f[at], *layer))
    return Errors(tuple(forward), tuple(backward))


def energy(e: Errors, precision: Precision) -> Tensor:
    """Each sample's energy, (batch,); F is its mean."""
    terms = (
        alpha / 2 * layer.square().sum(-1)
        for alpha, side in zip(precision, e, strict=True)
        for layer in side
    )
    return reduce(torch.add, terms)


def activity_gradients(
    z: Activity,
    f: Activity,
    e: Errors,
    weights: Weights,
    precision: Precision,
    layers: Sequence[int],
    constant: Constant = NOTHING,
) -> list[Tensor]:
    """dF_n/dz_l of each sample n for the layers asked for, each (batch, unit):

        α_f (e_l - φ'(z_l) ⊙ W_{l+1}ᵀ e_{l+1}) + α_b (δ_l - φ'(z_l) ⊙ V_lᵀ δ_{l-1})

    At either end the slope is 1; terms whose errors do not exist are left out.
    """
    gradients: list[Tensor] = []
    for k in layers:
        own = _both(
            precision,
            e.forward[k - 1] if e.forward and k > 0 else None,
            e.backward[k] if e.backward and k < weights.depth else None,
        )
        feedback = _feedback(k, f, e, weights, precision, constant)
        if feedback is not None and 0 < k < weights.depth:
            feedback = weights.phi.back(feedback, z[k], f[k])
        if own is None:
            assert feedback is not None, "a layer has errors of its own or causes some"
            gradients.append(-feedback)
        else:
            # ``own`` is a new tensor.
            gradients.append(own if feedback is None else own.sub_(feedback))
    return gradients


def parameter_gradients(f: Activity, e: Errors, weights: Weights, precision: Precision) -> Weights:
    """dF/dW_l = -α_f e_lᵀ f(z_{l-1}) / N and dF/dV_l = -α_b δ_{l-1}ᵀ f(z_l) / N, biases alike.

    Each is a product of an error and an activity at the two ends of a connection, and nothing else.
    """

    def of(layer: Affine, error: Tensor, source: Tensor, alpha: float) -> Affine:
        error = error * (-alpha / len(error))
        return Affine(linear(error.t(), source.t()), None if layer.bias is None else error.sum(0))

    alpha_f, alpha_b = precision
    return Weights(
        tuple(map(of, weights.generator, e.forward, f, repeat(alpha_f))),
        tuple(map(of, weights.amortiser, e.backward, f[1:], repeat(alpha_b))),
        weights.activation,
    )


def hessian_product(
    z: Activity, weights: Weights, precision: Precision, layers: Sequence[int]
) -> Callable[[Sequence[Tensor]], list[Tensor]]:
    """The function v -> H v, with H the Hessian of each sample's energy over the layers asked for.

    v and H v have one tensor (batch, unit) a layer. A change dz = v changes the errors by
    dz_l - W_l f'(z_{l-1}) ⊙ dz_{l-1}, and likewise through V, so that

        (H v)_l = the gradient with these changes in place of the errors
                  - φ''(z_l) ⊙ v_l ⊙ (α_f W_{l+1}ᵀ e_{l+1} + α_b V_lᵀ δ_{l-1})
    """
    phi, depth = weights.phi, weights.depth
    f = outputs(z, weights)
    e = errors(z, f, weights)
    bend: dict[int, Tensor] = {}
    for k in layers:
        feedback = _feedback(k, f, e, weights, precision, NOTHING) if 0 < k < depth else None
        if feedback is not None:
            bend[k] = phi.curvature(z[k]) * feedback
    linear = weights._replace(
        generator=tuple(layer._replace(bias=None) for layer in weights.generator),
        amortiser=tuple(layer._replace(bias=None) for layer in weights.amortiser),
    )

    def product(v: Sequence[Tensor]) -> list[Tensor]:
        moved = [torch.zeros_like(layer) for layer in z]
        for k, part in zip(layers, v, strict=True):
            moved[k] = part
        through = tuple(
            phi.back(moved[k], z[k], f[k]) if 0 < k < depth else moved[k] for k in range(depth + 1)
        )
        changed = errors(tuple(moved), through, linear)
        straight = activity_gradients(z, f, changed, linear, precision, layers)
        return [
            h - bend[k] * moved[k] if k in bend else h
            for k, h in zip(layers, straight, strict=True)
        ]

    return product


def _feedback(
    k: int, f: Activity, e: Errors, weights: Weights, precision: Precision, constant: Constant
) -> Tensor | None:
    """The errors that layer l causes, sent back to it: α_f W_{l+1}ᵀ e_{l+1} + α_b V_lᵀ δ_{l-1}.

    None at an end that predicts nothing.
    """
    forward = backward = None
    if e.forward and k < weights.depth:
        if k == weights.depth - 1 and constant.gram is not None:
            assert constant.image_back is not None, "it comes with the gram matrix"
            forward = residual(constant.image_back, f[k], constant.gram)
        else:
            forward = linear(e.forward[k], weights.generator[k].weight.t())
    if e.backward and k > 0:
        backward = linear(e.backward[k - 1], weights.amortiser[k - 1].weight.t())
    return _both(precision, forward, backward)


def _both(precision: Precision, forward: Tensor | None, backward: Tensor | None) -> Tensor | None:
    """α_f forward + α_b backward; None counts as zero, and None if both are."""
    alpha_f, alpha_b = precision
    if backward is None:
        return None if forward is None else alpha_f * forward
    if forward is None:
        return alpha_b * backward
    if alpha_f == 1:
        return torch.add(forward, backward, alpha=alpha_b)
    if alpha_b != 1:
        backward = alpha_b * backward
    return torch.add(backward, forward, alpha=alpha_f)
