"""The image that the networks of a page read: from the test set, drawn, or uploaded."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import streamlit as st

from corelib.data.drawn import from_image, from_strokes
from corelib.errors import DataError
from corelib.words import with_article
from dashboard.components.pad import make_pad
from dashboard.figures.png import png
from dashboard.shell.controls import choice, number, select
from dashboard.shell.text import say_error

if TYPE_CHECKING:
    from corelib.data import ImageDataset

TEST, DRAW, UPLOAD = "Test set", "Draw", "Upload"
ANY = "any"
SIDE, WIDTH = 28, 112
COPIES = 8  # twice what is shown, so that fine screens show sharp edges too

PAD_HTML = """
<div class="pad">
  <canvas class="draw" role="img"
    aria-label="Drawing pad: draw a digit with mouse, pen or finger"></canvas>
  <span class="hint">Draw a digit here</span>
</div>
<div class="tools">
  <button type="button">Undo</button>
  <button type="button">Clear</button>
</div>
"""

_pad = make_pad("digit_pad", PAD_HTML)


class ChosenDigit(NamedTuple):
    """``pixels`` uint8 (28, 28), 0 is black; ``label`` the true class where it is known."""

    pixels: np.ndarray
    label: int | None
    caption: str


class _Upload(NamedTuple):
    """The last uploaded file and the last good image; they differ after a bad file."""

    file_id: str = ""
    pixels: np.ndarray | None = None
    error: str = ""


def digit_input(prefix: str, dataset: "ImageDataset", index: int = 0) -> ChosenDigit | None:
    """The controls, and the image as the network reads it; None until there is one.

    ``index`` is the test image shown first.

    Choice, class and index are part of the address; strokes and uploads are kept for the session.
    All keys begin with ``prefix`` and an underscore; ``pixels`` is a copy that may be changed.
    """
    source = choice(prefix, "input", "Input", (TEST, DRAW, UPLOAD))
    seen = st.container()
    if source == DRAW:
        chosen, hint = _drawn(prefix), "No image yet: draw on the pad."
    elif source == UPLOAD:
        chosen, hint = _uploaded(prefix), "No image yet: upload a picture."
    else:
        chosen, hint = _from_test_set(prefix, dataset, index), ""
    with seen:
        image, text = st.columns(2, vertical_alignment="center")
        if chosen is None:
            image.image(png(np.zeros((SIDE, SIDE), np.uint8), COPIES), width=WIDTH, alt="No image")
            text.caption(hint)
        else:
            caption = f"The network's input: {chosen.caption}"
            image.image(png(chosen.pixels, COPIES), width=WIDTH, alt=caption)
            text.caption(caption)
    return chosen


def _from_test_set(prefix: str, dataset: "ImageDataset", first: int) -> ChosenDigit:
    labels = dataset.test.labels.numpy()
    names = dataset.class_names
    index_key, class_key = f"{prefix}_index", f"{prefix}_class"
    last = len(labels) - 1

    def of_class() -> np.ndarray:
        wanted = st.session_state[class_key]
        return (
            np.arange(len(labels))
            if wanted == ANY
            else np.flatnonzero(labels == names.index(wanted))
        )

    def to_class() -> None:
        candidates = of_class()
        if len(candidates) and st.session_state[index_key] not in candidates:
            st.session_state[index_key] = int(candidates[0])

    def to_index() -> None:
        if st.session_state[index_key] not in of_class():
            st.session_state[class_key] = ANY

    def another() -> None:
        candidates = of_class()
        others = candidates[candidates != st.session_state[index_key]]
        if len(others):
            st.session_state[index_key] = int(np.random.default_rng().choice(others))

    left, right = st.columns(2)
    with left:
        select(prefix, "class", "Class", (ANY, *names), on_change=to_class)
    with right:
        index = number(
            prefix, "index", "Index", 0, last, first, words={"last": last}, on_change=to_index
        )
    st.button("Another image", key=f"{prefix}_another", on_click=another, width="stretch")
    label = int(labels[index])
    return ChosenDigit(
        dataset.test.pixels[index].numpy().copy(),
        label,
        f"test image {index}, {with_article(names[label])}",
    )


def _drawn(prefix: str) -> ChosenDigit | None:
    # The component loses its state when it is not shown; this copy stays.
    pad, kept = f"{prefix}_pad", f"_{prefix}_strokes"
    st.session_state.setdefault(kept, [])
    strokes = (st.session_state.get(pad) or {}).get("strokes", st.session_state[kept])
    pixels = None
    try:
        pixels = from_strokes(strokes, canvas_size=1.0)
        st.session_state[kept] = strokes
    except DataError as error:
        say_error(error)
    _pad(key=pad, data={"strokes": st.session_state[kept]}, on_strokes_change=lambda: None)
    return None if pixels is None else ChosenDigit(pixels, None, "drawn")


def _uploaded(prefix: str) -> ChosenDigit | None:
    kept = f"_{prefix}_uploaded"
    file = st.file_uploader(
        "A picture of one digit",
        key=f"{prefix}_upload",
        max_upload_size=5,
        help="Dark on light or light on dark; PNG, JPEG, GIF, BMP or WebP up to 5 MB",
    )
    # The file is gone after a visit to another page, and for a moment while it is replaced; the
    # last good image stays until there is a new one.
    last = st.session_state.setdefault(kept, _Upload())
    if file is not None:
        if file.file_id != last.file_id:
            try:
                last = _Upload(file.file_id, from_image(file.getvalue()))
            except DataError as error:
                last = _Upload(file.file_id, last.pixels, str(error))
            st.session_state[kept] = last
        if last.error:
            stays = "" if last.pixels is None else " The last good picture is kept."
            say_error(last.error + stays)
    return None if last.pixels is None else ChosenDigit(last.pixels.copy(), None, "uploaded")
