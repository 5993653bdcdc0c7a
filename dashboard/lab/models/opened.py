"""One trained network: its model card, what can be taken along, where it opens."""

from functools import partial
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from corelib.errors import SynaptariumError
from corelib.reproduce.model_card import example, model_card, package
from corelib.reproduce.results import shipped_state
from corelib.runs.described import origin_of
from dashboard.shell import cache, person
from dashboard.shell.export import export_row
from dashboard.shell.opens import draw_links
from dashboard.shell.run_panel import attempt_shared, say_problem
from dashboard.shell.text import errors_shown, plain

if TYPE_CHECKING:
    from corelib.reproduce.model_card import ModelCard
    from corelib.runs.onnx_file import Exported
    from corelib.runs.registry import Checkpoint


def draw_opened(item: "Checkpoint", page: str) -> None:
    """The model card on the left, the ways out on the right."""
    which = cache.checkpoint_key(item)
    left, right = st.columns([3, 2], gap="large")
    # First, because the card reads the published figures, which takes seconds once.
    with right, errors_shown():
        _draw_ways_out(item, which, page)
    with left:
        _draw_card(_card_of(item))


def _card_of(item: "Checkpoint") -> "ModelCard":
    # Its test figures are written to the card later than its weights.
    said = item.title, item.card.model_dump_json()
    return _card(cache.checkpoint_key(item), said, shipped_state(), item)


@st.cache_data(show_spinner="Reading the published figures", max_entries=32)
def _card(
    which: cache.CheckpointKey, said: tuple[str, str], tables: tuple, _item: "Checkpoint"
) -> "ModelCard":
    return model_card(_item)


def _draw_card(card: "ModelCard") -> None:
    st.markdown(plain(card.about))
    for part in card.parts:
        st.markdown(f"**{plain(part.heading)}**")
        # Cells are Markdown.
        rows = [(plain(label), plain(said)) for label, said in part.facts]
        st.table(
            pd.DataFrame(rows, columns=["", " "]),
            border="horizontal",
            hide_index=True,
            hide_header=True,
            alt=plain(part.heading),
        )
    if card.citation:
        with st.expander("Citation"):
            st.code(card.citation, language=None)


def _draw_ways_out(item: "Checkpoint", which: cache.CheckpointKey, page: str) -> None:
    st.markdown("**Opens in**")
    draw_links(item)
    st.markdown("**Take it with you**")
    st.download_button(
        "Model (zip)",
        data=partial(package, item),
        file_name=f"{item.name.removeprefix('run:')}.zip",
        key=f"{page}_zip",
        icon=":material/folder_zip:",
        type="primary",
        on_click="ignore",
    )
    st.caption(
        "Weights, card, this model card, and these five lines, which run it in the folder that it "
        "unpacks to. Import below reads the zip on another machine."
    )
    st.code(example(item.card), language="python")
    export_row(item, page)
    _draw_onnx(item, which, page)
    if origin_of(item) == "imported":
        _draw_removal(item, page)


def _draw_onnx(item: "Checkpoint", which: cache.CheckpointKey, page: str) -> None:
    st.markdown("**ONNX**, for programs without Python")
    from corelib.runs.onnx_file import check_exportable

    try:
        check_exportable(item)
    except SynaptariumError as error:
        st.caption(plain(error))
        return
    key, done = f"{page}_onnx", cache.kept(f"_{page}_onnx", 1)
    st.button(
        "Write ONNX",
        key=key,
        icon=":material/output:",
        help="Exports the network and compares its outputs with torch's; seconds, or minutes for "
        "a network that answers by inference",
        on_click=partial(done.__setitem__, which, True),
    )
    if which in done:
        exported = _onnx(which, item.title, item)
        st.download_button(
            "Save",
            data=exported.content,
            file_name=f"{item.name.removeprefix('run:')}.onnx",
            key=f"{key}_save",
            icon=":material/download:",
            on_click="ignore",
        )
        st.caption(plain(f"Compared: {exported}."))


@st.cache_resource(show_spinner="Writing the graph and comparing its outputs", max_entries=4)
def _onnx(which: cache.CheckpointKey, title: str, _item: "Checkpoint") -> "Exported":
    from corelib.runs.onnx_file import as_onnx

    return as_onnx(_item)


def _draw_removal(item: "Checkpoint", page: str) -> None:
    """Removal asks once more."""
    with st.popover("Remove", icon=":material/delete:", key=f"{page}_ask"):
        st.markdown(f"Remove **{plain(item.title)}**? The file it was read from stays.")
        st.button(
            "Remove this model",
            key=f"{page}_remove",
            disabled=bool(person.refusal_of_shared()),
            on_click=partial(attempt_shared, partial(_remove, item.name), page),
        )
    say_problem(page)


def _remove(name: str) -> None:
    from corelib.runs.imported import remove

    remove(name)
