"""Sentences about data, networks, runs and the machine. Imports neither torch nor plotly."""

import platform
import shutil
import subprocess
from collections.abc import Sequence
from importlib.metadata import version
from typing import NamedTuple

import streamlit as st

from corelib import environment
from corelib.catalog import system
from corelib.data import DATASETS, is_here
from corelib.environment import runs_root
from corelib.runs.index import Row
from corelib.runs.offered import unreadable
from corelib.runs.registry import shipped
from corelib.runs.slots import cores, slot_count
from corelib.runs.store import ENDED
from corelib.words import percent
from dashboard.shell import cache
from dashboard.shell.text import plain


def sentence() -> str:
    """One computed sentence for Home."""
    networks = shipped()
    kinds = len({item.card.system for item in networks})
    return f"{len(networks)} trained networks of {kinds} kinds are available. {runs_sentence()}"


def runs_sentence(rows: Sequence[Row] | None = None) -> str:
    """How many runs this person has, and what they take."""
    rows = cache.rows() if rows is None else rows
    if not rows:
        return "You have no runs yet: open an experiment and press Train."
    states = [row.state for row in rows]
    alive = sum(state not in ENDED for state in states)
    have = "You see" if environment.is_class() else "You have"
    parts = [f"{states.count('completed'):,} completed", f"{alive:,} in progress"]
    others = dict.fromkeys(s for s in states if s in ENDED and s != "completed")
    parts += [f"{states.count(state):,} {state}" for state in others]
    return f"{have} {len(rows):,} run{'s' * (len(rows) != 1)}: {', '.join(parts)}."


class InProgress(NamedTuple):
    """A run that has not ended: the ``share`` of its updates that are done, and in words."""

    share: float
    text: str


def in_progress() -> list[InProgress]:
    """The runs that have not ended, newest first."""
    found: list[InProgress] = []
    alive = [row for row in cache.rows() if row.state not in ENDED]
    # All titles are read only where there is something to say.
    called = cache.run_titles() if alive else {}
    for row in alive:
        share = min(1.0, row.step / row.total) if row.total else 0.0
        title = plain(called.get(row.id, row.id))
        found.append(InProgress(share, f"{title}: {row.state}, {percent(share, 0)}"))
    return found


def data_lines() -> list[str]:
    here, missing, sequences = [], [], 0
    for name, source in DATASETS.items():
        if source.kind == "sequence":
            sequences += 1
        else:
            (here if is_here(name) else missing).append(source.title)
    lines = [f"Available: {', '.join(here)}; {sequences} tasks that reveal digits step by step"]
    if missing:
        lines.append(
            f"Not on this machine (the experiment says how to get it): {', '.join(missing)}"
        )
    return lines


def model_lines() -> list[str]:
    by_system: dict[str, list[str]] = {}
    for item in shipped():
        accuracy = item.card.test.get("accuracy")
        shown = plain(item.name) + (f" {percent(accuracy)}" if accuracy is not None else "")
        by_system.setdefault(item.card.system, []).append(shown)
    lines = [f"{system(name).title}: {', '.join(shown)}" for name, shown in by_system.items()]
    own = len(cache.rows())
    return [
        "Shipped, with test accuracy where they classify:",
        *(f"- {line}" for line in lines),
        f"{own} of your own run{'s' * (own != 1)} in {plain(runs_root().name)}/",
    ]


@st.cache_data(show_spinner=False)
def _gpu() -> str:
    """The CUDA device reported by the driver's own tool; importing torch would take seconds."""
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return ""
    command = [tool, "--query-gpu=name", "--format=csv,noheader"]
    try:
        answer = subprocess.run(
            command, capture_output=True, text=True, timeout=5, check=True, encoding="utf-8"
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return answer.stdout.strip().replace("\n", ", ")


def machine_lines() -> list[str]:
    gpu, slots = plain(_gpu()), slot_count()
    return [
        f"Device: {gpu or 'CPU; no CUDA device found'}",
        f"{cores()} cores; {slots} training run{'s' * (slots != 1)} at a time",
        f"Python {platform.python_version()}, torch {version('torch')}, "
        f"Streamlit {version('streamlit')}",
    ]


def left_out() -> list[str]:
    """Why checkpoints that ship or were imported are not offered, a sentence each; of those of runs
    the table of runs tells."""
    return [item.reason for item in unreadable()]
