"""One more task: the old ones start unchanged, frozen weights stay, and the task is learned."""

import numpy as np
import pytest
import torch

from corelib.models.butd import third_task
from corelib.models.butd.config import BUTDConfig, BUTDTraining
from corelib.models.butd.learner import BUTDLearner
from corelib.models.butd.networks import BUTDNet
from corelib.models.butd.third_task import (
    Moment,
    Teaching,
    course,
    extended,
    shared_units,
    teach,
    with_larger,
)
from corelib.training.adam import Adam
from tests.models.butd.small import apart, dataset

CONFIG = BUTDConfig(width=4, hidden=12, embedding=6, n_classes=5)


def network(**settings) -> tuple[BUTDNet, BUTDConfig]:
    config = CONFIG.model_copy(update=settings)
    torch.manual_seed(3)
    return BUTDNet(config).eval(), config


@pytest.mark.parametrize("weights", ["shared", "separate", "feedback-alignment"])
def test_old_tasks_start_unchanged(weights):
    model, config = network(weights=weights, top_down_bias=weights == "separate")
    twin = extended(model, config).eval()
    x = torch.randn(5, 784)
    torch.testing.assert_close(twin(x)[:, :2], model(x))
    assert twin.n_tasks == 3
    gates = twin.gates()
    assert any((g[2] != g[0]).any() and (g[2] != g[1]).any() for g in gates)


def test_the_new_tasks_weights_depend_on_their_seed_alone():
    model, config = network()
    one, same, other = (extended(model, config, seed).task_head.task.weight for seed in (1, 1, 2))
    assert torch.equal(one, same)
    assert torch.equal(one[:2], other[:2])
    assert not torch.equal(one[2], other[2])


def test_the_label_of_the_larger_digit():
    data = dataset(n_tasks=2, n=20)
    more = with_larger(data)
    assert more.task_names == ("task 0", "task 1", "larger")
    for old, new in zip(data.train.labels.tolist(), more.train.labels.tolist(), strict=True):
        assert new == [*old, max(old)]


def test_a_channel_is_shared_if_half_of_its_open_units_are():
    model, _ = network()
    for mask, gate in zip(shared_units(model, 2), model.gates(), strict=True):
        for k, own in enumerate(gate.transpose(0, 1)):
            both = int((own[0] * own[1]).sum())
            either = int(((own[0] + own[1]) > 0).sum())
            assert bool(mask[k]) == (both > 0 and both * 2 >= either)


def trained(model, config, how: Teaching) -> tuple[BUTDNet, np.ndarray, np.ndarray]:
    data = with_larger(dataset(n_tasks=2, n=40))
    twin = extended(model, config)
    moments = list(teach(twin, data, how, 40, every=50))
    assert [m.updates for m in moments] == [0, 50, 60]
    return twin, moments[0].correct, moments[-1].correct


@pytest.mark.parametrize("weights", ["shared", "separate"])
def test_frozen_weights_stay_unchanged(weights):
    model, config = network(weights=weights)
    shared = shared_units(model, 2)
    assert any(mask.any() for mask in shared)
    twin, *_ = trained(model, config, Teaching(False, True, 60, batch_size=8))
    moved = 0
    for edge in twin.core.edges:
        old = dict(model.named_modules())[
            next(n for n, m in twin.named_modules() if m is edge.layer)
        ]
        same = (old.weight == edge.layer.weight).flatten(1).all(1)
        frozen = shared[edge.target - 1]
        assert same[frozen].all()
        moved += int((~same).sum())
        if weights == "separate":
            back = old.as_back(old.back_weight) == edge.layer.as_back(edge.layer.back_weight)
            assert back.flatten(1).all(1)[frozen].all()
    assert moved > 0


@pytest.mark.parametrize("frozen", [True, False])
def test_frozen_units_keep_what_the_readout_takes_from_them(frozen):
    model, config = network(network="fc", hidden=40)
    (shared,) = shared_units(model, 2)
    assert 0 < shared.sum() < 40
    twin, *_ = trained(model, config, Teaching(False, frozen, 60, batch_size=8))
    same = (twin.head.weight == model.head.weight).all(0)
    assert same[shared].all() == frozen
    assert not same[~shared].all()
    assert torch.equal(twin.head.bias, model.head.bias) == frozen


def test_it_is_measured_on_the_first_validation_images(monkeypatch):
    model, config = network()
    data = apart(with_larger(dataset(n_tasks=2, n=40)))
    seen = []

    def answered(model, x):
        seen.append(x)
        return np.full((3, len(x)), 2)

    monkeypatch.setattr(third_task, "predictions", answered)
    twin, how = extended(model, config), Teaching(False, False, 4, batch_size=8)
    moments = list(teach(twin, data, how, 30, every=3))
    assert [moment.updates for moment in moments] == [0, 3, 4]
    truth = (data.validation.labels[:30].numpy() == 2).mean(0)
    for moment, x in zip(moments, seen, strict=True):
        assert torch.equal(x, data.inputs(data.validation.pixels[:30]))
        np.testing.assert_allclose(moment.correct, truth)


@pytest.mark.parametrize(("jointly", "rate"), [(False, None), (True, None), (True, 0.01)])
def test_updates_are_those_of_the_rule_on_the_training_batches(jointly, rate):
    """Batch by batch with optimiser and rule used directly; tasks are drawn anew for each. The
    step size is the rule's own, 0.001, unless another is asked for."""
    model, config = network()
    data = apart(with_larger(dataset(n_tasks=2, n=40)))
    how = Teaching(jointly, False, 3, batch_size=8, seed=5)
    if rate is None:
        rate = 1e-3
    else:
        how = how._replace(learning_rate=rate)
    twin, by_hand = extended(model, config), extended(model, config)
    list(teach(twin, data, how, 10, every=10))
    optimiser, drawn = Adam(by_hand, rate), []
    for k in range(3):
        batch = data.batch(data.train, k, 8, 5)
        task = torch.full((8,), 2)
        if jointly:
            generator = torch.Generator().manual_seed(5 * 1_000_003 + k)
            task = torch.randint(3, (8,), generator=generator)
        drawn.append(task.tolist())
        by_hand.train().zero_grad()
        with torch.no_grad():
            gates = tuple(gate[task] for gate in by_hand.gates())
            up = by_hand.bottom_up(data.inputs(batch.pixels), gates)
            truth = torch.nn.functional.one_hot(batch.labels[torch.arange(8), task], 5)
            down = by_hand.top_down(up.logits.softmax(1) - truth, up.signals)
            by_hand.counter_hebbian_update_value(up, down)
        optimiser.step()
    if jointly:
        assert len({tuple(tasks) for tasks in drawn}) == 3
        assert {task for tasks in drawn for task in tasks} == {0, 1, 2}
    for (name, one), other in zip(twin.named_parameters(), by_hand.parameters(), strict=True):
        torch.testing.assert_close(one, other, msg=name)


def test_joint_training_forgets_less_than_training_the_new_task_alone():
    model, config = network(network="fc", hidden=100)
    data = dataset(n_tasks=2, n=40)
    # It knows the two tasks, by heart.
    learner = BUTDLearner(model, BUTDTraining(batch_size=40, tasks="all", learning_rate=5e-3), data)
    for _ in range(150):
        learner.step(data.train)
    model.eval()
    _, before, alone = trained(model, config, Teaching(False, False, 60, 5e-3, 20))
    _, _, jointly = trained(model, config, Teaching(True, False, 60, 5e-3, 20))
    assert before[:2].min() > 0.9
    assert alone[2] > before[2] + 0.2
    assert jointly[:2].mean() > alone[:2].mean()


def test_a_learning_curve_reports_gains_and_losses():
    moments = [
        Moment(0, np.array([0.9, 0.8, 0.1])),
        Moment(5, np.array([0.5, 0.5, 0.5])),
        Moment(9, np.array([0.7, 0.85, 0.6])),
    ]
    curve = course(iter(moments))
    assert curve.updates.tolist() == [0, 5, 9]
    assert curve.correct.shape == (3, 3)
    assert curve.gained() == pytest.approx(0.5)
    np.testing.assert_allclose(curve.lost(), [0.2, -0.05])
