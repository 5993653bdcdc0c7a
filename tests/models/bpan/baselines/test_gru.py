"""The GRU against torch's cell, against its slow reference, and on sequences."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from corelib.models.bpan.baselines.config import GRUTraining
from corelib.models.bpan.baselines.gru_cell import (
    CellWeights,
    GRUCell,
    State,
    first_step,
    input_drive,
    step,
)
from tests.models.bpan.baselines.small import draw, make, values
from tests.reference import baselines as reference

EXACT = {"rtol": 1e-10, "atol": 1e-10}


@given(
    seed=st.integers(0, 10_000),
    inputs=st.integers(1, 6),
    units=st.integers(1, 6),
    batch=st.integers(1, 4),
    scale=st.floats(0.01, 30),
)
def test_the_cell_matches_torch(seed, inputs, units, batch, scale):
    torch.manual_seed(seed)
    theirs = torch.nn.GRUCell(inputs, units).double()
    weights = CellWeights(theirs.weight_ih, theirs.bias_ih, theirs.weight_hh, theirs.bias_hh)
    x = scale * torch.randn(batch, inputs, dtype=torch.float64)
    hidden = torch.zeros(batch, units, dtype=torch.float64)
    state = None
    for _ in range(4):
        hidden = theirs(x, hidden)
        drive = input_drive(x, weights)
        state = first_step(drive, weights) if state is None else step(drive, state, weights)
        torch.testing.assert_close(state.hidden, hidden, rtol=0, atol=1e-12)
    ours = torch.autograd.grad(state.hidden.square().sum(), list(weights), retain_graph=True)
    true = torch.autograd.grad(hidden.square().sum(), list(weights))
    for a, b in zip(ours, true, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-10, atol=1e-12)


def test_the_first_step_is_a_step_from_silence():
    torch.manual_seed(0)
    weights = GRUCell(5, 4).double().weights()
    drive = input_drive(torch.randn(3, 5, dtype=torch.float64), weights)
    silence = State(torch.zeros(3, 4, dtype=torch.float64))
    torch.testing.assert_close(
        first_step(drive, weights).hidden, step(drive, silence, weights).hidden
    )


def test_the_cell_is_initialised_as_in_torch():
    torch.manual_seed(0)
    ours, theirs = GRUCell(784, 100), torch.nn.GRUCell(784, 100)
    matching = (theirs.weight_ih, theirs.bias_ih, theirs.weight_hh, theirs.bias_hh)
    for a, b in zip(ours.weights(), matching, strict=True):
        assert a.shape == b.shape
        assert a.abs().max() <= 0.1
        # Uniform within ± 0.1: 3.5 standard errors of the sd of n such numbers, sd √(1 / 5n).
        assert a.std().item() == pytest.approx(0.1 / 3**0.5, rel=3.5 * (5 * a.numel()) ** -0.5)


@pytest.mark.parametrize("n_steps", [1, 2, 6])
def test_logits_match_the_reference(n_steps):
    model = make("gru", n_steps=n_steps)
    x, _ = draw(3)
    for row, logits in zip(x.numpy(), model(x).detach().numpy(), strict=True):
        truth = reference.gru_logits(np.tile(row, (n_steps, 1)), values(model))
        np.testing.assert_allclose(logits, truth, **EXACT)


@pytest.mark.parametrize("time", [1, 4, 9])
def test_a_sequence_takes_one_step_per_time_point(time):
    model = make("gru-sequence")
    torch.manual_seed(3)
    x = torch.randn(3, time, 5, dtype=torch.float64)
    outputs = model(x).detach().numpy()
    assert outputs.shape == (3, time, 4)
    for row, logits in zip(x.numpy(), outputs, strict=True):
        np.testing.assert_allclose(logits, reference.gru_logits(row, values(model)), **EXACT)


def test_early_stopping_reads_no_further_inputs():
    model = make("gru-sequence")
    torch.manual_seed(3)
    x = torch.randn(40, 7, 5, dtype=torch.float64)
    logits, steps = model.forward_anytime(x, 0.8)
    assert {1, 7} < set(steps.tolist())
    unread = x.clone()
    for row, used in zip(unread, steps, strict=True):
        row[used:] = torch.nan
    again = model.forward_anytime(unread, 0.8)
    assert torch.equal(again.steps, steps)
    assert torch.equal(again.logits, logits)


def test_a_constant_input_equals_a_constant_sequence():
    model, reader = make("gru", n_steps=4), make("gru-sequence")
    x, _ = draw(3)
    torch.testing.assert_close(model(x), reader(x[:, None].expand(-1, 4, -1)))


@pytest.mark.parametrize("ce", ["time", "final"])
def test_the_loss_matches_the_reference(ce):
    model = make("gru")
    x, y = draw(4)
    loss, last = model.loss_and_logits(x, y, GRUTraining(ce=ce))
    truth = []
    for row, label in zip(x.numpy(), y.numpy(), strict=True):
        logits = reference.gru_logits(np.tile(row, (5, 1)), values(model))
        each = [reference.cross_entropy(at_t, label) for at_t in logits]
        truth.append(each[-1] if ce == "final" else reference.weighted(each, 0.3))
    assert loss.item() == pytest.approx(np.mean(truth), rel=1e-12)
    assert torch.equal(last, model(x)[:, -1])
