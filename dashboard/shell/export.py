"""Export: every figure as SVG, PNG, PDF and CSV, every network with its settings and command."""

import io
import json
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from corelib.runs.registry import Checkpoint
from corelib.runs.spec import as_command
from dashboard.figures.describe import bare, describe
from dashboard.figures.light import for_export, light
from dashboard.figures.narrow import for_narrow
from dashboard.figures.projector import for_projector
from dashboard.figures.tidy import file_stem, slug, tidy
from dashboard.shell import drawn, projector, screen
from dashboard.shell.bundle import spec_of
from dashboard.shell.chart import draw_chart
from dashboard.shell.drawn import Drawn, network_of
from dashboard.shell.film import film_buttons
from dashboard.shell.save import save_button
from dashboard.shell.text import plain, typeset

if TYPE_CHECKING:
    import pandas as pd
    from streamlit.delta_generator import DeltaGenerator

    from corelib.films.film import Film
    from dashboard.figures.figure import Figure

BY_BROWSER = {
    "svg": "light, with its font",
    "png": "light, at twice its size",
    "pdf": "light, vector; choose “Save as PDF” where your browser prints",
}
"""The files of a figure that the browser makes, and what each is."""


def chart(
    figure: "Figure",
    key: str,
    *,
    alt: str,
    caption: str,
    n: int | None = None,
    on_select: Callable[[], None] | None = None,
    film: "Callable[[], Film] | None" = None,
) -> None:
    """Show a figure, with its caption and buttons to save it and its data below it.

    ``n`` is how many values each of its means is of, for its table, unless its traces say so
    (``figures.spread``). ``on_select`` is called when a point is clicked; ``clicked(key)`` returns
    that point. ``film`` makes a film of a figure that is played (``shell.film``).
    """
    stem = file_stem(figure, key, network_of(key))
    table = partial(_csv, figure, n)
    spoken = partial(describe, alt, figure)
    if drawn.add(key, Drawn(stem, figure, table, caption, spoken)):
        return
    config = {
        "displaylogo": False,
        # It would send the data to plotly's server.
        "showSendToCloud": False,
        # The camera would save the theme of the page; the buttons below save the light one.
        "modeBarButtonsToRemove": [
            *("toImage", "select2d", "lasso2d", "zoomIn2d", "zoomOut2d", "autoScale2d"),
            "sendChartToCloud",
        ],
    }
    draw_chart(_on_screen(figure), key, alt=spoken(), config=config, on_click=on_select)
    with _below(caption, key):
        pressed = [kind for kind in BY_BROWSER if _pressed(kind, key)]
        _save_csv(table, key, stem)
        if film is not None:
            film_buttons(film, stem, key)
    for kind in pressed:
        from dashboard.shell import drawer

        drawer.save(for_export(figure), stem, kind)


def picture(
    svg: str, key: str, *, data: "Callable[[], pd.DataFrame]", alt: str, caption: str
) -> None:
    """Show a drawing, with its caption and buttons to save it and its ``data`` below it."""
    name = f"{slug(network_of(key))}_{slug(key)}"
    table = partial(_as_csv, data)
    spoken = f"{alt}. {bare(caption)}"
    if drawn.add(key, Drawn(name, svg, table, caption, lambda: spoken)):
        return
    st.container(key=key).image(svg, width="stretch", alt=spoken)
    with _below(caption, key):
        # Its colours are replaced only when it is saved: every slider waits for what is done here.
        save_button("SVG", lambda: light(svg), name, key, "This figure as SVG: light")
        pressed = _pressed("pdf", key)
        _save_csv(table, key, name)
    if pressed:
        from dashboard.shell import drawer

        drawer.save(light(svg), name, "pdf")


def _pressed(kind: str, key: str) -> bool:
    """A small button below a figure for a file that the browser makes; whether it was pressed."""
    return st.button(
        kind.upper(),
        key=f"{key}_{kind}",
        help=f"This figure as {kind.upper()}: {BY_BROWSER[kind]}",
        icon=":material/download:",
        type="tertiary",
        width="content",
    )


def _on_screen(figure: "Figure") -> "Figure":
    """The figure as this screen shows it."""
    if screen.is_narrow():
        return for_narrow(figure)
    return for_projector(figure) if projector.is_on() else figure


def _below(caption: str, key: str) -> "DeltaGenerator":
    """The row below a figure: its caption, then what is drawn into it. In a narrow column the
    caption has a line of its own (page.css)."""
    row = st.container(horizontal=True, vertical_alignment="center", key=f"below_{key}")
    row.caption(typeset(plain(caption)), width="stretch")
    # Of their own, so that they wrap as one; among themselves where the column is narrower yet.
    return row.container(horizontal=True, width="content")


def _save_csv(csv: Callable[[], bytes], key: str, name: str) -> None:
    save_button("CSV", csv, name, key, "The data of this figure, one row per point")


def _csv(figure: "Figure", n: int | None) -> bytes:
    return _as_csv(lambda: tidy(figure, n))


def _as_csv(table: "Callable[[], pd.DataFrame]") -> bytes:
    return table().to_csv(index=False).encode()


def export_row(item: Checkpoint, prefix: str) -> None:
    """The network as safetensors and npz, its card and spec as JSON, the commands to repeat it."""
    spec = spec_of(item)
    st.markdown(f"**{plain(item.title)}**: the network, and everything needed to train it again.")
    with st.container(horizontal=True):
        _download(
            "Weights (safetensors)",
            lambda: (item.folder / "weights.safetensors").read_bytes(),
            f"{item.name}.safetensors",
            f"{prefix}_weights",
        )
        _download("Weights (npz)", lambda: _npz(item), f"{item.name}.npz", f"{prefix}_npz")
        _download(
            "Card (JSON)",
            lambda: (item.folder / "checkpoint.json").read_bytes(),
            f"{item.name}.json",
            f"{prefix}_card",
        )
        _download(
            "Spec (JSON)",
            lambda: json.dumps(spec.model_dump(), indent=1).encode(),
            "spec.json",
            f"{prefix}_spec",
        )
    st.caption("The command that trains it again; `train --spec spec.json` does the same.")
    st.code(as_command(spec), language=None, wrap_lines=True)
    st.caption("From Python:")
    st.code(f"from corelib import load\n\nmodel = load({json.dumps(item.name)})", language=None)


def _download(text: str, data, file_name: str, key: str) -> None:
    st.download_button(
        text, data=data, file_name=file_name, key=key, icon=":material/download:", on_click="ignore"
    )


def _npz(item: Checkpoint) -> bytes:
    import numpy as np
    from safetensors.numpy import load_file

    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **load_file(item.folder / "weights.safetensors"))
    return buffer.getvalue()
