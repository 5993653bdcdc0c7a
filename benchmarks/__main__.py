"""All models' benchmarks in one table: ``python -m benchmarks [FILE.json]``, or ``make bench``.

Each runs in a process of its own, on one core, one after another; it takes some minutes on a calm
machine. A row is one measurement: our median time, that of its reference (a plain implementation of
the same computation, timed in turns with ours), how many times faster ours is, the share of our
time that the matrix products alone would take at the core's best rate, and the ratio that is
needed. The whole of it goes to FILE.json, by default ``bench.json``.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks.measure import columns
from corelib.words import percent

MODULES = ("bpan", "baselines", "bpc", "butd", "ipvae")
HEADINGS = ("what", "ours / ms", "reference / ms", "ratio", "products", "needed", "met")


def lines(module: str) -> list[dict[str, Any]]:
    """What one benchmark prints; its errors go to the terminal, and end this."""
    done = subprocess.run(
        [sys.executable, "-m", f"benchmarks.{module}"],
        check=True,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    )
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def row(line: dict[str, Any]) -> tuple[str, ...]:
    ours, theirs = (line["median_ms"][line[name]] for name in ("ours", "reference"))
    batch = f", batch {line['batch']:,}" if "batch" in line else ""
    return (
        f"{line['what']}{batch}",
        f"{ours:.4g}",
        f"{theirs:.4g}",
        f"{line['ratio']:.2f}",
        percent(line["floor_ms"] / ours, 0),
        f"{line['needed']:g}",
        "yes" if line["ratio"] >= line["needed"] else "no",
    )


def main(file: str = "bench.json") -> None:
    found: list[dict[str, Any]] = []
    for module in MODULES:
        print(f"{module} ...", file=sys.stderr, flush=True)
        found += lines(module)
    Path(file).write_text(json.dumps(found, ensure_ascii=False, indent=1), encoding="utf-8")
    print(columns(HEADINGS, [row(line) for line in found]))


if __name__ == "__main__":
    main(*sys.argv[1:])
