"""What the benchmarks print: one line of JSON per measurement."""

import json
from typing import Any


def report(
    what: str, fast: str, slow: str, needed: float, ms: dict[str, float], **details: Any
) -> dict[str, Any]:
    """One line of a benchmark: how many times faster ``fast`` is than ``slow``."""
    import torch

    return {
        "what": what,
        "ratio": round(ms[slow] / ms[fast], 2),
        "needed": needed,
        "median_ms": {name: round(value, 3) for name, value in ms.items()},
        "threads": torch.get_num_threads(),
        **details,
    }


def show(line: dict[str, Any]) -> None:
    """Print a report as one line of JSON."""
    print(json.dumps(line, ensure_ascii=False), flush=True)
