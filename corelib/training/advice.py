"""What to lower when training diverged or memory ran out, as the settings' declarations mark it.

Imports no torch: its errors are known by their text.
"""

import errno
import re
from typing import Any, NamedTuple

from corelib.settings import SettingInfo, Settings

MOST_NAMED = 4
"""Settings in one sentence, unless more than these are above their defaults."""

# torch's errors on the CPU and on a GPU, those of its libraries, and of sizes beyond 64 bits.
NO_MEMORY = re.compile(
    r"out of memory|(can't|cannot|unable to) allocate|not enough memory|bad_alloc|alloc_failed"
    r"|size calculation overflowed|maximum possible size",
    re.IGNORECASE,
)
REQUESTED = re.compile(r"allocate ([\d.]+) ?(bytes|([KMGTPE])(i?)B)", re.IGNORECASE)
PREFIXES = "KMGTPE"


class _Named(NamedTuple):
    """A setting with its value."""

    info: SettingInfo
    value: Any

    @property
    def is_raised(self) -> bool:
        """Whether it is above its default."""
        return _amount(self.value) > _amount(self.info.default)

    @property
    def is_least(self) -> bool:
        return self.info.lower is not None and self.value <= self.info.lower

    def __str__(self) -> str:
        default = f"; default {_plain(self.info.default)}" if self.is_raised else ""
        return f"{self.info.name} ({_plain(self.value)}{default})"


def what_to_lower(config: Settings, training: Settings) -> str:
    """A sentence that names the settings that can make training diverge, with their values; those
    above their defaults come first."""
    marked = [named for named in _named(training, config) if named.info.destabilises]
    return _lower(marked)


def out_of_memory(error: BaseException, config: Settings, training: Settings) -> str | None:
    """What to say if an error means that memory ran out: how much was requested, where the error
    says so, and which sizes to lower, those above their defaults first. None for other errors."""
    text = str(error)
    if isinstance(error, OSError):
        lacking = error.errno == errno.ENOMEM
    elif isinstance(error, RuntimeError | ValueError):
        lacking = NO_MEMORY.search(text) is not None
    else:
        lacking = isinstance(error, MemoryError)
    if not lacking:
        return None
    place = "Memory of the GPU" if "CUDA" in text else "Memory"
    size = _requested(text)
    detail = "" if size is None else f": another {_readable(size)} was needed"
    marked = [named for named in _named(training, config) if named.info.takes_memory]
    return f"{place} ran out{detail}. {_lower(marked)}".strip()


def _named(*groups: Settings) -> list[_Named]:
    """The settings that a person chooses, with their values."""
    return [
        _Named(info, getattr(settings, info.name))
        for settings in groups
        for info in settings.choices()
    ]


def _lower(marked: list[_Named]) -> str:
    """ "Lower a (3; default 2), then b (1) or c (1)."; empty if nothing can be lowered."""
    marked = [named for named in marked if not named.is_least]
    raised = [named for named in marked if named.is_raised]
    others = [named for named in marked if not named.is_raised]
    others = others[: max(0, MOST_NAMED - len(raised))]
    groups = [_joined(group) for group in (raised, others) if group]
    return f"Lower {', then '.join(groups)}." if groups else ""


def _joined(group: list[_Named]) -> str:
    *first, last = map(str, group)
    return f"{', '.join(first)} or {last}" if first else last


def _amount(value: Any) -> float:
    """What is compared: a number, or the sum of those in a text such as "300, 300"."""
    return sum(map(int, value.split(","))) if isinstance(value, str) else value


def _plain(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _requested(text: str) -> float | None:
    """The bytes that an error says were requested."""
    found = REQUESTED.search(text)
    if found is None:
        return None
    number, _, prefix, binary = found.groups()
    power = PREFIXES.index(prefix.upper()) + 1 if prefix else 0
    return float(number) * (1024 if binary else 1000) ** power


def _readable(size: float) -> str:
    """40000000000 as "40 GB"."""
    unit = "bytes"
    for prefix in "kMGTPE":
        if size < 999.5:
            break
        size, unit = size / 1000, f"{prefix}B"
    return f"{size:.3g} {unit}"
