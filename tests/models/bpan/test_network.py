"""BPAN against its slow NumPy reference, against finite differences, and under Dale's law."""

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.slow_bpan import SlowBPAN
from corelib.data.images import ImageDataset, Split
from corelib.models.bpan import BPAN, network
from corelib.models.bpan.anytime import confidence
from corelib.models.bpan.config import BPANConfig, BPANTraining
from corelib.models.bpan.dynamics import softplus
from corelib.models.bpan.learner import GradientLearner
from tests.finite_differences import assert_gradients
from tests.models.bpan.baselines import small
from tests.reference import bpan as reference

EXACT = {"rtol": 1e-10, "atol": 1e-10}
SIZES = [(7, 3, 4), (2, 5, 3)]  # (E, I, C); neither population always the larger one
INPUTS = 6


def make(n_e=7, n_i=3, n_classes=4, n_steps=5, alpha=0.3, dale=True, seed=0) -> BPAN:
    """A small network in float64, its parameters drawn wide so that every term matters."""
    sizes = {"n_excitatory": n_e, "n_inhibitory": n_i, "n_classes": n_classes, "n_steps": n_steps}
    return small.make("bpan", seed, input_dim=INPUTS, alpha=alpha, dale=dale, **sizes)


def draw(n: int, n_classes: int = 4, seed: int = 1) -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(seed)
    return torch.randn(n, INPUTS, dtype=torch.float64), torch.randint(n_classes, (n,))


def parameters_of(model: BPAN) -> reference.Parameters:
    values = {name: p.detach().numpy() for name, p in model.named_parameters()}
    return reference.from_flat(values, model.n_excitatory)


@pytest.mark.parametrize("dale", [True, False])
@pytest.mark.parametrize(("n_e", "n_i", "n_classes"), SIZES)
@pytest.mark.parametrize("n_steps", [1, 2, 6])
def test_logits_match_the_reference(dale, n_e, n_i, n_classes, n_steps):
    model = make(n_e, n_i, n_classes, n_steps, dale=dale)
    x, _ = draw(4)
    truth = reference.run(x.numpy(), parameters_of(model), n_steps, model.alpha, dale=dale)
    np.testing.assert_allclose(model(x).detach().numpy(), truth.logits, **EXACT)


@pytest.mark.parametrize("dale", [True, False])
@pytest.mark.parametrize(
    "controls",
    [
        {},
        {"inhibition_gain": 0.0},
        {"inhibition_gain": 2.5},
        {"lesioned": [0, 3, 8]},
        {"lesioned": range(10)},
        {"inhibition_gain": 0.4, "lesioned": [1, 9], "n_steps": 8, "alpha": 0.7},
        {"n_steps": 1},
        {"alpha": 1.0},
    ],
    ids=str,
)
def test_the_trace_matches_the_reference(dale, controls):
    model = make(dale=dale)
    x, _ = draw(3)
    controls = dict(controls)
    if "lesioned" in controls:
        mask = np.zeros(10, bool)
        mask[list(controls["lesioned"])] = True
        controls["lesioned"] = mask
    truth = reference.run(
        x.numpy(),
        parameters_of(model),
        **{"n_steps": model.n_steps, "alpha": model.alpha, "dale": dale, **controls},
    )
    if "lesioned" in controls:
        controls["lesioned"] = torch.from_numpy(controls["lesioned"])
    trace = model.trace(x, **controls)
    for name in reference.Moment._fields:
        values = getattr(trace, name).numpy()
        np.testing.assert_allclose(values, getattr(truth, name), **EXACT, err_msg=name)
    assert trace.excitation.min() >= 0
    assert trace.inhibition.max() <= 0


@pytest.mark.parametrize("dale", [True, False])
@pytest.mark.parametrize("ce", ["time", "final"])
@pytest.mark.parametrize("balance_current", ["recurrent+drive", "recurrent"])
@pytest.mark.parametrize("n_steps", [1, 4])
def test_the_loss_matches_the_reference(dale, ce, balance_current, n_steps):
    settings = {"ce": ce, "balance_current": balance_current, "lambda_act": 0.3, "lambda_bal": 0.7}
    for n_e, n_i, n_classes in SIZES:
        model = make(n_e, n_i, n_classes, n_steps, dale=dale)
        x, y = draw(3, n_classes)
        truth = reference.loss(
            x.numpy(), y.numpy(), parameters_of(model), n_steps, 0.3, dale=dale, **settings
        )
        value = model.compute_loss(x, y, **settings).item()
        assert value == pytest.approx(truth, rel=1e-10)
        loss, logits = model.loss_and_logits(x, y, BPANTraining(**settings))
        assert loss.item() == value
        torch.testing.assert_close(logits, model(x)[:, -1])


def test_default_penalties_match_the_reference():
    model = make()
    x, y = draw(3)
    truth = reference.loss(x.numpy(), y.numpy(), parameters_of(model), 5, 0.3)
    assert model.compute_loss(x, y).item() == pytest.approx(truth, rel=1e-10)


@pytest.mark.parametrize("dale", [True, False])
@pytest.mark.parametrize(
    ("ce", "balance_current"), [("time", "recurrent+drive"), ("final", "recurrent")]
)
def test_gradients_match_finite_differences_of_the_reference(dale, ce, balance_current):
    model = make(3, 2, 3, n_steps=3, dale=dale)
    x, y = draw(3, 3)
    settings = {"ce": ce, "balance_current": balance_current, "lambda_act": 0.3, "lambda_bal": 0.7}
    model.compute_loss(x, y, **settings).backward()
    values = {name: p.detach().numpy().copy() for name, p in model.named_parameters()}

    def loss() -> float:
        parameters = reference.from_flat(values, 3)
        return reference.loss(x.numpy(), y.numpy(), parameters, 3, 0.3, dale=dale, **settings)

    assert_gradients(model, values, loss, atol=1e-8)


def test_slow_baseline_of_the_benchmark_has_the_same_loss_and_gradient():
    model = make()
    slow = SlowBPAN(INPUTS, 7, 3, 4, 5, 0.3).double().take(model)
    x, y = draw(5)
    ours, theirs = model.compute_loss(x, y), slow.compute_loss(x, y)
    assert ours.item() == pytest.approx(theirs.item(), rel=1e-12)
    ours.backward()
    theirs.backward()
    blocks = [[slow.theta_ee.grad, slow.theta_ei.grad], [slow.theta_ie.grad, slow.theta_ii.grad]]
    torch.testing.assert_close(model.theta.grad, torch.cat([torch.cat(b, 1) for b in blocks]))
    torch.testing.assert_close(
        model.drive.weight.grad, torch.cat([slow.input_e.weight.grad, slow.input_i.weight.grad])
    )


@pytest.mark.parametrize(
    "sizes", [{}, {"n_excitatory": 5, "n_inhibitory": 9}, {"input_dim": 3, "n_classes": 2}]
)
def test_the_number_of_parameters_follows_the_formula(sizes):
    model = BPAN(**sizes)
    config = BPANConfig(**sizes)
    d, e, i, c = config.input_dim, config.n_excitatory, config.n_inhibitory, config.n_classes
    count = sum(p.numel() for p in model.parameters())
    assert count == (e + i) ** 2 + (d + 2) * (e + i) + (e + 1) * c
    if not sizes:
        assert count == 152_650


@given(theta=st.lists(st.floats(-700, 700), min_size=25, max_size=25), gain=st.floats(0, 10))
def test_dales_law_holds_for_any_theta(theta, gain):
    model = make(3, 2)
    with torch.no_grad():
        model.theta.copy_(torch.tensor(theta).view(5, 5))
    recurrent = model.weights(inhibition_gain=gain).recurrent
    assert (recurrent[:, :3] >= 0).all()
    assert (recurrent[:, 3:] <= 0).all()


def small_dataset() -> ImageDataset:
    pixels = torch.randint(256, (64, 28, 28), dtype=torch.uint8)
    split = Split(pixels, torch.randint(10, (64,)))
    return ImageDataset("noise", tuple("0123456789"), 0.5, 0.25, split, split, split)


def signs_after_training(dale: bool) -> torch.Tensor:
    torch.manual_seed(0)
    dataset = small_dataset()
    model = BPAN(n_excitatory=8, n_inhibitory=4, n_steps=3, dale=dale)
    # Steps so large that weights left free cross zero at once.
    learner = GradientLearner(model, BPANTraining(learning_rate=0.5, clip_norm=1e6), dataset)
    for _ in range(30):
        learner.step(dataset.train)
    return model.weights().recurrent.detach().sign()


def test_dales_law_survives_training_only_when_imposed():
    kept = signs_after_training(dale=True)
    assert (kept[:, :8] >= 0).all()
    assert (kept[:, 8:] <= 0).all()
    free = signs_after_training(dale=False)
    assert (free[:, :8] < 0).any()
    assert (free[:, 8:] > 0).any()


def test_both_arms_of_the_ablation_start_from_equal_weights():
    arms = []
    for dale in (True, False):
        torch.manual_seed(7)
        arms.append(BPAN(input_dim=20, n_excitatory=6, n_inhibitory=3, dale=dale))
    for with_dale, without in zip(*(arm.weights() for arm in arms), strict=True):
        assert torch.equal(with_dale, without)
    x = torch.randn(4, 20)
    assert torch.equal(arms[0](x), arms[1](x))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_softplus_is_exact_with_and_without_gradients(dtype):
    theta = torch.cat([torch.linspace(-80, 80, 4001), 0.05 * torch.randn(1000), torch.zeros(1)])
    theta = theta.to(dtype)
    exact = np.logaddexp(theta.numpy().astype(np.longdouble), 0).astype(float)
    with torch.no_grad():
        np.testing.assert_allclose(softplus(theta).numpy(), exact, rtol=4 * torch.finfo(dtype).eps)
        extremes = softplus(torch.tensor([-torch.inf, -1e30, 1e30, torch.inf], dtype=dtype))
    assert extremes.tolist() == [0, 0, torch.tensor(1e30, dtype=dtype).item(), torch.inf]
    # torch's own takes theta for softplus(theta) above 20.
    np.testing.assert_allclose(
        softplus(theta).numpy(), exact, rtol=3e-7 if dtype.itemsize == 4 else 2e-10
    )


@given(st.lists(st.lists(st.floats(-50, 50), min_size=3, max_size=3), min_size=1, max_size=5))
def test_confidence_is_the_largest_softmax(rows):
    logits = torch.tensor(rows, dtype=torch.float64)
    largest = [reference.softmax(np.array(row)).max() for row in rows]
    np.testing.assert_allclose(confidence(logits).numpy(), largest, rtol=1e-12)
    # Softmax does not change when all logits rise, however far.
    np.testing.assert_allclose(confidence(logits + 1e4).numpy(), largest, rtol=1e-9)


def test_confidence_in_closed_form():
    two = torch.tensor([[0.0, 3.0]], dtype=torch.float64)
    assert confidence(two).item() == pytest.approx(1 / (1 + np.exp(-3)), rel=1e-14)
    assert confidence(torch.zeros(2, 4, 8)).tolist() == [[0.125] * 4] * 2


def by_the_rule(model: BPAN, x: torch.Tensor, threshold: float):
    """The expected anytime answers and steps, from the logits of all steps."""
    decisions = [reference.anytime(row, threshold) for row in model(x).detach().numpy()]
    return np.array([d[0] for d in decisions]), np.array([d[1] for d in decisions])


THRESHOLDS = [0.0, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.99, 1.0]


@pytest.mark.parametrize("threshold", THRESHOLDS)
@pytest.mark.parametrize("batch", [1, 2, 60])
@pytest.mark.parametrize("n_steps", [1, 2, 6])
def test_anytime_matches_the_rule_applied_to_the_full_computation(threshold, batch, n_steps):
    model = make(n_steps=n_steps, alpha=0.15)
    x, _ = draw(batch)
    answers, steps = by_the_rule(model, x, threshold)
    logits, used = model.forward_anytime(x, threshold)
    assert used.dtype == torch.int64
    assert used.tolist() == steps.tolist()
    np.testing.assert_allclose(logits.numpy(), answers, **EXACT)


def test_samples_in_the_anytime_test_stop_at_every_step():
    """Otherwise the test above would compare little."""
    model = make(n_steps=6, alpha=0.15)
    x, _ = draw(60)
    seen = set().union(*(model.forward_anytime(x, t)[1].tolist() for t in THRESHOLDS))
    assert seen == {1, 2, 3, 4, 5, 6}


@given(
    seed=st.integers(0, 10_000),
    threshold=st.floats(0, 1),
    batch=st.integers(1, 9),
    n_steps=st.integers(1, 7),
    n_e=st.integers(1, 5),
    n_i=st.integers(1, 5),
)
def test_anytime_for_any_network(seed, threshold, batch, n_steps, n_e, n_i):
    model = make(n_e, n_i, n_steps=n_steps, seed=seed)
    x, _ = draw(batch, seed=seed + 1)
    answers, steps = by_the_rule(model, x, threshold)
    logits, used = model.forward_anytime(x, threshold)
    assert used.tolist() == steps.tolist()
    np.testing.assert_allclose(logits.numpy(), answers, **EXACT)


def test_a_confidence_equal_to_the_threshold_suffices():
    model = make(n_steps=6)
    with torch.no_grad():
        model.readout.weight.zero_()
        model.readout.bias.zero_()
    x, _ = draw(2)
    assert model.forward_anytime(x, 0.25)[1].tolist() == [1, 1]
    assert model.forward_anytime(x, np.nextafter(0.25, 1))[1].tolist() == [6, 6]
    with torch.no_grad():
        model.readout.bias[0] = 1e4
    assert model.forward_anytime(x, 1.0)[1].tolist() == [1, 1]


def test_anytime_of_no_samples():
    logits, used = make().forward_anytime(torch.zeros(0, INPUTS, dtype=torch.float64))
    assert logits.shape == (0, 4)
    assert used.shape == (0,)


def test_anytime_runs_to_the_end_when_logits_are_nan():
    model = make()
    x, _ = draw(3)
    x[1] = torch.nan
    _, used = model.forward_anytime(x, 0.0)
    assert used.tolist() == [1, 5, 1]


def test_answered_samples_are_not_computed_further(monkeypatch):
    model = make(n_steps=6, alpha=0.15)
    x, _ = draw(60)
    _, steps = by_the_rule(model, x, 0.6)
    rows = []

    def counting(drive, state, weights, alpha, real=network.step):
        rows.append((len(drive), len(state.potential)))
        return real(drive, state, weights, alpha)

    monkeypatch.setattr(network, "step", counting)
    model.forward_anytime(x, 0.6)
    still = [int((steps > t).sum()) for t in range(1, 6)]
    assert rows == [(n, n) for n in still if n]
    assert all(a > b for a, b in itertools.pairwise(still)), (
        "the example should lose some each time"
    )
    assert still[-1] > 0
    rows.clear()
    model.forward_anytime(x, 0.0)
    assert rows == []
