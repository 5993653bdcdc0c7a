"""What a system is: the classes that are trained and measured under one name."""

import re
from collections.abc import Mapping
from importlib import import_module
from inspect import isabstract
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from corelib.data.sources import DATASETS, Kind
from corelib.errors import SettingsError
from corelib.settings import Settings
from corelib.training.config import Preset, TrainingSettings

if TYPE_CHECKING:
    from torch import nn

    from corelib.data import Dataset
    from corelib.training.learner import Learner

ProtocolName = Literal["steps", "sequence", "two-way", "instructed", "task", "code"]


class Protocol(NamedTuple):
    """What a page needs of a network: a class that it derives from, as ``module:class``, and which
    pages take it then."""

    base: str
    pages: tuple[str, ...]


PROTOCOLS: dict[ProtocolName, Protocol] = {
    "steps": Protocol("corelib.models.bpan.anytime:AnytimeClassifier", ("Halting", "Robustness")),
    "sequence": Protocol("corelib.models.bpan.anytime:AnytimeClassifier", ("Sequential evidence",)),
    "two-way": Protocol("corelib.models.bpc.network:TwoWay", ("BPC digits",)),
    "instructed": Protocol(
        "corelib.models.butd.networks:BUTDNet", ("Sub-networks", "Counter-Hebb learning")
    ),
    "task": Protocol("corelib.models.butd.networks:BUTDNet", ("Counter-Hebb learning",)),
    "code": Protocol("corelib.models.ipvae.network:IterativeVAE", ("Sparse code", "Moving bars")),
}
"""Answers after each step, of an image or of a sequence; classifies and generates; takes
instructions, or learns one task; infers a code by iterating."""
_NAME = re.compile(r"[a-z][a-z0-9-]{0,39}", re.ASCII)


class System(NamedTuple):
    """What can be trained by name. ``config``, ``training``, ``model`` and ``learner`` name classes
    as ``module:class``, which are imported when they are used; ``data`` is the kind of data that it
    reads, ``also`` other kinds.

    ``protocol`` says which pages and measures take its networks; empty where none does. ``named``
    is the function that gives its presets by its name, empty where there are none.
    """

    name: str
    title: str
    about: str
    config: str
    training: str
    model: str
    learner: str
    data: Kind = "image"
    also: tuple[Kind, ...] = ()
    protocol: ProtocolName | Literal[""] = ""
    named: str = ""

    @property
    def family(self) -> str:
        """The family it belongs to: the folder of its model in ``corelib.models``; empty for a
        system of another package."""
        package, models, name, *_ = [*self.model.partition(":")[0].split("."), "", ""]
        return name if (package, models) == ("corelib", "models") else ""

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
        """A network with these settings; raises ``SettingsError`` where it is not what ``protocol``
        says."""
        kind = _class(self.model)
        if self.protocol:
            check_protocol(kind, self.protocol, self.name)
        return kind(config)

    def make_learner(
        self, model: "nn.Module", training: TrainingSettings, dataset: "Dataset"
    ) -> "Learner":
        return _class(self.learner)(model, training, dataset)


def check_protocol(kind: type, protocol: ProtocolName, name: str) -> None:
    """Raise ``SettingsError`` unless a network's class is one that the protocol's pages can show,
    naming the methods that it lacks."""
    base = _class(PROTOCOLS[protocol].base)
    if not (isinstance(kind, type) and issubclass(kind, base)):
        raise SettingsError(
            f"The network of {name} should derive from {base.__module__}.{base.__name__}, as its "
            f"protocol {protocol!r} says."
        )
    if isabstract(kind):
        missing = ", ".join(sorted(kind.__abstractmethods__))
        raise SettingsError(f"The network of {name} lacks what {base.__name__} needs: {missing}.")


def check_system(system: System) -> None:
    """Import what a system names and check it; raises ``SettingsError`` saying what is missing."""
    from corelib.training.learner import Learner

    if not _NAME.fullmatch(system.name):
        raise SettingsError(
            f"The name of a system is {system.name[:60]!r}, but should be lower-case letters, "
            "digits and hyphens, beginning with a letter."
        )
    if system.protocol and system.protocol not in PROTOCOLS:
        raise SettingsError(
            f"protocol is {system.protocol!r}, but should be one of: {', '.join(PROTOCOLS)}."
        )
    for field, base in (("config", Settings), ("training", TrainingSettings), ("learner", Learner)):
        path, kind = getattr(system, field), _imported(system, field)
        if not (isinstance(kind, type) and issubclass(kind, base)):
            raise SettingsError(
                f"{field} of {system.name} is {path}, but should derive from "
                f"{base.__module__}.{base.__name__}."
            )
        if isabstract(kind):
            missing = ", ".join(sorted(kind.__abstractmethods__))
            raise SettingsError(f"{field} of {system.name}, {path}, lacks: {missing}.")
    fixed = {info.name for info in system.config_type.infos() if info.from_data}
    if "input_dim" not in fixed:
        raise SettingsError(
            f"{system.config} should have a setting input_dim with from_data=True: the data fix it."
        )
    network = _imported(system, "model")
    if system.protocol:
        check_protocol(network, system.protocol, system.name)


def _imported(system: System, field: str) -> Any:
    """What a field names; raises ``SettingsError`` where it cannot be imported."""
    path = getattr(system, field)
    try:
        return _class(path)
    except (ImportError, AttributeError, ValueError) as error:
        raise SettingsError(
            f"{field} of {system.name} is {path[:80]!r}, which cannot be imported: {error}."
        ) from None


def _class(path: str) -> Any:
    module, name = path.split(":")
    return getattr(import_module(module), name)
