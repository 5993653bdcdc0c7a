"""What people call their runs: a run named lab1 is lab1, not its id. Imports no torch."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import NamedTuple

from corelib.files import printable

_BEGUN = re.compile(r"(\d{8}-\d{6})-", re.ASCII)


class Named(NamedTuple):
    """What a run's title is made of: its id, its own name (empty if it has none), what it trains
    (``bpan-mnist``), and its seed. All that a file could hold is allowed."""

    id: str
    variant: str = ""
    trained: str = ""
    seed: int = 0


def begun(id: str) -> datetime | None:
    """When a run began, in this machine's time zone; its id says so in UTC. None if it does not."""
    found = _BEGUN.match(id)
    try:
        stamp = datetime.fromisoformat(found[1].replace("-", "T")) if found else None
        return stamp.replace(tzinfo=UTC).astimezone() if stamp else None
    except (ValueError, OverflowError):
        return None


def own_titles(runs: Sequence[Named], taken: Iterable[str] = ()) -> dict[str, str]:
    """A title for each run, by its id; no two are the same, and none is one of those ``taken``.

    A run's own name is its title. Runs of the same name have their seed added, or, if that is the
    same too, the time when they began; a run without a name is called after what it trains and that
    time. Where nothing else tells two runs apart, they are called by their ids. The titles are text
    as a person may have written it: never Markdown.
    """
    reserved = set(taken)
    ways = {run.id: _ways(run) for run in runs}
    level = dict.fromkeys(ways, 0)
    while True:
        titles = {id: ways[id][at] for id, at in level.items()}
        count = Counter(titles.values())
        clash = [
            id
            for id, title in titles.items()
            if (count[title] > 1 or title in reserved) and level[id] + 1 < len(ways[id])
        ]
        if not clash:
            return titles
        for id in clash:
            level[id] += 1


def could_be(run: Named, title: str) -> bool:
    """Whether the run would have this title among some others."""
    return title in _ways(run)


@lru_cache(maxsize=2**16)
def _ways(run: Named) -> list[str]:
    """What a run may be called, the shortest first, its id last."""
    began = begun(run.id)
    day = f"{began.day} {began:%b}" if began else ""
    minute, second = (f"{day} {began:%H:%M}", f"{day} {began:%H:%M:%S}") if began else ("", "")
    name = " ".join(printable(run.variant or run.trained).split())
    if not name:
        return [run.id]
    seed = f"seed {run.seed}"
    known = [[], [seed], [seed, minute], [seed, second]]
    if not run.variant:
        known = [[minute], [seed, minute], [seed, second]]
    ways = [", ".join((name, *filter(None, more))) for more in known]
    return list(dict.fromkeys((*ways, run.id)))
