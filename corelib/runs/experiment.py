"""One network's training as an object: its settings, its run on disk, and what came of it.

>>> from corelib import train
>>> experiment = train("mlp", epochs=1, max_steps=20, n_hidden=32, progress=False)
>>> experiment.state
'completed'
>>> experiment.history["step"].tolist()
[20]
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Literal

from filelock import Timeout

from corelib.catalog import system
from corelib.data.sources import is_here, load_dataset
from corelib.errors import RunError
from corelib.runs import launch, watch
from corelib.runs.deleted import remove_run
from corelib.runs.expected import Expected, expected_seconds
from corelib.runs.marks import Marks, mark, marks_of
from corelib.runs.progress import view_of
from corelib.runs.registry import Checkpoint, find, load
from corelib.runs.spec import RunSpec, make_spec
from corelib.runs.store import ENDED, Run, State, create_run, find_run
from corelib.runs.written import next_seed, spec_of, split_settings

if TYPE_CHECKING:
    import pandas as pd
    from torch import nn

Where = Literal["worker", "here"]


class Experiment:
    """A network that is trained, with which settings and seed, and what came of it.

    ``train`` makes one and trains it; ``Experiment.of("lab1")`` is that of an existing run. Its run
    is a folder like any other: the app and the command line show it, too.
    """

    def __init__(self, spec: RunSpec, run: Run | None = None) -> None:
        self.spec = spec
        """System, data, settings and seed, complete and checked."""
        self._run = run

    @classmethod
    def of(cls, name: str) -> Experiment:
        """The experiment of a run, by its id, the beginning of it, or its own name.

        Raises ``RunError`` where no run, or more than one, is called so.
        """
        run = find_run(name)
        return cls(run.spec, run)

    def __repr__(self) -> str:
        at = f"run {self.run.id}, {self.state}" if self._run else "not begun"
        return f"Experiment({self.spec.title}, seed {self.spec.seed}, {at})"

    @property
    def run(self) -> Run:
        """Its folder; raises ``RunError`` before it has begun."""
        if self._run is None:
            raise RunError(f"{self.spec.title} has not been trained yet; call start() or train().")
        return self._run

    @property
    def id(self) -> str:
        """The run's id."""
        return self.run.id

    @property
    def state(self) -> State:
        """Queued, starting, running, paused, completed, cancelled, failed or died."""
        return self.run.status.state

    @property
    def expected(self) -> Expected:
        """How long training will take, from the runs that this machine has made."""
        return expected_seconds(self.spec)

    def start(self) -> Experiment:
        """Train in a process of its own, which outlives this one; returns at once."""
        _check_data(self.spec)
        if self._run is None:
            self._run = launch.start(self.spec)
        else:
            launch.resume(self._run)
        return self

    def train(self, progress: bool = True, where: Where = "worker") -> Experiment:
        """Train to the end, or go on from the last checkpoint; returns this experiment.

        ``where`` is "worker", a process of its own, or "here", this process: for debugging, and for
        systems that only this process has registered. Ctrl-C saves a checkpoint, leaves the run
        cancelled so that it can go on, and raises ``KeyboardInterrupt``. Raises ``RunError`` if it
        ends any other way than completed.
        """
        if where == "here":
            return self._train_here(progress)
        self.start()
        return self.wait(progress)

    def wait(self, progress: bool = True) -> Experiment:
        """Wait until the run is completed; Ctrl-C cancels it, and it can go on."""
        run = self.run
        try:
            with _shown(run, progress) as see:
                watch.until_completed(run, see)
        except KeyboardInterrupt:
            if run.status.state not in ENDED:
                watch.cancel(run)
            raise
        return self

    def pause(self) -> None:
        """Ask the worker to pause; ``start`` or ``train`` go on."""
        self.run.ask("pause")

    def cancel(self) -> None:
        """End training after the current update; its checkpoint stays, so that it can go on."""
        watch.cancel(self.run)

    def _train_here(self, progress: bool) -> Experiment:
        from corelib.runs.worker import work

        _check_data(self.spec)
        run = self._run = self._run or create_run(self.spec)
        if run.status.state == "completed":
            raise RunError(f"Run {run.id} is completed; there is nothing left to train.")
        run.reset_control()
        try:
            lock = run.lock.acquire(timeout=2)
        except Timeout:
            raise RunError(f"Run {run.id} already has a worker.") from None
        interrupted = threading.Event()

        def stop(*_: object) -> None:
            interrupted.set()
            with suppress(RunError):
                run.ask("cancel")

        with lock, _torch_as_it_was(), _interrupt(stop), _followed(run, progress):
            work(run)
        if interrupted.is_set():
            raise KeyboardInterrupt
        watch.until_completed(run)
        return self

    def again(
        self, seed: int | None = None, dataset: str | None = None, name: str = "", **changes: Any
    ) -> Experiment:
        """The same training once more, not begun yet: ``again()`` with the lowest seed that no run
        of these settings has, ``again(seed=0, lr=0.01)`` with a seed and a change of your own.

        Raises ``SettingsError`` naming a wrong setting.
        """
        network, training = split_settings(system(self.spec.system), changes)
        spec = make_spec(
            self.spec.system,
            dataset=dataset or self.spec.dataset,
            config={**self.spec.config, **network},
            training={**self.spec.training, **training},
            variant=name,
        )
        return Experiment(
            spec.model_copy(update={"seed": next_seed(spec) if seed is None else seed})
        )

    @property
    def marks(self) -> Marks:
        """Its name, tags and note."""
        return marks_of(self.run)

    def mark(
        self, *, name: str | None = None, tags: Iterable[str] | None = None, note: str | None = None
    ) -> Marks:
        """Name the run, tag it, or add a note: what is not given stays; empty text takes it away.

        Raises ``SettingsError`` where something is too long.
        """
        return mark(self.run, name=name, tags=tags, note=note)

    def remove(self) -> None:
        """Delete the run; ``corelib.runs.restore_run`` brings it back. Raises ``RunError`` until it
        has ended."""
        remove_run(self.run)

    @property
    def checkpoint(self) -> Checkpoint:
        """The checkpoint with the best validation score; raises ``CheckpointError`` before the
        first one is saved."""
        return find(f"run:{self.run.id}")

    @property
    def model(self) -> nn.Module:
        """The network of that checkpoint, ready to use."""
        return load(self.checkpoint)

    @property
    def metrics(self) -> dict[str, float]:
        """Measured on the test set with the best checkpoint; empty until training is completed."""
        finished = self.run.history().finished
        return dict(finished.metrics) if finished else {}

    @property
    def history(self) -> pd.DataFrame:
        """One row for each validation: ``step`` (updates so far), ``epoch``, ``score`` and
        ``best``, then the metrics on the validation set. ``attrs["score"]`` names the metric that
        selects the best checkpoint."""
        import pandas as pd

        validations = self.run.history().validations
        rows = [
            {"step": v.step, "epoch": v.epoch, "score": v.score, "best": v.best, **v.metrics}
            for v in validations
        ]
        frame = pd.DataFrame(rows, columns=None if rows else ["step", "epoch", "score", "best"])
        if validations:
            frame.attrs["score"] = validations[0].measure
        return frame

    @property
    def steps(self) -> pd.DataFrame:
        """One row for each line of the training curve: ``step`` is its last update, ``seconds`` the
        time that its ``count`` updates took, then the means of their metrics."""
        import pandas as pd

        rows = [
            {"step": e.step, "count": e.count, "seconds": e.seconds, **e.metrics}
            for e in self.run.history().steps
        ]
        return pd.DataFrame(rows, columns=None if rows else ["step", "count", "seconds"])


def train(
    system_name: str,
    *,
    dataset: str | None = None,
    preset: str = "",
    seed: int = 0,
    name: str = "",
    progress: bool = True,
    where: Where = "worker",
    detach: bool = False,
    **settings: Any,
) -> Experiment:
    """Train a network: ``train("bpan", epochs=1, n_excitatory=64)``.

    ``settings`` are those of the network and of its training by their names, as in ``python -m
    corelib train SYSTEM --help``; ``preset`` names a set of them, which single ones replace.
    ``name`` is a word that tells this run from others. ``where`` is "worker" or "here" (see
    ``Experiment.train``); with ``detach`` it returns at once and the run goes on by itself. Raises
    ``SettingsError`` naming a wrong setting, ``DataError`` for missing data, ``RunError`` if the
    run ends incomplete.
    """
    experiment = Experiment(
        spec_of(system_name, dataset=dataset, preset=preset, seed=seed, name=name, **settings)
    )
    return experiment.start() if detach else experiment.train(progress, where)


def _check_data(spec: RunSpec) -> None:
    """Raise ``DataError``, which says how to get it, where the data is missing: before a run is
    made that could only fail."""
    if not is_here(spec.dataset):
        load_dataset(spec.dataset)


@contextmanager
def _shown(run: Run, progress: bool) -> Iterator[Callable[[Any], None] | None]:
    """What is called with each status, to show the run's progress."""
    if not progress:
        yield None
        return
    view, history = view_of(run), run.history()

    def see(status: Any) -> None:
        history.refresh()
        view.show(status, history)

    try:
        yield see
    finally:
        view.close()


@contextmanager
def _followed(run: Run, progress: bool) -> Iterator[None]:
    """Show the progress of a run that this thread trains, from another one."""
    ended = threading.Event()

    def follow() -> None:
        with _shown(run, progress) as see:
            while see is not None and not ended.wait(watch.LOOK_EVERY_S):
                see(run.status)
            if see is not None:
                see(run.status)

    thread = threading.Thread(target=follow, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


@contextmanager
def _interrupt(stop: Callable[..., None]) -> Iterator[None]:
    """Call ``stop`` on Ctrl-C, which reaches the main thread alone."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def _torch_as_it_was() -> Iterator[None]:
    """Leave torch's threads and its random numbers as they were: training sets both."""
    import torch

    threads = torch.get_num_threads()
    try:
        with torch.random.fork_rng():
            yield
    finally:
        torch.set_num_threads(threads)
