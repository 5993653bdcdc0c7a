"""The fast products match torch's for any layout and are not used under differentiation."""

import pytest
import torch

from corelib.models.bpc import products
from corelib.models.bpc.products import FEW, linear, residual

SHAPES = [(3, 5, 4), (64, 300, 784), (300, 64, 784), (100, 101, 100)]


@pytest.mark.parametrize(("n", "source", "target"), SHAPES)
@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("onednn", [False, True])
def test_products_match_float64(n, source, target, bias, turned, onednn, monkeypatch):
    monkeypatch.setattr(products, "onednn_is_faster", lambda: onednn)
    torch.manual_seed(0)
    x, weight = torch.randn(n, source), torch.randn(target, source)
    if turned:
        x, weight = x.t().contiguous().t(), weight.t().contiguous().t()
    c, z = torch.randn(target) if bias else None, torch.randn(n, target)
    kept = z.clone()
    exact = x.double() @ weight.double().t() + (c.double() if bias else 0)
    with torch.no_grad():
        # Sums of some hundred products, each to seven digits.
        torch.testing.assert_close(linear(x, weight, c).double(), exact, rtol=1e-4, atol=1e-4)
        torch.testing.assert_close(
            residual(z, x, weight, c).double(), z - exact, rtol=1e-4, atol=1e-4
        )
    assert torch.equal(z, kept)


def test_large_products_can_be_differentiated():
    x = torch.randn(64, 300, requires_grad=True)
    weight = torch.randn(784, 300, requires_grad=True)
    assert len(x) * weight.numel() > FEW
    for sign, result in ((1, linear(x, weight)), (-1, residual(torch.zeros(64, 784), x, weight))):
        of_x, of_weight = torch.autograd.grad(result.sum(), (x, weight))
        close = {"rtol": 1e-4, "atol": 1e-3}
        torch.testing.assert_close(of_x, sign * weight.sum(0).expand(64, -1), **close)
        torch.testing.assert_close(of_weight, sign * x.sum(0).expand(784, -1), **close)


@pytest.mark.parametrize(
    ("vendor", "vectors", "faster"),
    [
        ("GenuineIntel", "AVX512", False),
        ("AuthenticAMD", "AVX512", True),
        ("AuthenticAMD", "AVX2", False),
    ],
)
def test_the_processor_decides(vendor, vectors, faster, monkeypatch):
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: vectors)
    text = f"processor\t: 0\nvendor_id\t: {vendor}\n"
    monkeypatch.setattr(products.Path, "read_text", lambda path, encoding: text)
    assert products.onednn_is_faster.__wrapped__() == faster
