"""What a study is: the settings that it varies, its seeds and its search. Imports no torch."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any, Literal

from pydantic import field_validator, model_validator

from corelib.catalog import system
from corelib.errors import SettingsError
from corelib.runs.spec import RunSpec
from corelib.runs.written import spec_of, split_settings
from corelib.settings import Settings, setting

Search = Literal["grid", "random", "tpe"]
Pruning = Literal["none", "median", "halving"]
Scalar = bool | int | float | str
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_]{0,39}", re.ASCII)
MOST_TRIALS = 100_000


class Range(Settings):
    """Numbers from ``low`` to ``high``, whole ones where both are whole."""

    low: int | float = setting(..., "The least value")
    high: int | float = setting(..., "The largest value")
    log: bool = setting(False, "Whether the search spreads evenly over the logarithm")

    @model_validator(mode="after")
    def _ordered(self) -> Range:
        if not self.low < self.high:
            raise SettingsError(f"low is {self.low:g}, but should be below high, {self.high:g}.")
        if self.log and self.low <= 0:
            raise SettingsError(f"low is {self.low:g}, but should be above 0, as log is on.")
        return self

    @property
    def is_whole(self) -> bool:
        return isinstance(self.low, int) and isinstance(self.high, int)


class StudySettings(Settings):
    """Everything needed to repeat a study. A score is that of validation, never of the test set."""

    name: str = setting(..., "What it is called: letters, digits and underscores")
    system: str = setting(..., "Name in the catalogue")
    dataset: str | None = setting(None, "What to train on; by default the system's first")
    preset: str = setting("", "Named settings, which single ones replace")
    fixed: dict[str, Scalar] = setting({}, "Settings that are the same in all trials")
    vary: dict[str, tuple[Scalar, ...] | Range] = setting(..., "Values or a range, by setting")
    seeds: tuple[int, ...] = setting((0,), "Seeds with which each choice is trained")
    search: Search = setting("grid", "Which choices are tried")
    trials: int = setting(20, "How many, if not a grid", ge=1, le=MOST_TRIALS)
    pruning: Pruning = setting("none", "Whether trials that lag behind are ended early")
    search_seed: int = setting(0, "Seed of the search", ge=0, lt=2**31)
    storage: str = setting("", "URL of a database for the trials; by default a file of its folder")

    @field_validator("seeds", mode="before")
    @classmethod
    def _read_seeds(cls, seeds: Any) -> Any:
        return tuple(seeds) if isinstance(seeds, list) else seeds

    @field_validator("vary", mode="before")
    @classmethod
    def _read_vary(cls, vary: Any) -> Any:
        """Lists as TOML and JSON have them, and tables of a range, which names its own faults."""
        if not isinstance(vary, dict):
            return vary
        return {
            name: tuple(v) if isinstance(v, list) else Range(**v) if isinstance(v, dict) else v
            for name, v in vary.items()
        }

    @field_validator("name")
    @classmethod
    def _is_a_word(cls, name: str) -> str:
        if not NAME.fullmatch(name):
            raise SettingsError(
                f"name is {name[:60]!r}, but should be at most 40 letters, digits and underscores."
            )
        return name

    @field_validator("storage")
    @classmethod
    def _is_an_address(cls, url: str) -> str:
        scheme, colon, rest = url.partition("://")
        if url and not (scheme and colon and rest):
            raise SettingsError(
                "storage should be the URL of a database that other processes can open, such as "
                "sqlite:////home/me/studies.db or postgresql://me@host/studies."
            )
        return url

    @model_validator(mode="after")
    def _can_be_searched(self) -> StudySettings:
        if not self.vary:
            raise SettingsError("vary is empty, but should name at least one setting.")
        for name, values in self.vary.items():
            if isinstance(values, Range):
                if self.search == "grid":
                    raise SettingsError(
                        f"{name} is a range, which a grid cannot try: list its values, or search "
                        "by random or tpe."
                    )
            elif not values:
                raise SettingsError(f"{name} has no values: give at least one.")
            elif len(set(values)) < len(values):
                raise SettingsError(f"{name} has a value twice: give each once.")
            if name in self.fixed:
                raise SettingsError(f"{name} is both fixed and varied.")
        if not self.seeds or len(set(self.seeds)) < len(self.seeds):
            raise SettingsError("seeds should be at least one; give each once.")
        chosen = system(self.system)
        split_settings(chosen, {**self.fixed, **self.vary})
        for info in (*chosen.config_type.infos(), *chosen.training_type.infos()):
            values = self.vary.get(info.name)
            if isinstance(values, Range) and info.kind not in ("int", "float"):
                raise SettingsError(f"{info.name} is no number; list its values.")
            if isinstance(values, Range) and info.kind == "int" and not values.is_whole:
                raise SettingsError(
                    f"{info.name} takes whole numbers; write its range's ends as such."
                )
        return self

    def spec(self, chosen: dict[str, Any], seed: int) -> RunSpec:
        """The run of one choice and seed; raises ``SettingsError`` naming a wrong value."""
        return spec_of(
            self.system,
            dataset=self.dataset,
            preset=self.preset,
            seed=seed,
            name=self.name,
            **{**self.fixed, **chosen},
        )


def read_study(file: Path) -> StudySettings:
    """A study from a TOML file; raises ``SettingsError`` if there is none or it is wrong."""
    try:
        data = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SettingsError(f"There is no file {file}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file} is not TOML: {error}.") from None
    return StudySettings(**data)
