"""What runs beside a training, and what that costs both: ``python -m benchmarks.beside``.

Two trainings at once against each alone, and a slider that is moved while a training runs against
each without the other, in turns on one machine. Trainings are started as the app starts them, with
two slots for the two; runs are in a temporary folder. Prints lines of JSON: ``ratio`` is what is
left of a training's speed, or how many times longer a slider's round trip takes. With a core for
each busy process both would be 1. On two cores a moved slider keeps two processes busy, the browser
and the server, so that two thirds of a core are due to the training; starving is far less.
"""

import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, Page

from benchmarks.measure import show
from benchmarks.paint import percentile, presses, waits, watched_page
from corelib.runs import launch
from corelib.runs.slots import cores
from corelib.runs.spec import make_spec
from corelib.runs.store import Run
from tests.browser.driver import browser, open_page, server

ROUNDS = 3
WINDOW_S, SETTLE_S, PATIENCE_S = 5.0, 0.5, 60.0
MOVES = 20
MOVED = (("balance", "balance_theta"), ("bars", "bars_direction"))
"""Pages and their sliders: a light one and the heaviest."""


def begin(seed: int) -> Run:
    """A training that lasts, and runs already."""
    run = launch.start(make_spec("bpan", training={"epochs": 1000}, seed=seed))
    _until(run, lambda: run.history().step > 0, "train")
    return run


def pause(run: Run) -> None:
    run.ask("pause")
    _until(run, lambda: run.status.state == "paused", "pause")


def resume(run: Run) -> None:
    launch.resume(run)
    _until(run, lambda: run.status.state == "running", "go on")


def end(runs: list[Run]) -> None:
    for run in runs:
        run.ask("cancel")
    for run in runs:
        _until(run, lambda run=run: not run.is_alive(), "end")


def _until(run: Run, holds: Callable[[], bool], what: str) -> None:
    until = time.monotonic() + PATIENCE_S
    while not holds():
        if time.monotonic() > until:
            state = run.status
            raise SystemExit(f"Run {run.id} did not {what}: it is {state.state}. {state.message}")
        time.sleep(0.02)


def speeds(runs: list[Run], meanwhile: Callable[[], object]) -> list[float]:
    """Updates a second of each run during something, its evaluations left out."""
    time.sleep(SETTLE_S)
    before = [len(run.history().steps) for run in runs]
    meanwhile()
    found = []
    for run, seen in zip(runs, before, strict=True):
        steps = run.history().steps[seen:]
        found.append(sum(s.count for s in steps) / sum(s.seconds for s in steps))
    return found


def wait() -> None:
    time.sleep(WINDOW_S)


def two_trainings() -> None:
    """Each alone, while the other is paused, and both."""
    os.environ["SYNAPTARIUM_SLOTS"] = "2"
    runs = [begin(seed) for seed in (0, 1)]
    alone: list[float] = []
    both: list[list[float]] = []
    for _ in range(ROUNDS):
        both.append(speeds(runs, wait))
        for run, other in (runs, runs[::-1]):
            pause(other)
            alone += speeds([run], wait)
            resume(other)
    base = statistics.median(alone)
    each = [statistics.median(found) for found in zip(*both, strict=True)]
    began = [run.history().began for run in runs]
    end(runs)
    show(
        {
            "what": "two trainings at once, against one alone",
            "ratio": [round(speed / base, 2) for speed in each],
            "updates_per_s": {"alone": round(base, 1), "both": [round(s, 1) for s in each]},
            "threads": [b.threads if b else None for b in began],
            "cores": cores(),
        }
    )


def the_second_waits() -> None:
    """With the slots that this machine has by itself."""
    del os.environ["SYNAPTARIUM_SLOTS"]
    first = begin(2)
    second = launch.start(make_spec("bpan", training={"epochs": 1000}, seed=3))
    states = ("queued", "running")
    _until(second, lambda: second.status.state in states, "start")
    show({"what": "a second training with the standard slots", "state": second.status.state})
    end([first, second])


def beside_a_slider(run: Run, key: str, move: Callable[[], list[float]]) -> dict[str, object]:
    """The slider alone, the training alone, and both; ``move`` gives the times of its moves."""
    slider: dict[str, list[float]] = {"alone": [], "both": []}
    speed: dict[str, list[float]] = {"alone": [], "both": []}
    for _ in range(ROUNDS):
        speed["alone"] += speeds([run], wait)
        speed["both"] += speeds([run], lambda: slider["both"].extend(move()))
        pause(run)
        slider["alone"] += move()
        resume(run)
    times = {
        name: {"median_ms": round(statistics.median(found)), "p95_ms": round(percentile(found))}
        for name, found in slider.items()
    }
    rate = {name: statistics.median(found) for name, found in speed.items()}
    alone, both = times["alone"], times["both"]
    return {
        "what": f"slider {key} beside a training",
        "ratio": round(both["median_ms"] / alone["median_ms"], 2),
        "ratio_p95": round(both["p95_ms"] / alone["p95_ms"], 2),
        "ms": times,
        "ratio_of_training": round(rate["both"] / rate["alone"], 2),
        "updates_per_s": {name: round(value, 1) for name, value in rate.items()},
    }


def sliders(chrome: Browser, address: str, run: Run) -> None:
    for path, key in MOVED:
        with watched_page(chrome) as (page, _, _):
            open_page(page, f"{address}/{path}")
            page.wait_for_timeout(2000)

            def move(page: Page = page, key: str = key) -> list[float]:
                return waits(presses(page, key, MOVES), "all")

            show(beside_a_slider(run, key, move))


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.environ["SYNAPTARIUM_RUNS"] = folder
        two_trainings()
        the_second_waits()
        run = begin(4)
        with browser() as chrome, server(Path(folder)) as address:
            sliders(chrome, address, run)
        end([run])


if __name__ == "__main__":
    main()
