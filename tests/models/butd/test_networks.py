"""Sizes of the published networks, the order layer, norm, ReLU, gate, and the presets."""

import pytest
import torch

from corelib.catalog import system
from corelib.data import DATASETS
from corelib.errors import SettingsError
from corelib.models.butd.blocks import BUTDBasicBlock
from corelib.models.butd.config import PRESETS, BUTDConfig, CounterHebbConfig, image_shape
from corelib.models.butd.networks import BUTDNet
from tests.models.butd.small import net


@pytest.mark.parametrize(
    ("config", "parameters"),
    [
        (BUTDConfig(), 44_556),
        (BUTDConfig(weights="separate"), 88_872),
        (CounterHebbConfig(), 397_510),
        (CounterHebbConfig(hidden=1000, input_dim=3072), 3_083_010),
        (CounterHebbConfig(network="conv", hidden=100), 539_638),
        (CounterHebbConfig(network="resnet18", width=64, input_dim=3072), 11_241_162),
    ],
)
def test_published_networks_have_the_published_number_of_parameters(config, parameters):
    """539,638: 832 + 3 · 25,632 of the convolutions, 460,900 above 12 x 12 x 32, 1,010."""
    assert sum(p.numel() for p in BUTDNet(config).parameters()) == parameters


def test_fixed_feedback_weights_are_not_parameters():
    shared, aligned = net("simple"), net("simple", weights="feedback-alignment")
    assert sum(p.numel() for p in shared.parameters()) == sum(
        p.numel() for p in aligned.parameters()
    )
    assert len(aligned.state_dict()) == len(shared.state_dict()) + 6


def test_a_fixed_task_head_is_counted_but_not_learned():
    fixed, trained = net(n_tasks=2), net(n_tasks=2, task_head="trained")
    assert not any(p.requires_grad for p in fixed.task_head.parameters())
    assert all(p.requires_grad for p in trained.parameters())
    assert all(p.requires_grad for n, p in fixed.named_parameters() if "task_head" not in n)


def test_image_side_and_channels_follow_from_the_number_of_pixels():
    assert image_shape(784) == (1, 28, 28)
    assert image_shape(3072) == (3, 32, 32)
    assert image_shape(3 * 64**2) == (3, 64, 64)
    assert image_shape(1) == (1, 1, 1)
    with pytest.raises(SettingsError, match="input_dim is 785, but should be a square number"):
        image_shape(785)


def test_images_that_are_too_small_are_refused():
    """One pixel more on each side is enough."""
    for network, side in (("simple", 17), ("conv", 16), ("simple", 1)):
        with pytest.raises(SettingsError, match=f"input_dim is {side**2}, but should be at least"):
            net(network, input_dim=side**2)
    with pytest.raises(SettingsError, match=r"input_dim is 3, .* at least 972 .* 'simple'"):
        net("simple", input_dim=3)
    for network, side in (("simple", 18), ("conv", 17), ("fc", 1), ("resnet18", 1)):
        made = net(network, input_dim=side**2)
        assert made(torch.ones(1, side**2, dtype=torch.float64)).shape == (1, 5)


def test_each_task_has_its_own_gates_and_answers():
    model = net("simple", n_tasks=3)
    x = torch.randn(4, 784, dtype=torch.float64)
    answers = model(x)
    assert answers.shape == (4, 3, 5)
    gates = model.gates()
    for task in range(3):
        own = tuple(gate[task].expand(4, *gate.shape[1:]) for gate in gates)
        torch.testing.assert_close(answers[:, task], model.bottom_up(x, own).logits)
    assert not torch.allclose(answers[:, 0], answers[:, 1])
    several = torch.tensor([2, 0, 1, 1])
    own = tuple(gate[several] for gate in gates)
    torch.testing.assert_close(model.bottom_up(x, own).logits, answers[torch.arange(4), several])


def test_only_the_direction_of_an_instruction_matters():
    model = net("simple", n_tasks=2)
    instruction = torch.tensor([[0.2, 0.7]], dtype=torch.float64)
    once, thrice = (model.instruct(k * instruction).signals for k in (1, 3))
    for a, b in zip(once, thrice, strict=True):
        torch.testing.assert_close(3 * a, b)


def test_both_passes_apply_layer_norm_relu_gate_in_order():
    """In a block the norms of both passes follow the layers and precede sum, ReLU and gate."""
    torch.manual_seed(0)
    block = BUTDBasicBlock(3, 4, stride=2, norm=True)
    for norm in (block.norm1, block.norm2, block.downsample_norm):
        for each in (norm, norm.back):
            torch.nn.init.uniform_(each.weight, 0.5, 2)
            torch.nn.init.normal_(each.bias)
    x = torch.randn(6, 3, 7, 7)
    inner = block.norm1(block.conv1(x)).relu()
    gates = (torch.rand_like(inner).round(), torch.rand_like(inner).round())
    inner = inner * gates[0]
    out = (block.norm2(block.conv2(inner)) + block.downsample_norm(block.downsample(x))).relu()
    up = block.bottom_up(x, gates)
    torch.testing.assert_close(up, (inner, out * gates[1]))
    shapes = block.shapes((3, 7, 7))
    assert shapes == ((4, 4, 4), (4, 4, 4))
    top = torch.randn(6, 4, 4, 4)
    below = block.norm2.back(block.conv2.back_forward(top, shapes[0]))
    torch.testing.assert_close(block.back_forward(top, shapes), (below.relu(), top))
    torch.testing.assert_close(block.back_forward(top, shapes, up), (below * (up[0] > 0), top))


def test_batch_norm_keeps_separate_statistics_for_each_pass():
    model = net("simple", n_tasks=2, norm=True)
    model.train()
    x = torch.randn(5, 784, dtype=torch.float64)
    model(x)
    norm = model.core.conv2_norm
    assert norm.num_batches_tracked == 2  # once a task
    assert norm.back.num_batches_tracked == 1
    assert norm.back.running_mean.shape == (4,)
    assert not torch.allclose(norm.running_mean, norm.back.running_mean)
    model.eval()
    together = model(x)
    torch.testing.assert_close(together, torch.cat([model(row[None]) for row in x]))


def test_presets_are_valid_settings_of_their_systems():
    assert set(PRESETS) == {"celeb_a", "multi_mnist", "cifar", "fashion_mnist", "mnist"}
    for preset in PRESETS.values():
        chosen = system(preset.system)
        assert preset.dataset in chosen.datasets
        source = DATASETS[preset.dataset]
        sizes = {name: getattr(source, name) for name in ("input_dim", "n_classes")}
        config = chosen.config_type(**sizes, **preset.config)
        training = chosen.training_type(**preset.training)
        assert training.decay == 0.95
        if preset.system == "butd":
            assert (training.learning_rate, training.batch_size) == (5e-4, 64)
            assert training.epochs == (50 if preset.dataset == "celeba" else 100)
            assert (config.weights, training.rule) == ("shared", "backprop")
        else:
            assert (training.learning_rate, training.batch_size) == (1e-4, 20)
            assert training.epochs == 50
            assert (config.weights, training.rule) == ("separate", "counter-hebb")
    cifar = PRESETS["cifar"]
    assert cifar.config["hidden"] == 1000
