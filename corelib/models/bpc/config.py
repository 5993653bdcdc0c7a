"""Settings of this family's networks, of their training, and the presets. Imports no torch."""

from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import field_validator, model_validator

from corelib.errors import SettingsError
from corelib.settings import Settings, setting
from corelib.training.config import Preset, TrainingSettings

ActivationName = Literal["gelu", "relu", "leaky-relu", "tanh"]
Start = Literal["bottom-up", "top-down", "random"]
Schedule = Literal["constant", "cosine"]
WIDEST, DEEPEST = 2048, 8


def parse_widths(text: str) -> tuple[int, ...]:
    """ "300, 300" as numbers. Raises ``ValueError``, which says what the text should be."""
    try:
        widths = tuple(int(word) for word in text.split(","))
    except ValueError:
        widths = ()
    if not widths or len(widths) > DEEPEST or not all(1 <= width <= WIDEST for width in widths):
        raise ValueError(
            f"1 to {DEEPEST} numbers from 1 to {WIDEST:,} between commas, such as 300, 300"
        )
    return widths


def _n_steps() -> Any:
    return setting(
        8, "Steps of inference before the weights learn", ge=0, le=1000, symbol="T", unit="steps"
    )


def _step_size(default: float) -> Any:
    return setting(
        default,
        "How far each step of inference follows the gradient of one sample's energy",
        gt=0,
        le=1,
        symbol="γ",
        destabilises=True,
    )


def _alpha(default: float, network: str, symbol: str) -> Any:
    return setting(
        default,
        f"Weight of the {network}'s errors in the energy",
        gt=0,
        le=1e4,
        symbol=symbol,
        destabilises=True,
    )


def _n_answer_steps(what: str) -> Any:
    return setting(100, f"Steps of inference that find {what}", ge=0, le=1000, unit="steps")


class BackpropConfig(Settings):
    """The two chains of layers that all networks of this family are built from."""

    input_dim: int = setting(
        784, "Pixels of the image, the last layer", ge=1, le=4096, more=True, from_data=True
    )
    n_classes: int = setting(
        10, "Classes of the label, the first layer", ge=2, le=1000, more=True, from_data=True
    )
    widths: str = setting(
        "300, 300", "Units of each hidden layer, from label to image", takes_memory=True
    )
    activation: ActivationName = setting(
        "gelu", "The function of hidden activity that predicts; gelu by its tanh formula"
    )
    bias: bool = setting(False, "Whether predictions include a bias", more=True)
    gain: float = setting(
        1.0, "Multiplies torch's initial weights", ge=0.1, le=3, symbol="g", more=True
    )

    @field_validator("widths")
    @classmethod
    def _widths(cls, text: str) -> str:
        return ", ".join(map(str, parse_widths(text)))


class BPCConfig(BackpropConfig):
    """The network and its inference."""

    alpha_f: float = _alpha(1e-4, "generator", "α_f")
    alpha_b: float = _alpha(1.0, "amortiser", "α_b")
    n_steps: int = _n_steps()
    step_size: float = _step_size(0.1)
    start: Start = setting(
        "bottom-up",
        "Hidden activity before inference: the amortiser's pass from the image, the generator's "
        "pass from the label, or small random numbers",
    )

    @model_validator(mode="after")
    def _stable(self) -> Self:
        # Each hidden unit has an error of its own of either kind, so the energy curves along its
        # activity by α_f + α_b or more: from 2 / (α_f + α_b) on, each step makes the error larger.
        if self.step_size * (self.alpha_f + self.alpha_b) > 2:
            raise SettingsError(
                f"step_size is {self.step_size:g}, alpha_f {self.alpha_f:g} and alpha_b "
                f"{self.alpha_b:g}, but should be smaller: with a step_size (alpha_f + alpha_b) "
                "above 2 inference runs away."
            )
        return self


class GenerativePCConfig(BackpropConfig):
    """The generator alone and its inference."""

    n_steps: int = _n_steps()
    step_size: float = _step_size(0.01)
    n_answer_steps: int = _n_answer_steps("the label of an image")
    answer_step_size: float = setting(
        0.003,
        "How far each of these steps follows the gradient: less than in learning, because a free "
        "label adds a steeper direction, along which larger steps run away as the weights grow",
        gt=0,
        le=0.1,
    )


class HybridPCConfig(GenerativePCConfig):
    """The generator, its inference, and the amortiser that inference starts from."""


class DiscriminativePCConfig(BackpropConfig):
    """The amortiser alone and its inference."""

    n_steps: int = _n_steps()
    step_size: float = _step_size(0.1)
    n_answer_steps: int = _n_answer_steps("the image of a label")


class TwoWayTraining(TrainingSettings):
    """The optimiser (Adam) of all networks of this family."""

    epochs: int = setting(5, "Passes over the 55,000 training images", ge=1, le=1000)
    batch_size: int = setting(64, "Images in one update", ge=1, le=10_000, takes_memory=True)
    learning_rate: float = setting(
        1e-3, "Learning rate of Adam at the start", gt=0, le=1, destabilises=True
    )
    schedule: Schedule = setting(
        "cosine", "The learning rate stays the same (constant) or falls to zero by half a cosine"
    )


PRESETS: dict[str, Preset] = {
    "best": Preset({}, {}),
    "seed": Preset(
        {
            "activation": "relu",
            "alpha_f": 1.0,
            "alpha_b": 1.0,
            "n_steps": 2,
            # A step of 0.5 on the mean over a batch of 64.
            "step_size": 0.5 / 64,
            "start": "top-down",
        },
        {"epochs": 1, "max_steps": 300, "batch_size": 64, "schedule": "constant"},
    ),
}
"""The standard settings of BPC, and those of the published tutorial."""


def presets_of(system: str) -> Mapping[str, Preset]:
    """The presets of one system, by name."""
    return PRESETS if system == "bpc" else {}
