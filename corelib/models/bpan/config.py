"""Settings of BPAN and of its training. Imports no torch."""

from collections.abc import Mapping
from typing import Any, Literal

from corelib.settings import Settings, setting
from corelib.training.config import Preset, TrainingSettings

CE = Literal["time", "final"]
BalanceCurrent = Literal["recurrent+drive", "recurrent"]


def ce_setting() -> Any:
    """Which steps' cross-entropies enter the loss."""
    return setting(
        "time",
        "Cross-entropy at each step, with later steps weighted more (time), or at the last step "
        "only (final)",
        more=True,
    )


def input_setting(default: int, help: str) -> Any:
    """The size of the input, which follows from the data set."""
    return setting(default, help, ge=1, le=4096, symbol="D", more=True, from_data=True)


def classes_setting() -> Any:
    """The number of classes, which follows from the data set."""
    return setting(
        10, "Classes of the readout", ge=2, le=1000, symbol="C", more=True, from_data=True
    )


def _units(default: int, help: str, symbol: str) -> Any:
    return setting(default, help, ge=1, le=1024, symbol=symbol, unit="units", takes_memory=True)


class _Units(Settings):
    """Input, units and classes, which both networks have."""

    input_dim: int = input_setting(784, "Input units, one a pixel")
    n_excitatory: int = _units(128, "Excitatory units", "E")
    n_inhibitory: int = _units(32, "Inhibitory units", "I")
    n_classes: int = classes_setting()


def _alpha() -> Any:
    return setting(
        0.2,
        "Share of the state that each update replaces",
        gt=0,
        le=1,
        symbol="α",
        source="the authors' code; the paper's text says 0.5",
        destabilises=True,
    )


def _dale() -> Any:
    return setting(
        True,
        "Dale's law: a unit only excites or only inhibits. Off: recurrent weights may take any "
        "sign, from the same start",
    )


class BPANConfig(_Units):
    """The network."""

    n_steps: int = setting(
        6, "Updates of the state before the answer", ge=1, le=64, symbol="T", takes_memory=True
    )
    alpha: float = _alpha()
    dale: bool = _dale()


class BPANSequenceConfig(_Units):
    """The network that reads a sequence, one update for each of its steps."""

    input_dim: int = input_setting(144, "Input units, one for each number that a step holds")
    alpha: float = _alpha()
    dale: bool = _dale()


class GradientTraining(TrainingSettings):
    """The optimiser (Adam) of BPAN and its baselines; each adds its loss."""

    learning_rate: float = setting(1e-3, "Step size of Adam", gt=0, le=1, destabilises=True)
    clip_norm: float = setting(
        5.0, "Largest norm of the gradient", gt=0, le=1e6, more=True, destabilises=True
    )


class BPANTraining(GradientTraining):
    """The loss."""

    lambda_act: float = setting(
        1e-4, "Weight of the mean squared rates in the loss", ge=0, le=10, symbol="λ_act"
    )
    lambda_bal: float = setting(
        5e-4,
        "Weight of the mean squared balance current in the loss: recurrent current and input "
        "drive pulled towards cancelling",
        ge=0,
        le=10,
        symbol="λ_bal",
    )
    ce: CE = ce_setting()
    balance_current: BalanceCurrent = setting(
        "recurrent+drive",
        "Which current the balance term penalises",
        source="recurrent+drive is the authors' code, recurrent the paper's text",
        more=True,
    )


PRESETS: Mapping[str, Preset] = {
    "code": Preset({}, {}),
    "paper": Preset({"alpha": 0.5}, {"balance_current": "recurrent"}),
    "sweep": Preset({}, {"epochs": 10, "batch_size": 512, "ce": "final"}),
}
"""The standard settings, which are those of the authors' anytime code; what the paper's text says
otherwise; and the settings with which the authors vary the network's size."""


def presets_of(system: str) -> Mapping[str, Preset]:
    """The presets of one system, by name."""
    return PRESETS if system == "bpan" else {}
