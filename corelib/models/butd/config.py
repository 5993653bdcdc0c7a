"""Settings of instructed networks and of their training. Imports no torch."""

from typing import Any, Literal, NamedTuple

from corelib.settings import Settings, setting
from corelib.training.config import TrainingSettings

Network = Literal["simple", "fc", "conv", "resnet18"]
Weights = Literal["shared", "symmetric", "separate", "feedback-alignment"]
TaskHeadRule = Literal["fixed", "trained"]
Rule = Literal["backprop", "counter-hebb"]
Loss = Literal["cross-entropy", "bce", "mse"]
Tasks = Literal["random", "all"]


class PathConfig(Settings):
    """The bottom-up path from the image to the answer, and the top-down path."""

    network: Network = setting(
        "simple",
        "simple: two convolutions with learned pooling; fc: one hidden layer; conv: four "
        "convolutions; resnet18: residual blocks",
    )
    weights: Weights = setting(
        "shared",
        "The feedback weights: shared with the forward weights; learned apart from a symmetric "
        "start; learned apart from a random start (separate); random and fixed "
        "(feedback-alignment)",
    )
    width: int = setting(
        32, "Channels of the convolutions; in resnet18 of its first stage", ge=1, le=512, more=True
    )
    hidden: int = setting(
        50, "Units of the fully connected layer; resnet18 has none", ge=1, le=4096
    )
    norm: bool = setting(
        False,
        "Batch norm after each convolution, and a second one on the top-down path: Counter-Hebb is "
        "then not back-propagation",
        more=True,
    )
    top_down_bias: bool = setting(
        False, "Biases on the top-down path; they never act on errors in training", more=True
    )
    n_classes: int = setting(
        10, "Classes of the answer; with 1 the answer is yes or no", ge=1, le=1000, from_data=True
    )
    input_dim: int = setting(
        784, "Pixels of a square image times its channels, 1 or 3", ge=1, le=200_000, from_data=True
    )


class BUTDConfig(PathConfig):
    """A network that follows instructions."""

    n_tasks: int = setting(2, "Tasks that an instruction can name", ge=2, le=100, from_data=True)
    embedding: int = setting(
        50, "Units between the instruction and the top layer", ge=1, le=4096, more=True
    )
    task_head: TaskHeadRule = setting(
        "fixed",
        "Whether the weights from the instruction to the top gate are learned, by a "
        "straight-through gradient",
        source="the authors' code never learns them",
    )


class CounterHebbConfig(PathConfig):
    """A network with a single task, so without instructions."""

    network: Network = setting(
        "fc",
        "fc: one hidden layer; simple: two convolutions with learned pooling; conv: four "
        "convolutions; resnet18: residual blocks",
    )
    hidden: int = setting(
        500, "Units of the fully connected layer; resnet18 has none", ge=1, le=4096
    )


class RuleTraining(TrainingSettings):
    """The update rule and its optimiser, Adam."""

    rule: Rule = setting(
        "backprop", "Where the updates come from: back-propagation or the Counter-Hebb rule"
    )
    learning_rate: float = setting(5e-4, "Step size of Adam", gt=0, le=1)
    decay: float = setting(0.95, "What multiplies the step size after each epoch", gt=0, le=1)
    loss: Loss = setting("cross-entropy", "The loss of the answer", more=True)
    weight_decay: float = setting(
        0.0, "Its product with each weight is added to the gradient", ge=0, le=1, more=True
    )
    noise: float = setting(
        0.0,
        "Standard deviation of a factor around 1 on the update of each synapse, Counter-Hebb only",
        ge=0,
        le=10,
        more=True,
    )


class BUTDTraining(RuleTraining):
    """Training on several tasks."""

    epochs: int = setting(100, "Passes over the training images", ge=1, le=1000)
    batch_size: int = setting(64, "Images in one update", ge=1, le=10_000)
    tasks: Tasks = setting("random", "One random task for each image, or all of them", more=True)


class CounterHebbTraining(RuleTraining):
    """Training on one task."""

    epochs: int = setting(50, "Passes over the training images", ge=1, le=1000)
    batch_size: int = setting(20, "Images in one update", ge=1, le=10_000)
    rule: Rule = setting(
        "counter-hebb", "Where the updates come from: back-propagation or the Counter-Hebb rule"
    )
    learning_rate: float = setting(1e-4, "Step size of Adam", gt=0, le=1)


class Preset(NamedTuple):
    """What differs from a system's standard settings."""

    system: str
    dataset: str
    config: dict[str, Any]
    training: dict[str, Any]


PRESETS: dict[str, Preset] = {
    "multi_mnist": Preset("butd", "multi-mnist", {}, {}),
    "celeb_a": Preset(
        "butd",
        "celeba",
        {"network": "resnet18", "width": 64, "norm": True, "embedding": 200},
        {"loss": "bce", "epochs": 50},
    ),
    "mnist": Preset("counter-hebb", "mnist", {"weights": "separate"}, {}),
    "fashion_mnist": Preset("counter-hebb", "fashion-mnist", {"weights": "separate"}, {}),
    "cifar": Preset("counter-hebb", "cifar-10", {"weights": "separate", "hidden": 1000}, {}),
}
"""The configurations published with the authors' code, by their names there."""


def presets_of(system: str) -> dict[str, Preset]:
    """The published configurations of one system, by name."""
    return {name: preset for name, preset in PRESETS.items() if preset.system == system}
