"""The same layers trained by back-propagation."""

from typing import Any

from torch import Tensor

from corelib.models.bpc.config import BackpropConfig
from corelib.models.bpc.network import TwoWay


class Backprop(TwoWay):
    """Two multilayer perceptrons that share nothing: the amortiser maps images to labels, the
    generator labels to images, each trained on half its squared error."""

    def __init__(self, config: BackpropConfig | None = None, **settings: Any) -> None:
        super().__init__(BackpropConfig.from_arguments(config, settings))

    def forward(self, x: Tensor) -> Tensor:
        return self.amortise(x)

    def generate(self, y: Tensor) -> Tensor:
        return self.imagine(y)
