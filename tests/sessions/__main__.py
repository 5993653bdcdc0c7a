"""Many sessions for some minutes: ``python -m tests.sessions --sessions 20 --minutes 5``.

Each opens pages and tabs and moves controls at random, as quickly as a person who reads little, and
begins anew now and then. Prints how long pages took, what went wrong, and the server's memory.

With ``--sliders`` only sliders are moved, as on a page that all of a class look at.
With ``--again`` each begins anew with the moves it made before: after the first round everything is
cached, and memory that still grows is a leak.
"""

import argparse
import random
import tempfile
from collections import defaultdict
from pathlib import Path
from threading import Event, Thread
from time import monotonic

import numpy as np
from streamlit.proto.WidgetStates_pb2 import WidgetState

from tests.browser import driver
from tests.pages.addresses import PREFIX
from tests.record.scenarios import Choice, choices
from tests.sessions.client import Item, Session
from tests.sessions.places import TIMED, Place, places

MOVED = ("slider", "number_input", "selectbox", "multiselect", "button_group", "checkbox")
PAUSE_S = (1.0, 4.0)
MOVES = 5
"""Controls moved before another page or tab is opened."""
SLOWEST = 15
LIFE = 8
"""Pages and tabs opened before a session begins anew."""


class Log:
    """What all sessions note: seconds by what was done, and errors."""

    def __init__(self) -> None:
        self.seconds: dict[str, list[float]] = defaultdict(list)
        self.errors: list[str] = []
        self.rounds: dict[int, int] = defaultdict(int)
        self.slowest: list[tuple[float, str]] = []

    def done(self, what: str, seconds: float, where: str, found: list[str]) -> None:
        self.seconds[what].append(seconds)
        self.slowest = sorted([*self.slowest, (seconds, f"{what} {where}")], reverse=True)[:SLOWEST]
        self.errors += [f"{where}: {text}" for text in found]


def state_of(item: Item, choice: Choice) -> WidgetState:
    """What the browser would send."""
    state = WidgetState(id=item.proto.id)
    if choice.field.endswith("array_value"):
        getattr(state, choice.field).data[:] = choice.value
    else:
        setattr(state, choice.field, choice.value)
    return state


def live(
    address: str, visits: list[Place], number: int, log: Log, over: Event, asked: argparse.Namespace
) -> None:
    """One person's session after another, until it is over."""
    chance = random.Random(number)
    where, moved = "", MOVED[:1] if asked.sliders else MOVED
    while not over.is_set():
        if asked.again:
            chance = random.Random(number)
        session = Session(address)
        try:
            for _ in range(LIFE):
                page, tab = chance.choice(visits)
                where = f"{page or 'home'} {tab}"
                took = session.open(page, {f"{PREFIX[page]}_tab": tab} if tab else "")
                log.done("open", took, where, session.errors())
                for _ in range(MOVES):
                    if over.wait(chance.uniform(*PAUSE_S)):
                        return
                    found = [item for item in session.items if item.kind in moved]
                    movable = [(item, options) for item in found if (options := choices(item))]
                    if not movable:
                        break
                    item, options = chance.choice(movable)
                    picked = chance.choice(options)
                    where = f"{page} {tab}, {item.key} to {picked.words}"
                    log.done("move", session.move(state_of(item, picked)), where, session.errors())
        except Exception as error:
            log.errors.append(f"{where}: {error!r}")
        finally:
            session.close()
            log.rounds[number] += 1


def memory_mb(address: str) -> float:
    """The resident memory of the server that listens there."""
    port = address.rpartition(":")[2]
    for process in Path("/proc").iterdir():
        try:
            if process.name.isdigit() and f"--server.port\0{port}\0" in (
                process / "cmdline"
            ).read_text(errors="replace", encoding="utf-8"):
                status = (process / "status").read_text(encoding="utf-8")
                return int(status.split("VmRSS:")[1].split()[0]) / 1024
        except (OSError, IndexError):
            continue
    return float("nan")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, prog="python -m tests.sessions")
    parser.add_argument("--sessions", type=int, default=20)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument("--sliders", action="store_true", help="move sliders only")
    parser.add_argument("--again", action="store_true", help="the same moves in each round")
    asked = parser.parse_args()
    log, over = Log(), Event()
    with tempfile.TemporaryDirectory() as folder, driver.server(Path(folder) / "runs") as address:
        visits = [place for place in places(address) if place != TIMED]
        columns = ("minute", "MB", "rounds", "moves", "p50", "p95", "errors")
        print(" ".join(f"{name:>7}" for name in columns))
        threads = [
            Thread(target=live, args=(address, visits, number, log, over, asked), daemon=True)
            for number in range(asked.sessions)
        ]
        began = monotonic()
        for thread in threads:
            thread.start()
        before = 0
        while monotonic() - began < 60 * asked.minutes:
            over.wait(30)
            seconds = log.seconds["move"][before:]
            before += len(seconds)
            p50, p95 = np.percentile(seconds, [50, 95]) if seconds else (np.nan, np.nan)
            minute = (monotonic() - began) / 60
            print(
                f"{minute:7.1f} {memory_mb(address):7.0f} {sum(log.rounds.values()):7} "
                f"{before:7} {p50:7.2f} {p95:7.2f} {len(log.errors):7}",
                flush=True,
            )
        over.set()
        for thread in threads:
            thread.join(timeout=5)
    for what, seconds in log.seconds.items():
        p50, p95 = np.percentile(seconds, [50, 95])
        print(f"{what}: n = {len(seconds)}, p50 {p50:.2f} s, p95 {p95:.2f} s")
    print("slowest:")
    for taken, where in log.slowest:
        print(f"  {taken:.1f} s: {where}")
    print(f"errors: {len(log.errors)}")
    for error in log.errors[:20]:
        print(f"  {error[:300]}")


if __name__ == "__main__":
    main()
