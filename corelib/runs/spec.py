"""``spec.json``: everything needed to repeat a run. Imports no torch."""

import hashlib
import json
import shlex
import sys
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import field_validator

from corelib.catalog import System, system
from corelib.data.sources import DATASETS, check_same, sum_of
from corelib.errors import DataError, SettingsError
from corelib.files import read_json
from corelib.settings import Settings, setting
from corelib.training.config import TrainingSettings


class RunSpec(Settings):
    """System, variant, data, settings, seed; ``versions`` are those it was made with."""

    system: str = setting(..., "Name in the catalogue")
    variant: str = setting("", "A word that distinguishes this run, part of its name")
    dataset: str = setting("mnist", "What to train on")
    config: dict[str, Any] = setting({}, "The network's settings")
    training: dict[str, Any] = setting({}, "The training settings")
    seed: int = setting(0, "Seed of initial weights, batches and noise", ge=0, le=2**31 - 1)
    versions: dict[str, str] = setting({}, "Versions of the libraries it was made with")

    @field_validator("dataset")
    @classmethod
    def _known(cls, name: str) -> str:
        if name not in DATASETS:
            raise SettingsError(
                f"dataset is {name[:60]!r}, but should be one of: {', '.join(DATASETS)}. Images of "
                "your own that were removed have to be added again."
            )
        return name

    @property
    def title(self) -> str:
        """``bpan-mnist``, ``bpan-nodale-mnist``: the same form as the names of checkpoints."""
        return "-".join(part for part in (self.system, self.variant, self.dataset) if part)


class Resolved(NamedTuple):
    system: System
    config: Settings
    training: TrainingSettings


def resolve(spec: RunSpec) -> Resolved:
    """The checked settings of a spec; those that follow from the data set are filled in where they
    are missing. Raises ``SettingsError`` naming what is wrong."""
    chosen = system(spec.system)
    _check_dataset(chosen, spec.dataset)
    try:
        check_same(spec.dataset, spec.versions)
    except DataError as error:
        raise SettingsError(str(error)) from None
    source, kind = DATASETS[spec.dataset], chosen.config_type
    from_data = {info.name: getattr(source, info.name) for info in kind.infos() if info.from_data}
    config = kind(**{**from_data, **spec.config})
    for name, fixed in from_data.items():
        if getattr(config, name) != fixed:
            raise SettingsError(
                f"{name} is {getattr(config, name)}, but should be {fixed}: the data set "
                f"{spec.dataset!r} fixes it, so leave it out."
            )
    training = chosen.training_type(**spec.training)
    training.check(config)
    return Resolved(chosen, config, training)


def network_of(spec: RunSpec) -> str:
    """What is trained, apart from the seed, as a string to compare; defaults are filled in.

    Raises ``SettingsError`` for settings that no longer exist.
    """
    resolved = resolve(spec)
    parts = (resolved.config.model_dump(), resolved.training.model_dump())
    whole = json.dumps([spec.system, spec.dataset, *parts], sort_keys=True)
    return hashlib.blake2b(whole.encode(), digest_size=16).hexdigest()


def _check_dataset(chosen: System, name: str) -> None:
    if name not in DATASETS or DATASETS[name].kind not in (chosen.data, *chosen.also):
        *others, last = map(repr, chosen.datasets)
        raise SettingsError(f"dataset is {name!r}, but should be {', '.join(others)} or {last}.")


def check_word(what: str, word: str) -> None:
    """Raise ``SettingsError`` unless a name that a person gave can be part of a folder's name."""
    if not all((c.isalnum() and c.isascii()) or c == "_" for c in word):
        raise SettingsError(
            f"{what} is {word!r}, but should hold only letters, digits and underscores."
        )


def make_spec(
    system_name: str,
    *,
    dataset: str | None = None,
    config: dict[str, Any] | None = None,
    training: dict[str, Any] | None = None,
    seed: int = 0,
    variant: str = "",
) -> RunSpec:
    """A complete spec: every default filled in, every value checked, versions added.

    The default data set is the first that the system can be trained on.
    """
    chosen = system(system_name)
    dataset = chosen.datasets[0] if dataset is None else dataset
    # Checked here, because the error of RunSpec would name the data sets of all systems.
    _check_dataset(chosen, dataset)
    check_word("variant", variant)
    spec = RunSpec(
        system=system_name,
        variant=variant,
        dataset=dataset,
        config=config or {},
        training=training or {},
        seed=seed,
    )
    resolved = resolve(spec)
    return spec.model_copy(
        update={
            "config": resolved.config.model_dump(),
            "training": resolved.training.model_dump(),
            "versions": versions() | sum_of(dataset),
        }
    )


def read_spec(file: Path) -> RunSpec:
    """A spec from a file; raises ``SettingsError`` when it is absent or not a spec."""
    try:
        data = read_json(file)
    except FileNotFoundError:
        raise SettingsError(f"There is no file {file}.") from None
    except ValueError as error:
        raise SettingsError(f"{file} is not a spec: {error}.") from None
    if not isinstance(data, dict):
        raise SettingsError(f"{file} is not a spec: it should hold a JSON object.")
    return RunSpec(**data)


def versions() -> dict[str, str]:
    """The versions of Python and the numerical libraries, without importing them."""
    return dict(_versions())


@cache
def _versions() -> dict[str, str]:
    # Looked up once: a table makes a spec for each of its rows.
    numbers = {"python": sys.version.split()[0]}
    for package in ("torch", "numpy"):
        try:
            numbers[package] = version(package)
        except PackageNotFoundError:
            continue
    return numbers


def as_command(spec: RunSpec) -> str:
    """The command line that repeats a run; it names only what differs from the defaults."""
    words = ["python", "-m", "corelib", "train", spec.system, "--dataset", spec.dataset]
    resolved = resolve(spec)
    for settings in (resolved.config, resolved.training):
        for info in settings.choices():
            value = getattr(settings, info.name)
            flag = info.name.replace("_", "-")
            if value == info.default:
                continue
            if info.kind == "bool":
                words.append(f"--{flag}" if value else f"--no-{flag}")
            else:
                words += [f"--{flag}", str(value)]
    words += ["--seed", str(spec.seed)]
    if spec.variant:
        words += ["--variant", spec.variant]
    return shlex.join(words)
