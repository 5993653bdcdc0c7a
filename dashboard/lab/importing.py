"""Importing a checkpoint: a zip of ours, or a file of the papers' authors."""

import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import streamlit as st

from corelib.catalog import SYSTEMS
from corelib.errors import SettingsError, SynaptariumError
from corelib.files import printable
from corelib.reproduce.model_card import pages_of
from dashboard.shell import person
from dashboard.shell.text import plain

if TYPE_CHECKING:
    from streamlit.runtime.uploaded_file_manager import UploadedFile

    from corelib.runs.registry import Checkpoint

PAGE = "import"
KINDS = ["zip", "pt", "pth", "tar", "safetensors"]
LARGEST_MB = 200
"""Of the file of weights; larger ones are imported by the command line."""
SETTINGS_MB = 1
ANY = "as the file says"


class Said(NamedTuple):
    """What became of an import: sentences, and whether it went well."""

    lines: tuple[str, ...]
    done: bool


def draw_import(opens: str) -> None:
    """A form that takes a file and keeps it as a checkpoint, or says why it cannot. ``opens`` is
    the key of the control that chooses it then."""
    st.markdown(
        "A zip that *Model (zip)* above or `python -m corelib export` wrote; its two files, "
        "weights and card; or a network of the papers' authors as `torch.save` or safetensors "
        "writes it: BPAN, ACT, PonderNet and Multi-Exit, the iterative VAEs, instructed networks. "
        "All of it is checked before anything is kept, and nothing in it is run."
    )
    with st.form(f"{PAGE}_form"):
        first, second = st.columns(2, gap="medium")
        first.file_uploader(
            f"Model or weights (at most {LARGEST_MB} MB)",
            KINDS,
            key=f"{PAGE}_weights",
            max_upload_size=LARGEST_MB,
        )
        second.file_uploader(
            "Card or settings (JSON, if it is no zip)",
            ["json"],
            key=f"{PAGE}_settings",
            max_upload_size=SETTINGS_MB,
        )
        left, right = st.columns(2, gap="medium")
        left.selectbox(
            "Network",
            [ANY, *SYSTEMS],
            format_func=lambda name: name if name == ANY else SYSTEMS[name].title,
            key=f"{PAGE}_system",
        )
        right.text_input(
            "Name", key=f"{PAGE}_name", help="Letters, digits and underscores", max_chars=60
        )
        st.form_submit_button(
            "Import",
            type="primary",
            key=f"{PAGE}_button",
            disabled=bool(person.refusal()),
            help=person.refusal() or None,
            on_click=partial(_import, opens),
        )
    said: Said | None = st.session_state.pop(f"_{PAGE}_said", None)
    if said is not None:
        first_line, *others = said.lines
        (st.success if said.done else st.error)(plain(first_line))
        for line in others:
            st.caption(plain(line))


def _import(opens: str) -> None:
    """Keep what the form holds and choose it, or say why it cannot be kept."""
    state = st.session_state
    try:
        person.check()
        item = _kept(
            state[f"{PAGE}_weights"],
            state[f"{PAGE}_settings"],
            "" if state[f"{PAGE}_system"] == ANY else state[f"{PAGE}_system"],
            state[f"{PAGE}_name"].strip(),
        )
    except SynaptariumError as error:
        said = Said((str(error),), False)
    except OSError as error:
        said = Said((f"Disk or system error: {error}.",), False)
    else:
        said = Said(tuple(_sentences(item)), True)
        state[opens] = item.name
    state[f"_{PAGE}_said"] = said


def _kept(
    weights: "UploadedFile | None", settings: "UploadedFile | None", system: str, name: str
) -> "Checkpoint":
    """The upload as a checkpoint. Raises ``SynaptariumError`` if it cannot be kept."""
    from corelib.runs.foreign import import_checkpoint

    if weights is None:
        raise SettingsError("Choose a file first.")
    with tempfile.TemporaryDirectory() as folder:
        # The name is a person's: only its last part, and nothing but letters that can be shown.
        file = Path(folder) / printable(Path(weights.name.replace("\\", "/")).name[-100:])
        file.write_bytes(weights.getvalue())
        beside = file.with_suffix(".json")
        if settings is not None:
            beside.write_bytes(settings.getvalue())
        try:
            (item,) = import_checkpoint(file, system, name)
        except SynaptariumError as error:
            # Beside the weights it has their name, which its owner does not know it by.
            said = str(error)
            known = printable(settings.name[-100:]) if settings is not None else beside.name
            raise type(error)(said.replace(beside.name, known)) from None
    return item


def _sentences(item: "Checkpoint") -> Iterator[str]:
    pages = pages_of(item.card.system)
    where = f"choose it as the network in: {', '.join(pages)}" if pages else "no page shows it"
    yield (
        f"{item.name} is {SYSTEMS[item.card.system].title}, tested on {item.card.dataset}; {where}."
    )
    if item.card.origin is not None and item.card.origin.assumed:
        yield f"Assumed, as no file tells: {', '.join(item.card.origin.assumed)}."
