"""BPAN on sequences against its slow NumPy reference, finite differences, and BPAN itself."""

import numpy as np
import pytest
import torch

from corelib.models.bpan.config import BPANTraining
from corelib.models.bpan.sequence import BPANSequence
from tests.finite_differences import assert_gradients
from tests.models.bpan.baselines.small import make, values
from tests.reference import bpan as reference

EXACT = {"rtol": 1e-10, "atol": 1e-10}
INPUTS, TIME = 4, 6


def network(dale: bool = True, seed: int = 0, **sizes) -> BPANSequence:
    """In float64, its parameters drawn wide so that every term matters."""
    sizes = {"input_dim": INPUTS, "n_excitatory": 5, "n_inhibitory": 3, **sizes}
    return make("bpan-sequence", seed, alpha=0.3, dale=dale, **sizes)


def draw(n: int, time: int = TIME) -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(1)
    return torch.randn(n, time, INPUTS, dtype=torch.float64), torch.randint(4, (n,))


def parameters_of(model: BPANSequence) -> reference.Parameters:
    return reference.from_flat(values(model), model.n_excitatory)


@pytest.mark.parametrize("dale", [True, False])
@pytest.mark.parametrize("time", [1, 2, 9])
def test_logits_match_the_reference(dale, time):
    model = network(dale)
    x, _ = draw(4, time)
    truth = reference.run(x.numpy(), parameters_of(model), time, 0.3, dale=dale)
    np.testing.assert_allclose(model(x).detach().numpy(), truth.logits, **EXACT)
    # Step by step too, as stopping early computes them.
    weights = model.weights()
    carry = model.begin(x, weights)
    for t in range(1, time + 1):
        carry = model.advance(carry, t, weights) if t > 1 else carry
        logits = model.answer(carry, t, weights).detach().numpy()
        np.testing.assert_allclose(logits, truth.logits[:, t - 1], **EXACT)


@pytest.mark.parametrize(
    "controls",
    [
        {},
        {"n_steps": 2},
        {"alpha": 0.8},
        {"inhibition_gain": 0.4, "lesioned": [1, 7], "n_steps": 5, "alpha": 0.7},
    ],
    ids=str,
)
@pytest.mark.parametrize("dale", [True, False])
def test_the_trace_matches_the_reference(dale, controls):
    model = network(dale)
    x, _ = draw(3)
    controls = dict(controls)
    mask = np.isin(np.arange(8), controls.pop("lesioned", []))
    truth = reference.run(
        x.numpy(),
        parameters_of(model),
        **{"n_steps": TIME, "alpha": 0.3, "dale": dale, "lesioned": mask, **controls},
    )
    trace = model.trace(x, **controls, lesioned=torch.from_numpy(mask))
    for name in reference.Moment._fields:
        computed = getattr(trace, name).numpy()
        np.testing.assert_allclose(computed, getattr(truth, name), **EXACT, err_msg=name)
    assert trace.drive[:, 0].ne(trace.drive[:, 1]).any(), "the drive changes from step to step"


def test_more_steps_than_the_sequence_has_are_refused():
    with pytest.raises(ValueError, match="A sequence of 6 steps does not drive 7"):
        network().trace(draw(1)[0], n_steps=7)


SETTINGS = [
    {"ce": ce, "balance_current": current, "lambda_act": 0.3, "lambda_bal": 0.7}
    for ce in ("time", "final")
    for current in ("recurrent+drive", "recurrent")
]


@pytest.mark.parametrize("dale", [True, False])
@pytest.mark.parametrize("settings", SETTINGS, ids=str)
@pytest.mark.parametrize("time", [1, 4])
def test_the_loss_matches_the_reference(dale, settings, time):
    model = network(dale)
    x, y = draw(3, time)
    truth = reference.loss(
        x.numpy(), y.numpy(), parameters_of(model), time, 0.3, dale=dale, **settings
    )
    loss, logits = model.loss_and_logits(x, y, BPANTraining(**settings))
    assert loss.item() == pytest.approx(truth, rel=1e-10)
    torch.testing.assert_close(logits, model(x)[:, -1])


@pytest.mark.parametrize("dale", [True, False])
@pytest.mark.parametrize("settings", [SETTINGS[0], SETTINGS[3]], ids=str)
def test_gradients_match_finite_differences_of_the_reference(dale, settings):
    model = network(dale, n_excitatory=3, n_inhibitory=2)
    x, y = draw(3, 3)
    model.compute_loss(x, y, **settings).backward()
    p = {name: value.copy() for name, value in values(model).items()}

    def loss() -> float:
        parameters = reference.from_flat(p, 3)
        return reference.loss(x.numpy(), y.numpy(), parameters, 3, 0.3, dale=dale, **settings)

    assert_gradients(model, p, loss, atol=1e-8)


def test_a_constant_sequence_equals_a_constant_input():
    sizes = {"input_dim": INPUTS, "n_excitatory": 5, "n_inhibitory": 3, "alpha": 0.3}
    reader, constant = network(), make("bpan", n_steps=TIME, **sizes)
    x, y = draw(5, 1)
    repeated = x.expand(-1, TIME, -1)
    torch.testing.assert_close(reader(repeated), constant(x[:, 0]))
    torch.testing.assert_close(reader.compute_loss(repeated, y), constant.compute_loss(x[:, 0], y))
    for computed, truth in zip(reader.trace(repeated), constant.trace(x[:, 0]), strict=True):
        torch.testing.assert_close(computed, truth)


def test_future_inputs_do_not_matter():
    model = network()
    x, _ = draw(60)
    torch.testing.assert_close(model(x)[:, :4], model(x[:, :4]))
    logits, steps = model.forward_anytime(x, 0.8)
    assert set(steps.tolist()) == set(range(1, TIME + 1))
    unread = x.clone()
    for row, used in zip(unread, steps, strict=True):
        row[used:] = torch.nan
    again = model.forward_anytime(unread, 0.8)
    assert torch.equal(again.steps, steps)
    assert torch.equal(again.logits, logits)


def test_dales_law_holds():
    recurrent = network().weights().recurrent
    assert (recurrent[:, :5] >= 0).all()
    assert (recurrent[:, 5:] <= 0).all()
