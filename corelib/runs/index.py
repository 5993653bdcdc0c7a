"""All runs as rows of a list, read again only where a run has changed. Imports no torch.

What was read of ended runs is kept in ``<runs>/.index.json``, so that ten thousand of them are
listed within a second by a new process, too. The file holds nothing that the runs do not: it may be
deleted at any time.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cache, lru_cache
from pathlib import Path
from threading import Lock
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from corelib import files
from corelib.catalog import SYSTEMS
from corelib.data import own
from corelib.environment import runs_root
from corelib.errors import SettingsError
from corelib.runs.marks import Marks, marks_of
from corelib.runs.scan import Stamps, scan
from corelib.runs.store import ENDED, Run, State
from corelib.runs.summary import summary
from corelib.version import own_version, program_time

if TYPE_CHECKING:
    import pandas as pd

FEW = 20
"""So many rows may be read anew before the file is written again."""


class Row(NamedTuple):
    """What a list shows of a run. ``name`` was given to it later, ``variant`` when it began;
    ``score`` is the best validation score, and ``measure`` what it measures; ``seconds`` were spent
    training and measuring, ``size`` is of its folder in bytes; ``network`` is what ``network_of``
    tells of it, ``former`` are the names that it had before."""

    id: str
    state: State
    message: str = ""
    name: str = ""
    variant: str = ""
    system: str = ""
    dataset: str = ""
    seed: int | None = None
    step: int = 0
    total: int | None = None
    score: float | None = None
    measure: str = ""
    test: Mapping[str, float] = MappingProxyType({})
    parameters: int | None = None
    seconds: float = 0.0
    speed: float | None = None
    size: int = 0
    tags: tuple[str, ...] = ()
    note: str = ""
    owner: str = ""
    shared: bool = False
    problems: tuple[str, ...] = ()
    network: str = ""
    former: tuple[str, ...] = ()

    @property
    def is_readable(self) -> bool:
        """Whether it is known what it trains."""
        return bool(self.system)

    @property
    def trained(self) -> str:
        """System and data set, ``bpan-mnist``; empty if they are not known."""
        return f"{self.system}-{self.dataset}" if self.is_readable else ""

    @property
    def called(self) -> str:
        """Its name, or the word that it was given when it began."""
        return self.name or self.variant

    @property
    def said(self) -> str:
        """Its message and its problems."""
        return files.printable(" ".join(filter(None, (self.message, *self.problems))))


def row_of(run: Run) -> Row:
    """A run's row, read now; what cannot be read is a problem of it, not an error."""
    read = summary(run)
    marks, problems = Marks(), read.problems
    try:
        marks = marks_of(run)
    except SettingsError as error:
        problems = (*problems, str(error))
    spec, began, steps = read.spec, read.history.began, read.history.steps
    updates, seconds = sum(e.count for e in steps), sum(e.seconds for e in steps)
    measured = sum(e.seconds for e in read.history.validations)
    finished = read.history.finished
    return Row(
        id=run.id,
        state=read.state,
        message=read.message,
        name=marks.name,
        variant=spec.variant if spec else "",
        system=spec.system if spec else "",
        dataset=spec.dataset if spec else "",
        seed=spec.seed if spec else None,
        step=read.history.step,
        total=began.total_steps if began else None,
        score=read.best_score,
        measure=read.history.best.measure if read.history.best else "",
        test=dict(read.test or (finished.metrics if finished else {})),
        parameters=began.parameters if began else None,
        seconds=seconds + measured + (finished.seconds if finished else 0.0),
        speed=updates / seconds if seconds else None,
        size=_size(run.folder),
        tags=marks.tags,
        note=marks.note,
        owner=marks.owner,
        shared=marks.shared,
        problems=problems,
        network=read.network,
        former=marks.former,
    )


def _size(folder: Path) -> int:
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):  # removed meanwhile
                total += os.stat(f"{place}/{name}").st_size
    return total


class Index:
    """The rows of one folder of runs; shared by all who look at them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._lock = Lock()
        self._kept: dict[str, tuple[Stamps, Row]] = {}
        self._basis = ""
        self._unwritten = 0

    def rows(
        self, fresh: bool = False, see: Callable[[int, int], object] | None = None
    ) -> list[Row]:
        """All runs, newest first. ``see`` is called with how many are read and how many there are,
        whenever a run had to be read. With thousands of runs, what changed in the last seconds may
        be missing, unless ``fresh``."""
        with self._lock:
            stamps = scan(fresh)
            self._begin()
            rows = []
            for number, (name, stamp) in enumerate(stamps.items()):
                known = self._kept.get(name)
                if known is None or known[0] != stamp or not self._stands(name, known[1]):
                    self._kept[name] = known = (stamp, row_of(Run(self.root / name)))
                    self._unwritten += known[1].state in ENDED
                    if see is not None:
                        see(number + 1, len(stamps))
                rows.append(known[1])
            for name in self._kept.keys() - stamps.keys():
                del self._kept[name]
            if self._unwritten > FEW:
                self._write()
            return rows

    def _stands(self, name: str, row: Row) -> bool:
        """Whether a row whose files have not changed still holds: how a run that has not ended is,
        no file tells."""
        if row.state in ENDED:
            return True
        return (row.state, row.message) == Run(self.root / name).status[:2]

    def _begin(self) -> None:
        """Read the file once, and forget everything where rows would now be read differently."""
        basis = _basis()
        if basis == self._basis:
            return
        self._basis, self._kept = basis, {}
        with suppress(ValueError, OSError, TypeError, KeyError):
            data = json.loads(self._file.read_text(encoding="utf-8"))
            if data["basis"] == basis:
                self._kept = {name: _read(*kept) for name, kept in data["rows"].items()}

    def _write(self) -> None:
        rows = {
            name: (stamps, row) for name, (stamps, row) in self._kept.items() if row.state in ENDED
        }
        # Whoever may not write here has to read the runs again next time.
        with suppress(OSError, ValueError):
            files.write_text(self._file, json.dumps({"basis": self._basis, "rows": rows}))
        self._unwritten = 0

    @property
    def _file(self) -> Path:
        return self.root / ".index.json"


def rows(fresh: bool = False, see: Callable[[int, int], object] | None = None) -> list[Row]:
    """All runs, newest first: see ``Index.rows``."""
    return _index_of(runs_root()).rows(fresh, see)


@lru_cache(maxsize=8)
def _index_of(root: Path) -> Index:
    return Index(root)


def table() -> pd.DataFrame:
    """All runs, the newest first: what was trained, its ``state``, how far it is, its best
    ``score`` and what that measures, its time in ``seconds``, its ``speed`` in updates a second,
    its ``parameters`` and its ``size`` on disk in bytes, its tags and, in ``note``, what is wrong
    with it. ``Experiment.of(id)`` opens one."""
    import pandas as pd

    columns = {
        "name": "called",
        "system": "system",
        "dataset": "dataset",
        "seed": "seed",
        "state": "state",
        "updates": "step",
        "of": "total",
        "score": "score",
        "measure": "measure",
        "seconds": "seconds",
        "speed": "speed",
        "parameters": "parameters",
        "size": "size",
        "tags": "tags",
        "note": "said",
    }
    read = {
        row.id: {column: getattr(row, field) for column, field in columns.items()}
        for row in rows(fresh=True)
    }
    frame = pd.DataFrame.from_dict(read, orient="index", columns=list(columns))
    return frame.rename_axis("run")


def _basis() -> str:
    """What rows depend on besides the runs: this program, its systems, and a person's own data."""
    return repr((Row._fields, own_version(), _begun_with(), sorted(SYSTEMS), own.state()))


@cache
def _begun_with() -> int:
    """The program that this process runs: what its settings are, and what it understands."""
    return program_time()


def _read(stamps: list, row: list) -> tuple[Stamps, Row]:
    written = dict(zip(Row._fields, row, strict=True))
    lists: dict[str, Any] = {name: tuple(written[name]) for name in ("tags", "problems", "former")}
    return Stamps(*(cast("tuple[int, int]", tuple(s)) for s in stamps)), Row(**{**written, **lists})
