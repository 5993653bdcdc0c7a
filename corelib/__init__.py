"""Synaptarium's library: brain-inspired networks, their training and their analysis.

>>> from corelib import load
>>> model = load("bpan-mnist")
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from corelib.runs.registry import load

__all__ = ["load"]


def __getattr__(name: str) -> Any:
    # Lazily, so that importing one submodule does not import all.
    if name == "load":
        from corelib.runs.registry import load

        return load
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
