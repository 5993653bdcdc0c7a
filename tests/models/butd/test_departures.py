"""Twins of a network: exact where nothing is changed, and what each change costs."""

import numpy as np
import pytest
import torch

from corelib.models.butd.analysis import Difference, Sample, difference
from corelib.models.butd.config import BUTDConfig, CounterHebbConfig
from corelib.models.butd.departures import Switches, compared, departed, reasons
from corelib.models.butd.networks import BUTDNet

SMALL = {"width": 3, "hidden": 8}


def network(config) -> BUTDNet:
    torch.manual_seed(1)
    return BUTDNet(config)


def batch(n_tasks: int = 1) -> Sample:
    torch.manual_seed(2)
    task = torch.arange(100) % n_tasks if n_tasks > 1 else None
    return Sample(torch.randn(100, 784).double(), torch.randint(10, (100,)), task)


def largest(measured: Difference) -> float:
    return float(np.nanmax(measured.relative))


@pytest.mark.parametrize(
    "config",
    [
        CounterHebbConfig(network="simple", **SMALL),
        BUTDConfig(embedding=5, **SMALL),
        CounterHebbConfig(network="resnet18", width=2, hidden=8),
    ],
)
def test_each_change_makes_the_rule_depart_from_the_gradient(config):
    model = network(config)
    sample = batch(model.n_tasks)

    def off(biased: bool = False, **changes) -> float:
        twin = departed(model, config, Switches(**changes), sample)
        return largest(difference(twin, *sample, biased=biased))

    assert off() < 1e-12
    assert off(weights="shared") < 1e-12
    assert off(weights="separate") > 0.1
    assert off(norm=True) > 0.05
    assert off(top_down_bias=True) < 1e-12
    if config.network != "resnet18":  # has no biases
        assert off(biased=True, top_down_bias=True) > 1e-3


def test_common_weights_are_copied_and_sharing_separate_weights_makes_the_rule_exact():
    config = CounterHebbConfig(hidden=8, weights="separate")
    model = network(config)
    sample = batch()
    kept = departed(model, config, Switches(), sample)
    for name, value in model.state_dict().items():
        torch.testing.assert_close(kept.state_dict()[name], value.double())
    assert largest(difference(kept, *sample)) > 0.1
    shared = departed(model, config, Switches(weights="shared"), sample)
    assert largest(difference(shared, *sample)) < 1e-12
    anew = departed(model, config, Switches(weights="separate"), sample)
    assert not torch.equal(anew.head.back_weight, kept.head.back_weight)


def test_weights_drawn_anew_depend_on_their_seed_alone():
    config = CounterHebbConfig(hidden=8)
    model, sample = network(config), batch()
    torch.manual_seed(7)
    one, same, other = (
        departed(model, config, Switches(weights="separate"), sample, seed) for seed in (3, 3, 4)
    )
    assert torch.equal(one.head.back_weight, same.head.back_weight)
    assert not torch.equal(one.head.back_weight, other.head.back_weight)


def test_new_norms_use_the_statistics_of_the_batch():
    config = CounterHebbConfig(network="simple", **SMALL)
    model = network(config)
    sample = batch()
    twin = departed(model, config, Switches(norm=True), sample)
    norm = twin.core.conv1_norm
    seen = torch.nn.functional.conv2d(
        sample.x.view(-1, 1, 28, 28), twin.core.conv1.weight, twin.core.conv1.bias
    )
    torch.testing.assert_close(norm.running_mean, seen.mean([0, 2, 3]))


CONFIGS = [
    CounterHebbConfig(network="simple", **SMALL),
    CounterHebbConfig(network="fc", hidden=8, weights="separate"),
    CounterHebbConfig(network="simple", weights="feedback-alignment", **SMALL),
    BUTDConfig(network="simple", norm=True, embedding=5, **SMALL),
]


@pytest.mark.parametrize("config", CONFIGS, ids=lambda config: config.network + config.weights)
@pytest.mark.parametrize(
    "switches",
    [
        Switches(),
        Switches("shared"),
        Switches("separate"),
        Switches("shared", norm=True),
        Switches("shared", top_down_bias=True),
        Switches("shared", noise=0.5, loss="mse"),
    ],
)
def test_a_reason_is_given_exactly_when_the_update_is_not_the_gradient(config, switches):
    model = network(config)
    sample = batch(model.n_tasks)
    off = largest(compared(departed(model, config, switches, sample), switches, sample))
    # Norms that have seen no images only divide by √(1 + 1e-5).
    assert off < 1e-11 or off > 1e-6
    assert (off > 1e-6) == bool(reasons(config, switches))


def test_the_noise_of_a_comparison_depends_on_its_seed_alone():
    config = CounterHebbConfig(hidden=8)
    model, sample, switches = network(config), batch(), Switches(noise=0.3)
    twin = departed(model, config, switches.quiet(), sample)
    torch.manual_seed(7)
    first, after = compared(twin, switches, sample), torch.rand(3)
    torch.manual_seed(7)
    assert torch.equal(torch.rand(3), after)
    torch.manual_seed(0)
    by_hand = difference(twin, *sample, noise=0.3)
    np.testing.assert_array_equal(first.relative, by_hand.relative)
    assert (compared(twin, switches, sample, seed=1).relative != first.relative).any()
