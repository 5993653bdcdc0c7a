"""The digit that all pages share: one record a session, and one parameter of the address.

``?digit=draw.eNp...`` is a picture that was drawn, ``?digit=upload...`` one that was uploaded:
28 x 28 pixels of 4 bits, base64url, deflated where that is shorter. ``?digit=mnist.1234`` is a test
image. What an address holds is a stranger's: a value that cannot be read is no digit.
"""

import base64
import binascii
import re
import zlib
from typing import NamedTuple

import numpy as np
import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from corelib.data import DATASETS

DIGIT = "digit"
"""Name of the shared record, in the session and in the address."""
TEST, DRAW, UPLOAD = "Test set", "Draw", "Upload"
SIDE = 28
LEVELS = 16
BYTES = SIDE * SIDE // 2
MOST = 4 * -(-BYTES // 3)
"""Characters that a picture has at most."""
_SOURCES = {"draw": DRAW, "upload": UPLOAD}
_BASE64 = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)
_INDEX = re.compile(r"[0-9]{1,7}", re.ASCII)


class TestImage(NamedTuple):
    """A test image of a data set."""

    __test__ = False  # for pytest: not a test

    dataset: str
    place: int


class Picture(NamedTuple):
    """A person's own picture: ``source`` is how it came, ``pixels`` uint8 (28, 28) of 16 levels."""

    source: str
    pixels: np.ndarray


Record = TestImage | Picture | None


def in_levels(pixels: np.ndarray) -> np.ndarray:
    """The picture as an address can hold it: each pixel at the nearest of 16 grey levels.

    What the networks read is this one, so that a link gives the same numbers.
    """
    step = 255 // (LEVELS - 1)
    return ((pixels.astype(np.uint16) + step // 2) // step * step).astype(np.uint8)


def as_text(pixels: np.ndarray) -> str:
    """A picture, uint8 (28, 28), as at most ``MOST`` characters."""
    levels = (in_levels(pixels) // (255 // (LEVELS - 1))).reshape(-1, 2)
    packed = (levels[:, 0] << 4 | levels[:, 1]).tobytes()
    deflated = zlib.compress(packed, 9)
    shorter = min(packed, deflated, key=len)
    return base64.urlsafe_b64encode(shorter).decode().rstrip("=")


def from_text(text: str) -> np.ndarray | None:
    """The picture, uint8 (28, 28); None if this is none, or a blank one."""
    if len(text) > MOST or not _BASE64.fullmatch(text):
        return None
    try:
        packed = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        if len(packed) != BYTES:
            packed = _inflated(packed)
    except (binascii.Error, zlib.error):
        return None
    if len(packed) != BYTES:
        return None
    pairs = np.frombuffer(packed, np.uint8)
    levels = np.stack([pairs >> 4, pairs & 15], axis=1).reshape(SIDE, SIDE)
    return levels * np.uint8(255 // (LEVELS - 1)) if levels.any() else None


def _inflated(data: bytes) -> bytes:
    """At most one byte more than a picture has, whatever ``data`` would grow to."""
    inflate = zlib.decompressobj()
    packed = inflate.decompress(data, BYTES + 1)
    return packed if inflate.eof and not inflate.unused_data else b""


def written(record: Record) -> str:
    """The record as an address holds it; empty if there is none."""
    if record is None:
        return ""
    if isinstance(record, TestImage):
        return f"{record.dataset}.{record.place}"
    kind = next(kind for kind, source in _SOURCES.items() if source == record.source)
    return f"{kind}.{as_text(record.pixels)}"


def read(text: str) -> Record:
    """What an address asks for; None for what cannot be read."""
    kind, dot, rest = text.partition(".")
    if not dot:
        return None
    if kind in _SOURCES:
        pixels = from_text(rest)
        return None if pixels is None else Picture(_SOURCES[kind], pixels)
    known = kind in DATASETS and _INDEX.fullmatch(rest)
    return TestImage(kind, int(rest)) if known else None


class Kept(NamedTuple):
    """What a session keeps beside the record: the last picture by source, and its strokes."""

    pictures: dict[str, np.ndarray]
    strokes: list


def kept(name: str) -> Kept:
    """The session's own, to be changed in place."""
    return st.session_state.setdefault(f"_{name}_kept", Kept({}, []))


def recall(name: str) -> Record:
    """The record of this session; of the address in a new session, and after Back or Forward, for
    then the view that was left counts."""
    context = get_script_run_ctx()
    moved = context is not None and context.is_history_navigation
    if f"_{name}" not in st.session_state or moved:
        record = st.session_state[f"_{name}"] = read(st.query_params.get(name, ""))
        if isinstance(record, Picture):
            own = kept(name)
            if not np.array_equal(own.pictures.get(record.source, ()), record.pixels):
                own.pictures[record.source] = record.pixels
                if record.source == DRAW:
                    own.strokes.clear()
    return st.session_state[f"_{name}"]


def remember(name: str, record: Record) -> None:
    """Set the record of this session."""
    st.session_state[f"_{name}"] = record


def forget(name: str) -> None:
    """End the record on all pages."""
    remember(name, None)
    st.session_state.pop(f"_{name}_kept", None)


def put_in_address(name: str, record: Record) -> None:
    """Write the record to the address, or take it out where there is none."""
    text = written(record)
    if text and st.query_params.get_all(name) != [text]:
        st.query_params[name] = text
    elif not text and name in st.query_params:
        del st.query_params[name]
