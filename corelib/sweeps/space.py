"""What a study tries: its choices of settings as Optuna asks for them."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Any

from corelib.errors import SettingsError
from corelib.sweeps.settings import MOST_TRIALS, Range, Scalar, StudySettings

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution
    from optuna.pruners import BasePruner
    from optuna.samplers import BaseSampler

STARTUP = 5
"""Trials that are never pruned and, of TPE, drawn at random."""


def distributions(settings: StudySettings) -> dict[str, BaseDistribution]:
    """Where each varied setting may lie."""
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    found: dict[str, BaseDistribution] = {}
    for name, values in settings.vary.items():
        if not isinstance(values, Range):
            found[name] = CategoricalDistribution(values)
        elif values.is_whole:
            found[name] = IntDistribution(int(values.low), int(values.high), log=values.log)
        else:
            found[name] = FloatDistribution(values.low, values.high, log=values.log)
    return found


def known_choices(settings: StudySettings) -> list[dict[str, Any]]:
    """The choices of a grid, or those drawn at random from the search's seed: they do not depend on
    what comes of any. Empty for a search that learns from its trials."""
    if settings.search == "grid":
        if n_trials(settings) > MOST_TRIALS:
            raise SettingsError(
                f"The grid has {n_trials(settings):,} choices, but should have at most "
                f"{MOST_TRIALS:,}."
            )
        values = _lists(settings)
        return [dict(zip(settings.vary, each, strict=True)) for each in itertools.product(*values)]
    if settings.search == "random":
        import optuna

        optuna.logging.set_verbosity(optuna.logging.WARNING)
        drawn = optuna.create_study(sampler=optuna.samplers.RandomSampler(settings.search_seed))
        return [drawn.ask(distributions(settings)).params for _ in range(settings.trials)]
    return []


def n_trials(settings: StudySettings) -> int:
    """How many choices the study tries."""
    if settings.search != "grid":
        return settings.trials
    return math.prod(map(len, _lists(settings)))


def _lists(settings: StudySettings) -> list[tuple[Scalar, ...]]:
    """The values of a grid, which has no ranges."""
    return [values for values in settings.vary.values() if not isinstance(values, Range)]


def check(settings: StudySettings, every: bool = True) -> None:
    """Raise ``SettingsError`` for the first choice that the system refuses. Where choices follow
    only from the trials before them, or without ``every``, which is faster, each value or end of a
    range is tried alone, the other settings at their first."""
    tried = known_choices(settings) if every else []
    if not tried:
        ends = {
            name: (v.low, v.high) if isinstance(v, Range) else v
            for name, v in settings.vary.items()
        }
        first = {name: values[0] for name, values in ends.items()}
        tried = [{**first, name: value} for name, values in ends.items() for value in values]
    for chosen in tried:
        settings.spec(chosen, settings.seeds[0])


def sampler(settings: StudySettings, number: int) -> BaseSampler:
    """Draws the choice that comes as the ``number``-th: each has a seed of its own, since several
    processes ask at once. Choices under way count as poor, so that no two try the same."""
    from optuna.samplers import TPESampler

    return TPESampler(
        n_startup_trials=STARTUP, constant_liar=True, seed=settings.search_seed * 100_003 + number
    )


def pruner(settings: StudySettings) -> BasePruner:
    from optuna.pruners import MedianPruner, NopPruner, SuccessiveHalvingPruner

    if settings.pruning == "median":
        return MedianPruner(n_startup_trials=STARTUP)
    if settings.pruning == "halving":
        return SuccessiveHalvingPruner()
    return NopPruner()
