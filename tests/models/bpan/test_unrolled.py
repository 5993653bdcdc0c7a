"""The backward pass of BPAN's loss that is written by hand, against automatic differentiation of
the same forward pass and against finite differences."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from corelib.models.bpan import BPAN, unrolled
from corelib.models.bpan.config import BPANTraining
from corelib.models.bpan.network import BalancedNetwork
from tests.models.bpan.baselines.small import draw, make

EXACT = {"rtol": 1e-10, "atol": 1e-12}
SETTINGS = st.builds(
    BPANTraining,
    ce=st.sampled_from(["time", "final"]),
    balance_current=st.sampled_from(["recurrent+drive", "recurrent"]),
    lambda_act=st.sampled_from([0.0, 0.3]),
    lambda_bal=st.sampled_from([0.0, 0.7]),
)


def plain(model: BalancedNetwork, x: Tensor, y: Tensor, settings: BPANTraining):
    """Loss and logits that torch differentiates."""
    weights = model.weights()
    drives = model.drives(x, weights, model.steps_for(x))
    task = unrolled.Task(y, model.alpha, model.scale, settings)
    return unrolled._forward(drives, weights, task)[:2]


def gradients(outputs, model: BalancedNetwork, x: Tensor, both: bool) -> list[Tensor | None]:
    """Those of all parameters and of the input, for a loss that may read the logits too."""
    loss, logits = outputs
    value = loss + (logits * torch.arange(logits.numel()).view_as(logits)).sum() if both else loss
    return list(torch.autograd.grad(value, [*model.parameters(), x], allow_unused=True))


@given(
    name=st.sampled_from(["bpan", "bpan-sequence"]),
    settings=SETTINGS,
    seed=st.integers(0, 1000),
    batch=st.integers(1, 9),
    n_e=st.integers(1, 6),
    n_i=st.integers(1, 5),
    n_steps=st.integers(1, 7),
    alpha=st.sampled_from([0.2, 0.5, 1.0]),
    dale=st.booleans(),
    both=st.booleans(),
)
def test_gradients_are_those_of_automatic_differentiation(
    name, settings, seed, batch, n_e, n_i, n_steps, alpha, dale, both
):
    sizes = {"n_excitatory": n_e, "n_inhibitory": n_i, "alpha": alpha, "dale": dale}
    model = make(name, seed, **sizes, **({"n_steps": n_steps} if name == "bpan" else {}))
    x, y = draw(batch, seed=seed + 1, name=name)
    x = (x[:, :n_steps] if x.ndim == 3 else x).requires_grad_()
    ours, theirs = model.loss_and_logits(x, y, settings), plain(model, x, y, settings)
    for a, b in zip(ours, theirs, strict=True):
        assert torch.equal(a, b)
    pairs = zip(gradients(ours, model, x, both), gradients(theirs, model, x, both), strict=True)
    for a, b in pairs:
        assert (a is None) == (b is None)
        if a is not None:
            torch.testing.assert_close(a, b, **EXACT)


@pytest.mark.parametrize("balance_current", ["recurrent+drive", "recurrent"])
@pytest.mark.parametrize("ce", ["time", "final"])
def test_first_and_second_derivatives_match_finite_differences(ce, balance_current):
    settings = BPANTraining(ce=ce, balance_current=balance_current, lambda_act=0.3, lambda_bal=0.7)
    model = make("bpan", 2, input_dim=3, n_excitatory=3, n_inhibitory=2, n_steps=3)
    x, y = draw(2, inputs=3)
    names = [name for name, _ in model.named_parameters()]
    seen = []

    class Loss(torch.nn.Module):
        """What ``functional_call`` can call."""

        def __init__(self) -> None:
            super().__init__()
            self.network = model

        def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
            loss, logits = self.network.loss_and_logits(x, y, settings)
            seen.append(type(loss.grad_fn).__name__)
            return loss, logits

    def outputs(x: Tensor, *values: Tensor) -> tuple[Tensor, Tensor]:
        given = {f"network.{name}": value for name, value in zip(names, values, strict=True)}
        return torch.func.functional_call(Loss(), given, (x,))

    inputs = [p.detach().clone().requires_grad_() for p in (x, *model.parameters())]
    assert torch.autograd.gradcheck(outputs, inputs)
    assert torch.autograd.gradgradcheck(outputs, inputs)
    assert "_ByHandBackward" in seen


def test_transforms_of_torch_func_still_work():
    """They take the forward pass that torch differentiates."""
    model, settings = make("bpan"), BPANTraining()
    x, y = draw(4)
    x.requires_grad_()
    (truth,) = torch.autograd.grad(model.loss_and_logits(x, y, settings)[0], x)

    def loss(x: Tensor) -> Tensor:
        return model.loss_and_logits(x, y, settings)[0]

    torch.testing.assert_close(torch.func.grad(loss)(x.detach()), truth)


@pytest.mark.parametrize("batch", [1, 64, 128])
def test_in_float32_losses_are_equal_and_gradients_differ_by_rounding(batch):
    torch.manual_seed(0)
    model = BPAN()
    x, y, settings = torch.randn(batch, 784), torch.randint(10, (batch,)), BPANTraining()
    ours, theirs = model.loss_and_logits(x, y, settings), plain(model, x, y, settings)
    for a, b in zip(ours, theirs, strict=True):
        assert torch.equal(a, b)
    x.requires_grad_()
    outcomes = (model.loss_and_logits(x, y, settings), plain(model, x, y, settings))
    for a, b in zip(*(gradients(each, model, x, False) for each in outcomes), strict=True):
        assert (a - b).norm() < 2e-6 * b.norm()
