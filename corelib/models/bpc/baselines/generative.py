"""Generative predictive coding (Rao and Ballard 1999): top-down predictions alone."""

from typing import Any, ClassVar

from torch import Tensor

from corelib.models.bpc.config import GenerativePCConfig
from corelib.models.bpc.inference import InferenceConfig
from corelib.models.bpc.network import PredictiveCoding


class GenerativePC(PredictiveCoding):
    """The generator alone: F = mean over the batch of 1/2 Σ |e_l|².

    It learns from the activity that the label alone would cause, moved towards the image. It
    classifies by inference: the label starts at 1 / classes and is free.
    """

    one_pass: ClassVar[bool] = False

    def __init__(self, config: GenerativePCConfig | None = None, **settings: Any) -> None:
        config = GenerativePCConfig.from_arguments(config, settings)
        super().__init__(config, amortises=False)
        self.learning = InferenceConfig(
            config.n_steps, config.step_size, alpha_b=0.0, start="top-down"
        )
        self.answering = self.learning._replace(
            n_steps=config.n_answer_steps, step_size=config.answer_step_size
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.infer_label(x, self.answering)

    def generate(self, y: Tensor) -> Tensor:
        return self.imagine(y)
