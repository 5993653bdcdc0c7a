"""The authors' checkpoints of instructed networks and of Counter-Hebb learning, by their names.

Their code (github.com/royabel/Top-Down-Networks, butd_modules) holds each layer of ``core_net``
under two names, its own and its place in ``layers``; a file may have either or both, which must
then agree. Weights, biases and feedback weights are laid out as ours are: ``weight`` (out, in),
``back_weight`` (in, out), in convolutions both (out, in per group, row, column).

    core_net._conv1, ._conv1_pool, ._conv2, ._conv2_pool, ._fc     core.conv1, pool1, ..., fc
    core_net.layers.0, ... (conv net)                              core.conv1, ..., fc
    core_net.conv1, .bn1, .layer1.0.conv1, ... (resnet18)          core.conv1, .block1.conv1, ...
    head_layer                                                     head
    task_head.0, task_head.1                                       task_head.embedding, .task
    *.back_batch_norm                                              *.back

What is not in theirs and stands in ours is set so that the equations are the same:
- Convolutions that shorten a block's input (``downsample``) always share their weights in theirs:
  where the others have feedback weights, W̄ = W here.
- Biases of the top-down path of convolutions are held in theirs and never added: zero here.

The size of the image follows from the shapes; where several sizes leave equally many units, it is
that of a data set that we have, or the smallest. Whether feedback weights were learned or fixed
cannot be told: they are ``separate``, or ``symmetric`` if they equal the forward weights.
"""

from collections.abc import Iterator, Mapping
from typing import Any, cast

import torch
from torch import Tensor, nn

from corelib.data.sources import DATASETS
from corelib.errors import CheckpointError
from corelib.models.butd.config import (
    LEAST_SIDE,
    BUTDConfig,
    CounterHebbConfig,
    Network,
    PathConfig,
)
from corelib.models.butd.layers import BUTDConv2d, BUTDLayer
from corelib.models.butd.networks import BUTDNet
from corelib.training.foreign import Form, Found, Imported, State, check_names, refuse, sizes

CORE = "core_net."
SIMPLE = {"conv1": 0, "pool1": 1, "conv2": 2, "pool2": 3, "fc": 5}
SIMPLE_NAMES = {"pool1": "_conv1_pool", "pool2": "_conv2_pool"}
CONV = {"conv1": 0, "conv2": 1, "conv3": 2, "conv4": 3, "fc": 5}
BLOCK = {
    "conv1": "conv1",
    "conv2": "conv2",
    "norm1": "bn1",
    "norm2": "bn2",
    "downsample": "downsample",
    "downsample_norm": "downsample_norm_layer",
}
LARGEST_SIDE = 447
"""Of the images that a network here can read."""
LOSSES = {"CrossEntropy": "cross-entropy", "BCE": "bce", "MSE": "mse"}
TRAINED = {"lr": "learning_rate", "epochs": "epochs", "batch_size": "batch_size"}


def _is_instructed(state: State) -> bool:
    return "head_layer.weight" in state and any(name.startswith(CORE) for name in state)


def _network(state: State) -> Network:
    """Which of the four networks it is, by the names that only it has."""
    if f"{CORE}conv1.weight" in state:
        return "resnet18"
    has_layers = [k for k in range(7) if f"{CORE}layers.{k}.weight" in state]
    if f"{CORE}_conv1_pool.weight" in state or has_layers in ([0, 1, 2, 3, 5],):
        pooled = state.get(f"{CORE}_conv1_pool.weight", state.get(f"{CORE}layers.1.weight"))
        # Depthwise pooling is 2 x 2, a convolution 5 x 5.
        return "conv" if pooled is not None and pooled.shape[-1:] == (5,) else "simple"
    if f"{CORE}_fc.weight" in state or has_layers == [1]:
        return "fc"
    names = ", ".join(sorted(name for name in state if name.startswith(CORE))[:5])
    raise CheckpointError(
        "core_net is none of the networks simple, fc, conv and resnet18: it begins with "
        f"{names[:300]}."
    )


def _paths(network: Network) -> dict[str, tuple[str, ...]]:
    """Our layers and norms, and their names of each."""
    paths: dict[str, tuple[str, ...]] = {"head": ("head_layer",)}
    paths |= {"task_head.embedding": ("task_head.0",), "task_head.task": ("task_head.1",)}
    if network == "simple":
        for ours, k in SIMPLE.items():
            own = SIMPLE_NAMES.get(ours, f"_{ours}")
            paths[f"core.{ours}"] = (f"{CORE}{own}", f"{CORE}layers.{k}")
    elif network == "fc":
        paths["core.fc"] = (f"{CORE}_fc", f"{CORE}layers.1")
    elif network == "conv":
        paths |= {f"core.{ours}": (f"{CORE}layers.{k}",) for ours, k in CONV.items()}
    else:
        paths |= {"core.conv1": (f"{CORE}conv1",), "core.conv1_norm": (f"{CORE}bn1",)}
        for k in range(8):
            stage, at = divmod(k, 2)
            for ours, theirs in BLOCK.items():
                paths[f"core.block{k + 1}.{ours}"] = (
                    f"{CORE}layer{stage + 1}.{at}.{theirs}",
                    f"{CORE}layers.{stage}.{at}.{theirs}",
                )
    return paths


def _names(path: str, paths: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Their names of our tensor ``path``."""
    holder = next(p for p in paths if path.startswith(f"{p}."))
    rest = path.removeprefix(f"{holder}.").replace("back.", "back_batch_norm.")
    return tuple(f"{theirs}.{rest}" for theirs in paths[holder])


def _read(state: State, found: Found, system: str) -> Imported:
    state = {name.removeprefix("module."): tensor for name, tensor in state.items()}
    settings = _flat(found)
    if settings.get("multi_decoders"):
        raise CheckpointError(
            "multi_decoders is true in the settings: a network with a readout for each task cannot "
            "be imported."
        )
    network = _network(state)
    paths = _paths(network)
    config = _config(state, network, paths)
    with torch.device("meta"):
        own = BUTDNet(config)
    expected = own.state_dict()
    given = {path: [n for n in _names(path, paths) if n in state] for path in expected}
    made = dict(_made(own))
    needed = [given[path] or [_names(path, paths)[0]] for path in expected if path not in made]
    unused = [name for path in made for name in _names(path, paths)]
    check_names(state, [name for several in needed for name in several], unused)
    _check(state, expected, given)
    tensors = {path: state[names[0]] for path, names in given.items() if path not in made}
    for path, source in made.items():
        like = expected[path]
        tensors[path] = tensors[source].clone() if source else torch.zeros(like.shape)
    if config.weights == "separate" and _is_symmetric(own, tensors):
        config = config.model_copy(update={"weights": "symmetric"})
    is_instructed = isinstance(config, BUTDConfig)
    named = str(settings.get("dataset_name", ""))[:100]
    return Imported(
        "butd" if is_instructed else "counter-hebb",
        config,
        tensors,
        _training(settings, config),
        named.replace("_", "-") if named != "cifar" else "cifar-10",
        named,
    )


def _flat(found: Found) -> dict[str, Any]:
    """Their settings, which stand in groups, in one."""
    flat: dict[str, Any] = {}
    for name, value in found.items():
        flat |= cast("dict[str, Any]", value) if isinstance(value, dict) else {name: value}
    return flat


def _config(state: State, network: Network, paths: Mapping[str, tuple[str, ...]]) -> PathConfig:
    """The settings that names and shapes tell."""

    def shape(ours: str, axes: int) -> tuple[int, ...]:
        names = [f"{theirs}.weight" for theirs in paths[ours]]
        here = [name for name in names if name in state]
        if not here:
            raise CheckpointError(f"{names[0]} is missing.")
        return sizes(state, here[0], axes)

    n_classes, top = shape("head", 2)
    config: dict[str, Any] = {"network": network, "n_classes": n_classes}
    if network == "fc":
        config["hidden"], config["input_dim"] = shape("core.fc", 2)
    else:
        config["width"], channels = shape("core.conv1", 4)[:2]
        config["hidden"], top = shape("core.fc", 2) if network != "resnet18" else (50, top)
        stages = 8 if network == "resnet18" else 1
        config["input_dim"] = (
            channels * _side(network, top, config["width"] * stages, channels) ** 2
        )
    config["norm"] = f"{CORE}bn1.weight" in state
    config["top_down_bias"] = "head_layer.back_bias" in state
    config["weights"] = "separate" if "head_layer.back_weight" in state else "shared"
    if any(name.startswith("task_head.") for name in state):
        if "task_head.1.weight" not in state:
            raise CheckpointError(
                "task_head.1.weight is missing: a task head of one layer cannot be imported."
            )
        config["n_tasks"], config["embedding"] = shape("task_head.task", 2)
        return BUTDConfig(**config)
    return CounterHebbConfig(**config)


def _side(network: Network, top: int, width: int, channels: int) -> int:
    """The side of the image that leaves ``top`` units in ``width`` channels."""

    def left(side: int) -> int:
        if network == "simple":
            return ((side - 4) // 2 - 4 - 3) // 2 + 1
        if network == "conv":
            return side - 16
        return (((side + 1) // 2 + 1) // 2 + 1) // 2

    fitting = [
        side
        for side in range(LEAST_SIDE.get(network, 1), LARGEST_SIDE + 1)
        if width * left(side) ** 2 == top and channels * side**2 <= 200_000
    ]
    if not fitting:
        raise CheckpointError(f"No square image leaves {top} units in {width} channels.")
    known = {source.input_dim for source in DATASETS.values()}
    return next((side for side in fitting if channels * side**2 in known), fitting[0])


def _layers(own: BUTDNet) -> list[tuple[str, BUTDLayer]]:
    modules = cast("list[tuple[str, nn.Module]]", [*own.named_modules()])
    return [(name, part) for name, part in modules if isinstance(part, BUTDLayer)]


def _made(own: BUTDNet) -> Iterator[tuple[str, str]]:
    """Our tensors that theirs does not have or does not use: with the one that each equals, empty
    for zero."""
    for name, part in _layers(own):
        if part.back_weight is not None and name.endswith(".downsample"):
            yield f"{name}.back_weight", f"{name}.weight"
        if part.back_bias is not None and isinstance(part, BUTDConv2d):
            yield f"{name}.back_bias", ""


def _check(state: State, expected: Mapping[str, Tensor], given: Mapping[str, list[str]]) -> None:
    """Raise ``CheckpointError`` naming each tensor of another shape or kind, and each that differs
    from its second name."""
    wrong: list[str] = []
    for path, names in given.items():
        like = expected[path]
        for name in names:
            tensor = state[name]
            if tensor.shape != like.shape:
                wrong.append(f"{name} is {tuple(tensor.shape)}, but should be {tuple(like.shape)}")
            elif tensor.is_floating_point() != like.is_floating_point():
                wrong.append(f"{name} holds {tensor.dtype}, but should hold {like.dtype}")
            elif not torch.equal(tensor, state[names[0]]):
                wrong.append(f"{name} differs from {names[0]}, which is the same layer")
    refuse(wrong)


def _is_symmetric(own: BUTDNet, tensors: Mapping[str, Tensor]) -> bool:
    return all(
        torch.equal(tensors[f"{name}.back_weight"], part.as_back(tensors[f"{name}.weight"]))
        for name, part in _layers(own)
        if part.back_weight is not None
    )


def _training(settings: Mapping[str, Any], config: PathConfig) -> dict[str, Any]:
    """The training settings that theirs tell; an answer of yes or no has a loss of its own."""
    known = {ours: settings[name] for name, ours in TRAINED.items() if name in settings}
    loss = LOSSES.get(str(settings.get("loss_name")), "")
    if loss or config.n_classes == 1:
        known["loss"] = loss or "bce"
    if "ch_learning" in settings:
        known["rule"] = "counter-hebb" if settings["ch_learning"] else "backprop"
    decay = settings.get("lr_decay")
    if isinstance(decay, float):
        known["decay"] = decay
    return known


FORMS = (
    Form(
        ("butd", "counter-hebb"),
        "core_net.<layer>.weight, ..., head_layer.weight, task_head.0.weight",
        _is_instructed,
        _read,
    ),
)
