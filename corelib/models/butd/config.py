"""Settings of instructed networks and of their training. Imports no torch."""

from math import isqrt
from typing import Any, Literal, NamedTuple, Self

from pydantic import model_validator

from corelib.errors import SettingsError
from corelib.settings import Settings, setting
from corelib.training.config import Preset, TrainingSettings

Network = Literal["simple", "fc", "conv", "resnet18"]
Weights = Literal["shared", "symmetric", "separate", "feedback-alignment"]
TaskHeadRule = Literal["fixed", "trained"]
Rule = Literal["backprop", "counter-hebb"]
Loss = Literal["cross-entropy", "bce", "mse"]
Tasks = Literal["random", "all"]
Decays = Literal["all", "forward", "feedback"]


def _hidden(default: int) -> Any:
    return setting(
        default,
        "Units of the fully connected layer; resnet18 has none",
        ge=1,
        le=4096,
        takes_memory=True,
    )


LEAST_SIDE: dict[Network, int] = {"simple": 18, "conv": 17}
"""Side of the smallest image of which the convolutions leave something; the others leave any."""


def image_shape(input_dim: int) -> tuple[int, int, int]:
    """(channel, row, column) of a square image with 1 or 3 channels; no number is of both kinds.

    Raises ``SettingsError`` for other sizes.
    """
    for channels in (1, 3):
        side = isqrt(input_dim // channels)
        if channels * side**2 == input_dim:
            return (channels, side, side)
    raise SettingsError(
        f"input_dim is {input_dim}, but should be a square number, or three times one, for a "
        "square image."
    )


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
        32,
        "Channels of the convolutions; in resnet18 of its first stage",
        ge=1,
        le=512,
        more=True,
        takes_memory=True,
    )
    hidden: int = _hidden(50)
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

    @model_validator(mode="after")
    def _large_enough(self) -> Self:
        channels, side, _ = image_shape(self.input_dim)
        least = LEAST_SIDE.get(self.network, 1)
        if side < least:
            raise SettingsError(
                f"input_dim is {self.input_dim}, but should be at least {channels * least**2} for "
                f"the network {self.network!r}: its convolutions leave nothing of smaller images."
            )
        return self


class BUTDConfig(PathConfig):
    """A network that follows instructions."""

    n_tasks: int = setting(2, "Tasks that an instruction can name", ge=2, le=100, from_data=True)
    embedding: int = setting(
        50,
        "Units between the instruction and the top layer",
        ge=1,
        le=4096,
        more=True,
        takes_memory=True,
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
    hidden: int = _hidden(500)


def _learning_rate(default: float) -> Any:
    return setting(default, "Step size of Adam", gt=0, le=1, destabilises=True)


def _batch_size(default: int) -> Any:
    return setting(default, "Images in one update", ge=1, le=10_000, takes_memory=True)


class RuleTraining(TrainingSettings):
    """The update rule and its optimiser, Adam."""

    rule: Rule = setting(
        "backprop", "Where the updates come from: back-propagation or the Counter-Hebb rule"
    )
    learning_rate: float = _learning_rate(5e-4)
    decay: float = setting(0.95, "What multiplies the step size after each epoch", gt=0, le=1)
    loss: Loss = setting("cross-entropy", "The loss of the answer", more=True)
    weight_decay: float = setting(
        0.0, "Its product with each weight is added to the gradient", ge=0, le=1, more=True
    )
    decays: Decays = setting(
        "all",
        "Which weights decay: all; all but the feedback weights (forward); the feedback weights "
        "alone",
        more=True,
    )
    noise: float = setting(
        0.0,
        "Standard deviation of a factor around 1 on the update of each synapse, Counter-Hebb only",
        ge=0,
        le=10,
        more=True,
        destabilises=True,
    )

    def check(self, config: Settings) -> None:
        if isinstance(config, PathConfig):
            self.check_loss(config.n_classes)

    def check_loss(self, n_classes: int) -> None:
        """Raise ``SettingsError`` where the loss does not suit the number of classes."""
        if n_classes == 1 and self.loss == "cross-entropy":
            raise SettingsError(
                "loss is 'cross-entropy', but should be 'bce' or 'mse' where n_classes is 1, so "
                "that the answer is yes or no."
            )


class BUTDTraining(RuleTraining):
    """Training on several tasks."""

    epochs: int = setting(100, "Passes over the training images", ge=1, le=1000)
    batch_size: int = _batch_size(64)
    tasks: Tasks = setting("random", "One random task for each image, or all of them", more=True)


class CounterHebbTraining(RuleTraining):
    """Training on one task."""

    epochs: int = setting(50, "Passes over the training images", ge=1, le=1000)
    batch_size: int = _batch_size(20)
    rule: Rule = setting(
        "counter-hebb", "Where the updates come from: back-propagation or the Counter-Hebb rule"
    )
    learning_rate: float = _learning_rate(1e-4)


class Published(NamedTuple):
    """What differs from a system's standard settings."""

    system: str
    dataset: str
    config: dict[str, Any]
    training: dict[str, Any]


PRESETS: dict[str, Published] = {
    "multi_mnist": Published("butd", "multi-mnist", {}, {}),
    "celeb_a": Published(
        "butd",
        "celeba",
        {"network": "resnet18", "width": 64, "norm": True, "embedding": 200},
        {"loss": "bce", "epochs": 50},
    ),
    "mnist": Published("counter-hebb", "mnist", {"weights": "separate"}, {}),
    "fashion_mnist": Published("counter-hebb", "fashion-mnist", {"weights": "separate"}, {}),
    "cifar": Published("counter-hebb", "cifar-10", {"weights": "separate", "hidden": 1000}, {}),
}
"""The configurations published with the authors' code, by their names there."""


def presets_of(system: str) -> dict[str, Preset]:
    """The published configurations of one system, by name."""
    return {
        name: Preset(published.config, published.training, published.dataset)
        for name, published in PRESETS.items()
        if published.system == system
    }
