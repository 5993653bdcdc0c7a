"""Importing a checkpoint of the papers' authors: a file, its settings, a name."""

import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from corelib.catalog import SYSTEMS
from corelib.errors import SettingsError
from corelib.files import printable
from corelib.runs.registry import imported
from corelib.system import PROTOCOLS
from dashboard.shell.text import errors_shown, plain

if TYPE_CHECKING:
    from streamlit.runtime.uploaded_file_manager import UploadedFile

PAGE = "import"
KINDS = ["pt", "pth", "tar", "safetensors"]
LARGEST_MB = 200
"""Of the file of weights; larger ones are imported by the command line."""
SETTINGS_MB = 1
ANY = "as the file says"
READABLE = (
    "bpan",
    "bpan-sequence",
    "act",
    "pondernet",
    "multi-exit",
    "ipvae",
    "igvae",
    "igvae-relu",
    "butd",
    "counter-hebb",
)
"""The systems whose authors' files can be read; ``corelib.runs.foreign`` would import torch."""


def draw_import() -> None:
    """A form that takes a file and keeps it as a checkpoint, or says why it cannot."""
    st.markdown(
        "A trained network of the papers' authors opens here like your own: BPAN, ACT, PonderNet "
        "and Multi-Exit, the iterative VAEs, instructed networks. The file holds a state dict as "
        "`torch.save` or safetensors writes it; nothing in it is run."
    )
    with st.form(f"{PAGE}_form", border=False):
        weights = st.file_uploader(
            f"Weights (at most {LARGEST_MB} MB)",
            KINDS,
            key=f"{PAGE}_weights",
            max_upload_size=LARGEST_MB,
        )
        settings = st.file_uploader(
            "Settings (JSON, if there are any)",
            ["json"],
            key=f"{PAGE}_settings",
            max_upload_size=SETTINGS_MB,
        )
        left, right = st.columns(2)
        system = left.selectbox(
            "Network",
            [ANY, *READABLE],
            format_func=lambda name: name if name == ANY else SYSTEMS[name].title,
            key=f"{PAGE}_system",
        )
        name = right.text_input(
            "Name", key=f"{PAGE}_name", help="Letters, digits and underscores", max_chars=60
        )
        pressed = st.form_submit_button("Import", type="primary", key=f"{PAGE}_button")
    if pressed:
        with errors_shown():
            if weights is None:
                raise SettingsError("Choose a file of weights first.")
            _import(weights, settings, "" if system == ANY else system, name.strip())
    _draw_imported()


def _draw_imported() -> None:
    """What was imported, each with a button that removes it after asking once more."""
    for item in imported().usable:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{plain(item.name)}**: {plain(SYSTEMS[item.card.system].title)}")
            with st.popover("Remove", icon=":material/delete:", key=f"{PAGE}_ask_{item.name}"):
                st.markdown(f"Remove **{plain(item.name)}**? The file it was read from stays.")
                st.button(
                    "Remove this network",
                    key=f"{PAGE}_remove_{item.name}",
                    on_click=partial(_remove, item.name),
                )


def _remove(name: str) -> None:
    from corelib.runs.imported import remove

    with errors_shown():
        remove(name)


def _import(
    weights: "UploadedFile", settings: "UploadedFile | None", system: str, name: str
) -> None:
    """Keep the upload, and say where it opens. Raises ``SynaptariumError`` if it cannot be kept."""
    with st.spinner("Reading the file"), tempfile.TemporaryDirectory() as folder:
        from corelib.runs.foreign import import_checkpoint

        # The name is a person's: only its last part, and nothing but letters that can be shown.
        file = Path(folder) / printable(Path(weights.name.replace("\\", "/")).name[-100:])
        file.write_bytes(weights.getvalue())
        if settings is not None:
            file.with_suffix(".json").write_bytes(settings.getvalue())
        kept = import_checkpoint(file, system, name)
    for item in kept:
        protocol = SYSTEMS[item.card.system].protocol
        places = PROTOCOLS[protocol].pages if protocol else ()
        if item.card.system == "bpan":
            places = ("E/I balance", *places)
        st.success(
            f"{plain(item.name)} is {plain(SYSTEMS[item.card.system].title)}, tested on "
            f"{plain(item.card.dataset)}; choose it as the network in: {', '.join(places)}."
        )
        if item.card.origin is not None and item.card.origin.assumed:
            st.caption(f"Assumed, as no file tells: {plain(', '.join(item.card.origin.assumed))}.")
