"""A task learned later: nothing changes by being asked, and nothing known is lost when frozen."""

import numpy as np
import pytest
import torch

from corelib.errors import SettingsError
from corelib.models.butd import learner as module
from corelib.models.butd.another_task import learn, unused_weights, with_another_task
from corelib.models.butd.config import BUTDConfig, BUTDTraining
from corelib.models.butd.networks import BUTDNet
from tests.models.butd.small import dataset

TRAINING = BUTDTraining(rule="counter-hebb", batch_size=4, learning_rate=0.01)


def make(**settings):
    config = BUTDConfig(
        **{"network": "fc", "hidden": 30, "embedding": 12, "n_classes": 5, **settings}
    )
    torch.manual_seed(0)
    return BUTDNet(**config.model_dump()), config


@pytest.mark.parametrize("weights", ["shared", "separate", "feedback-alignment"])
@pytest.mark.parametrize("network", ["fc", "simple", "resnet18"])
def test_what_was_known_is_known(network, weights):
    settings = {"weights": weights, "width": 3}
    if network == "resnet18":
        settings["input_dim"] = 3 * 9**2
    model, config = make(network=network, **settings)
    before = torch.get_rng_state()
    larger = with_another_task(model, config, seed=3)
    assert torch.equal(torch.get_rng_state(), before)
    x = torch.randn(6, config.input_dim)
    answers = larger(x)
    assert answers.shape == (6, 3, 5)
    assert torch.equal(answers[:, :2], model(x))
    again, other = with_another_task(model, config, 3), with_another_task(model, config, 4)
    assert torch.equal(again(x), answers)
    new = larger.task_head.task.weight[2]
    assert not torch.equal(new, other.task_head.task.weight[2])


def free_units(model):
    """Units of the top that only the last task opens, by hand."""
    gates = model.gates()[-1] > 0
    return ~gates[:-1].any(0)


@pytest.mark.parametrize("weights", ["shared", "separate"])
@pytest.mark.parametrize("network", ["fc", "simple"])
def test_frozen_the_earlier_tasks_answer_to_the_last_digit_as_before(network, weights):
    """In float64, after as many updates as change the new task's answers."""
    model, config = make(network=network, weights=weights, width=3, n_tasks=2)
    larger = with_another_task(model, config, seed=9).double()
    assert (free_units(larger) & (larger.gates()[-1][2] > 0)).sum() > 1
    data = dataset(n_tasks=3)
    x = torch.randn(20, 784, dtype=torch.float64)
    before = larger(x).detach()
    opened = larger.gates()
    moments = list(learn(larger, Wide(data), TRAINING, 30, freeze=True, every=10))
    assert [m.step for m in moments] == [0, 10, 20, 30]
    after = larger(x).detach()
    assert torch.equal(after[:, :2], before[:, :2])
    assert not torch.allclose(after[:, 2], before[:, 2])
    for old, new in zip(opened, larger.gates(), strict=True):
        assert torch.equal(old[:2], new[:2])
    assert moments[-1].accuracy[:2] == pytest.approx(moments[0].accuracy[:2])


class Wide:
    """A data set whose inputs are float64."""

    def __init__(self, data) -> None:
        self.data = data

    def __getattr__(self, name):
        return getattr(self.data, name)

    def inputs(self, pixels):
        return self.data.inputs(pixels).double()


def test_without_freezing_the_earlier_tasks_change():
    model, config = make()
    larger = with_another_task(model, config)
    data = dataset(n_tasks=3)
    x = data.inputs(data.test.pixels)
    before = larger(x).detach()
    moments = list(learn(larger, data, TRAINING, 40, every=100))
    assert [m.step for m in moments] == [0, 40]
    # Six images are learned by heart.
    assert moments[-1].accuracy[2] == 1
    assert not torch.allclose(larger(x)[:, :2], before[:, :2])


def test_alone_is_the_last_task_and_jointly_are_all(monkeypatch):
    asked = []
    rows = module.rows
    monkeypatch.setattr(module, "rows", lambda g, task: asked.append(task) or rows(g, task))
    model, config = make()
    larger = with_another_task(model, config)
    list(learn(larger, dataset(n_tasks=3), TRAINING, 5, "alone"))
    assert asked == [2] * 5
    asked.clear()
    list(learn(larger, dataset(n_tasks=3), TRAINING, 20, "jointly"))
    assert set(torch.cat(asked).tolist()) == {0, 1, 2}


def test_weights_left_for_learning_are_those_into_unused_units():
    model, config = make()
    larger = with_another_task(model, config)
    masks = unused_weights(larger)
    free = free_units(larger).numpy()
    for name, mask in masks.items():
        truth = np.zeros(mask.shape)
        if name == "core.fc.weight":
            truth[free] = 1
        elif name == "core.fc.bias":
            truth = free
        elif name == "head.weight":
            truth[:, free] = 1
        np.testing.assert_array_equal(mask, truth, err_msg=name)


def test_what_cannot_be_done_is_said():
    model, config = make()
    with pytest.raises(SettingsError, match="knows 3 tasks, but random has 2"):
        list(learn(with_another_task(model, config), dataset(n_tasks=2), TRAINING, 1))
    model, config = make(network="simple", width=2, norm=True)
    with pytest.raises(SettingsError, match="with batch norm cannot be frozen"):
        list(learn(with_another_task(model, config), dataset(n_tasks=3), TRAINING, 1, freeze=True))
