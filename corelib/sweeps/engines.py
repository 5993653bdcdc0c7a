"""Who trains the trials: threads of this process, each beside a worker, or tasks of Ray.

Both do the same job, ``train_trial``; what differs is where.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal, NamedTuple

from corelib.errors import SettingsError
from corelib.runs import launch
from corelib.runs.slots import slot_count
from corelib.sweeps.trial import Job, train_trial

if TYPE_CHECKING:
    from collections.abc import Iterator

Engine = Literal["local", "ray"]
ENGINES: tuple[Engine, ...] = ("local", "ray")
RAY_RETRIES = 3
ALL_THEY_ASK = "1024"
"""Slots of runs that Ray has already found a place for."""


class Resources(NamedTuple):
    """How many trials train at once, by default as many as there are slots; of Ray: the address of
    a cluster, empty for this machine, and the cores and GPUs that a trial takes."""

    workers: int = 0
    address: str = ""
    cpus: float = 1.0
    gpus: float = 0.0


def train_all(engine: Engine, jobs: Sequence[Job], given: Resources) -> Iterable[int | None]:
    """Train these trials; yields their numbers as they end."""
    return (_with_ray if engine == "ray" else _here)(jobs, given)


def _here(jobs: Sequence[Job], given: Resources) -> Iterator[int | None]:
    from joblib import Parallel, delayed

    workers = given.workers or slot_count()
    if len(jobs) > workers:
        launch.prepare()
    with _slots(str(max(workers, slot_count()))):
        # Threads suffice: each waits for a worker, which is a process.
        pool = Parallel(n_jobs=workers, backend="threading", return_as="generator_unordered")
        yield from pool(delayed(train_trial)(job) for job in jobs)


@contextmanager
def _slots(number: str) -> Iterator[None]:
    before = os.environ.get("SYNAPTARIUM_SLOTS")
    os.environ["SYNAPTARIUM_SLOTS"] = number
    try:
        yield
    finally:
        if before is None:
            del os.environ["SYNAPTARIUM_SLOTS"]
        else:
            os.environ["SYNAPTARIUM_SLOTS"] = before


def _with_ray(jobs: Sequence[Job], given: Resources) -> Iterator[int | None]:
    try:
        import ray
    except ImportError:
        raise SettingsError(
            "Ray is not installed; install it with: pip install 'synaptarium[ray]'"
        ) from None
    from corelib.environment import runs_root

    env = {"SYNAPTARIUM_RUNS": str(runs_root().resolve()), "SYNAPTARIUM_SLOTS": ALL_THEY_ASK}
    began = not ray.is_initialized()
    if began:
        ray.init(
            address=given.address or None,
            num_cpus=None if given.address or not given.workers else given.workers,
            runtime_env={"env_vars": env | _path()},
            include_dashboard=False if not given.address else None,
            configure_logging=False,
            log_to_driver=False,
        )
    try:
        needs = {"num_cpus": given.cpus, "num_gpus": given.gpus, "max_retries": RAY_RETRIES}
        task = ray.remote(train_trial).options(**needs)
        waiting = [task.remote(job) for job in jobs]
        while waiting:
            done, waiting = ray.wait(waiting)
            yield from ray.get(done)
    finally:
        if began:
            ray.shutdown()


def _path() -> dict[str, str]:
    """What lets a process of Ray find this package where it is not installed."""
    from corelib.runs.launch import import_path

    return {"PYTHONPATH": import_path()}
