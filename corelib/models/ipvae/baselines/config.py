"""Settings of LCA's training. Imports no torch."""

from typing import Literal

from corelib.settings import Settings, setting

Sign = Literal["signed", "non-negative"]


class LCATraining(Settings):
    """Learning of the features; the defaults suit 40,000 patches of 16 x 16 pixels."""

    n_latents: int = setting(
        512,
        "Neurons, one feature each",
        ge=1,
        le=4096,
        symbol="K",
        unit="neurons",
        takes_memory=True,
    )
    threshold: float = setting(
        0.5, "Potential that a neuron must pass to be active", ge=0, le=100, symbol="λ"
    )
    sign: Sign = setting("signed", "Whether activity may be negative, or not, as spike counts")
    epochs: int = setting(2, "Passes over the training images", ge=1, le=1000)
    batch_size: int = setting(200, "Images in one update", ge=1, le=10_000, takes_memory=True)
    n_steps: int = setting(30, "Steps of inference before an update", ge=1, le=10_000)
    learning_rate: float = setting(
        0.3,
        "Step along the gradient at the start, over the mean squared activity; it falls to 0",
        gt=0,
        le=10,
        destabilises=True,
    )
