"""Hybrid predictive coding (Tschantz, Millidge, Seth and Buckley 2023)."""

from typing import ClassVar

from torch import Tensor

from corelib.models.bpc.config import ActivationName
from corelib.models.bpc.energy import Precision
from corelib.models.bpc.inference import InferenceConfig
from corelib.models.bpc.network import PredictiveCoding


class HybridPC(PredictiveCoding):
    """Generative predictive coding whose inference starts from the amortiser's pass.

    Activity descends the generator's errors alone, 1/2 Σ |e_l|²; the amortiser learns, by its own
    errors, to predict where it ends. It classifies by inference with the label free, starting from
    the amortiser's label. In the paper the amortiser learns from inference without labels;
    here both ends are clamped, as in the other networks of this family.
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
        super().__init__(input_dim, n_classes, widths, activation, bias)
        self.learning = InferenceConfig(n_steps, step_size, alpha_b=0.0, start="bottom-up")
        self.answering = self.learning._replace(n_steps=n_answer_steps, step_size=answer_step_size)

    @property
    def learning_precision(self) -> Precision:
        return Precision(1.0, 1.0)

    def forward(self, x: Tensor) -> Tensor:
        return self.infer_label(x, self.answering)

    def generate(self, y: Tensor) -> Tensor:
        return self.imagine(y)
