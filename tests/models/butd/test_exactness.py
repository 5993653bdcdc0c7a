"""Where the Counter-Hebb rule is back-propagation, to the last digits of float64, and where not."""

import pytest
import torch

from corelib.models.butd.losses import error_of, loss_of
from tests.models.butd.small import dataset, distance, filled, grads, net

NETWORKS = {
    "fc": {"input_dim": 49},
    "simple": {"input_dim": 784},
    "simple, odd sides": {"input_dim": 23**2},
    "conv": {"input_dim": 18**2},
    "conv, odd sides, colours": {"input_dim": 3 * 19**2},
    "resnet18": {"input_dim": 3 * 16**2, "width": 3},
    "resnet18, odd sides": {"input_dim": 3 * 11**2, "width": 3},
}


def make(name: str, **settings):
    return net(name.partition(",")[0], **{**NETWORKS[name], **settings})


def assert_exact(model, **settings) -> None:
    hebb = filled(model, "counter-hebb", **settings)
    truth = filled(model, "backprop", **settings)
    assert truth.keys() <= hebb.keys()
    for name, gradient in truth.items():
        assert gradient.norm() > 1e-9, name
        assert distance(hebb[name], gradient) < 1e-12, name
    ways_down = {name for name in hebb if name.endswith("back_weight")}
    assert hebb.keys() - truth.keys() == ways_down
    for name in ways_down:
        value = hebb[name.replace("back_weight", "weight")]
        assert torch.equal(hebb[name], value.T if value.dim() == 2 else value)


def some_gates_are_closed(model) -> bool:
    shares = [gate.mean().item() for gate in model.gates()]
    return all(share > 0.05 for share in shares) and sum(shares) < 0.9 * len(shares)


@pytest.mark.parametrize("weights", ["shared", "symmetric"])
@pytest.mark.parametrize("n_tasks", [1, 3])
@pytest.mark.parametrize("name", NETWORKS)
def test_counter_hebb_equals_backpropagation(name, n_tasks, weights):
    model = make(name, n_tasks=n_tasks, weights=weights)
    assert n_tasks == 1 or some_gates_are_closed(model)
    assert_exact(model)


@pytest.mark.parametrize("n_classes", [1, 5])
@pytest.mark.parametrize("tasks", ["random", "all"])
@pytest.mark.parametrize("loss", ["cross-entropy", "bce", "mse"])
def test_it_equals_backpropagation_for_any_loss_and_all_tasks_at_once(loss, tasks, n_classes):
    if n_classes == 1 and loss == "cross-entropy":
        pytest.skip("a single class has no cross-entropy")
    assert_exact(make("simple", n_tasks=3, n_classes=n_classes), loss=loss, tasks=tasks)


@pytest.mark.parametrize("loss", ["cross-entropy", "bce", "mse"])
def test_the_error_is_the_gradient_of_each_images_own_loss(loss):
    logits = torch.randn(6, 4, dtype=torch.float64, requires_grad=True)
    labels = torch.randint(4, (6,))
    (loss_of(logits, labels, loss) * 6).backward()
    torch.testing.assert_close(error_of(logits, labels, loss), logits.grad, rtol=1e-12, atol=0)


def test_top_down_biases_act_only_on_gates():
    """They shape the gates that the instruction opens, but errors pass without them."""
    model = make("simple", n_tasks=3, top_down_bias=True)
    hebb, truth = filled(model, "counter-hebb"), filled(model, "backprop")
    for name, gradient in truth.items():
        assert distance(hebb[name], gradient) < 1e-12, name
    assert {name for name in hebb.keys() - truth.keys() if "task_head" not in name} == {
        f"{part}.back_bias"
        for part in ("core.conv1", "core.pool1", "core.conv2", "core.pool2", "core.fc", "head")
    }


def far_off(hebb: dict, truth: dict, below: str) -> None:
    """The readout's own update is still right: it sees the error itself. Those below are not."""
    assert distance(hebb["head.weight"], truth["head.weight"]) < 1e-12
    assert distance(hebb[below], truth[below]) > 0.01


@pytest.mark.parametrize(
    "broken", [{"weights": "separate"}, {"weights": "feedback-alignment"}, {"norm": True}]
)
def test_it_differs_with_other_feedback_weights_or_batch_norm(broken):
    model = make("simple", n_tasks=2, **broken)
    far_off(filled(model, "counter-hebb"), filled(model, "backprop"), "core.conv1.weight")


def test_it_differs_where_biases_act_on_the_error():
    model = make("simple", top_down_bias=True)
    data = dataset()
    x, labels = data.inputs(data.train.pixels).double(), data.train.labels
    gradients = []
    for biased in (True, False):
        up = model.bottom_up(x, None)
        down = model.top_down(error_of(up.logits, labels, "cross-entropy"), up.signals, biased)
        model.counter_hebbian_update_value(up, down)
        gradients.append(grads(model))
        model.zero_grad()
    far_off(*gradients, "core.conv1.weight")
    truth = filled(model, "backprop")
    assert distance(gradients[1]["core.conv1.weight"], truth["core.conv1.weight"]) < 1e-12


def test_it_differs_with_noise():
    """By a factor of its own around 1 for each synapse, and by nothing in the biases."""
    model = make("simple")
    hebb, truth = filled(model, "counter-hebb", noise=0.1), filled(model, "backprop")
    factors = []
    for name, gradient in truth.items():
        if name.endswith("bias"):
            assert distance(hebb[name], gradient) < 1e-12, name
        else:
            learns = gradient.abs() > 1e-9 * gradient.abs().max()
            factors.append((hebb[name] / gradient)[learns])
    epsilon = (torch.cat(factors) - 1) / 0.1
    n = len(epsilon)
    assert n > 600
    # Five standard errors of mean and sd of n standard normal numbers.
    assert epsilon.mean().item() == pytest.approx(0, abs=5 / n**0.5)
    assert epsilon.std().item() == pytest.approx(1, abs=5 / (2 * n) ** 0.5)


def test_both_rules_give_the_same_straight_through_gradient_of_the_task_head():
    for settings in ({}, {"tasks": "all"}):
        model = make("simple", n_tasks=3, task_head="trained")
        hebb = filled(model, "counter-hebb", **settings)
        truth = filled(model, "backprop", **settings)
        for name in ("task_head.embedding.weight", "task_head.task.weight"):
            assert truth[name].norm() > 1e-9
            assert distance(hebb[name], truth[name]) < 1e-12


def test_neither_rule_changes_a_fixed_task_head():
    model = make("simple", n_tasks=3)
    for rule in ("counter-hebb", "backprop"):
        assert not [name for name in filled(model, rule) if name.startswith("task_head")]
