"""What all networks of this family share, and the bidirectional one."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Any, ClassVar, cast

import torch
from torch import Tensor, nn

from corelib.models.bpc.config import ActivationName, BackpropConfig, BPCConfig, parse_widths
from corelib.models.bpc.energy import Affine, Precision, Weights
from corelib.models.bpc.inference import Given, InferenceConfig, downward, run_inference, upward
from corelib.shapes import images


class TwoWay(nn.Module, ABC):
    """A chain of layers from the label z_0 to the image z_L, and another one back.

    ``generator`` holds W_1 .. W_L, ``amortiser`` V_1 .. V_L as ``nn.Linear`` with torch's own
    initial weights times the config's ``gain``; a network that lacks a direction has an empty list.
    ``x`` is (batch, pixel), normalised to mean 0 and standard deviation 1 over the training set;
    ``y`` (batch, class) is one-hot, or a mixture of classes.
    """

    one_pass: ClassVar[bool] = True
    """Whether it answers by one pass of the amortiser; else it infers its answer."""

    def __init__(
        self, config: BackpropConfig, *, generates: bool = True, amortises: bool = True
    ) -> None:
        super().__init__()
        self.sizes = (config.n_classes, *parse_widths(config.widths), config.input_dim)
        self.activation: ActivationName = config.activation
        pairs = list(zip(self.sizes[:-1], self.sizes[1:], strict=True))
        self.generator = nn.ModuleList(
            nn.Linear(low, high, config.bias) for low, high in pairs if generates
        )
        self.amortiser = nn.ModuleList(
            nn.Linear(high, low, config.bias) for low, high in pairs if amortises
        )
        if config.gain != 1:
            with torch.no_grad():
                for parameter in self.parameters():
                    parameter.mul_(config.gain)

    @property
    def n_classes(self) -> int:
        return self.sizes[0]

    def weights(self) -> Weights:
        """The parameters as the pure functions take them."""
        return Weights(_affine(self.generator), _affine(self.amortiser), self.activation)

    @abstractmethod
    def forward(self, x: Tensor) -> Tensor:
        """Evidence for each class: (batch, pixel) -> (batch, class); its largest is the answer."""

    @abstractmethod
    def generate(self, y: Tensor) -> Tensor:
        """The image of a label: (batch, class) -> (batch, pixel)."""

    def amortise(self, x: Tensor) -> Tensor:
        """The amortiser's one pass: (batch, pixel) -> (batch, class)."""
        return upward(images(x, self.sizes[-1]), self.weights())[0]

    def imagine(self, y: Tensor) -> Tensor:
        """The generator's one pass: (batch, class) -> (batch, pixel)."""
        return downward(y, self.weights())[-1]


def _affine(layers: nn.ModuleList) -> tuple[Affine, ...]:
    linear = cast("Iterable[nn.Linear]", layers)
    return tuple(Affine(layer.weight, layer.bias) for layer in linear)


class PredictiveCoding(TwoWay, ABC):
    """A network that infers its hidden activity before it learns.

    ``learning`` is how it infers while image and label are both clamped.
    """

    learning: InferenceConfig

    @property
    def learning_precision(self) -> Precision:
        """The weights of the errors in the energy that the parameters descend."""
        return self.learning.precision

    def infer_label(
        self, x: Tensor, config: InferenceConfig, generator: torch.Generator | None = None
    ) -> Tensor:
        """z_0 after inference from an image whose label is free: (batch, class). A random start is
        drawn from ``generator``."""
        x = images(x, self.sizes[-1])
        unknown = torch.zeros(self.n_classes, dtype=torch.bool, device=x.device)
        given = Given(x, x.new_zeros(len(x), self.n_classes), y_known=unknown)
        return run_inference(given, self.weights(), config, generator).z[0]

    def infer_image(self, y: Tensor, config: InferenceConfig) -> Tensor:
        """z_L after inference from a label whose image is free: (batch, pixel)."""
        unknown = torch.zeros(self.sizes[-1], dtype=torch.bool, device=y.device)
        given = Given(y.new_zeros(len(y), self.sizes[-1]), y, x_known=unknown)
        return run_inference(given, self.weights(), config).z[-1]


class BPC(PredictiveCoding):
    """Bidirectional predictive coding: generator and amortiser both shape the activity.

    It classifies by the amortiser's one pass and generates by the generator's.
    """

    def __init__(self, config: BPCConfig | None = None, **settings: Any) -> None:
        config = BPCConfig.from_arguments(config, settings)
        super().__init__(config)
        self.learning = InferenceConfig(
            config.n_steps, config.step_size, config.alpha_f, config.alpha_b, config.start
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.amortise(x)

    def generate(self, y: Tensor) -> Tensor:
        return self.imagine(y)
