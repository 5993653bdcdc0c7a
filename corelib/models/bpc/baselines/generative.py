"""Generative predictive coding (Rao and Ballard 1999): top-down predictions alone."""

from typing import ClassVar

from torch import Tensor

from corelib.models.bpc.config import ActivationName
from corelib.models.bpc.inference import InferenceConfig
from corelib.models.bpc.network import PredictiveCoding


class GenerativePC(PredictiveCoding):
    """The generator alone: F = mean over the batch of 1/2 Σ |e_l|².

    In learning, inference starts from the activity that the label alone would cause. It classifies
    by inference: the label is free and starts at 1 / classes.
    """

    one_pass: ClassVar[bool] = False

    def __init__(
        self,
        input_dim: int = 784,
        n_classes: int = 10,
        widths: str = "300, 300",
        activation: ActivationName = "gelu",
        bias: bool = False,
        n_steps: int = 8,
        step_size: float = 0.01,
        n_answer_steps: int = 100,
        answer_step_size: float = 0.003,
    ) -> None:
        super().__init__(input_dim, n_classes, widths, activation, bias, amortises=False)
        self.learning = InferenceConfig(n_steps, step_size, alpha_b=0.0, start="top-down")
        self.answering = self.learning._replace(n_steps=n_answer_steps, step_size=answer_step_size)

    def forward(self, x: Tensor) -> Tensor:
        return self.infer_label(x, self.answering)

    def generate(self, y: Tensor) -> Tensor:
        return self.imagine(y)
