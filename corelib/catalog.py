"""All systems by name. A network is imported only when it is built."""

from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

from corelib.data.sources import DATASETS, Kind
from corelib.errors import SettingsError
from corelib.settings import Settings
from corelib.training.config import Preset, TrainingSettings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import nn

    from corelib.data import Dataset
    from corelib.training.learner import Learner


class System(NamedTuple):
    """``config``, ``training``, ``model`` and ``learner`` name classes as ``module:class``;
    ``data`` is the kind of data that it reads, ``also`` other kinds. ``named`` is the function
    that gives a system's presets, empty where there are none."""

    name: str
    title: str
    about: str
    config: str
    training: str
    model: str
    learner: str
    data: Kind = "image"
    also: tuple[Kind, ...] = ()
    named: str = ""

    @property
    def datasets(self) -> tuple[str, ...]:
        """Names of the data sets that it can be trained on; the first is the standard one."""
        return tuple(
            name
            for kind in (self.data, *self.also)
            for name, source in DATASETS.items()
            if source.kind == kind
        )

    @property
    def presets(self) -> "Mapping[str, Preset]":
        """Named settings, by name."""
        return _class(self.named)(self.name) if self.named else {}

    def preset(self, name: str) -> Preset:
        """Settings by name; raises ``SettingsError`` naming those that exist."""
        if name not in self.presets:
            known = ", ".join(self.presets) or "none"
            raise SettingsError(f"{self.name} has no settings named {name!r}; there are: {known}.")
        return self.presets[name]

    @property
    def config_type(self) -> type[Settings]:
        return _class(self.config)

    @property
    def training_type(self) -> type[TrainingSettings]:
        return _class(self.training)

    def make_model(self, config: Settings) -> "nn.Module":
        return _class(self.model)(config)

    def make_learner(
        self, model: "nn.Module", training: TrainingSettings, dataset: "Dataset"
    ) -> "Learner":
        return _class(self.learner)(model, training, dataset)


def _class(path: str) -> Any:
    module, name = path.split(":")
    return getattr(import_module(module), name)


_BPAN = "corelib.models.bpan"


def _baseline(name: str, title: str, about: str, module: str, kind: str) -> System:
    """A system of ``corelib.models.bpan.baselines``: class ``kind`` with its two settings."""
    config = f"{_BPAN}.baselines.config:{kind}"
    return System(
        name,
        title,
        about,
        f"{config}Config",
        f"{config}Training",
        f"{_BPAN}.baselines.{module}:{kind}",
        f"{_BPAN}.learner:GradientLearner",
    )


_BUTD = "corelib.models.butd"
_BPC = "corelib.models.bpc"


def _two_way(name: str, title: str, about: str, kind: str, module: str, rule: str) -> System:
    """A system of ``corelib.models.bpc``: class ``kind``, learner ``rule``."""
    return System(
        name,
        title,
        about,
        f"{_BPC}.config:{kind}Config",
        f"{_BPC}.config:TwoWayTraining",
        f"{_BPC}.{module}:{kind}",
        f"{_BPC}.learner:{rule}Learner",
        named=f"{_BPC}.config:presets_of",
    )


_IPVAE = "corelib.models.ipvae"


def _iterative(name: str, title: str, about: str, config: str, model: str) -> System:
    """A system of ``corelib.models.ipvae``: class ``model``, with the settings of ``config``."""
    return System(
        name,
        title,
        about,
        f"{_IPVAE}.config:{config}Config",
        f"{_IPVAE}.config:{config}Training",
        f"{_IPVAE}.network:{model}",
        f"{_IPVAE}.learner:UnrolledLearner",
        "fragment",
        ("image",),
        f"{_IPVAE}.config:presets_of",
    )


SYSTEMS: dict[str, System] = {
    system.name: system
    for system in (
        System(
            "bpan",
            "Balanced Predictive Attractor Network",
            "excitatory and inhibitory units under Dale's law; answers as soon as it is confident",
            f"{_BPAN}.config:BPANConfig",
            f"{_BPAN}.config:BPANTraining",
            f"{_BPAN}.network:BPAN",
            f"{_BPAN}.learner:GradientLearner",
            named=f"{_BPAN}.config:presets_of",
        ),
        _baseline(
            "act",
            "Adaptive Computation Time",
            "a GRU that adds up halting values and answers with a weighted mean (Graves 2016)",
            "act",
            "ACT",
        ),
        _baseline(
            "pondernet",
            "PonderNet",
            "a GRU that learns a distribution over the step at which it halts (Banino 2021)",
            "pondernet",
            "PonderNet",
        ),
        _baseline(
            "multi-exit",
            "Multi-Exit MLP",
            "a deep network with an exit after each block; answers at the first confident exit",
            "multi_exit",
            "MultiExit",
        ),
        _baseline(
            "mlp", "Multilayer perceptron", "answers once, after all its layers", "mlp", "MLP"
        ),
        _baseline(
            "gru", "GRU", "a gated recurrent network, read out after each update", "gru", "GRU"
        ),
        System(
            "bpan-sequence",
            "BPAN that reads a sequence",
            "excitatory and inhibitory units that gather evidence, one input at each step",
            f"{_BPAN}.config:BPANSequenceConfig",
            f"{_BPAN}.config:BPANTraining",
            f"{_BPAN}.sequence:BPANSequence",
            f"{_BPAN}.learner:GradientLearner",
            data="sequence",
        ),
        System(
            "butd",
            "Instructed bottom-up top-down network",
            "a top-down instruction selects the sub-network that reads the image",
            f"{_BUTD}.config:BUTDConfig",
            f"{_BUTD}.config:BUTDTraining",
            f"{_BUTD}.networks:BUTDNet",
            f"{_BUTD}.learner:BUTDLearner",
            data="scene",
            named=f"{_BUTD}.config:presets_of",
        ),
        System(
            "counter-hebb",
            "Counter-Hebb learning",
            "a classifier that learns from the error passed down its own top-down path",
            f"{_BUTD}.config:CounterHebbConfig",
            f"{_BUTD}.config:CounterHebbTraining",
            f"{_BUTD}.networks:BUTDNet",
            f"{_BUTD}.learner:BUTDLearner",
            also=("picture",),
            named=f"{_BUTD}.config:presets_of",
        ),
        System(
            "gru-sequence",
            "GRU that reads a sequence",
            "a gated recurrent network that gathers evidence, one input at each step",
            f"{_BPAN}.baselines.config:GRUSequenceConfig",
            f"{_BPAN}.baselines.config:GRUTraining",
            f"{_BPAN}.baselines.gru:GRUSequence",
            f"{_BPAN}.learner:GradientLearner",
            data="sequence",
        ),
        _two_way(
            "bpc",
            "Bidirectional predictive coding",
            "one network that classifies images and generates them, learning locally",
            "BPC",
            "network",
            "Local",
        ),
        _two_way(
            "gpc",
            "Generative predictive coding",
            "predicts images from labels; classifies by inferring the label",
            "GenerativePC",
            "baselines.generative",
            "Local",
        ),
        _two_way(
            "dpc",
            "Discriminative predictive coding",
            "predicts labels from images; generates by inferring the image",
            "DiscriminativePC",
            "baselines.discriminative",
            "Local",
        ),
        _two_way(
            "hybrid-pc",
            "Hybrid predictive coding",
            "generative predictive coding whose inference starts from a bottom-up chain of layers",
            "HybridPC",
            "baselines.hybrid",
            "Local",
        ),
        _two_way(
            "backprop",
            "Back-propagation in both directions",
            "an MLP from image to label and one from label to image, as large as BPC's",
            "Backprop",
            "baselines.backprop",
            "Backprop",
        ),
        _iterative(
            "ipvae",
            "Iterative Poisson VAE",
            "neurons whose integer spikes explain an image, inferred step by step",
            "IPVAE",
            "IPVAE",
        ),
        _iterative(
            "igvae",
            "Iterative Gaussian VAE",
            "the same inference with Gaussian activity of either sign",
            "IGVAE",
            "IGVAE",
        ),
        _iterative(
            "igvae-relu",
            "Iterative Gaussian VAE, rectified",
            "the same inference with Gaussian activity, read after rectification",
            "IGVAE",
            "IGReluVAE",
        ),
    )
}


def system(name: str) -> System:
    """A system by name; raises ``SettingsError`` naming those that exist."""
    if name not in SYSTEMS:
        raise SettingsError(f"There is no system named {name!r}; there are: {', '.join(SYSTEMS)}.")
    return SYSTEMS[name]
