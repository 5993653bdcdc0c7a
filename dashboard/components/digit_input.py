"""The image that the networks of a page read: from the test set, drawn, or uploaded."""

from typing import TYPE_CHECKING, NamedTuple, TypeGuard

import numpy as np
import streamlit as st

from corelib.data import DATASETS
from corelib.data.drawn import from_image, from_strokes
from corelib.data.own_asked import fit
from corelib.errors import DataError
from corelib.words import with_article
from dashboard.components.digit_record import (
    DIGIT,
    DRAW,
    TEST,
    UPLOAD,
    Picture,
    Record,
    TestImage,
    forget,
    in_levels,
    kept,
    put_in_address,
    recall,
    remember,
)
from dashboard.components.pad import make_pad
from dashboard.figures.png import png
from dashboard.shell.address import VISIT, ask
from dashboard.shell.controls import choice, number, select
from dashboard.shell.registry import set_values
from dashboard.shell.text import say_error

if TYPE_CHECKING:
    from corelib.data import ImageDataset

ANY = "any"
WIDTH = 112
COPIES = 8  # twice what is shown, so that fine screens show sharp edges too

PAD_HTML = """
<div class="pad">
  <canvas class="draw" tabindex="0" role="application" aria-roledescription="pad"
    aria-label="Drawing pad: draw a digit with mouse, pen, finger or keys"
    aria-describedby="keys"></canvas>
  <span class="hint">Draw a digit here</span>
</div>
<div class="tools">
  <button type="button">Undo</button>
  <button type="button">Clear</button>
</div>
"""

PAD_KEYS = (
    "Keys: arrows move the pen, Shift for larger steps; Space puts it down and lifts it; "
    "Delete clears."
)

_pad = make_pad("digit_pad", PAD_HTML, PAD_KEYS)


class ChosenDigit(NamedTuple):
    """``pixels`` uint8 (row, column), 0 is black; ``label`` the true class where it is known."""

    pixels: np.ndarray
    label: int | None
    caption: str


class _Upload(NamedTuple):
    """The last uploaded file, and what is wrong with it."""

    file_id: str = ""
    error: str = ""


def digit_input(
    prefix: str, dataset: "ImageDataset", index: int = 0, name: str = DIGIT
) -> ChosenDigit | None:
    """The controls, and the image as the network reads it; None until there is one.

    It has the size of the data set's images; what was drawn or uploaded is scaled to it.
    ``index`` is the test image shown first. What is chosen is the session's record ``name``, which
    all pages share that ask for it: it is there on the next page, and ``name`` is its parameter in
    the address. All keys begin with ``prefix`` and an underscore; ``pixels`` is a copy that may be
    changed.
    """
    record = recall(name)
    _begin(prefix, dataset, index, name, record)
    source = choice(prefix, "input", "Input", (TEST, DRAW, UPLOAD))
    seen = st.container()
    if source == DRAW:
        chosen, hint = _drawn(prefix, name), "No image yet: draw on the pad."
    elif source == UPLOAD:
        chosen, hint = _uploaded(prefix, name), "No image yet: upload a picture."
    else:
        chosen, hint = _from_test_set(prefix, dataset, index), ""
    record = _updated(record, prefix, source, chosen, TestImage(dataset.name, index))
    side = dataset.train.pixels.shape[-1]
    if chosen is not None and source != TEST:
        chosen = chosen._replace(pixels=fit(chosen.pixels, side))
    remember(name, record)
    # A test image of this data set is in the address already, by the control of its index.
    elsewhere = isinstance(record, Picture) or _foreign(record, dataset.name)
    put_in_address(name, record if elsewhere else None)
    with seen:
        image, text = st.columns(2, vertical_alignment="center")
        if chosen is None:
            image.image(png(np.zeros((side, side), np.uint8), COPIES), width=WIDTH, alt="No image")
            text.caption(hint)
        else:
            caption = f"The network's input: {chosen.caption}"
            image.image(png(chosen.pixels, COPIES), width=WIDTH, alt=caption)
            text.caption(caption)
        text.button(
            "Reset input",
            key=f"{prefix}_reset_input",
            help="Back to the first test image, on every page",
            type="tertiary",
            disabled=source == TEST and record is None and not kept(name).pictures,
            on_click=_reset,
            args=(prefix, name, index),
        )
        _say_other_data(record, dataset)
    return chosen


def _begin(prefix: str, dataset: "ImageDataset", index: int, name: str, record: Record) -> None:
    """Set the controls to the record when they come to be shown, or get to read other images; an
    address that sets them goes first."""
    place = (st.session_state.get(VISIT), prefix)
    before, read = st.session_state.get(f"_{name}_at", (None, ""))
    st.session_state[f"_{name}_at"] = (place, dataset.name)
    shown = before == place and f"{prefix}_input" in st.session_state
    if shown and read == dataset.name:
        return
    values: dict[str, str | int] = {"input": TEST, "class": ANY, "index": index}
    if isinstance(record, Picture):
        values["input"] = record.source
    elif isinstance(record, TestImage) and not _foreign(record, dataset.name):
        values["index"] = min(record.place, len(dataset.test.labels) - 1)
    keys = {f"{prefix}_{control}": value for control, value in values.items()}
    if shown:
        set_values(keys)
    elif any(key in st.query_params for key in keys):
        ask({})
    else:
        for key in keys:
            # Streamlit keeps what an address has set, also for controls that are gone.
            st.session_state.pop(key, None)
        first = {f"{prefix}_input": TEST, f"{prefix}_class": ANY, f"{prefix}_index": index}
        ask({key: str(value) for key, value in keys.items() if value != first[key]})


def _foreign(record: Record, dataset: str) -> TypeGuard[TestImage]:
    """Whether the record is a test image of another data set."""
    return isinstance(record, TestImage) and record.dataset != dataset


def _updated(
    record: Record, prefix: str, source: str, chosen: ChosenDigit | None, first: TestImage
) -> Record:
    """The record once the controls are read. The image that they show ``first`` is no choice."""
    if source != TEST:
        if chosen is not None:
            return Picture(source, chosen.pixels.copy())
        # What was cleared is gone.
        return None if isinstance(record, Picture) and record.source == source else record
    now = first._replace(place=int(st.session_state[f"{prefix}_index"]))
    untouched = record is None or _foreign(record, first.dataset)
    return record if now == first and untouched else now


def _say_other_data(record: Record, dataset: "ImageDataset") -> None:
    """Where this page's networks read other images than those that the record is one of."""
    own = DATASETS[dataset.name].title if dataset.name in DATASETS else dataset.name
    if _foreign(record, dataset.name):
        st.caption(
            f"On other pages the input is test image {record.place} of "
            f"{DATASETS[record.dataset].title}; this network reads {own}."
        )
    elif isinstance(record, Picture) and dataset.name != "mnist":
        st.caption(f"This network was trained on {own}; it reads your picture as one of those.")


def _reset(prefix: str, name: str, index: int) -> None:
    forget(name)
    st.session_state.pop(f"_{prefix}_uploaded", None)
    for control, value in (("input", TEST), ("class", ANY), ("index", index)):
        st.session_state[f"{prefix}_{control}"] = value


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
    return digit_at(dataset, index)


def digit_at(dataset: "ImageDataset", index: int) -> ChosenDigit:
    """A test image by its place, as the controls choose it."""
    label = int(dataset.test.labels[index])
    return ChosenDigit(
        dataset.test.pixels[index].numpy().copy(),
        label,
        f"test image {index}, {with_article(dataset.class_names[label])}",
    )


def _drawn(prefix: str, name: str) -> ChosenDigit | None:
    # The component loses its state when it is not shown; this copy stays.
    pad, own = f"{prefix}_pad", kept(name)
    told = (st.session_state.get(pad) or {}).get("strokes")
    pixels = own.pictures.get(DRAW)
    if told is not None:
        try:
            pixels = from_strokes(told, canvas_size=1.0)
        except DataError as error:
            pixels = None
            say_error(error)
        else:
            own.strokes[:] = told
            own.pictures.pop(DRAW, None)
            if pixels is not None:
                pixels = own.pictures[DRAW] = in_levels(pixels)
    _pad(key=pad, data={"strokes": own.strokes}, on_strokes_change=lambda: None)
    return None if pixels is None else ChosenDigit(pixels.copy(), None, "drawn")


def _uploaded(prefix: str, name: str) -> ChosenDigit | None:
    own, last_key = kept(name), f"_{prefix}_uploaded"
    file = st.file_uploader(
        "A picture of one digit",
        key=f"{prefix}_upload",
        max_upload_size=5,
        help="Dark on light or light on dark; PNG, JPEG, GIF, BMP or WebP up to 5 MB",
    )
    # The file is gone after a visit to another page, and for a moment while it is replaced; the
    # last good image stays until there is a new one.
    last = st.session_state.setdefault(last_key, _Upload())
    if file is not None:
        if file.file_id != last.file_id:
            try:
                own.pictures[UPLOAD] = in_levels(from_image(file.getvalue()))
                last = _Upload(file.file_id)
            except DataError as error:
                last = _Upload(file.file_id, str(error))
            st.session_state[last_key] = last
        if last.error:
            stays = " The last good picture is kept." if UPLOAD in own.pictures else ""
            say_error(last.error + stays)
    pixels = own.pictures.get(UPLOAD)
    return None if pixels is None else ChosenDigit(pixels.copy(), None, "uploaded")
