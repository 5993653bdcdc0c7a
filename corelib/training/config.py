"""Settings that every training has. Imports no torch."""

from typing import Literal

from corelib.settings import Settings, setting

Device = Literal["auto", "cpu", "cuda"]


class TrainingSettings(Settings):
    """How long and on what; a system's own class adds its optimiser and loss."""

    epochs: int = setting(15, "Passes over the 55,000 training images", ge=1, le=1000)
    max_steps: int = setting(
        0, "Updates at most; 0 makes those of all passes", ge=0, le=10**9, more=True
    )
    batch_size: int = setting(256, "Images in one update", ge=1, le=10_000)
    device: Device = setting("auto", "auto takes a CUDA device when there is one", more=True)
