"""The page Data: add images of your own, see what a set holds, remove it."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
import streamlit as st

from corelib.catalog import SYSTEMS
from corelib.data import own
from corelib.data.own_asked import LARGEST, SMALLEST, Asked, fit
from corelib.data.own_reading import add, add_file
from corelib.data.sources import BUILT_IN, DATASETS
from corelib.errors import SynaptariumError
from dashboard.shell import person
from dashboard.shell.text import errors_shown, plain, say_error

if TYPE_CHECKING:
    from corelib.data.own import OwnSet

PAGE = "data"
UPLOAD_MB = 100
FILE, PATH = "Upload an npz", "A file or folder on this machine"
ROWS, EACH, GAP, COPIES = 12, 12, 2, 2
"""Classes and images of each in the mosaic, pixels between them, and how large a pixel is."""
THUMB = 96
"""Side of a photograph in the mosaic in pixels."""


class Said(NamedTuple):
    """What became of the last button: a sentence, and whether it went well."""

    text: str
    done: bool


def draw_data() -> None:
    st.title("Data")
    st.markdown(_sentence())
    _say_outcome()
    for problem in own.unreadable():
        say_error(problem)
    sets = own.sets()
    if sets:
        st.markdown("#### Your own")
        with errors_shown():
            _draw_set(sets[_chosen(list(sets))])
    st.markdown("#### Add images")
    _draw_form()
    st.markdown("#### All data sets")
    st.dataframe(_all(), hide_index=True, width="stretch", key=f"{PAGE}_all")


def _sentence() -> str:
    sets = own.sets().values()
    if not sets:
        return (
            "You have added no images yet. Add an npz, a folder of pictures for each class, or a "
            "folder of photographs: every network that can read them can then be trained on "
            "them."
        )
    images = sum(item.n_images for item in sets)
    return (
        f"You have **{len(sets)}** set{'s' * (len(sets) != 1)} of your own with **{images:,}** "
        "images. Choose one under Train in an experiment; the network then appears there."
    )


def _say_outcome() -> None:
    said: Said | None = st.session_state.pop(f"_{PAGE}_said", None)
    if said is not None:
        (st.success if said.done else st.error)(plain(said.text))


def _chosen(names: list[str]) -> str:
    key = f"{PAGE}_set"
    if st.session_state.get(key) not in names:
        st.session_state.pop(key, None)
    return st.selectbox("Images", names, key=key) or names[0]


def _draw_set(item: "OwnSet") -> None:
    left, right = st.columns([3, 2], gap="large")
    with left:
        sheet, caption = _examples(item)
        st.image(sheet, caption=plain(caption), alt=f"Examples of {item.name}")
    with right:
        st.markdown(f"**{plain(item.name)}**: {plain(item.about)}.")
        st.caption(f"Values: {plain(item.values)}.")
        st.caption(f"Licence: {plain(item.licence) if item.licence else 'nothing noted'}.")
        if item.kind == "fragment":
            st.caption(
                "Patches to train, validate and test lie in different strips of each photograph."
            )
        else:
            _draw_counts(item)
        readers = [s.name for s in SYSTEMS.values() if item.name in s.datasets]
        st.caption(f"Read by: {', '.join(readers)}.")
        _draw_removal(item)


def _draw_counts(item: "OwnSet") -> None:
    train, validation, test = own.sizes(item)
    st.caption(
        f"{train:,} train, {validation:,} validate and {test:,} test, drawn within each class with "
        f"seed {item.seed}."
    )
    counts = pd.DataFrame({"class": item.class_names, "images": item.counts})
    st.dataframe(counts, hide_index=True, width="stretch", key=f"{PAGE}_counts")


def _draw_removal(item: "OwnSet") -> None:
    """Removal asks once more."""
    with st.popover("Remove", icon=":material/delete:"):
        st.markdown(
            f"Remove **{plain(item.name)}** from the data folder? Networks trained on it are then "
            "no longer offered. What it was added from stays."
        )
        st.button(
            "Remove these images",
            key=f"{PAGE}_remove",
            on_click=partial(_act, partial(_remove, item.name)),
        )


def _remove(name: str) -> str:
    person.check_shared()
    own.remove(name)
    return f"Removed {name}."


def _act(work: Callable[[], str]) -> None:
    """Do what a button asks; what became of it is said above."""
    try:
        said = Said(work(), True)
    except SynaptariumError as error:
        said = Said(str(error), False)
    except OSError as error:
        said = Said(f"Disk or system error: {error}.", False)
    st.session_state[f"_{PAGE}_said"] = said


def _examples(item: "OwnSet") -> tuple[np.ndarray, str]:
    # The checksum is of pixels and labels alone, and classes may have been named anew.
    return _mosaic(item.name, item.model_dump_json())


@st.cache_data(show_spinner="Reading the images", max_entries=16)
def _mosaic(name: str, described: str) -> tuple[np.ndarray, str]:
    """Examples as one picture, uint8, a class in each row, and its caption."""
    item = own.get(name)
    if item.kind == "fragment":
        photos = own.photographs(name)[: 4 * 3]
        thumbs = [fit(photo, THUMB) for photo in photos]
        thumbs += [np.zeros_like(thumbs[0])] * (-len(thumbs) % 4)
        rows = np.stack(thumbs).reshape(-1, 4, THUMB, THUMB)
        return _sheet(rows, 1), f"{len(photos)} of {item.n_images} photographs"
    rows = own.examples(name, ROWS, EACH)
    shown = item.class_names[:ROWS]
    caption = f"Rows from the top: {'; '.join(shown)}"
    left_out = len(item.class_names) - len(shown)
    more = f"; {left_out} more" if left_out else ""
    return _sheet(rows, max(COPIES, 64 // item.side)), f"{caption}{more}"


def _sheet(rows: np.ndarray, copies: int) -> np.ndarray:
    """Images uint8 (row, column, y, x[, 3]) as one, with gaps between them."""
    n_rows, n_columns, side = rows.shape[:3]
    large = rows.repeat(copies, 2).repeat(copies, 3)
    cell = side * copies + GAP
    sheet = np.full((n_rows * cell, n_columns * cell, *rows.shape[4:]), 128, np.uint8)
    for r in range(n_rows):
        for c in range(n_columns):
            sheet[r * cell : (r + 1) * cell - GAP, c * cell : (c + 1) * cell - GAP] = large[r, c]
    return sheet


def _draw_form() -> None:
    with st.container(border=True):
        way = st.segmented_control(
            "From", (FILE, PATH), default=FILE, required=True, key=f"{PAGE}_way"
        )
        if way == FILE:
            st.file_uploader(
                "An npz with images (N x H x W, or N x H x W x 3) and labels (N)",
                type="npz",
                key=f"{PAGE}_file",
                max_upload_size=UPLOAD_MB,
                help="numpy.savez(file, images=images, labels=labels): pixels from 0 to 255 or "
                "from 0 to 1; labels as numbers or names; class_names may name numbers",
            )
        else:
            st.text_input(
                "Path",
                key=f"{PAGE}_path",
                placeholder="/home/me/leaves",
                help="An npz; a folder that holds a folder of pictures for each class; or a folder "
                "of photographs, of which natural patches are cut",
            )
        columns = st.columns([2, 1, 1, 3], vertical_alignment="bottom")
        columns[0].text_input("Name", key=f"{PAGE}_name", placeholder="mine")
        columns[1].number_input(
            "Side / pixels",
            0,
            LARGEST,
            0,
            key=f"{PAGE}_side",
            help=f"Fit each image into a black square of so many pixels, {SMALLEST} to {LARGEST}; "
            "0 leaves them as they are. Of photographs, the side of the patches (0: 16)",
        )
        columns[2].toggle(
            "Grey", key=f"{PAGE}_grey", help="By luminance: most networks read grey images only"
        )
        columns[3].text_input(
            "Licence", key=f"{PAGE}_licence", placeholder="where they come from; optional"
        )
        st.button(
            "Add",
            key=f"{PAGE}_add",
            type="primary",
            disabled=bool(person.refusal()),
            help=person.refusal() or None,
            on_click=partial(_act, _add),
        )


def _add() -> str:
    person.check()
    state = st.session_state
    name = state[f"{PAGE}_name"].strip()
    asked = Asked(state[f"{PAGE}_grey"], state[f"{PAGE}_side"], state[f"{PAGE}_licence"])
    if state[f"{PAGE}_way"] == FILE:
        # Drawn for one way only.
        file = state.get(f"{PAGE}_file")
        if file is None:
            raise SynaptariumError("Choose an npz to upload first.")
        item = add_file(file, name, asked, tuple(BUILT_IN))
    else:
        path = state.get(f"{PAGE}_path", "").strip()
        if not path:
            raise SynaptariumError("Say first which file or folder to read.")
        item = add(path, name, asked, tuple(BUILT_IN))
    # Shown next.
    state[f"{PAGE}_set"] = item.name
    return f"Added {item.name}: {item.about}."


def _all() -> pd.DataFrame:
    return pd.DataFrame(
        [
            {
                "name": name,
                "title": source.title,
                "inputs": source.input_dim,
                "classes": source.n_classes,
                "here": source.here(),
                "about": source.about,
            }
            for name, source in DATASETS.items()
        ]
    )
