"""The parts of the four networks, as the authors' code builds them.

    simple    conv 5x5, depthwise 2x2 by 2, conv 5x5, depthwise 3x3 by 2, fully connected
    fc        one fully connected layer
    conv      four conv 5x5, fully connected
    resnet18  conv 3x3 and eight basic blocks, without pooling

Pooling is a learned depthwise convolution with its own ReLU and gate. ``width`` are the channels
(of the first stage in ResNet18), ``hidden`` the units of the fully connected layer. With ``norm`` a
batch norm follows each convolution; the authors' code has it in ResNet18 only.
"""

from math import prod
from typing import Any, NamedTuple

from torch import nn

from corelib.models.butd.blocks import BUTDBasicBlock
from corelib.models.butd.config import Network, Weights
from corelib.models.butd.layers import BUTDBatchNorm2d, BUTDConv2d, BUTDFlatten, BUTDLinear, Shape

Parts = dict[str, nn.Module]


class Kind(NamedTuple):
    """What all layers of a network have in common."""

    weights: Weights
    norm: bool
    back_bias: bool

    def linear(self, ins: int, outs: int) -> BUTDLinear:
        return BUTDLinear(ins, outs, weights=self.weights, back_bias=self.back_bias)

    def conv(self, name: str, ins: int, outs: int, size: int, **more: Any) -> Parts:
        """A convolution, and its norm if there is one."""
        more = {"back_bias": self.back_bias} | more
        parts: Parts = {name: BUTDConv2d(ins, outs, size, weights=self.weights, **more)}
        return parts | ({f"{name}_norm": BUTDBatchNorm2d(outs, ins)} if self.norm else {})


def parts_of(network: Network, kind: Kind, shape: Shape, width: int, hidden: int) -> Parts:
    """The parts of a ``BUTDSequential`` for images of ``shape``."""
    if network == "resnet18":
        return _resnet18(kind, shape[0], width)
    parts: Parts = {}
    if network == "simple":
        parts |= kind.conv("conv1", shape[0], width, 5)
        parts |= kind.conv("pool1", width, width, 2, stride=2, groups=width)
        parts |= kind.conv("conv2", width, width, 5)
        parts |= kind.conv("pool2", width, width, 3, stride=2, groups=width)
    if network == "conv":
        for k in range(4):
            parts |= kind.conv(f"conv{k + 1}", width if k else shape[0], width, 5)
    top = shape
    for part in parts.values():
        if isinstance(part, BUTDConv2d):
            top = part.out_shape(top)
    return parts | {"flatten": BUTDFlatten(), "fc": kind.linear(prod(top), hidden)}


def _resnet18(kind: Kind, channels: int, width: int) -> Parts:
    # No layer has a bias either way, as in the authors' code.
    parts = kind.conv("conv1", channels, width, 3, padding=1, bias=False, back_bias=False)
    ins = width
    for stage in range(4):
        for k in range(2):
            outs, stride = width << stage, 2 if stage and not k else 1
            name = f"block{2 * stage + k + 1}"
            parts[name] = BUTDBasicBlock(ins, outs, stride, kind.weights, kind.norm)
            ins = outs
    return parts
