"""The three passes and the update against the slow reference, and laws of single layers."""

import copy

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st

from corelib.models.butd.layers import FEW, BUTDConv2d, BUTDLinear, galu
from tests.models.butd.small import SHAPE, float64, graph, layer_of, layers_of, net, reference_of
from tests.reference import butd as reference

EXACT = {"rtol": 1e-11, "atol": 1e-11}
BATCH = 3


def close(ours, truth) -> None:
    np.testing.assert_allclose(ours.detach().numpy(), truth, **EXACT)


def draw(seed: int = 1):
    torch.manual_seed(seed)
    return torch.randn(BATCH, *SHAPE, dtype=torch.float64)


@pytest.fixture(params=["shared", "separate"])
def both(request):
    sequence = graph(request.param)
    return sequence, reference_of(sequence)


def test_shapes_and_names_of_the_populations(both):
    sequence, slow = both
    assert sequence.names == ("conv", "pool", "same inner", "same", "halved inner", "halved", "fc")
    assert list(sequence.shapes(SHAPE)) == reference.shapes(slow, SHAPE)
    assert sequence.shapes(SHAPE)[:3] == ((4, 7, 5), (4, 3, 2), (4, 3, 2))


def test_the_instruction_passes_top_down_through_relu_with_biases(both):
    sequence, slow = both
    top = torch.randn(BATCH, 7, dtype=torch.float64).relu()
    signals = sequence.back_forward(top, sequence.shapes(SHAPE))
    for row in range(BATCH):
        truth = reference.instruct(slow, SHAPE, top[row].numpy())
        for ours, theirs in zip(signals, truth, strict=True):
            close(ours[row], theirs)
    assert all(0 < (signal > 0).double().mean() < 1 for signal in signals)


@pytest.mark.parametrize("gated", [False, True])
def test_the_image_passes_bottom_up_through_the_gates(both, gated):
    sequence, slow = both
    x = draw()
    gates = None
    if gated:
        gates = [
            (torch.rand(BATCH, *shape, dtype=torch.float64) > 0.4).double()
            for shape in sequence.shapes(SHAPE)
        ]
    signals = sequence.bottom_up(x, gates)
    for row in range(BATCH):
        own = [gate[row].numpy() for gate in gates] if gated else None
        truth = reference.bottom_up(slow, x[row].numpy(), own)
        for ours, theirs in zip(signals, truth, strict=True):
            close(ours[row], theirs)
    torch.testing.assert_close(sequence(x, gates), signals[-1])


@pytest.mark.parametrize("biased", [False, True])
def test_the_error_passes_top_down_through_galu_with_biases_optionally_blocked(both, biased):
    sequence, slow = both
    up = sequence.bottom_up(draw())
    top = torch.randn(BATCH, 7, dtype=torch.float64)
    down = sequence.back_forward(top, sequence.shapes(SHAPE), up, biased)
    for row in range(BATCH):
        activity = [signal[row].detach().numpy() for signal in up]
        truth = reference.errors(slow, SHAPE, top[row].numpy(), activity, biased)
        for ours, theirs in zip(down, truth, strict=True):
            close(ours[row], theirs)


def test_updates_average_over_samples(both):
    sequence, slow = both
    x = draw()
    up = sequence.bottom_up(x)
    down = sequence.back_forward(
        torch.randn(BATCH, 7, dtype=torch.float64), sequence.shapes(SHAPE), up, False
    )
    sequence.counter_hebbian_update_value(x, up, down)
    each = [
        reference.updates(
            slow,
            x[row].numpy(),
            [signal[row].detach().numpy() for signal in up],
            [signal[row].detach().numpy() for signal in down],
        )
        for row in range(BATCH)
    ]
    for number, layer in enumerate(layers_of(sequence)):
        for name in ("weight", "bias", "back", "back_bias"):
            parameter = getattr(layer, "back_weight" if name == "back" else name)
            if parameter is not None:
                close(parameter.grad, np.mean([getattr(e[number], name) for e in each], 0))


def test_a_task_sets_the_gates_through_the_task_head():
    """Two linear layers with ReLU, then the path: all of it by the reference."""
    model = net(n_tasks=3, top_down_bias=True, input_dim=19**2)
    instruction = torch.tensor([[1.0, 0, 0], [0, 1, 0], [0, 0, 1], [0.3, 0.9, 0]]).double()
    passed = model.instruct(instruction)
    head, slow = model.task_head, reference_of(model.core)
    for row, one_hot in enumerate(instruction.numpy()):
        r = reference.relu(reference.down(layer_of(head.task), one_hot, (6,), True))
        z = reference.down(layer_of(head.embedding), r, (9,), True)
        close(passed.embedding[row], r)
        close(passed.drive[row], z)
        truth = reference.instruct(slow, model.shape, reference.relu(z))
        for ours, theirs in zip(passed.signals, truth, strict=True):
            close(ours[row], theirs)
    gates = model.gates()
    assert [gate.shape[0] for gate in gates] == [3] * 5
    for gate, signal in zip(gates, passed.signals, strict=True):
        close(gate, (signal[:3] > 0).double().numpy())


def test_galu_is_strict_and_passes_no_gradient_to_the_gate():
    x = torch.tensor([1.0, -2, 3, 4], requires_grad=True)
    counter = torch.tensor([0.0, 1e-30, -1, 2], requires_grad=True)
    out = galu(x, counter)
    assert out.tolist() == [0, -2, 0, 4]
    out.sum().backward()
    assert x.grad.tolist() == [0, 1, 0, 1]
    assert counter.grad is None or not counter.grad.any()


sides = st.integers(5, 12)


@settings(max_examples=40, deadline=None)
@given(
    side=st.tuples(sides, sides),
    size=st.integers(1, 4),
    stride=st.integers(1, 4),
    padding=st.integers(0, 2),
    depthwise=st.booleans(),
)
def test_the_top_down_pass_of_a_convolution_is_its_adjoint(side, size, stride, padding, depthwise):
    """<W x, t> = <x, Wᵀ t>, and the shape is that of x, whatever the stride skips."""
    padding = min(padding, size - 1)
    with float64():
        layer = BUTDConv2d(4, 4, size, stride, padding, groups=4 if depthwise else 1, bias=False)
    x = torch.randn(2, 4, *side, dtype=torch.float64)
    y = layer(x)
    assert y.shape[1:] == layer.out_shape((4, *side))
    t = torch.randn_like(y)
    back = layer.back_forward(t, (4, *side))
    assert back.shape == x.shape
    torch.testing.assert_close((y * t).sum(), (x * back).sum(), rtol=1e-10, atol=1e-10)


def test_gradients_of_two_batches_accumulate_in_separate_storage():
    """In shared storage the transposed weights' value would be added three times."""
    for weights in ("symmetric", "separate", "feedback-alignment"):
        layer = BUTDLinear(4, 3, weights=weights)
        bu, td = torch.randn(2, 6, 4), torch.randn(2, 6, 3)
        for k in range(2):
            layer.counter_hebbian_update_value(bu[k], td[k])
        truth = (td.transpose(1, 2) @ bu).sum(0) / 6
        torch.testing.assert_close(layer.weight.grad, truth)
        torch.testing.assert_close(layer.bias.grad, td.mean(1).sum(0))
        if weights == "feedback-alignment":
            assert layer.back_weight.grad is None
            assert "back_weight" not in dict(layer.named_parameters())
            assert "back_weight" in layer.state_dict()
        else:
            torch.testing.assert_close(layer.back_weight.grad, truth.T)
            assert layer.back_weight.grad.data_ptr() != layer.weight.grad.data_ptr()


@pytest.mark.parametrize("batch", [1, 20, FEW, FEW + 1, 128])
@pytest.mark.parametrize(("ins", "outs"), [(784, 500), (50, 10), (500, 1)])
def test_both_directions_get_the_same_value_to_the_bit(batch, ins, outs):
    """However W̄'s value is computed, a symmetric start stays symmetric."""
    torch.manual_seed(batch)
    layer = BUTDLinear(ins, outs, weights="symmetric")
    layer.counter_hebbian_update_value(torch.randn(batch, ins), torch.randn(batch, outs))
    assert torch.equal(layer.back_weight.grad, layer.weight.grad.T)


def test_initial_feedback_weights():
    for make in (lambda w: BUTDLinear(30, 20, weights=w), lambda w: BUTDConv2d(6, 8, 3, weights=w)):
        assert make("shared").back_weight is None
        symmetric = make("symmetric")
        assert torch.equal(symmetric.back_weight, symmetric.as_back(symmetric.weight))
        symmetric.weight.data.zero_()
        assert symmetric.back_weight.abs().min() > 0
        for weights in ("separate", "feedback-alignment"):
            layer = make(weights)
            fan_in = layer.back_weight[0].numel()
            bound = (6 / fan_in) ** 0.5
            assert 0.9 * bound < layer.back_weight.abs().max() <= bound
            assert not torch.allclose(layer.back_weight, layer.as_back(layer.weight))


@pytest.mark.parametrize("weights", ["shared", "symmetric", "separate"])
def test_weights_are_redrawn_as_the_constructor_draws_them(weights):
    """Uniform: of 12,000 numbers in ± b the largest is above 0.99 b but once in e^120, and their
    standard deviation is b / √3 within five of its standard errors, b / √3 √(1 / 5 n)."""
    for made, back_inputs in (
        (BUTDLinear(100, 120, weights=weights, back_bias=True), 120),
        (BUTDConv2d(30, 16, 5, weights=weights, back_bias=True), 16 * 25),
    ):
        first = made.weight.clone()
        made.redraw(torch.Generator().manual_seed(1))
        assert not torch.equal(made.weight, first)
        fan_in = made.weight[0].numel()
        within(made.weight, fan_in**-0.5)
        assert 0 < made.bias.abs().max() <= fan_in**-0.5
        assert made.bias.abs().max() > 0.5 * fan_in**-0.5
        assert 0.5 * back_inputs**-0.5 < made.back_bias.abs().max() <= back_inputs**-0.5
        if weights == "symmetric":
            assert torch.equal(made.back_weight, made.as_back(made.weight))
        elif weights == "separate":
            within(made.back_weight, (6 / made.back_weight[0].numel()) ** 0.5)
        again = copy.deepcopy(made)
        again.redraw(torch.Generator().manual_seed(1))
        for one, other in zip(made.parameters(), again.parameters(), strict=True):
            assert torch.equal(one, other)


def within(values: torch.Tensor, bound: float) -> None:
    """Whether values are as if drawn uniformly within ± ``bound``."""
    n = values.numel()
    assert n >= 12_000
    assert 0.99 * bound < values.abs().max() <= bound
    sd = bound / 3**0.5
    assert values.std().item() == pytest.approx(sd, abs=5 * sd * (1 / (5 * n)) ** 0.5)


def test_noise_multiplies_each_synapse_by_its_own_factor():
    torch.manual_seed(0)
    layer = BUTDLinear(200, 300, weights="separate")
    bu, td = torch.rand(5, 200) + 0.5, torch.rand(5, 300) + 0.5
    layer.counter_hebbian_update_value(bu, td, noise=0.1)
    value = td.T @ bu / 5
    factors = (layer.weight.grad / value, layer.back_weight.grad / value.T)
    for factor in factors:
        # Five standard errors of mean and sd of n normal numbers.
        n = factor.numel()
        assert factor.mean().item() == pytest.approx(1, abs=min(0.002, 5 * 0.1 / n**0.5))
        assert factor.std().item() == pytest.approx(0.1, rel=5 / (2 * n) ** 0.5)
    both = torch.stack([factors[0].flatten(), factors[1].T.flatten()])
    assert torch.corrcoef(both)[0, 1].abs() < 0.02
    torch.testing.assert_close(layer.bias.grad, td.mean(0))


def test_the_top_down_pass_never_computes_the_signal_at_the_input(monkeypatch):
    model = net(n_tasks=2)
    called = []
    for name, part in model.core.named_children():
        if name != "flatten":
            down = part.back_forward

            def noted(*args, name=name, down=down):
                called.append(name)
                return down(*args)

            monkeypatch.setattr(part, "back_forward", noted)
    up = model.bottom_up(torch.randn(2, 784, dtype=torch.float64), model.gates())
    assert called == ["fc", "pool2", "conv2", "pool1"]
    model.top_down(torch.randn(2, 5, dtype=torch.float64), up.signals)
    assert called == ["fc", "pool2", "conv2", "pool1"] * 2


def test_an_instruction_costs_one_row_whatever_the_number_of_images(monkeypatch):
    model = net(n_tasks=2)
    seen = []
    down = F.conv_transpose2d
    monkeypatch.setattr(F, "conv_transpose2d", lambda x, *a: seen.append(len(x)) or down(x, *a))
    model(torch.randn(50, 784, dtype=torch.float64))
    assert set(seen) == {2}


def test_a_deep_copy_is_independent():
    """After a pass, too: nothing of a pass is kept on the modules."""
    model = net("resnet18", n_tasks=2, input_dim=3 * 9**2)
    x = torch.randn(2, 3 * 9**2, dtype=torch.float64)
    before = model(x)
    copied = copy.deepcopy(model)
    with torch.no_grad():
        for parameter in copied.parameters():
            parameter.zero_()
    torch.testing.assert_close(model(x), before)
    assert not copied(x).any()
