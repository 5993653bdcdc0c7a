"""What BPAN and its baselines share: stopping when confident, what it costs, gradients, sizes."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.utils.flop_counter import FlopCounterMode

from corelib.catalog import SYSTEMS
from corelib.data.images import ImageDataset, Split
from corelib.data.sequences import Chunks, SequenceDataset
from corelib.models.bpan.anytime import AnytimeClassifier, Cost
from tests.finite_differences import assert_gradients
from tests.models.bpan.baselines.small import CLASSES, SIZES, TIME, draw, make, steps_of, values
from tests.reference import baselines as reference
from tests.reference import bpan as slow_bpan

EXACT = {"rtol": 1e-10, "atol": 1e-10}
THRESHOLDS = [0.0, 0.3, 0.5, 0.7, 0.9, 0.99, 1.0]
GRADUAL = {
    "bpan": (6, 1.2),
    "act": (9, 1.0),
    "pondernet": (6, 1.2),
    "multi-exit": (3, 0.4),
    "mlp": (0, 0.5),
    "gru": (3, 1.5),
    "bpan-sequence": (6, 1.2),
    "gru-sequence": (3, 1.5),
}
"""Seeds and scales of parameters with which some samples become confident at each step."""


def by_the_rule(model: AnytimeClassifier, x: torch.Tensor, threshold: float):
    """The expected answers and steps of stopping when confident, from the logits of all steps."""
    decisions = [slow_bpan.anytime(row, threshold) for row in model(x).detach().numpy()]
    return np.array([d[0] for d in decisions]), [d[1] for d in decisions]


def test_every_bpan_system_is_tested():
    names = {s.name for s in SYSTEMS.values() if s.model.startswith("corelib.models.bpan.")}
    assert names == set(SIZES) == set(GRADUAL)


@pytest.mark.parametrize("threshold", THRESHOLDS)
@pytest.mark.parametrize("name", SIZES)
def test_anytime_is_the_first_confident_step(name, threshold):
    model = make(name, *GRADUAL[name])
    for batch in (1, 60):
        x, _ = draw(batch, name=name)
        answers, steps = by_the_rule(model, x, threshold)
        logits, used = model.forward_anytime(x, threshold)
        assert used.dtype == torch.int64
        assert used.tolist() == steps
        np.testing.assert_allclose(logits.numpy(), answers, **EXACT)


@pytest.mark.parametrize("name", SIZES)
def test_the_examples_stop_at_every_step(name):
    """Otherwise the test above would compare little."""
    model = make(name, *GRADUAL[name])
    x, _ = draw(60, name=name)
    seen = [set(model.forward_anytime(x, t)[1].tolist()) for t in THRESHOLDS]
    assert set(range(1, steps_of(name) + 1)) in seen


@given(
    name=st.sampled_from(list(SIZES)),
    seed=st.integers(0, 10_000),
    threshold=st.floats(0, 1),
    batch=st.integers(1, 9),
    scale=st.floats(0.05, 3),
)
def test_anytime_for_any_network(name, seed, threshold, batch, scale):
    model = make(name, seed, scale)
    x, _ = draw(batch, seed=seed + 1, name=name)
    answers, steps = by_the_rule(model, x, threshold)
    logits, used = model.forward_anytime(x, threshold)
    assert used.tolist() == steps
    np.testing.assert_allclose(logits.numpy(), answers, **EXACT)


@pytest.mark.parametrize("name", SIZES)
def test_answered_samples_are_not_computed_further(name, monkeypatch):
    model = make(name, *GRADUAL[name])
    x, _ = draw(60, name=name)
    _, steps = by_the_rule(model, x, 0.7)
    rows = []

    def counting(carry, t, weights, real=model.advance):
        if t > 1:  # Multi-Exit begins with its first block
            rows.append({len(field) for field in carry})
        return real(carry, t, weights)

    monkeypatch.setattr(model, "advance", counting)
    model.forward_anytime(x, 0.7)
    still = [sum(s > t for s in steps) for t in range(1, steps_of(name))]
    assert rows == [{n} for n in still if n]
    rows.clear()
    model.forward_anytime(x, 0.0)
    assert rows == []


@pytest.mark.parametrize("name", SIZES)
def test_anytime_of_no_samples_and_of_nan(name):
    model = make(name)
    logits, used = model.forward_anytime(draw(0, name=name)[0])
    assert logits.shape == (0, CLASSES)
    assert used.shape == (0,)
    x, _ = draw(3, name=name)
    x[1] = torch.nan
    assert model.forward_anytime(x, 0.0)[1].tolist() == [1, steps_of(name), 1]


@pytest.mark.parametrize("name", SIZES)
def test_other_weights_may_be_given(name):
    model, other = make(name, seed=0), make(name, seed=1)
    x, _ = draw(20, name=name)
    torch.testing.assert_close(model(x, other.weights()), other(x))
    theirs = other.forward_anytime(x, 0.8)
    for ours, truth in zip(model.forward_anytime(x, 0.8, other.weights()), theirs, strict=True):
        torch.testing.assert_close(ours, truth)


@pytest.mark.parametrize("name", SIZES)
def test_without_a_rule_of_its_own_a_network_answers_when_confident(name):
    model = make(name, *GRADUAL[name])
    x, _ = draw(60, name=name)
    same = torch.equal(model.own_rule(x).steps, model.forward_anytime(x, 0.9).steps)
    assert same != model.has_own_rule
    assert model.has_own_rule == (name in ("act", "pondernet"))


@pytest.mark.parametrize("name", SIZES)
@pytest.mark.parametrize("batch", [1, 3])
def test_macs_match_the_products_torch_computes(name, batch):
    model = make(name)
    x, _ = draw(batch, name=name)
    for last in range(1, steps_of(name) + 1):
        with FlopCounterMode(display=False) as counter, torch.no_grad():
            weights = model.weights()
            carry = model.begin(x, weights)
            model.answer(carry, 1, weights)
            for t in range(2, last + 1):
                carry = model.advance(carry, t, weights)
                model.answer(carry, t, weights)
        assert counter.get_total_flops() == 2 * batch * model.macs().at(last)


def test_cost_at_many_steps():
    cost = Cost(once=100, per_step=10, readout=1, second=1000)
    assert cost.at(np.array([[1, 2], [3, 6]])).tolist() == [[101, 1112], [1123, 1156]]
    assert cost.at(1) == 101


def standard(name: str, **sizes) -> int:
    """The number of parameters at the standard sizes except those given."""
    chosen = SYSTEMS[name]
    model = chosen.make_model(chosen.config_type(**sizes))
    return sum(p.numel() for p in model.parameters())


@pytest.mark.parametrize(
    ("name", "sizes", "count"),
    [
        ("bpan", {}, 152_650),
        ("act", {}, 803_083),
        ("pondernet", {}, 803_083),
        ("multi-exit", {}, 614_204),
        ("mlp", {}, 269_322),
        ("bpan-sequence", {}, 50_250),
        ("bpan-sequence", {"input_dim": 98}, 42_890),
        ("gru-sequence", {}, 311_306),
        ("gru-sequence", {"input_dim": 98}, 275_978),
        # As close to BPAN as a whole number of units allows.
        ("gru-sequence", {"n_hidden": 75}, 50_485),
        ("gru-sequence", {"input_dim": 98, "n_hidden": 79}, 43_223),
        ("gru", {"n_hidden": 60}, 152_890),
        ("mlp", {"n_hidden": 160}, 152_970),
        ("mlp", {"n_hidden": 128, "n_hidden_layers": 1}, 785 * 128 + 129 * 10),
    ],
)
def test_the_number_of_parameters_is_as_published(name, sizes, count):
    assert standard(name, **sizes) == count


@pytest.mark.parametrize(
    ("name", "sizes", "n_hidden", "of_bpan"),
    [
        ("gru", {}, 60, 152_650),
        ("mlp", {}, 160, 152_650),
        ("gru-sequence", {}, 75, 50_250),
        ("gru-sequence", {"input_dim": 98}, 79, 42_890),
    ],
)
def test_matched_baselines_are_closest_to_bpan_in_size(name, sizes, n_hidden, of_bpan):
    distance = {
        n: abs(standard(name, n_hidden=n, **sizes) - of_bpan)
        for n in (n_hidden - 1, n_hidden, n_hidden + 1)
    }
    assert min(distance, key=distance.get) == n_hidden


def slow_loss(name: str, x: np.ndarray, y: np.ndarray, p: dict, training) -> float:
    """The reference's loss of three steps."""
    if name == "act":
        return reference.act_loss(x, y, p, 3, 0.01, training.tau)
    if name == "pondernet":
        return reference.pondernet_loss(x, y, p, 3, training.lambda_p, training.beta)
    total = 0.0
    for row, label in zip(x, y, strict=True):
        if name == "mlp":
            total += reference.cross_entropy(reference.mlp_logits(row, p, 2)[0], label)
            continue
        if name == "multi-exit":
            logits, first = reference.multi_exit_logits(row, p, 3), 0.5
        else:
            steps = np.tile(row, (3, 1)) if name == "gru" else row
            logits, first = reference.gru_logits(steps, p), 0.3
        total += reference.weighted([reference.cross_entropy(at, label) for at in logits], first)
    return total / len(x)


# BPAN's are in test_network and test_sequence.
@pytest.mark.parametrize("name", [name for name in SIZES if not name.startswith("bpan")])
def test_gradients_match_finite_differences_of_the_reference(name):
    sizes = {"input_dim": 3, "n_hidden": 4} | ({"n_steps": 3} if "n_steps" in SIZES[name] else {})
    model = make(name, scale=0.7, **sizes)
    penalties = {"act": {"tau": 0.4}, "pondernet": {"beta": 0.4}}
    training = SYSTEMS[name].training_type(**penalties.get(name, {}))
    x, y = draw(3, inputs=3, name=name)
    loss, _ = model.loss_and_logits(x, y, training)
    loss.backward()
    p = {key: value.copy() for key, value in values(model).items()}

    def truth() -> float:
        return slow_loss(name, x.numpy(), y.numpy(), p, training)

    assert loss.item() == pytest.approx(truth())
    assert_gradients(model, p, truth, atol=2e-8)


def without_recurrence(model, x: torch.Tensor) -> torch.Tensor:
    """Leaky units that receive only their drive: s_t = (1 - (1 - α)^t) (drive + b)."""
    time = torch.arange(1, model.n_steps + 1, dtype=torch.float64)
    share = 1 - (1 - model.alpha) ** time
    net = x @ model.drive.weight.T + model.drive.bias + model.bias
    rate = torch.relu(share[:, None] * net[:, None])[..., : model.n_excitatory]
    return rate @ model.readout.weight.T + model.readout.bias


def test_bpan_without_recurrence_in_closed_form():
    model = make("bpan")
    x, _ = draw(30)
    truth = without_recurrence(model, x).detach()
    weights = model.weights(recurrence_gain=0.0)
    torch.testing.assert_close(model(x, weights).detach(), truth)
    assert not torch.allclose(model(x), truth, atol=0.1)
    trace = model.trace(x, recurrence_gain=0.0)
    torch.testing.assert_close(trace.logits, truth)
    assert not trace.excitation.any()
    assert not trace.inhibition.any()
    steps = [slow_bpan.anytime(row, 0.6)[1] for row in truth.numpy()]
    assert model.forward_anytime(x, 0.6, weights).steps.tolist() == steps
    assert len(set(steps)) > 2


def test_recurrence_gain_scales_all_four_blocks_and_one_changes_nothing():
    model = make("bpan")
    plain = model.weights()
    halved = model.weights(recurrence_gain=0.5)
    torch.testing.assert_close(halved.recurrent, plain.recurrent / 2)
    for a, b in zip(plain, model.weights(recurrence_gain=1.0), strict=True):
        assert torch.equal(a, b)


class SixPixels(Chunks):
    """Sequences of six pixels a step."""

    n_pixels = 6


@pytest.mark.parametrize("name", SIZES)
def test_learner_metrics_follow_the_halting_rules(name):
    torch.manual_seed(0)
    pixels, labels = torch.randint(256, (1100, 2, 3), dtype=torch.uint8), torch.randint(4, (1100,))
    split = Split(pixels, labels)
    dataset = ImageDataset("noise", tuple("abcd"), 0.5, 0.3, split, split, split)
    chosen = SYSTEMS[name]
    if chosen.data == "sequence":
        split = Split(torch.randint(256, (1100, TIME, 6 + 1), dtype=torch.uint8), labels)
        task = SixPixels(positions=False, shuffled=False)
        dataset = SequenceDataset(*dataset[:4], split, split, split, task, dataset)
    model = make(name, *GRADUAL[name], input_dim=6).float()
    learner = chosen.make_learner(model, chosen.training_type(), dataset)
    metrics = learner.evaluate(split)
    x = dataset.inputs(split.pixels)

    def correct(logits: torch.Tensor) -> float:
        return (logits.argmax(-1) == split.labels).double().mean().item()

    logits, steps = model.forward_anytime(x, 0.9)
    truth = {
        "loss": model.loss_and_logits(x, split.labels, learner.settings)[0].item(),
        "accuracy": correct(model(x)[:, -1]),
        "accuracy at θ = 0.9": correct(logits),
        "mean steps at θ = 0.9": steps.double().mean().item(),
    }
    if name in ("act", "pondernet"):
        logits, steps = model.own_rule(x)
        truth["accuracy by own rule"] = correct(logits)
        truth["mean steps by own rule"] = steps.double().mean().item()
    assert metrics == pytest.approx(truth, rel=1e-5)
    assert list(metrics) == list(truth)
