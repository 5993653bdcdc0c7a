"""All systems by name. A network is imported only when it is built."""

from collections.abc import Iterator, Mapping
from importlib.metadata import EntryPoint, entry_points

from corelib.errors import SettingsError
from corelib.system import ProtocolName, System, check_system

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
        protocol="steps",
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
        protocol="two-way",
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
        protocol="code",
        named=f"{_IPVAE}.config:presets_of",
    )


_OURS: dict[str, System] = {
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
            protocol="steps",
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
            "gru", "GRU", "a gated recurrent network, read out after each update", "gru", "GRU"
        ),
        _baseline(
            "mlp", "Multilayer perceptron", "answers once, after all its layers", "mlp", "MLP"
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
            protocol="sequence",
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
            protocol="instructed",
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
            protocol="task",
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
            protocol="sequence",
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


class Catalogue(Mapping[str, System]):
    """The systems by name: those that come with Synaptarium, those that other packages have in the
    entry point group ``synaptarium.systems``, and those given to ``register``.

    Entry points are read when a name is first looked up; what is wrong with one is kept in
    ``problems`` as a sentence, and the others stay.
    """

    def __init__(self, ours: dict[str, System]) -> None:
        self._systems = dict(ours)
        self._read = False
        self._problems: list[str] = []

    def __getitem__(self, name: str) -> System:
        return self._all()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())

    @property
    def problems(self) -> tuple[str, ...]:
        """What is wrong with entry points, a sentence each."""
        self._all()
        return tuple(self._problems)

    def _all(self) -> dict[str, System]:
        if not self._read:
            self._read = True
            for point in entry_points(group=GROUP):
                self._take(point)
        return self._systems

    def _take(self, point: EntryPoint) -> None:
        """Add what an entry point names: a ``System``, or several in a list or tuple."""
        try:
            found = point.load()
            for item in [found] if isinstance(found, System) else found:
                self.add(item)
        # Another package's fault must not take this one down.
        except Exception as error:
            self._problems.append(
                f"The systems of {point.value} cannot be used: {type(error).__name__}: {error}"
            )

    def add(self, item: System) -> None:
        """Add one under a new name; raises ``SettingsError``."""
        if not isinstance(item, System):
            raise SettingsError(f"{str(item)[:60]!r} is not a System.")
        if item.name in self._all():
            raise SettingsError(f"There is already a system named {item.name!r}.")
        self._systems[item.name] = item

    def remove(self, name: str) -> None:
        """Forget one that was added."""
        if name in _OURS:
            raise SettingsError(f"{name!r} comes with Synaptarium and stays.")
        self._systems.pop(name, None)


GROUP = "synaptarium.systems"
SYSTEMS = Catalogue(_OURS)


def register(item: System) -> None:
    """Make a system known in this process: ``train``, ``evaluate`` and the pages of its protocol
    take it from now on.

    Every class that it names is imported and checked; raises ``SettingsError`` saying what is
    missing. A worker is another process: train with ``where="here"``, or name the system in the
    entry point group ``synaptarium.systems`` of a package.
    """
    check_system(item)
    SYSTEMS.add(item)


def showing(*protocols: ProtocolName) -> tuple[str, ...]:
    """The names of the systems of these protocols, ours first."""
    return tuple(
        name for protocol in protocols for name, s in SYSTEMS.items() if s.protocol == protocol
    )


def system(name: str) -> System:
    """A system by name; raises ``SettingsError`` naming those that exist."""
    if name not in SYSTEMS:
        others = "".join(f" {problem}" for problem in SYSTEMS.problems)
        raise SettingsError(
            f"There is no system named {name!r}; there are: {', '.join(SYSTEMS)}.{others}"
        )
    return SYSTEMS[name]
