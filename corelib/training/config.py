"""Settings that every training run has. Imports no torch."""

from typing import Any, Literal, NamedTuple

from corelib.settings import Settings, setting

Device = Literal["auto", "cpu", "cuda"]


class Preset(NamedTuple):
    """Named settings: those of the network and of its training that differ from the standard ones,
    and the data set they are meant for, empty if that is the standard one."""

    config: dict[str, Any]
    training: dict[str, Any]
    dataset: str = ""


class TrainingSettings(Settings):
    """Length, batch size and device; each system's own class adds optimiser and loss."""

    epochs: int = setting(15, "Passes over the 55,000 training images", ge=1, le=1000)
    max_steps: int = setting(
        0, "Maximum number of updates; 0 for all passes", ge=0, le=10**9, more=True
    )
    batch_size: int = setting(256, "Images per update", ge=1, le=10_000, takes_memory=True)
    device: Device = setting("auto", "auto uses a CUDA device if there is one", more=True)

    def check(self, config: Settings) -> None:
        """Raise ``SettingsError`` where these settings contradict those of the network."""
