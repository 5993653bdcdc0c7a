"""What a study tries: its choices of settings as Optuna asks for them."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from corelib.errors import SettingsError
from corelib.sweeps.settings import MOST_TRIALS, Range, StudySettings

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
        values = [v for v in settings.vary.values() if not isinstance(v, Range)]
        choices = [
            dict(zip(settings.vary, each, strict=True)) for each in itertools.product(*values)
        ]
        if len(choices) > MOST_TRIALS:
            raise SettingsError(
                f"The grid has {len(choices):,} choices, but should have at most {MOST_TRIALS:,}."
            )
        return choices
    if settings.search == "random":
        import optuna

        drawn = optuna.create_study(sampler=optuna.samplers.RandomSampler(settings.search_seed))
        return [drawn.ask(distributions(settings)).params for _ in range(settings.trials)]
    return []


def n_trials(settings: StudySettings) -> int:
    """How many choices the study tries."""
    if settings.search != "grid":
        return settings.trials
    return len(known_choices(settings))


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
