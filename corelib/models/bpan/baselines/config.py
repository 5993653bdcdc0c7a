"""Settings of the baselines and of their training. Imports no torch."""

from typing import Any

from corelib.models.bpan.config import (
    CE,
    GradientTraining,
    ce_setting,
    classes_setting,
    input_setting,
)
from corelib.settings import Settings, setting

BPAN_CODE = "the BPAN authors' comparison"


def _n_hidden() -> Any:
    return setting(256, "Hidden units", ge=1, le=1024, symbol="H", unit="units", takes_memory=True)


def _n_steps(help: str) -> Any:
    return setting(6, help, ge=1, le=64, symbol="T", source=BPAN_CODE, takes_memory=True)


class _Sizes(Settings):
    """Input and classes, which all baselines have."""

    input_dim: int = input_setting(784, "Input units, one a pixel")
    n_classes: int = classes_setting()


class GRUConfig(_Sizes):
    """The gated recurrent network; H = 60 has about as many parameters as BPAN."""

    n_hidden: int = _n_hidden()
    n_steps: int = _n_steps("Updates of the state while the input is constant")


class GRUSequenceConfig(_Sizes):
    """The gated recurrent network that reads a sequence, one update for each of its steps.

    H = 75 at D = 144 and H = 79 at D = 98 have about as many parameters as BPAN.
    """

    input_dim: int = input_setting(144, "Input units, one for each number that a step holds")
    n_hidden: int = _n_hidden()


class GRUTraining(GradientTraining):
    """The loss."""

    ce: CE = ce_setting()


class ACTConfig(_Sizes):
    """The network and its halting rule."""

    n_hidden: int = _n_hidden()
    n_steps: int = _n_steps("Updates at most")
    epsilon: float = setting(
        0.01,
        "A sample halts when its halting values add up to 1 - ε",
        ge=0,
        lt=1,
        symbol="ε",
        source="Graves 2016, section 2",
    )


class ACTTraining(GradientTraining):
    """The loss."""

    tau: float = setting(
        0.01,
        "Weight of the ponder cost, steps plus remainder, in the loss",
        ge=0,
        le=10,
        symbol="τ",
        source=BPAN_CODE,
    )


class PonderNetConfig(_Sizes):
    """The network and its halting distribution."""

    n_hidden: int = _n_hidden()
    n_steps: int = _n_steps("Updates at most")
    faithful: bool = setting(
        False,
        "As in the BPAN authors' code: a softmax over log-probabilities in place of halting for "
        "certain at the last step, so that training does not determine when to halt",
        more=True,
    )


class PonderNetTraining(GradientTraining):
    """The loss."""

    lambda_p: float = setting(
        0.3,
        "Halting probability of the geometric prior",
        gt=0,
        lt=1,
        symbol="λ_p",
        source=BPAN_CODE,
    )
    beta: float = setting(
        0.01,
        "Weight of the divergence from the prior in the loss",
        ge=0,
        le=10,
        symbol="β",
        source=BPAN_CODE,
    )


class MultiExitConfig(_Sizes):
    """The network."""

    n_hidden: int = _n_hidden()
    n_steps: int = _n_steps("Blocks, each with an exit")


class MultiExitTraining(GradientTraining):
    """The loss has no settings: each exit's cross-entropy, weighted linspace(0.5, 1, T)."""


class MLPConfig(_Sizes):
    """The network; H = 160 has about as many parameters as BPAN."""

    n_hidden: int = _n_hidden()
    n_hidden_layers: int = setting(2, "Hidden layers", ge=1, le=8, unit="layers", takes_memory=True)


class MLPTraining(GradientTraining):
    """The loss has no settings: cross-entropy."""
