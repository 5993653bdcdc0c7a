"""Settings of the leaky integrators and of their training. Imports no torch."""

from corelib.extend import GradientTraining, Settings, setting


class LeakyConfig(Settings):
    """The network; the data fix the settings with ``from_data``."""

    input_dim: int = setting(784, "Pixels", ge=1, le=4096, from_data=True)
    n_classes: int = setting(10, "Classes", ge=2, le=1000, from_data=True)
    n_steps: int = setting(8, "Steps", ge=1, le=64, symbol="T", takes_memory=True)
    leak: float = setting(0.2, "Share of its activity that an integrator loses a step", ge=0, lt=1)


class LeakyTraining(GradientTraining):
    """Adam on the cross-entropy of all steps."""
