"""What a study will cost: how many trainings, and how long they will take. Imports no torch."""

from __future__ import annotations

from corelib.runs.expected import Expected, expected_of_all
from corelib.runs.slots import slot_count
from corelib.sweeps.settings import StudySettings
from corelib.sweeps.space import known_choices, n_trials

SAMPLE = 24
"""Choices whose time is asked for; those of larger studies are taken to be alike."""


def n_trainings(settings: StudySettings) -> int:
    """Every choice with every seed, if none is pruned.

    >>> n_trainings(StudySettings(name="w", system="mlp", vary={"n_hidden": (8, 16)}, seeds=(0, 1)))
    4
    """
    return n_trials(settings) * len(settings.seeds)


def expected(settings: StudySettings, workers: int = 0) -> Expected:
    """How long a study will take with so many trials at once, by default as many as there are
    slots, from the runs that this machine has made.

    It is the time of at most ``SAMPLE`` of its choices, evenly chosen or drawn at random, scaled to
    all and divided among the workers; starting a worker is not foreseen, nor is pruning. Raises
    ``SettingsError`` naming a wrong value.
    """
    drawn = {"search": "random", "trials": min(SAMPLE, settings.trials)}
    known = settings if settings.search != "tpe" else settings.model_copy(update=drawn)
    choices = known_choices(known)
    some = choices[:: -(-len(choices) // SAMPLE)]
    found = expected_of_all([settings.spec(chosen, settings.seeds[0]) for chosen in some])
    times = n_trainings(settings) / len(some)
    at_once = min(workers or slot_count(), n_trials(settings))
    return found._replace(
        seconds=None if found.seconds is None else found.seconds * times / at_once,
        unknown=round(found.unknown * times),
    )
