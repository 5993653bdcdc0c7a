"""Tables over seeds: raw figures in a shipped CSV, recomputed on request.

The file has one row per model and seed; its first line, a comment, is the command that made it.
What is computed here is kept beside the runs, in ``.reproduce/NAME.csv``. Imports torch only to
measure.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import contextmanager
from functools import cache
from os import scandir
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from filelock import FileLock, Timeout

from corelib.errors import DataError, RunError, SettingsError
from corelib.files import write_text
from corelib.reproduce import seeds as seed_runs
from corelib.runs.launch import spawn
from corelib.runs.spec import RunSpec, versions
from corelib.runs.store import Run, runs_root

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

SHIPPED = Path(__file__).parents[2] / "assets" / "results"
MOST_SEEDS = 100


class OverSeeds(NamedTuple):
    """A table over seeds: ``specs`` gives what one seed trains, ``measure`` the raw rows of specs
    and their completed runs, ``summary`` the table of those rows; ``seeds`` is the default number
    of seeds."""

    name: str
    seeds: int
    specs: Callable[[int], list[RunSpec]]
    measure: Callable[[Sequence[RunSpec], Sequence[Run]], pd.DataFrame]
    summary: Callable[[pd.DataFrame], pd.DataFrame]

    def all_specs(self, n_seeds: int | None = None) -> list[RunSpec]:
        """Every run: all models of seed 0, then of seed 1, and so on."""
        return list(_all_specs(self.specs, self.seeds if n_seeds is None else n_seeds))

    def rows(self, n_seeds: int | None = None) -> pd.DataFrame:
        """The raw rows; trains what no completed run covers."""
        specs = self.all_specs(n_seeds)
        return self.measure(specs, seed_runs.train(specs))


class Measured(NamedTuple):
    """A table over seeds of what no run covers: ``measure`` trains and measures the raw rows of
    some seeds by itself; the rest is as in ``OverSeeds``."""

    name: str
    seeds: int
    measure: Callable[[Sequence[int]], pd.DataFrame]
    summary: Callable[[pd.DataFrame], pd.DataFrame]

    def rows(self, n_seeds: int | None = None) -> pd.DataFrame:
        """The raw rows."""
        return self.measure(range(self.seeds if n_seeds is None else n_seeds))


@cache
def _all_specs(specs: Callable[[int], list[RunSpec]], n_seeds: int) -> tuple[RunSpec, ...]:
    # Cached for a page that polls: the versions in each spec take a while to look up.
    return tuple(spec for seed in range(n_seeds) for spec in specs(seed))


def table(
    what: OverSeeds | Measured, train: bool = False, n_seeds: int | None = None, ship: bool = False
) -> pd.DataFrame:
    """The table from the shipped figures, or from those computed now; ``attrs["notes"]`` has the
    sentences to show below it.

    ``train`` trains what no completed run covers and measures all of it; ``ship`` does the same and
    replaces the shipped figures. Raises ``SettingsError`` for a wrong number of seeds, ``RunError``
    if the same table is already being computed.
    """
    if n_seeds is not None and not 1 <= n_seeds <= MOST_SEEDS:
        raise SettingsError(f"seeds is {n_seeds}, but should be from 1 to {MOST_SEEDS}.")
    if n_seeds is not None and not (train or ship):
        raise SettingsError("seeds is the number of seeds to train; add --train.")
    if train or ship:
        with computing(what.name):
            rows = what.rows(n_seeds)
            file = own_file(what.name)
            write(rows, file, f"python -m corelib reproduce {what.name} --train", n_seeds)
            if ship:
                file = _shipped_file(what.name)
                write(rows, file, f"python -m corelib reproduce {what.name} --ship", n_seeds)
        note = "Computed now on this machine."
    else:
        rows = shipped(what.name)
        note = f"From assets/results/{what.name}.csv; --train recomputes it."
    frame = what.summary(rows)
    frame.attrs["notes"] = [note, *frame.attrs.get("notes", ())]
    return frame


def shipped(name: str) -> pd.DataFrame:
    """The shipped raw rows; raises ``DataError`` if they are missing or damaged."""
    return _read(_shipped_file(name), f"make it with: python -m corelib reproduce {name} --ship")


def shipped_state() -> tuple[tuple[str, int, int], ...]:
    """The shipped tables: name, when its file was written in ns, and its size in bytes; none where
    the folder is not there. What is computed from them holds as long as this is the same."""
    try:
        with scandir(SHIPPED) as files:
            known = [(Path(file).stem, file.stat()) for file in files if file.name.endswith(".csv")]
    except FileNotFoundError:
        return ()
    return tuple(sorted((name, stat.st_mtime_ns, stat.st_size) for name, stat in known))


def own(name: str) -> pd.DataFrame | None:
    """The raw rows last computed by ``--train`` with these runs; None if there are none."""
    file = own_file(name)
    return _read(file, "remove it and recompute it") if file.exists() else None


class Newest(NamedTuple):
    """The raw ``rows`` to show, and whether they were computed here (``own``)."""

    rows: pd.DataFrame
    own: bool


def newest(name: str) -> Newest:
    """The rows computed here, else the shipped ones; raises ``DataError`` if unreadable."""
    rows = own(name)
    return Newest(shipped(name), own=False) if rows is None else Newest(rows, own=True)


def is_here(name: str) -> bool:
    """Whether there are any rows to show."""
    return own_file(name).exists() or _shipped_file(name).exists()


def own_file(name: str) -> Path:
    return _folder() / f"{name}.csv"


def _shipped_file(name: str) -> Path:
    return SHIPPED / f"{name}.csv"


def start_in_background(name: str) -> None:
    """Compute a table in its own process, which a closed tab or server does not end.

    Its progress is in ``seeds.progress`` and ``last_line``; the rows are then ``own(name)``.
    Cancelling the current run ends the process; starting it again continues. Raises ``RunError``
    if the table is already being computed.
    """
    if is_computing(name):
        raise RunError(f"{name} is already being computed; its log is {log_file(name)}.")
    _folder().mkdir(parents=True, exist_ok=True)
    log_file(name).unlink(missing_ok=True)
    spawn(["corelib", "reproduce", name, "--train"], log_file(name))


def log_file(name: str) -> Path:
    return _folder() / f"{name}.log"


def last_line(name: str) -> str:
    """The last line from the background process: the current run and how long all will take, or
    why it ended; empty if there is none."""
    try:
        lines = log_file(name).read_text(errors="replace", encoding="utf-8").splitlines()
    except FileNotFoundError:
        return ""
    return lines[-1] if lines else ""


def is_computing(name: str) -> bool:
    """Whether a process, this one or another, is computing this table now."""
    lock = _folder() / f"{name}.lock"
    if not lock.exists():
        return False
    try:
        with FileLock(lock).acquire(blocking=False):
            return False
    except Timeout:
        return True


@contextmanager
def computing(name: str) -> Iterator[None]:
    """Inside, only this process computes the table; raises ``RunError`` if another one does."""
    folder = _folder()
    folder.mkdir(parents=True, exist_ok=True)
    try:
        # With a timeout: checking whether the lock is held holds it for a moment.
        with FileLock(folder / f"{name}.lock").acquire(timeout=1):
            yield
    except Timeout:
        raise RunError(
            f"{name} is already being computed by another process; see its progress "
            "with: python -m corelib runs list"
        ) from None


def _folder() -> Path:
    return runs_root() / ".reproduce"


def write(rows: pd.DataFrame, file: Path, command: str, n_seeds: int | None = None) -> None:
    """Write raw rows below a comment with their command, by one rename."""
    if n_seeds is not None:
        command += f" --seeds {n_seeds}"
    made_with = ", ".join(f"{name} {number}" for name, number in versions().items())
    file.parent.mkdir(parents=True, exist_ok=True)
    write_text(file, f"# {command} ({made_with})\n{rows.to_csv(index=False)}")


def _read(file: Path, otherwise: str) -> pd.DataFrame:
    import pandas as pd

    try:
        return pd.read_csv(file, comment="#")
    except FileNotFoundError:
        raise DataError(f"There is no file {file}; {otherwise}") from None
    except (OSError, ValueError) as error:
        raise DataError(f"{file} cannot be read ({error}); {otherwise}") from None
