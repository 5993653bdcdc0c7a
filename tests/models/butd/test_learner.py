"""The learner: one Adam under both rules, its learning rate, weight decay and metrics."""

import pytest
import torch
from torch import nn

from corelib.errors import CheckpointError, SettingsError
from corelib.models.butd.config import BUTDTraining
from corelib.models.butd.gates import pack
from corelib.models.butd.learner import BUTDLearner
from corelib.models.butd.networks import BUTDNet
from tests.models.butd.small import dataset, distance, filled, net


def learner(model=None, data=None, **settings) -> BUTDLearner:
    model = net("simple", n_tasks=2).float() if model is None else model
    data = dataset(n_tasks=model.n_tasks, n_classes=model.n_classes) if data is None else data
    return BUTDLearner(model, BUTDTraining(**{"batch_size": 4, **settings}), data)


def steps(trained: BUTDLearner, n: int) -> list[dict]:
    metrics = []
    for k in range(n):
        torch.manual_seed(k)
        data = trained.dataset
        metrics.append(trained.step(data.batch(data.train, k, trained.settings.batch_size, 0)))
    return metrics


def test_both_rules_follow_the_same_trajectory():
    """Twenty updates by Adam, which magnifies any difference between gradients near zero."""
    a, b = (
        learner(net("simple", n_tasks=2).float(), rule=rule, learning_rate=0.005, tasks="all")
        for rule in ("backprop", "counter-hebb")
    )
    metrics = [steps(one, 20) for one in (a, b)]
    for first, second in zip(*metrics, strict=True):
        assert first["loss"] == pytest.approx(second["loss"], rel=1e-3)
    assert metrics[0][-1]["loss"] < metrics[0][0]["loss"]
    for (name, p), q in zip(a.model.named_parameters(), b.model.parameters(), strict=True):
        assert distance(p.detach(), q.detach()) < 1e-3, name


def test_each_image_is_trained_on_the_label_of_its_own_task():
    for rule in ("backprop", "counter-hebb"):
        model = net("simple", n_tasks=3)
        data = dataset(n_tasks=3)
        x, labels = data.inputs(data.train.pixels).double(), data.train.labels
        torch.manual_seed(0)
        task = torch.randint(3, (6,))
        assert len(set(task.tolist())) == 3
        logits = model(x)[torch.arange(6), task]
        truth = nn.functional.cross_entropy(logits, labels[torch.arange(6), task])
        torch.manual_seed(0)
        metrics = learner(model, data, rule=rule).fill(x, labels)
        assert metrics["loss"] == pytest.approx(truth.item())
        right = logits.argmax(1) == labels[torch.arange(6), task]
        assert metrics["accuracy"] == pytest.approx(right.double().mean().item())


@pytest.mark.parametrize("rule", ["backprop", "counter-hebb"])
def test_all_tasks_at_once_report_the_mean_over_tasks(rule):
    model, data = net("simple", n_tasks=3), dataset(n_tasks=3)
    x, labels = data.inputs(data.train.pixels).double(), data.train.labels
    with torch.no_grad():
        logits = model(x)
    each = [nn.functional.cross_entropy(logits[:, k], labels[:, k]) for k in range(3)]
    metrics = learner(model, data, rule=rule, tasks="all").fill(x, labels)
    assert metrics["loss"] == pytest.approx(torch.stack(each).mean().item())
    right = (logits.argmax(2) == labels).double().mean().item()
    assert 0 < right < 1
    assert metrics["accuracy"] == pytest.approx(right)


@pytest.mark.parametrize("training", [True, False])
def test_measuring_leaves_the_network_as_it_was(training):
    trained = learner(net("simple", n_tasks=2, norm=True).float())
    trained.model.train(training)
    before = {name: tensor.clone() for name, tensor in trained.model.state_dict().items()}
    trained.evaluate(trained.dataset.validation)
    assert all(part.training == training for part in trained.model.modules())
    for name, tensor in trained.model.state_dict().items():
        assert torch.equal(tensor, before[name]), name


def test_symmetric_weights_stay_symmetric_and_separate_ones_do_not_become_so():
    for weights, symmetric in (("symmetric", True), ("separate", False)):
        model = net("simple", n_tasks=2, weights=weights).float()
        steps(learner(model, rule="counter-hebb", learning_rate=0.01), 10)
        same = torch.allclose(model.core.fc.weight.T, model.core.fc.back_weight, atol=1e-4)
        assert same == symmetric


def test_each_rule_changes_only_its_own_weights():
    for weights, rule, moves in (
        ("feedback-alignment", "counter-hebb", False),
        ("separate", "backprop", False),
        ("separate", "counter-hebb", True),
    ):
        model = net("simple", n_tasks=2, weights=weights).float()
        before = {name: t.clone() for name, t in model.state_dict().items()}
        steps(learner(model, rule=rule), 3)
        for name, tensor in model.state_dict().items():
            if "task_head" in name:
                assert torch.equal(tensor, before[name]), name
            elif "back_weight" in name:
                assert torch.equal(tensor, before[name]) != moves, name
            else:
                assert not torch.equal(tensor, before[name]), name


def test_weight_decay_adds_the_weights_to_their_gradients():
    """It draws W and W̄ᵀ together; without it equal updates keep their difference as it was."""
    gaps = {}
    for decay in (0.0, 0.1):
        model = net("fc", weights="separate").float()
        trained = learner(model, rule="counter-hebb", weight_decay=decay, learning_rate=0.005)
        gap = (model.core.fc.weight - model.core.fc.back_weight.T).norm().item()
        steps(trained, 60)
        gaps[decay] = (model.core.fc.weight - model.core.fc.back_weight.T).norm().item() / gap
    assert gaps[0.1] < 0.9
    assert gaps[0.0] == pytest.approx(1, abs=1e-3)
    model = net("fc").float()
    trained = learner(model, weight_decay=0.3)
    truth = {
        name: g.float() + 0.3 * model.get_parameter(name).detach()
        for name, g in filled(net("fc"), "backprop").items()
    }
    seen = {}

    def note() -> None:
        seen.update({n: p.grad.clone() for n, p in model.named_parameters()})

    trained.optimiser.step = note
    trained.step(trained.dataset.train)
    for name, gradient in truth.items():
        torch.testing.assert_close(seen[name], gradient, rtol=1e-4, atol=1e-5)


def test_forward_or_feedback_weights_decay_alone():
    """Gradients differ by the decay of the other part alone."""
    seen = {}
    for which in ("all", "forward", "feedback"):
        trained = learner(
            net("fc", weights="separate").float(),
            rule="counter-hebb",
            weight_decay=0.3,
            decays=which,
        )
        model, own = trained.model, {}

        def note(model=model, own=own) -> None:
            own.update({n: p.grad.clone() for n, p in model.named_parameters()})

        trained.optimiser.step = note
        trained.step(trained.dataset.train)
        seen[which] = own
    for name, parameter in trained.model.named_parameters():
        part, other = ("feedback", "forward") if "back_" in name else ("forward", "feedback")
        assert torch.equal(seen["all"][name], seen[part][name])
        torch.testing.assert_close(
            seen["all"][name] - seen[other][name], 0.3 * parameter.detach(), rtol=1e-4, atol=1e-6
        )
    assert {n.rpartition(".")[2] for n in seen["all"]} == {"weight", "bias", "back_weight"}


def test_the_step_size_falls_after_each_epoch():
    trained = learner(batch_size=4, learning_rate=0.1, decay=0.5)
    assert trained.per_epoch == 2  # 6 images in batches of 4
    rates = []
    for _ in range(6):
        steps(trained, 1)
        rates.append(trained.optimiser.learning_rate)
    assert rates == pytest.approx([0.1, 0.1, 0.05, 0.05, 0.025, 0.025])


def test_gates_are_recorded_at_the_start_of_each_epoch():
    trained = learner(learning_rate=0.05)
    truth = []
    for k in range(5):
        if k % 2 == 0:
            truth.append(pack(trained.model.gates()))
        steps(trained, 1)
    assert torch.equal(trained.state_dict()["gates"], torch.stack(truth))
    assert not torch.equal(truth[0], truth[1])
    again = learner()
    again.load_state_dict({k: v.clone() for k, v in trained.state_dict().items()})
    assert torch.equal(again.history, trained.history)
    assert again.updates == 5


def test_large_networks_and_single_tasks_record_no_gates():
    single = learner(net("fc").float())
    steps(single, 1)
    assert single.state_dict()["gates"].numel() == 0
    large = BUTDNet(width=512, n_tasks=40)
    assert BUTDLearner(large, BUTDTraining(), dataset(n_tasks=40)).history.shape == (0, 0)


def test_the_state_of_another_network_is_refused():
    trained = learner()
    for broken in (
        {k: v for k, v in trained.state_dict().items() if k != "updates"},
        {k: v for k, v in trained.state_dict().items() if k != "gates"},
        {**trained.state_dict(), "gates": torch.zeros(2, 3, dtype=torch.uint8)},
    ):
        with pytest.raises(CheckpointError, match="not that of this network"):
            trained.load_state_dict(broken)


def test_yes_or_no_answers_cannot_use_cross_entropy():
    with pytest.raises(SettingsError, match="should be 'bce' or 'mse'"):
        learner(net("simple", n_classes=1))


class Known(nn.Module):
    """Returns given logits whatever its input; they belong to the images in order."""

    def __init__(self, logits: torch.Tensor) -> None:
        super().__init__()
        self.logits, self.at = logits, 0
        self.core = self.head = nn.Identity()

    def forward(self, x):
        part = self.logits[self.at : self.at + len(x)]
        self.at += len(x)
        return part


def test_accuracy_is_reported_per_task_and_as_their_mean():
    """600 images, so that chunks of unequal size are met."""
    data = dataset(n_tasks=2, n=600)
    trained = learner(data=data)
    logits = torch.zeros(600, 2, 5)
    labels = data.test.labels
    right = torch.rand(600, 2) < torch.tensor([0.8, 0.3])
    answers = torch.where(right, labels, (labels + 1) % 5)
    logits.scatter_(2, answers[..., None], 1.0)
    trained.model = Known(logits)
    metrics = trained.evaluate(data.test)
    shares = right.float().mean(0)
    assert metrics["accuracy task 0"] == pytest.approx(shares[0].item())
    assert metrics["accuracy task 1"] == pytest.approx(shares[1].item())
    assert metrics["accuracy"] == pytest.approx(shares.mean().item())
    loss = nn.functional.cross_entropy(logits.flatten(0, 1), labels.flatten())
    assert metrics["loss"] == pytest.approx(loss.item(), rel=1e-5)


def test_a_logit_above_zero_means_yes():
    data = dataset(n_tasks=2, n_classes=1)
    model = net("simple", n_tasks=2, n_classes=1).float()
    trained = learner(model, data, loss="bce")
    logits = torch.randn(6, 2, 1)
    trained.model = Known(logits)
    truth = ((logits[..., 0] > 0).long() == data.test.labels).float().mean().item()
    assert trained.evaluate(data.test)["accuracy"] == pytest.approx(truth)


def test_the_distance_of_the_rule_from_backpropagation_is_reported_per_layer():
    model = net("simple", weights="separate").float()
    metrics = learner(model, rule="counter-hebb").evaluate(dataset().validation)
    assert metrics["angle conv1 / °"] > 5
    assert metrics["angle head / °"] == pytest.approx(0, abs=1e-3)  # float32, three decimals
    assert abs(metrics["cosine conv2"]) < 0.3
    for quiet in (
        learner(net("simple").float(), rule="counter-hebb"),
        learner(net("simple", weights="separate").float()),
    ):
        assert not [n for n in quiet.evaluate(dataset().validation) if n.startswith("angle")]


def test_a_trained_task_head_moves_its_gate():
    for rule in ("backprop", "counter-hebb"):
        model = net("simple", n_tasks=2, task_head="trained").float()
        before = model.gates()[-1]
        steps(learner(model, rule=rule, learning_rate=0.02, tasks="all"), 30)
        assert not torch.equal(model.gates()[-1], before)
