"""Layers with two directions: bottom-up, as torch computes them, and top-down.

``bu`` is the bottom-up input of a layer, from below, and ``td`` its top-down input, from above.
With B samples in a batch:

    up     W bu + b
    down   W̄ td + b̄                W̄ = Wᵀ when the weights are shared
    rule   ΔW = tdᵀ bu / B          Δb = mean td          ΔW̄ = ΔWᵀ          Δb̄ = mean bu

In a convolution the products are summed over positions. A layer keeps nothing of a pass: ``blocks``
keeps ``bu`` and ``td``, and applies ReLU and gates. A shape leaves out the batch.

``weights`` says what the feedback weights W̄ are:

    shared              W̄ = Wᵀ, one set of weights
    symmetric           learned apart, equal to Wᵀ at the start; equal updates keep it so
    separate            learned apart, from another random start
    feedback-alignment  random and never changed
"""

from abc import ABC, abstractmethod

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.grad import conv2d_weight  # pyright: ignore[reportUnknownVariableType] (untyped)

from corelib.models.butd.config import Weights

Shape = tuple[int, ...]

FEW = 40
"""So many samples make a product that is cheaper than a transposed copy of it."""


def galu(x: Tensor, counter: Tensor) -> Tensor:
    """GaLU: x where the counter-neuron is active, 1[counter > 0] strictly, else 0.

    No gradient flows through the gate. This is the kernel by which torch differentiates ReLU: one
    pass over memory, where a comparison and a choice take many times as long.
    """
    return torch.ops.aten.threshold_backward(x, counter, 0)


class BUTDLayer(nn.Module, ABC):
    """What all layers with weights have in common."""

    weight: Tensor
    bias: Tensor | None
    back_weight: Tensor | None
    back_bias: nn.Parameter | None

    @abstractmethod
    def back_forward(self, td: Tensor, shape: Shape, biased: bool = True) -> Tensor:
        """W̄ td + b̄, the signal at an input of ``shape``; ``biased=False`` blocks b̄."""

    @abstractmethod
    def out_shape(self, shape: Shape) -> Shape:
        """The output's shape for an input of ``shape``."""

    @abstractmethod
    def as_back(self, weight: Tensor) -> Tensor:
        """W as W̄ is laid out, or W̄ as W is."""

    @abstractmethod
    def _products(self, bu: Tensor, td: Tensor) -> Tensor:
        """td bu summed over the batch, laid out as W."""

    def _back_products(self, bu: Tensor, td: Tensor, products: Tensor) -> Tensor:
        """``products`` as W̄ is laid out, in storage of its own: a view would take in all that is
        added to W's value later."""
        return _own(self.as_back(products))

    def _add_back(self, weights: Weights, width: int) -> None:
        """W̄, and b̄ of ``width`` units if that is not 0; both drawn as the authors' code does."""
        self._weights: Weights = weights
        start = _own(self.as_back(self.weight.detach()))
        if weights == "feedback-alignment":
            self.register_buffer("back_weight", start)
        else:
            own = nn.Parameter(start) if weights != "shared" else None
            self.register_parameter("back_weight", own)
        self.register_parameter("back_bias", nn.Parameter(torch.empty(width)) if width else None)
        self._draw_back()

    @torch.no_grad()
    def _draw_back(self, generator: torch.Generator | None = None) -> None:
        if self.back_weight is not None:
            if self._weights == "symmetric":
                self.back_weight.copy_(self.as_back(self.weight))
            else:
                # He's uniform start, √6 times as wide as torch's own of W.
                nn.init.kaiming_uniform_(self.back_weight, generator=generator)
        if self.back_bias is not None:
            _spread(self.back_bias, self.weight[:, 0].numel(), generator)

    @torch.no_grad()
    def redraw(self, generator: torch.Generator) -> None:
        """Draw all weights anew, as the constructor does, but from ``generator``."""
        nn.init.kaiming_uniform_(self.weight, 5**0.5, generator=generator)
        if self.bias is not None:
            _spread(self.bias, self.weight[0].numel(), generator)
        self._draw_back(generator)

    @torch.no_grad()
    def counter_hebbian_update_value(
        self, bu: Tensor, td: Tensor, noise: float = 0.0, generator: torch.Generator | None = None
    ) -> None:
        """Add the rule's value to ``.grad`` of all that learns here.

        With the error as ``td``, an optimiser that subtracts it descends the loss. ``noise``
        multiplies each synapse's value, in W and W̄ apart, by 1 + noise ε with ε normal (the
        authors' code: one ε a layer), drawn from ``generator``, else from torch's global one.
        """
        # A division of the error costs less than one of the products.
        share = td / len(td)
        value = self._products(bu, share)
        if isinstance(self.back_weight, nn.Parameter):
            back = self._back_products(bu, share, value)
            _add_grad(self.back_weight, _noisy(back, noise, generator))
        _add_grad(self.weight, _noisy(value, noise, generator))
        if self.bias is not None:
            _add_grad(self.bias, _per_unit(share))
        if self.back_bias is not None:
            _add_grad(self.back_bias, _per_unit(bu).div_(len(bu)))


class BUTDLinear(BUTDLayer, nn.Linear):
    """W (out, in), W̄ (in, out); signals (batch, unit)."""

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = True,
        weights: Weights = "shared",
        back_bias: bool = False,
    ) -> None:
        super().__init__(in_features, out_features, bias)  # pyright: ignore[reportUnknownMemberType]
        self._add_back(weights, in_features * back_bias)

    def back_forward(self, td: Tensor, shape: Shape = (), biased: bool = True) -> Tensor:
        back = self.weight.T if self.back_weight is None else self.back_weight
        return F.linear(td, back, self.back_bias if biased else None)

    def out_shape(self, shape: Shape) -> Shape:
        return (self.out_features,)

    def as_back(self, weight: Tensor) -> Tensor:
        return weight.T

    def _products(self, bu: Tensor, td: Tensor) -> Tensor:
        # One product: never the (batch, out, in) of all samples' updates.
        return td.T @ bu

    def _back_products(self, bu: Tensor, td: Tensor, products: Tensor) -> Tensor:
        # Of few samples the product again takes a third of the time of a transposed copy. On some
        # processors it is rounded differently, so symmetric weights would come apart by it.
        if self._weights == "separate" and len(bu) <= FEW:
            return bu.T @ td
        return super()._back_products(bu, td, products)


class BUTDConv2d(BUTDLayer, nn.Conv2d):
    """W and W̄ (out, in per group, row, column); signals (batch, channel, row, column).

    The top-down direction is the transposed convolution. Where a stride skips the last rows or
    columns of the input, output padding makes up for them, with signal 0 before b̄.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        stride: int = 1,
        padding: int = 0,
        groups: int = 1,
        bias: bool = True,
        weights: Weights = "shared",
        back_bias: bool = False,
    ) -> None:
        super().__init__(  # pyright: ignore[reportUnknownMemberType] (torch leaves it untyped)
            in_channels, out_channels, kernel_size, stride, padding, groups=groups, bias=bias
        )
        # Stride, padding and kernel size of rows and of columns.
        self._windows = 2 * [(stride, padding, kernel_size)]
        self._add_back(weights, in_channels * back_bias)

    def back_forward(self, td: Tensor, shape: Shape, biased: bool = True) -> Tensor:
        back = self.weight if self.back_weight is None else self.back_weight
        left = [
            size - ((n - 1) * step - 2 * pad + kernel)
            for size, n, (step, pad, kernel) in zip(
                shape[1:], td.shape[2:], self._windows, strict=True
            )
        ]
        return F.conv_transpose2d(
            td,
            back,
            self.back_bias if biased else None,
            self.stride,
            [pad for _, pad, _ in self._windows],
            left,
            self.groups,
        )

    def out_shape(self, shape: Shape) -> Shape:
        sides = (
            (n + 2 * pad - kernel) // step + 1
            for n, (step, pad, kernel) in zip(shape[1:], self._windows, strict=True)
        )
        return (self.out_channels, *sides)

    def as_back(self, weight: Tensor) -> Tensor:
        # F.conv_transpose2d reads a kernel with its axes as they are.
        return weight

    def _products(self, bu: Tensor, td: Tensor) -> Tensor:
        step, pad, _ = self._windows[0]
        value: Tensor = conv2d_weight(bu, self.weight.shape, td, step, pad, groups=self.groups)
        return value


class BUTDFlatten(nn.Flatten):
    """(batch, channel, row, column) up to (batch, unit), and back."""

    def back_forward(self, td: Tensor, shape: Shape, biased: bool = True) -> Tensor:
        return td.reshape(-1, *shape)


class BUTDBatchNorm2d(nn.BatchNorm2d):
    """Batch normalisation with a second one, of its own statistics, for the top-down direction.

    ``back_features`` are the channels of the layer's input. Neither learns by the Counter-Hebb
    rule, as in the authors' code. The error through the second is not the gradient through the
    first, so the rule is no longer back-propagation.
    """

    def __init__(self, num_features: int, back_features: int) -> None:
        super().__init__(num_features)  # pyright: ignore[reportUnknownMemberType]
        self.back = nn.BatchNorm2d(back_features)

    def back_forward(self, td: Tensor) -> Tensor:
        return self.back(td)


def _own(tensor: Tensor) -> Tensor:
    return tensor.clone(memory_format=torch.contiguous_format)


def _spread(bias: Tensor, inputs: int, generator: torch.Generator | None) -> None:
    """Draw a bias uniformly within ± 1/√inputs."""
    bias.uniform_(-(inputs**-0.5), inputs**-0.5, generator=generator)


def _noisy(value: Tensor, noise: float, generator: torch.Generator | None) -> Tensor:
    if not noise:
        return value
    epsilon = torch.empty_like(value).normal_(generator=generator)
    return value.mul_(epsilon.mul_(noise).add_(1))


def _per_unit(signal: Tensor) -> Tensor:
    """The sum over batch and positions: (batch, unit or channel, ...) -> (unit,)."""
    return signal.sum([0, *range(2, signal.dim())])


def _add_grad(parameter: Tensor, value: Tensor) -> None:
    parameter.grad = value if parameter.grad is None else parameter.grad.add_(value)
