"""Matrix products without automatic differentiation, by oneDNN where that is faster.

For float32 on the CPU torch calls MKL, which on AMD's processors with AVX-512 reaches half their
speed; oneDNN's kernels, which torch carries for its compiler, reach all of it. On Intel's
processors, and on AMD's without AVX-512, MKL is the faster one. The processor decides, not a
measurement, so that a run that is resumed computes the same numbers.
"""

import platform
from functools import cache
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

FEW = 1_000_000
"""Below this many multiplications oneDNN's overhead costs more than its kernel saves."""


def linear(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """x weightᵀ + bias: (batch, unit from) and (unit to, unit from) -> (batch, unit to)."""
    if (
        # An exported graph holds only what every runtime has.
        not torch.compiler.is_exporting()
        and len(x) * weight.numel() > FEW
        and not torch.is_grad_enabled()
        and x.dtype == torch.float32
        and x.device.type == "cpu"
        and onednn_is_faster()
    ):
        return torch.ops.mkldnn._linear_pointwise.default(x, weight, bias, "none", [], "")
    return F.linear(x, weight, bias)


@cache
def onednn_is_faster() -> bool:
    """Whether this is one of AMD's processors with AVX-512, and torch has oneDNN."""
    if torch.backends.cpu.get_cpu_capability() != "AVX512":
        return False
    try:
        processor = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:  # not Linux
        processor = platform.processor()
    return "AuthenticAMD" in processor and torch.backends.mkldnn.is_available()


def residual(z: Tensor, x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """z - x weightᵀ - bias: (batch, unit to)."""
    product = linear(x, weight, bias)
    # In the product's own memory, which is still in the cache.
    return z - product if torch.is_grad_enabled() else torch.sub(z, product, out=product)
