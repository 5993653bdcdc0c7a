"""What all networks of this room are, and the bidirectional one."""

from abc import ABC, abstractmethod
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from corelib.models.bpc.config import ActivationName, BackpropConfig, BPCConfig, parse_widths
from corelib.models.bpc.energy import Affine, Precision, Weights
from corelib.models.bpc.inference import Given, InferenceConfig, downward, run_inference, upward


class TwoWay(nn.Module, ABC):
    """A chain of layers from the label z_0 to the image z_L, and another one back.

    ``generator`` holds W_1 .. W_L, ``amortiser`` V_1 .. V_L as ``nn.Linear`` with torch's own
    initial weights; a network that lacks a direction has an empty list. ``x`` is (batch, pixel),
    normalised to mean 0 and standard deviation 1 over the training set; ``y`` (batch, class) is
    one-hot, or anything between.
    """

    one_pass: ClassVar[bool] = True
    """Whether its answer is the amortiser's one pass; else it is inferred."""

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

    @property
    def n_classes(self) -> int:
        return self.sizes[0]

    def weights(self) -> Weights:
        """The parameters as the pure functions take them."""
        return Weights(
            tuple(Affine(layer.weight, layer.bias) for layer in self.generator),
            tuple(Affine(layer.weight, layer.bias) for layer in self.amortiser),
            self.activation,
        )

    @abstractmethod
    def forward(self, x: Tensor) -> Tensor:
        """Evidence for each class: (batch, pixel) -> (batch, class); the largest is the answer."""

    @abstractmethod
    def generate(self, y: Tensor) -> Tensor:
        """The image of a label: (batch, class) -> (batch, pixel)."""

    def amortise(self, x: Tensor) -> Tensor:
        """The amortiser's one pass: (batch, pixel) -> (batch, class)."""
        return upward(x, self.weights())[0]

    def imagine(self, y: Tensor) -> Tensor:
        """The generator's one pass: (batch, class) -> (batch, pixel)."""
        return downward(y, self.weights())[-1]


class PredictiveCoding(TwoWay, ABC):
    """A network that infers its hidden activity before it learns.

    ``learning`` is how it infers while image and label are both given.
    """

    learning: InferenceConfig

    @property
    def learning_precision(self) -> Precision:
        """The weights of the errors in what the parameters descend."""
        return self.learning.precision

    def infer_label(self, x: Tensor, inference_config: InferenceConfig) -> Tensor:
        """z_0 after inference from an image whose label is free: (batch, class)."""
        unknown = torch.zeros(self.n_classes, dtype=torch.bool, device=x.device)
        given = Given(x, x.new_zeros(len(x), self.n_classes), y_known=unknown)
        return run_inference(given, self.weights(), inference_config).z[0]

    def infer_image(self, y: Tensor, inference_config: InferenceConfig) -> Tensor:
        """z_L after inference from a label whose image is free: (batch, pixel)."""
        unknown = torch.zeros(self.sizes[-1], dtype=torch.bool, device=y.device)
        given = Given(y.new_zeros(len(y), self.sizes[-1]), y, x_known=unknown)
        return run_inference(given, self.weights(), inference_config).z[-1]


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
