"""The rows of the iterative VAEs' table: networks to train, and published figures."""

from __future__ import annotations

from typing import Any, NamedTuple

from corelib.models.ipvae.config import PRESETS
from corelib.runs.spec import RunSpec, make_spec, resolve

NATURAL, DIGITS = "natural-16", "mnist"


class Trained(NamedTuple):
    """A network that the table needs, and with how many seeds."""

    system: str
    dataset: str = NATURAL
    variant: str = ""
    config: dict[str, Any] = {}  # noqa: RUF012 (never changed)
    training: dict[str, Any] = {}  # noqa: RUF012
    seeds: int = 3

    def spec(self, seed: int) -> RunSpec:
        return make_spec(
            self.system,
            dataset=self.dataset,
            variant=self.variant,
            config=self.config,
            training=self.training,
            seed=seed,
        )

    @property
    def beta(self) -> float:
        """The weight of the divergence."""
        return resolve(self.spec(0)).training.model_dump()["beta_outer"]

    @property
    def sizes(self) -> str:
        """K, T and β, as the table shows them."""
        settings = resolve(self.spec(0))
        config, training = settings.config.model_dump(), settings.training.model_dump()
        return f"{config['n_latents']}, {config['t_train']}, {training['beta_outer']:g}"


class Published(NamedTuple):
    """A published row, in per cent: ``r2``, ``zeros``, and digits read correctly; ``sizes`` are K,
    T and β."""

    r2: float
    zeros: float
    readout: float | None = None
    sizes: str | None = None


_LARGE, _PACE = PRESETS["ipvae"]["shipped"][:2]
_SMALL = {**_LARGE, "n_latents": 256}
_SHORT = {**_PACE, "epochs": 3}
_FORMER = {"fit_prior": False, "clamp_u": 4.0, "clamp_du": 4.0}
_NARROW = {"clamp_u": 7.0, "clamp_du": 7.0}
_PLAIN = {"sampling": "straight-through"}


def _preset(system: str, dataset: str, name: str) -> Trained:
    config, training = PRESETS[system][name][:2]
    return Trained(system, dataset, "", dict(config), dict(training))


def _at(beta: float) -> Trained:
    """The network of the table's first row with another β: a point of the curve."""
    training = {**_PACE, "beta_outer": beta}
    return Trained("ipvae", NATURAL, f"beta{beta:g}", dict(_LARGE), training, seeds=1)


def _taught(variant: str, config: dict[str, Any], seeds: int = 3, **training: Any) -> Trained:
    """The standard network, taught otherwise."""
    return Trained("ipvae", NATURAL, variant, config | _NARROW, _SHORT | training, seeds)


def _faster() -> Trained:
    """The network of digits at the largest rate at which most seeds hold: the third diverges."""
    slow = _preset("ipvae", DIGITS, "digits")
    training = {**slow.training, "learning_rate": 0.006}
    return slow._replace(variant="faster", training=training, seeds=2)


def _cause(variant: str, config: dict[str, Any], training: dict[str, Any]) -> Trained:
    return Trained("ipvae", NATURAL, variant, _SMALL | config, _SHORT | training)


IP, IG, IG_RELU, IP_DIGITS = "iP-VAE, β = 24", "iG-VAE, β = 8", "iG-relu-VAE, β = 8", "iP-VAE"
FASTER = "iP-VAE, rate 0.006"
BETAS = {f"iP-VAE, β = {beta:g}": _at(beta) for beta in (6.0, 12.0, 48.0, 96.0)}
HALF = "iP-VAE, K = 256"
FORMER, PLAIN, CORRECTED, NARROWER, SOFTENED, THEIR_KL = (
    "prior fixed, limits 4, no cost of variance",
    "prior learned, limits 10, no cost of variance",
    "prior learned, limits 10, cost of variance",
    "prior learned, limits 7, cost of variance",
    "the same, softened counts",
    "the same, published divergence",
)

TAUGHT = {
    "rate 0.01": _taught("rate001", _SMALL, learning_rate=0.01),
    "rate 0.02": _taught("rate002", _SMALL, learning_rate=0.02),
    "rate 0.08": _taught("rate008", _SMALL, learning_rate=0.08),
    "β rises over the first third": _taught("rise", _SMALL, beta_rise=0.33),
    "1,200 updates": _taught("twice", _SMALL, epochs=6),
    "K = 512": _taught("large", _LARGE, seeds=1),
    "K = 512, rate 0.02": _taught("large002", _LARGE, seeds=1, learning_rate=0.02),
    "K = 512, rate 0.08": _taught("large008", _LARGE, seeds=1, learning_rate=0.08),
}
"""Learning rate, course of β, length: each a change of the standard network."""

NETWORKS: dict[str, Trained] = {
    IP: _preset("ipvae", NATURAL, "shipped"),
    IG_RELU: _preset("igvae-relu", NATURAL, "shipped"),
    IG: _preset("igvae", NATURAL, "shipped"),
    **BETAS,
    HALF: Trained("ipvae", NATURAL, "k256", _SMALL, dict(_PACE), seeds=1),
    FORMER: _cause("former", _FORMER, _PLAIN),
    PLAIN: _cause("plain", {}, _PLAIN),
    CORRECTED: _cause("corrected", {}, {}),
    NARROWER: _cause("narrower", _NARROW, {}),
    SOFTENED: _cause("relaxed", _NARROW, {"sampling": "relaxed"}),
    THEIR_KL: _cause("published", _NARROW, {"kl": "published"}),
    **TAUGHT,
    IP_DIGITS: _preset("ipvae", DIGITS, "digits"),
    FASTER: _faster(),
}

STANDARD = NARROWER
"""The row with the settings that a new network has."""
SHIPPED = (IP, IG, IG_RELU, IP_DIGITS)
SYSTEMS = tuple(dict.fromkeys(network.system for network in NETWORKS.values()))

CONVERGENCE, PLANE, CAUSES, TEACHING, MNIST = (
    "convergence, t = 1,000",
    "rate and distortion",
    "what the settings do, 600 updates",
    "learning rate, course of β and length; else rate 0.04, 600 updates",
    "MNIST",
)
SECTIONS: dict[str, dict[str, Published | None]] = {
    CONVERGENCE: {
        IP: Published(83.0, 77.3, sizes="512, 16, 24"),
        IG_RELU: Published(82.0, 57.6, sizes="512, 16, 8"),
        IG: Published(87.4, 0.0, sizes="512, 16, 8"),
        HALF: None,
    },
    PLANE: {
        "LCA": Published(82.6, 77.8),
        "amortised P-VAE": Published(69.6, 77.4),
        IP: Published(82.7, 77.5, sizes="512, 16, 24"),
        **dict.fromkeys(BETAS),
    },
    CAUSES: dict.fromkeys((FORMER, PLAIN, CORRECTED, NARROWER, SOFTENED, THEIR_KL)),
    TEACHING: dict.fromkeys((NARROWER, *TAUGHT)),
    MNIST: {IP_DIGITS: Published(95.1, 84.4, 96.46, "512, 128, 128"), FASTER: None},
}

NOTES = (
    "Published: Vafaii, Galor and Yates, Brain-like variational inference (arXiv 2410.19315), 512 "
    "neurons on van Hateren's natural images.",
    "Our natural images are not van Hateren's: they are pictures that come with scikit-image and "
    "scikit-learn, whitened by us, each patch scaled to unit standard deviation. As theirs, ours "
    "are split in strips: trained on the left part of every picture, measured after 1,000 steps on "
    "500 patches of the right fifth. Unseen: 500 patches of a picture that was never used in "
    "training.",
    "R² is the mean over images on which inference did not run away, that is, those with an R² of "
    "at least -1; the share of the others stands beside it. K neurons, T time steps of an update, "
    "β the weight of the divergence. Change: |Δu| at the last step.",
    "Gabor fit: the share of a feature's variance that a Gabor function explains, median over "
    "features. Readout: logistic regression from the rates of 30,000 training digits after 100 "
    "steps, on all test digits.",
)
