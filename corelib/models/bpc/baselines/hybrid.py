"""Hybrid predictive coding (Tschantz, Millidge, Seth and Buckley 2023)."""

from typing import Any, ClassVar

from torch import Tensor

from corelib.models.bpc.config import HybridPCConfig
from corelib.models.bpc.energy import Precision
from corelib.models.bpc.inference import InferenceConfig
from corelib.models.bpc.network import PredictiveCoding


class HybridPC(PredictiveCoding):
    """Generative predictive coding whose inference starts where the amortiser says.

    Activity descends the generator's errors alone, 1/2 Σ |e_l|²; the amortiser learns to predict
    where it ends, by its own errors. It classifies by inference with the label free, starting from
    the amortiser's. In the paper the amortiser learns from an inference without labels; here both
    ends are given, as to the other networks of this room.
    """

    one_pass: ClassVar[bool] = False

    def __init__(self, config: HybridPCConfig | None = None, **settings: Any) -> None:
        config = HybridPCConfig.from_arguments(config, settings)
        super().__init__(config)
        self.learning = InferenceConfig(
            config.n_steps, config.step_size, alpha_b=0.0, start="bottom-up"
        )
        self.answering = self.learning._replace(
            n_steps=config.n_answer_steps, step_size=config.answer_step_size
        )

    @property
    def learning_precision(self) -> Precision:
        return Precision(1.0, 1.0)

    def forward(self, x: Tensor) -> Tensor:
        return self.infer_label(x, self.answering)

    def generate(self, y: Tensor) -> Tensor:
        return self.imagine(y)
