"""ACT: the weights sum to 1, the ponder cost always has its gradient, one rule for all times."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from corelib.models.bpan.anytime import confidence
from corelib.models.bpan.baselines import act
from corelib.models.bpan.baselines.config import ACTTraining
from tests.models.bpan.baselines.small import draw, make, values
from tests.reference import baselines as reference

EXACT = {"rtol": 1e-10, "atol": 1e-10}


def reluctant(halt_bias: float = -0.5, **options):
    """A network of which some samples halt at each step."""
    model = make("act", **{"epsilon": 0.5, **options})
    with torch.no_grad():
        model.halt.bias.fill_(halt_bias)
    return model


def truth_of(model, x) -> list[reference.Halted]:
    p = values(model)
    outcomes = []
    for row in x.numpy():
        states = reference.gru_states(np.tile(row, (model.n_steps, 1)), p)
        outputs = states @ p["readout.weight"].T + p["readout.bias"]
        halting = reference.halting_values(states, p)
        outcomes.append(reference.act(halting, outputs, model.epsilon))
    return outcomes


@given(
    seed=st.integers(0, 10_000),
    n_steps=st.integers(1, 8),
    epsilon=st.floats(0, 0.9),
    halt_bias=st.floats(-8, 4),
)
def test_answer_steps_and_remainder_match_the_equations_of_the_paper(
    seed, n_steps, epsilon, halt_bias
):
    model = reluctant(halt_bias, seed=seed, n_steps=n_steps, epsilon=epsilon)
    x, _ = draw(4, seed=seed + 1)
    truth = truth_of(model, x)
    outcome = model.ponder(x)
    assert outcome.steps.tolist() == [t.steps for t in truth]
    np.testing.assert_allclose(outcome.answer.detach(), [t.answer for t in truth], **EXACT)
    np.testing.assert_allclose(outcome.remainder.detach(), [t.remainder for t in truth], **EXACT)
    for t in truth:
        assert t.weights.sum() == pytest.approx(1, abs=1e-12)
        assert (t.weights >= 0).all()


@given(halt_bias=st.floats(-20, 5), seed=st.integers(0, 100))
def test_weights_sum_to_one_whether_it_halts_or_not(halt_bias, seed):
    """A readout that is the same at each step equals its weighted mean."""
    model = reluctant(halt_bias, seed=seed)
    with torch.no_grad():
        model.readout.weight.zero_()
    x, _ = draw(6)
    constant = model.readout.bias.detach().expand(6, 5, 4)
    torch.testing.assert_close(model(x).detach(), constant, rtol=0, atol=1e-13)
    torch.testing.assert_close(model.own_rule(x).logits, constant[:, 0], rtol=0, atol=1e-13)


def test_the_examples_halt_at_every_step():
    """Otherwise the tests here would compare little."""
    x, _ = draw(60)
    assert set(reluctant().own_rule(x).steps.tolist()) == {1, 2, 3, 4, 5}


def test_an_early_answer_is_that_of_act_if_the_step_were_the_last():
    model = reluctant()
    x, _ = draw(20)
    logits = model(x).detach()
    for n in range(1, 6):
        model.n_steps = n
        truth = [t.answer for t in truth_of(model, x)]
        np.testing.assert_allclose(logits[:, n - 1].numpy(), truth, **EXACT)


def test_after_halting_nothing_changes():
    model = reluctant()
    x, _ = draw(60)
    logits = model(x)
    for row, steps in zip(logits, model.own_rule(x).steps.tolist(), strict=True):
        assert torch.equal(row[steps - 1 :], row[-1:].expand(6 - steps, -1))


@pytest.mark.parametrize("batch", [1, 60])
@pytest.mark.parametrize("halt_bias", [-30.0, -0.5, 0.0, 30.0])
def test_inference_halts_as_in_training(batch, halt_bias):
    model = reluctant(halt_bias)
    x, y = draw(batch)
    trained = model.ponder(x)
    answers, steps = model.own_rule(x)
    assert steps.tolist() == trained.steps.tolist()
    torch.testing.assert_close(answers, trained.answer.detach(), rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(model.loss_and_logits(x, y, ACTTraining())[1], model(x)[:, -1])


def test_halted_samples_are_not_computed_further(monkeypatch):
    model = reluctant()
    x, _ = draw(60)
    steps = model.own_rule(x).steps
    rows = []

    def counting(drive, state, weights, real=act.step):
        rows.append(len(drive))
        return real(drive, state, weights)

    monkeypatch.setattr(act, "step", counting)
    model.own_rule(x)
    assert rows == [int((steps > t).sum()) for t in range(1, 5)]


def test_halting_values_that_sum_exactly_to_the_limit_suffice():
    model = make("act", epsilon=0.5)
    with torch.no_grad():
        model.halt.weight.zero_()
        model.halt.bias.zero_()
    x, _ = draw(2)
    assert model.own_rule(x).steps.tolist() == [1, 1]
    model.epsilon = 0.49
    assert model.own_rule(x).steps.tolist() == [2, 2]


@pytest.mark.parametrize("tau", [0.0, 0.01, 2.0])
def test_the_loss_matches_the_reference(tau):
    for halt_bias in (-3.0, -1.0, 2.0):
        model = reluctant(halt_bias)
        x, y = draw(5)
        truth = reference.act_loss(x.numpy(), y.numpy(), values(model), 5, 0.5, tau)
        loss, _ = model.loss_and_logits(x, y, ACTTraining(tau=tau))
        assert loss.item() == pytest.approx(truth, rel=1e-12)


@pytest.mark.parametrize("halt_bias", [-30.0, -8.0, -0.5, 0.0])
def test_ponder_cost_has_its_gradient_whether_it_halts_or_not(halt_bias):
    """d(N + R) / d(halting bias) = - sum over n < N of h_n (1 - h_n)."""
    model = reluctant(halt_bias)
    x, _ = draw(30)
    outcome = model.ponder(x)
    cost = (outcome.steps + outcome.remainder).sum()
    (slope,) = torch.autograd.grad(cost, model.halt.bias)
    p = values(model)
    truth = 0.0
    for row, steps in zip(x.numpy(), outcome.steps.tolist(), strict=True):
        h = reference.halting_values(reference.gru_states(np.tile(row, (5, 1)), p), p)[: steps - 1]
        truth -= (h * (1 - h)).sum()
    assert slope.item() == pytest.approx(truth, rel=1e-10)
    assert slope.item() < 0
    if halt_bias == -30:
        assert (outcome.steps == 5).all(), "here none should reach 1 - ε"


def test_confidence_refers_to_the_answer_so_far():
    model = reluctant()
    x, _ = draw(40)
    logits, steps = model.forward_anytime(x, 0.6)
    sure = confidence(model(x).detach())
    for row, answer, used in zip(sure, logits, steps.tolist(), strict=True):
        assert (row[: used - 1] < 0.6).all()
        assert confidence(answer[None]).item() == pytest.approx(row[used - 1].item(), rel=1e-12)
