"""What is held still while recording: clock, chance, trainings; and what is overheard of files."""

import hashlib
import random
import sys
import time
import zlib
from typing import Any

import numpy as np
import torch

OURS = ("corelib", "dashboard", "pages")
TICK = 2.0**-10
"""A share of a second, exact in binary: differences of times stay what they are."""
DEAR = ("image/gif", "video/mp4")
"""Types of files that are made only where ``all_files`` is set: they take seconds."""
KEPT = 200
TEXT = 40_000
"""Longer files are kept by their hash and their first lines only."""

media: dict[str, dict] = {}
"""Images, sounds and files that were sent, by the name that Streamlit gave them."""
offered: dict[str, tuple[Any, str | None, str | None]] = {}
"""Downloads of this run by the id of their button: data, type, file name."""
started: list[dict] = []
"""Trainings that this run would have started."""
_made: dict[tuple, tuple[bytes, list]] = {}
"""Downloads of the same function over the same objects: most figures stay from run to run."""

all_files = True


def hold() -> None:
    """Call before anything of the dashboard is imported."""
    torch.set_num_threads(1)
    _hold_clock()
    _hold_chance()
    _hold_trainings()
    _overhear_files()


def begin() -> None:
    """Before each run of a page: chance begins anew, and nothing is offered or started yet."""
    torch.manual_seed(0)
    random.seed(0)
    np.random.seed(0)  # noqa: NPY002
    offered.clear()
    started.clear()


def described(content: bytes, mime: str | None) -> dict:
    """A file by what is in it."""
    textual = (mime or "").startswith("text/") or (mime or "").endswith(("json", "xml"))
    if textual and len(content) <= TEXT:
        return {"mime": mime, "text": content.decode(errors="replace")}
    found = {"mime": mime, "length": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    if textual:
        found["text"] = content[:2000].decode(errors="replace")
    return found


def _hold_clock() -> None:
    """Our own timings depend on what is timed, not on the machine nor on what ran before."""
    true, now = time.perf_counter, [0.0]

    def perf_counter() -> float:
        frame = sys._getframe(1)
        if not frame.f_globals.get("__name__", "").startswith(OURS):
            return true()
        now[0] += TICK * (1 + zlib.crc32(_timed(frame).encode()) % 97)
        return now[0]

    time.perf_counter = perf_counter


def _timed(frame: Any) -> str:
    """What is being timed: its name, and the size of the network and of the images at hand."""
    words = [str(frame.f_locals.get("name", ""))]
    for _ in range(3):
        frame = frame.f_back
        for name in ("model", "x", "batch"):
            value = frame.f_locals.get(name) if frame else None
            if isinstance(value, torch.nn.Module):
                value = sum(p.numel() for p in value.parameters())
            elif isinstance(value, torch.Tensor):
                value = tuple(value.shape)
            words.append(str(value) if isinstance(value, int | tuple) else "")
    return " ".join(words)


def _hold_chance() -> None:
    true = np.random.default_rng
    np.random.default_rng = lambda seed=None: true(0 if seed is None else seed)


def _hold_trainings() -> None:
    """Buttons that start something only say what they would have started."""
    from types import SimpleNamespace

    from corelib.reproduce import results
    from corelib.runs import launch

    def start(spec: Any) -> Any:
        started.append({"type": "started", "key": None, "spec": spec.model_dump(mode="json")})
        return SimpleNamespace(id="started")

    launch.start = start
    results.start_in_background = lambda name: started.append(
        {"type": "started", "key": None, "table": name}
    )


def _overhear_files() -> None:
    from streamlit.elements.widgets import button
    from streamlit.runtime import memory_media_file_storage as storage

    kind = storage.MemoryMediaFileStorage
    load, marshall = kind.load_and_get_id, button.marshall_file

    def load_and_get_id(self, path_or_data, mimetype, kind, filename=None):
        name = load(self, path_or_data, mimetype, kind, filename)
        if name not in media:
            media[name] = described(self._files_by_id[name].content, mimetype)
        return name

    def marshall_file(coordinates, data, proto, mimetype, file_name=None, **options):
        offered[options.get("element_id", "")] = data, mimetype, file_name
        return marshall(coordinates, data, proto, mimetype, file_name, **options)

    kind.load_and_get_id, button.marshall_file = load_and_get_id, marshall_file


def taken(data: Any) -> bytes:
    """What a click on a download gives, made after the page has run, as in a browser."""
    if not callable(data):
        return _as_bytes(data)
    cells = [cell.cell_contents for cell in getattr(data, "__closure__", None) or ()]
    key = getattr(data, "__code__", data), *map(id, cells)
    if key not in _made:
        while len(_made) >= KEPT:
            del _made[next(iter(_made))]
        # What the function holds is kept with it, so that no other object gets its id.
        _made[key] = _as_bytes(data()), cells
    return _made[key][0]


def _as_bytes(found: Any) -> bytes:
    found = found.read() if hasattr(found, "read") else found
    return found.encode() if isinstance(found, str) else bytes(found)
