"""Twins of a network: exact where nothing is changed, and what each change costs."""

import numpy as np
import pytest
import torch

from corelib.models.butd.analysis import difference
from corelib.models.butd.config import BUTDConfig, CounterHebbConfig
from corelib.models.butd.departures import departed
from corelib.models.butd.networks import BUTDNet

SMALL = {"width": 3, "hidden": 8}


def network(config) -> BUTDNet:
    torch.manual_seed(1)
    return BUTDNet(config)


def batch(n_tasks: int = 1):
    torch.manual_seed(2)
    task = torch.arange(100) % n_tasks if n_tasks > 1 else None
    return torch.randn(100, 784).double(), torch.randint(10, (100,)), task


@pytest.mark.parametrize(
    "config",
    [
        CounterHebbConfig(network="simple", **SMALL),
        BUTDConfig(embedding=5, **SMALL),
        CounterHebbConfig(network="resnet18", width=2, hidden=8),
    ],
)
def test_each_change_takes_the_rule_off_the_gradient(config):
    model = network(config)
    x, labels, task = batch(model.n_tasks)

    def off(biased: bool = False, **changes) -> float:
        twin = departed(model, config, x, labels, task, **changes)
        return float(np.nanmax(difference(twin, x, labels, task, biased=biased).relative))

    assert off() < 1e-12
    assert off(weights="shared") < 1e-12
    assert off(weights="separate") > 0.1
    assert off(norm=True) > 0.05
    assert off(top_down_bias=True) < 1e-12
    if config.network != "resnet18":  # has no biases
        assert off(biased=True, top_down_bias=True) > 1e-3


def test_what_both_have_is_copied_and_separate_weights_become_exact_when_shared():
    config = CounterHebbConfig(hidden=8, weights="separate")
    model = network(config)
    x, labels, _ = batch()
    kept = departed(model, config, x, labels)
    for name, value in model.state_dict().items():
        torch.testing.assert_close(kept.state_dict()[name], value.double())
    assert np.nanmax(difference(kept, x, labels).relative) > 0.1
    shared = departed(model, config, x, labels, weights="shared")
    assert np.nanmax(difference(shared, x, labels).relative) < 1e-12
    anew = departed(model, config, x, labels, weights="separate")
    assert not torch.equal(anew.head.back_weight, kept.head.back_weight)


def test_new_norms_take_the_statistics_of_the_batch():
    config = CounterHebbConfig(network="simple", **SMALL)
    model = network(config)
    x, labels, _ = batch()
    twin = departed(model, config, x, labels, norm=True)
    norm = twin.core.conv1_norm
    seen = torch.nn.functional.conv2d(
        x.view(-1, 1, 28, 28), twin.core.conv1.weight, twin.core.conv1.bias
    )
    torch.testing.assert_close(norm.running_mean, seen.mean([0, 2, 3]))
