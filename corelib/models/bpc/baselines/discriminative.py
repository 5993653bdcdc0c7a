"""Discriminative predictive coding (Whittington and Bogacz 2017): bottom-up predictions alone."""

from typing import Any

from torch import Tensor

from corelib.models.bpc.config import DiscriminativePCConfig
from corelib.models.bpc.inference import COMPLETION, InferenceConfig
from corelib.models.bpc.network import PredictiveCoding


class DiscriminativePC(PredictiveCoding):
    """The amortiser alone: F = mean over the batch of 1/2 Σ |δ_l|².

    It classifies by one pass. It generates by inference: the image starts grey and is free. Many
    images satisfy the amortiser equally, so what comes out is hardly a digit; a rectifier without
    bias has no slope at the grey image and stays there. The image moves by Adam, as where hidden
    pixels are filled in: training raises the largest eigenvalue of the Hessian over pixels until
    plain steps of any fixed size run off.
    """

    def __init__(self, config: DiscriminativePCConfig | None = None, **settings: Any) -> None:
        config = DiscriminativePCConfig.from_arguments(config, settings)
        super().__init__(config, generates=False)
        self.learning = InferenceConfig(config.n_steps, config.step_size, alpha_f=0.0)
        self.answering = COMPLETION._replace(n_steps=config.n_answer_steps, alpha_f=0.0)

    def forward(self, x: Tensor) -> Tensor:
        return self.amortise(x)

    def generate(self, y: Tensor) -> Tensor:
        return self.infer_image(y, self.answering)
