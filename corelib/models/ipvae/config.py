"""Settings of the iterative VAEs and of their training. Imports no torch."""

from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import model_validator

from corelib.errors import SettingsError
from corelib.settings import Settings, setting
from corelib.training.config import Preset, TrainingSettings

Sampling = Literal["variance-corrected", "straight-through", "relaxed"]
PoissonKL = Literal["true", "published"]

FIXED_PRIOR_CLAMP = 4.0
"""The largest soft limits with which a network of a fixed prior is trained. Others can be read."""


def _clamp(default: float, what: str, symbol: str) -> Any:
    return setting(
        default,
        f"Soft limit of {what}",
        ge=0.01,
        le=10,
        symbol=symbol,
        more=True,
        destabilises=True,
    )


def _log_step(default: float) -> Any:
    return setting(
        default,
        "Logarithm of the step size at the start; it is learned",
        ge=-8,
        le=2,
        symbol="η",
        destabilises=True,
    )


def _prior(default: float, end: str) -> Any:
    return setting(
        default,
        f"{end} potential at which a neuron begins",
        ge=-8,
        le=2,
        more=True,
        destabilises=True,
    )


class IterativeConfig(Settings):
    """Settings of all three networks."""

    input_dim: int = setting(
        256, "Pixels of an image", ge=2, le=4096, symbol="M", more=True, from_data=True
    )
    n_latents: int = setting(
        256,
        "Neurons, one feature each",
        ge=1,
        le=4096,
        symbol="K",
        unit="neurons",
        source="paper: 512",
        # The noise of all neurons adds up in each pixel.
        destabilises=True,
        takes_memory=True,
    )
    t_train: int = setting(
        16,
        "Time steps of one update",
        ge=1,
        le=200,
        symbol="T",
        source="paper: 16",
        takes_memory=True,
    )
    n_iters_inner: int = setting(
        1,
        "Gradient steps on the potentials within one time step; more than one adds the leak",
        ge=1,
        le=16,
        more=True,
        takes_memory=True,
    )
    beta_inner: float = setting(
        1.0,
        "Weight of the leak, which acts with two inner steps or more",
        ge=0,
        le=100,
        symbol="β_inner",
        more=True,
        destabilises=True,
    )
    init_scale: float = setting(
        1.0,
        "Standard deviation of the features at the start, times the square root of M",
        gt=0,
        le=10,
        more=True,
        destabilises=True,
    )
    fit_prior: bool = setting(
        True, "Learn the state from which inference begins", source="paper: learned", more=True
    )


class IPVAEConfig(IterativeConfig):
    """The Poisson network: potentials u, rates e^u, spike counts z."""

    log_step: float = _log_step(-2.0)
    prior_low: float = _prior(-4.0, "Lowest")
    prior_high: float = _prior(-3.0, "Highest")
    clamp_u: float = _clamp(7.0, "the potential", "c_u")
    clamp_du: float = _clamp(7.0, "one change of the potential", "c_du")

    @model_validator(mode="after")
    def _checked(self) -> Self:
        if self.prior_low > self.prior_high:
            raise SettingsError(
                f"prior_low is {self.prior_low:g}, but should be at most prior_high, which is "
                f"{self.prior_high:g}."
            )
        return self


class IGVAEConfig(IterativeConfig):
    """The Gaussian networks: means mu and log-scales xi."""

    log_step: float = _log_step(-2.0)
    clamp_u: float = _clamp(7.0, "the mean", "c_μ")
    clamp_du: float = _clamp(7.0, "one change of the mean", "c_dμ")
    clamp_xi: float = _clamp(2.0, "the log-scale", "c_ξ")
    clamp_dxi: float = _clamp(3.0, "one change of the log-scale", "c_dξ")


class IterativeTraining(TrainingSettings):
    """The loss, and Adamax with a learning rate that falls as a cosine."""

    epochs: int = setting(3, "Passes over the training images", ge=1, le=1000)
    batch_size: int = setting(200, "Images in one update", ge=1, le=10_000, takes_memory=True)
    learning_rate: float = setting(
        0.04, "Step size of Adamax at the start", gt=0, le=1, destabilises=True
    )
    clip_norm: float = setting(
        300.0, "Largest norm of the gradient", gt=0, le=1e6, more=True, destabilises=True
    )
    n_iters_outer: int = setting(
        1, "Gradient updates per batch, each over the next T time steps", ge=1, le=64, more=True
    )
    beta_outer: float = setting(
        24.0, "Weight of the divergence in the loss", ge=0, le=1000, symbol="β", source="paper: 24"
    )
    beta_rise: float = setting(
        0.0, "Share of the training in which β rises from 0", ge=0, le=1, more=True
    )


class IPVAETraining(IterativeTraining):
    """How counts are drawn during training, and which divergence is used."""

    sampling: Sampling = setting(
        "variance-corrected",
        "Hard counts with the gradient of their mean, and with the cost of their variance or "
        "without it; or softened counts",
        source="the paper softens them",
        more=True,
    )
    temperature: float = setting(
        0.05,
        "Temperature of softened counts",
        ge=0.001,
        le=2,
        symbol="τ",
        source="relaxed only",
        more=True,
    )
    kl: PoissonKL = setting(
        "true",
        "The true divergence of two Poisson distributions, or the published code's version",
        more=True,
    )

    def check(self, config: Settings) -> None:
        if not isinstance(config, IPVAEConfig) or config.fit_prior:
            return
        for name in ("clamp_u", "clamp_du"):
            if (limit := getattr(config, name)) > FIXED_PRIOR_CLAMP:
                raise SettingsError(
                    f"{name} is {limit:g}, but should be at most {FIXED_PRIOR_CLAMP:g} where "
                    "fit_prior is off: with larger limits training lets rates run away from a "
                    "prior that cannot follow them."
                )


class IGVAETraining(IterativeTraining):
    """The Gaussian networks' loss."""

    beta_outer: float = setting(
        8.0, "Weight of the divergence in the loss", ge=0, le=1000, symbol="β"
    )


QUICK = Preset({}, {})
"""The standard settings; features become Gabor functions in about a minute."""

SHIPPED = Preset(
    {"n_latents": 512, "t_train": 16}, {"epochs": 13, "batch_size": 200, "learning_rate": 0.04}
)
"""Of the Gaussian networks that ship: the paper's sizes and β, some minutes on one core. The
Poisson network has the paper's limits, too. With those and less training, inference runs away on
one patch in a thousand; with the standard ones it does not, and codes are as good."""

DIGITS = Preset(
    {"n_latents": 512, "t_train": 16},
    {"epochs": 20, "batch_size": 200, "learning_rate": 0.004, "beta_outer": 8.0},
    "mnist",
)
"""Of the network of MNIST that ships. With larger rates some seeds diverge."""

_LIMITS = {"clamp_u": 10.0, "clamp_du": 10.0}
_PAPER = {"n_latents": 512, "t_train": 16, "log_step": 0.0, "init_scale": 0.0016}
_PAPER_TRAINING = {"epochs": 300, "batch_size": 200, "learning_rate": 0.005, "beta_rise": 0.1}

PRESETS: Mapping[str, Mapping[str, Preset]] = {
    "ipvae": {
        "quick": QUICK,
        "shipped": Preset({**SHIPPED.config, **_LIMITS}, SHIPPED.training),
        "digits": DIGITS,
        "paper": Preset(
            {**_PAPER, **_LIMITS, "prior_low": -6.0, "prior_high": -4.0},
            {**_PAPER_TRAINING, "beta_outer": 24.0, "sampling": "relaxed"},
        ),
    },
    "igvae": {"quick": QUICK, "shipped": SHIPPED, "paper": Preset(_PAPER, _PAPER_TRAINING)},
    "igvae-relu": {"quick": QUICK, "shipped": SHIPPED, "paper": Preset(_PAPER, _PAPER_TRAINING)},
}
"""By system and name. ``paper`` is meant for van Hateren's patches and takes hours without a
GPU."""


def presets_of(system: str) -> Mapping[str, Preset]:
    """The presets of one system, by name."""
    return PRESETS.get(system, {})
