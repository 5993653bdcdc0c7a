"""The authors' files of instructed networks against their passes, in the slow reference."""

import numpy as np
import pytest
import torch

from corelib.errors import CheckpointError
from corelib.models.butd import authors
from corelib.models.butd.gates import rows
from corelib.models.butd.networks import BUTDNet
from corelib.training.foreign import Imported
from tests.models.butd.small import float64
from tests.reference import butd as reference

(FORM,) = authors.FORMS
SIDE, WIDTH, HIDDEN, CLASSES, EMBEDDING, TASKS = 18, 2, 6, 4, 5, 3
LAYERS = {"_conv1": 0, "_conv1_pool": 1, "_conv2": 2, "_conv2_pool": 3, "_fc": 5}


def drawn(shared: bool, instructed: bool = True, seed: int = 0) -> dict[str, torch.Tensor]:
    """``TaskBUTDNet`` with ``BUTDSimpleNet``: each layer of the core under both of its names."""
    generator = torch.Generator().manual_seed(seed)

    def some(*shape: int) -> torch.Tensor:
        return 0.4 * torch.randn(shape, generator=generator, dtype=torch.float64)

    # 18 - 4 = 14, 7, 7 - 4 = 3, (3 - 3) // 2 + 1 = 1 row and column are left.
    shapes = {
        "_conv1": (WIDTH, 1, 5, 5),
        "_conv1_pool": (WIDTH, 1, 2, 2),
        "_conv2": (WIDTH, WIDTH, 5, 5),
        "_conv2_pool": (WIDTH, 1, 3, 3),
        "_fc": (HIDDEN, WIDTH),
    }
    state = {}
    for name, shape in shapes.items():
        parts = {"weight": some(*shape), "bias": some(shape[0]) + 0.2}
        if not shared:
            parts["back_weight"] = some(*(shape if len(shape) == 4 else shape[::-1]))
        for part, tensor in parts.items():
            state[f"core_net.{name}.{part}"] = tensor
            state[f"core_net.layers.{LAYERS[name]}.{part}"] = tensor
    heads = {"head_layer": (CLASSES, HIDDEN)}
    if instructed:
        heads |= {"task_head.0": (EMBEDDING, HIDDEN), "task_head.1": (TASKS, EMBEDDING)}
    for name, shape in heads.items():
        state |= {f"{name}.weight": some(*shape), f"{name}.bias": some(shape[0])}
        if not shared:
            state[f"{name}.back_weight"] = some(*shape[::-1])
    return state


def network(imported: Imported) -> BUTDNet:
    with float64():
        model = BUTDNet(imported.config)
    model.load_state_dict(imported.tensors)
    return model.eval()


def their_logits(state: dict, image: np.ndarray, instruction: np.ndarray | None) -> np.ndarray:
    """``TaskBUTDNet.forward`` by loops: back_forward from the task head, then the gated image."""
    p = {name: tensor.numpy() for name, tensor in state.items()}

    def layer(name: str, stride: int = 1, groups: int = 1):
        weight, bias = p[f"{name}.weight"], p[f"{name}.bias"]
        is_linear = weight.ndim == 2
        back = p.get(f"{name}.back_weight", weight.T if is_linear else weight)
        if is_linear:
            return reference.Linear(weight, bias, back, np.zeros(weight.shape[1]))
        below = weight.shape[1] * groups
        return reference.Conv(weight, bias, back, np.zeros(below), stride, 0, groups)

    core = [
        layer("core_net._conv1"),
        layer("core_net._conv1_pool", 2, WIDTH),
        layer("core_net._conv2"),
        layer("core_net._conv2_pool", 2, WIDTH),
        layer("core_net._fc"),
    ]
    gates = None
    if instruction is not None:
        below, above = layer("task_head.0"), layer("task_head.1")
        top = reference.relu(below.back @ reference.relu(above.back @ instruction))
        signals = reference.instruct(core, image.shape, top)
        gates = [(signal > 0).astype(float) for signal in signals]
    return reference.up(layer("head_layer"), reference.bottom_up(core, image, gates)[-1])


@pytest.mark.parametrize("shared", [True, False])
def test_an_instructed_network_answers_as_the_authors_code(shared):
    state = drawn(shared)
    imported = FORM.read(state, {"learning settings": {"loss_name": "CrossEntropy"}}, "")
    assert (imported.system, imported.config.n_tasks) == ("butd", TASKS)
    assert imported.config.input_dim == SIDE**2
    model = network(imported)
    x = torch.randn(2, SIDE**2, dtype=torch.float64, generator=torch.Generator().manual_seed(4))
    gates, answered = model.task_gates(), []
    for task in range(TASKS):
        ours = model.bottom_up(x, rows(gates, task)).logits.detach().numpy()
        for image, logits in zip(x.numpy().reshape(2, 1, SIDE, SIDE), ours, strict=True):
            theirs = their_logits(state, image, np.eye(TASKS)[task])
            assert np.abs(theirs - logits).max() < 1e-10
            answered.append(theirs)
    assert np.ptp(answered) > 0.1


def test_a_network_of_one_task_answers_as_the_authors_code():
    state = drawn(False, instructed=False)
    imported = FORM.read(state, {}, "")
    assert imported.system == "counter-hebb"
    x = torch.randn(1, SIDE**2, dtype=torch.float64)
    ours = network(imported)(x)[0].detach().numpy()
    theirs = their_logits(state, x.numpy().reshape(1, SIDE, SIDE), None)
    assert np.abs(theirs - ours).max() < 1e-10


def test_one_name_of_each_layer_is_enough_and_both_must_agree():
    state = drawn(True)
    by_place = {name: t for name, t in state.items() if not name.startswith("core_net._")}
    first, second = FORM.read(state, {}, ""), FORM.read(by_place, {}, "")
    assert first.config == second.config
    assert all(torch.equal(first.tensors[name], t) for name, t in second.tensors.items())
    state["core_net.layers.0.weight"] = state["core_net.layers.0.weight"] + 1
    with pytest.raises(CheckpointError, match=r"layers.0.weight differs from core_net._conv1"):
        FORM.read(state, {}, "")


def test_feedback_weights_equal_to_the_forward_ones_are_symmetric():
    state = drawn(False)
    for name in [name for name in state if name.endswith("back_weight")]:
        weight = state[name.replace("back_weight", "weight")]
        state[name] = weight.T.clone() if weight.ndim == 2 else weight.clone()
    assert FORM.read(state, {}, "").config.weights == "symmetric"
    assert FORM.read(drawn(False), {}, "").config.weights == "separate"


@pytest.mark.parametrize("weights", ["shared", "separate"])
@pytest.mark.parametrize("kind", ["fc", "conv", "resnet18"])
def test_the_other_networks_are_told_by_their_names(kind, weights):
    """Ours, with the names changed by hand to theirs, comes back as it was."""
    torch.manual_seed(0)
    norm = kind == "resnet18"
    sizes = {"network": kind, "width": 2, "hidden": 5, "embedding": 4, "norm": norm}
    model = BUTDNet(weights=weights, **sizes)
    state = {}
    for name, tensor in model.state_dict().items():
        theirs = name.replace("head.", "head_layer.", 1) if name.startswith("head.") else name
        theirs = theirs.replace("task_head.embedding", "task_head.0")
        theirs = theirs.replace("task_head.task", "task_head.1")
        if kind == "fc":
            theirs = theirs.replace("core.fc", "core_net._fc")
        elif kind == "conv":
            theirs = theirs.replace("core.fc", "core_net.layers.5")
            for k in range(4):
                theirs = theirs.replace(f"core.conv{k + 1}", f"core_net.layers.{k}")
        else:
            if ".downsample.back_weight" in theirs:
                continue  # theirs always share the weights of these
            theirs = theirs.replace("core.conv1_norm", "core_net.bn1")
            theirs = theirs.replace("core.conv1", "core_net.conv1")
            for k in range(8):
                block = f"core_net.layer{k // 2 + 1}.{k % 2}"
                theirs = theirs.replace(f"core.block{k + 1}", block)
            theirs = theirs.replace("norm1", "bn1").replace("norm2", "bn2")
            theirs = theirs.replace("downsample_norm", "downsample_norm_layer")
            theirs = theirs.replace(".back.", ".back_batch_norm.")
        state[theirs] = tensor
    imported = FORM.read(state, {}, "")
    config = imported.config
    assert (config.network, config.weights, config.input_dim) == (kind, weights, 784)
    assert (config.n_tasks, config.embedding, config.norm) == (2, 4, norm)
    for name, tensor in model.state_dict().items():
        same = name.replace("back_weight", "weight") if ".downsample.back" in name else name
        assert torch.equal(imported.tensors[name], imported.tensors[same])
        if same == name:
            assert torch.equal(imported.tensors[name], tensor), name


def test_what_does_not_fit_is_named():
    state = drawn(True)
    lacking = {name: t for name, t in state.items() if name != "head_layer.bias"}
    with pytest.raises(CheckpointError) as caught:
        FORM.read({**lacking, "core_net._conv3.weight": torch.zeros(1)}, {}, "")
    assert "head_layer.bias is missing" in str(caught.value)
    assert "core_net._conv3.weight is not known" in str(caught.value)
    with pytest.raises(CheckpointError, match=r"_conv2.weight is \(3, 2, 5, 5\), but should be"):
        FORM.read({**state, "core_net._conv2.weight": torch.zeros(3, 2, 5, 5)}, {}, "")
    with pytest.raises(CheckpointError, match="multi_decoders is true"):
        FORM.read(state, {"learning settings": {"multi_decoders": True}}, "")
    one_layer = {n: t for n, t in state.items() if not n.startswith("task_head.1")}
    with pytest.raises(CheckpointError, match="a task head of one layer cannot be imported"):
        FORM.read(one_layer, {}, "")
    with pytest.raises(CheckpointError, match="core_net is none of the networks"):
        FORM.read(
            {
                "head_layer.weight": torch.zeros(2, 2),
                "core_net.conv_pooling.weight": torch.zeros(1),
            },
            {},
            "",
        )
