"""The same layers trained by back-propagation."""

from torch import Tensor

from corelib.models.bpc.config import ActivationName
from corelib.models.bpc.network import TwoWay


class Backprop(TwoWay):
    """Two multilayer perceptrons that share nothing: the amortiser maps images to labels, the
    generator labels to images, each trained on half its squared error."""

    def __init__(
        self,
        input_dim: int = 784,
        n_classes: int = 10,
        widths: str = "300, 300",
        activation: ActivationName = "gelu",
        bias: bool = False,
    ) -> None:
        super().__init__(input_dim, n_classes, widths, activation, bias)

    def forward(self, x: Tensor) -> Tensor:
        return self.amortise(x)

    def generate(self, y: Tensor) -> Tensor:
        return self.imagine(y)
