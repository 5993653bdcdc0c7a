"""One more task: the old ones start unchanged, frozen weights stay, and the task is learned."""

import numpy as np
import pytest
import torch

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
from tests.models.butd.small import dataset

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
