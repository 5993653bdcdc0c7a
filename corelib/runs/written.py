"""A run's spec from settings by their names, as a person writes them. Imports no torch."""

from __future__ import annotations

import difflib
import itertools
from collections.abc import Iterable
from typing import Any

from corelib.catalog import System, system
from corelib.errors import SettingsError
from corelib.runs.index import Row, rows
from corelib.runs.spec import RunSpec, make_spec, network_of


def spec_of(
    system_name: str,
    *,
    dataset: str | None = None,
    preset: str = "",
    seed: int = 0,
    name: str = "",
    **settings: Any,
) -> RunSpec:
    """The complete spec of what ``train`` trains with the same arguments."""
    chosen = system(system_name)
    named = chosen.preset(preset) if preset else None
    config, training = split_settings(chosen, settings)
    return make_spec(
        system_name,
        dataset=dataset or (named and named.dataset) or None,
        config={**(named.config if named else {}), **config},
        training={**(named.training if named else {}), **training},
        seed=seed,
        variant=name,
    )


def next_seed(spec: RunSpec, known: Iterable[Row] | None = None) -> int:
    """The lowest seed that no run with these settings has, whatever it is called; of those
    ``known``, or of all, which are looked for now. Raises ``SettingsError`` for a spec that is
    wrong."""
    network, found = network_of(spec), rows(fresh=True) if known is None else known
    taken = {row.seed for row in found if row.network == network}
    return next(seed for seed in itertools.count() if seed not in taken)


def split_settings(
    chosen: System, settings: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Settings of the network and those of its training, told apart by their names.

    Raises ``SettingsError`` for a name that is neither, with the nearest one.
    """
    of_network = {info.name for info in chosen.config_type.infos()}
    of_training = {info.name for info in chosen.training_type.infos()}
    for name in settings:
        if name not in of_network | of_training:
            near = difflib.get_close_matches(name, of_network | of_training, n=1)
            nearest = f"; the nearest is {near[0]}" if near else ""
            raise SettingsError(f"{chosen.name} has no setting named {name!r}{nearest}.")
    return (
        {name: value for name, value in settings.items() if name in of_network},
        {name: value for name, value in settings.items() if name in of_training},
    )
