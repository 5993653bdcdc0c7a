"""Running a study: the trials that are missing, spread over an engine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any
from uuid import uuid4

from corelib.data.sources import is_here, load_dataset
from corelib.errors import RunError
from corelib.runs import watch
from corelib.sweeps.engines import Engine, Resources, train_all
from corelib.sweeps.settings import Pruning, Range, Search, StudySettings
from corelib.sweeps.study import Study
from corelib.sweeps.trial import Job

ROUNDS = 3
"""How often trials are taken up again that lost the process which watched them."""


def run(
    study: Study,
    engine: Engine = "local",
    resources: Resources | None = None,
    see: Callable[[Study], object] | None = None,
) -> Study:
    """Train what is missing of a study; ``see`` is called when a trial has ended.

    Ctrl-C saves the runs under way, and running it again goes on with them. Raises ``RunError`` if
    another process runs it.
    """
    with study.held():
        dataset = study.settings.spec(_any_choice(study), study.settings.seeds[0]).dataset
        if not is_here(dataset):
            load_dataset(dataset)  # its error says how to get it
        try:
            for _ in range(ROUNDS):
                jobs = missing(study)
                if not jobs or study.is_stopping:
                    break
                for _number in train_all(engine, jobs, resources or Resources()):
                    if see is not None:
                        see(study)
        except KeyboardInterrupt:
            study.stop()
            for unsaved in study.active_runs():
                # What watched it may be gone with this process.
                with suppress(RunError):
                    watch.cancel(unsaved)
            raise
    return study


def missing(study: Study) -> list[Job]:
    """Jobs for the trials that were begun and not ended, then for those to begin."""
    found = study.results()
    new = range(len(found.begun), found.n_trials)
    folder = str(study.folder)
    return [Job(folder, number, uuid4().hex, number) for number in found.unfinished] + [
        Job(folder, None, uuid4().hex, place) for place in new
    ]


def _any_choice(study: Study) -> dict[str, Any]:
    return {
        name: values.low if isinstance(values, Range) else values[0]
        for name, values in study.settings.vary.items()
    }


def sweep(
    system_name: str,
    *,
    vary: dict[str, Sequence[Any] | Range],
    name: str,
    dataset: str | None = None,
    preset: str = "",
    seeds: Sequence[int] = (0,),
    search: Search = "grid",
    trials: int = 20,
    pruning: Pruning = "none",
    search_seed: int = 0,
    storage: str = "",
    engine: Engine = "local",
    workers: int = 0,
    address: str = "",
    **fixed: Any,
) -> Study:
    """Train a system with every choice of the settings in ``vary``: ``sweep("bpan", name="size",
    vary={"n_excitatory": [64, 128]}, seeds=(0, 1, 2), epochs=1)``.

    ``vary`` gives values, or a ``Range``, by setting; ``fixed`` are the settings that are the same
    in all trials. ``search`` is "grid", "random" or "tpe", the last two with ``trials`` choices;
    ``pruning`` "median" or "halving" ends trials whose first seed lags behind. ``workers`` trials
    train at once, by default as many as there are slots. ``storage`` is the URL of a database that
    keeps the trials in place of a file. The same call goes on where a study of
    this ``name`` was stopped. Raises ``SettingsError`` naming what is wrong.
    """
    settings = StudySettings(
        name=name,
        system=system_name,
        dataset=dataset,
        preset=preset,
        fixed=fixed,
        vary={key: v if isinstance(v, Range) else tuple(v) for key, v in vary.items()},
        seeds=tuple(seeds),
        search=search,
        trials=trials,
        pruning=pruning,
        search_seed=search_seed,
        storage=storage,
    )
    return run(Study.begin(settings), engine, Resources(workers, address))
