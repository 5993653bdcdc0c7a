"""Layers joined to a graph, and the three passes through it.

The graph's populations of units are numbered from 1 up to the top; 0 is the input. An edge goes
from a lower population to a higher one. With sums over edges, and Γ = 1[counter > 0]:

    bottom-up     h_k = ReLU(Σ norm(W h_below + b)) g_k
    instruction   h̄_k = ReLU(Σ norm(W̄ h̄_above + b̄))        g_k = 1[h̄_k > 0]
    error         δ_k = Γ(h_k) Σ norm(W̄ δ_above)            biases blocked

Where ReLU and the strict gate stand everywhere, h_k > 0 marks just the units through which the loss
has a gradient, so with W̄ = Wᵀ and no norm δ is the gradient. The signal at the input, which nothing
reads, is never computed.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from torch import Generator, Tensor, nn

from corelib.models.butd.config import Weights
from corelib.models.butd.layers import (
    BUTDBatchNorm2d,
    BUTDConv2d,
    BUTDFlatten,
    BUTDLayer,
    Shape,
    galu,
)

Signals = tuple[Tensor, ...]
"""One tensor (batch, unit...) for each population from 1 to the top."""


class Edge(NamedTuple):
    """From population ``source`` to ``target``; without a layer the signal passes unchanged.

    In both directions the layer comes first, then the norm. Bottom-up, ``flatten`` comes before the
    layer.
    """

    source: int
    target: int
    layer: BUTDLayer | None
    norm: BUTDBatchNorm2d | None = None
    flatten: BUTDFlatten | None = None

    def up(self, x: Tensor) -> Tensor:
        x = x if self.flatten is None else self.flatten(x)
        x = x if self.layer is None else self.layer(x)
        return x if self.norm is None else self.norm(x)

    def down(self, td: Tensor, shape: Shape, biased: bool) -> Tensor:
        if self.layer is not None:
            td = self.layer.back_forward(td, shape, biased)
        if self.norm is not None:
            td = self.norm.back_forward(td)
        return td if self.flatten is None else self.flatten.back_forward(td, shape)

    def update(
        self, bu: Tensor, td: Tensor, noise: float, generator: Generator | None = None
    ) -> None:
        if self.layer is not None:
            bu = bu if self.flatten is None else self.flatten(bu)
            self.layer.counter_hebbian_update_value(bu, td, noise, generator)


class BUTDGraph(nn.Module):
    """What sequences and blocks have in common: ``names`` of the populations, and ``edges``."""

    names: tuple[str, ...]
    edges: tuple[Edge, ...]

    def shapes(self, shape: Shape) -> tuple[Shape, ...]:
        """Of the populations from 1 to the top, for an input of ``shape``."""
        sizes = {0: shape}
        for edge in self.edges:
            below = sizes[edge.source]
            sizes[edge.target] = below if edge.layer is None else edge.layer.out_shape(below)
        return tuple(sizes[k + 1] for k in range(len(self.names)))

    def forward(self, x: Tensor, gates: Signals | None = None) -> Tensor:
        """The top population's activity."""
        return self.bottom_up(x, gates)[-1]

    def bottom_up(self, x: Tensor, gates: Signals | None = None, kept: Signals = ()) -> Signals:
        """h of each population, times its gate (batch, unit...); without gates all units are open.

        ``kept`` are the activities of the lowest populations, where they are known already.
        """
        signals = [x, *kept]
        for k in range(len(kept), len(self.names)):
            active = self._active(k + 1, signals)
            if gates is not None:
                # In place where no gradient needs what stood there before.
                active = active * gates[k] if active.requires_grad else active.mul_(gates[k])
            signals.append(active)
        return tuple(signals[1:])

    def back_forward(
        self,
        top: Tensor,
        shapes: Sequence[Shape],
        counter: Signals | None = None,
        biased: bool = True,
    ) -> Signals:
        """The top-down signal of each population, from ``top`` (row, unit...) at the top one.

        It passes ReLU, as instructions do; with ``counter``, the bottom-up activities, it passes
        GaLU, as errors do. ``top`` itself is taken as it is.
        """
        signals = {len(self.names): top}
        for k in range(len(self.names) - 1, 0, -1):
            total = sum_of(
                edge.down(signals[edge.target], shapes[k - 1], biased)
                for edge in self.edges
                if edge.source == k
            )
            signals[k] = total.relu_() if counter is None else galu(total, counter[k - 1])
        return tuple(signals[k + 1] for k in range(len(self.names)))

    def counter_hebbian_update_value(
        self,
        x: Tensor,
        up: Signals,
        down: Signals,
        noise: float = 0.0,
        generator: Generator | None = None,
    ) -> None:
        """Fill ``.grad`` of all layers from the activities and the errors of a batch."""
        below = (x, *up)
        for edge in self.edges:
            edge.update(below[edge.source], down[edge.target - 1], noise, generator)

    def open_top(self, x: Tensor, up: Signals) -> Tensor:
        """The activity of the top population if its gate were open, given those below it."""
        return self._active(len(self.names), (x, *up))

    def _active(self, k: int, below: Sequence[Tensor]) -> Tensor:
        """ReLU of the summed input of population k; ``below`` starts with the image."""
        edges = (edge for edge in self.edges if edge.target == k)
        return sum_of(edge.up(below[edge.source]) for edge in edges).relu_()


class BUTDBasicBlock(BUTDGraph):
    """ResNet's basic block: h = ReLU(conv2(ReLU(conv1(x))) + x), 3x3 without biases, two gates.

    Where size or channels change, the shortcut is a 1x1 convolution.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        stride: int = 1,
        weights: Weights = "shared",
        norm: bool = False,
    ) -> None:
        super().__init__()

        def conv(ins: int, size: int, stride: int) -> BUTDConv2d:
            return BUTDConv2d(
                ins, out_channels, size, stride, size // 2, bias=False, weights=weights
            )

        def norm_of(layer: BUTDConv2d) -> BUTDBatchNorm2d | None:
            return BUTDBatchNorm2d(layer.out_channels, layer.in_channels) if norm else None

        self.conv1, self.conv2 = conv(in_channels, 3, stride), conv(out_channels, 3, 1)
        self.norm1, self.norm2 = norm_of(self.conv1), norm_of(self.conv2)
        self.downsample = self.downsample_norm = None
        if stride != 1 or in_channels != out_channels:
            self.downsample = conv(in_channels, 1, stride)
            self.downsample_norm = norm_of(self.downsample)
        self.names = ("inner", "")
        self.edges = (
            Edge(0, 1, self.conv1, self.norm1),
            Edge(1, 2, self.conv2, self.norm2),
            Edge(0, 2, self.downsample, self.downsample_norm),
        )


class BUTDSequential(BUTDGraph):
    """Layers and blocks one above another, each with ReLU and a gate.

    ``parts`` by name are layers, each of them a population, ``BUTDBasicBlock`` (two), a
    ``BUTDFlatten`` before a layer and a ``BUTDBatchNorm2d`` after one.
    """

    def __init__(self, parts: Mapping[str, nn.Module]) -> None:
        super().__init__()
        names: list[str] = []
        edges: list[Edge] = []
        flatten = None
        for name, part in parts.items():
            self.add_module(name, part)
            at = len(names)
            if isinstance(part, BUTDBasicBlock):
                for edge in part.edges:
                    edges.append(edge._replace(source=edge.source + at, target=edge.target + at))
                names += [f"{name} {inner}".strip() for inner in part.names]
            elif isinstance(part, BUTDFlatten):
                flatten = part
            elif isinstance(part, BUTDBatchNorm2d):
                edges[-1] = edges[-1]._replace(norm=part)
            elif isinstance(part, BUTDLayer):
                edges.append(Edge(at, at + 1, part, flatten=flatten))
                names.append(name)
                flatten = None
            else:
                raise TypeError(f"{name} is no layer, block, norm or flattening.")
        self.names, self.edges = tuple(names), tuple(edges)


def sum_of(tensors: Iterator[Tensor]) -> Tensor:
    """The sum, without adding to 0 first."""
    total = next(tensors)
    for tensor in tensors:
        total = total + tensor
    return total
