"""Export: every figure as SVG, PNG and CSV, a page as a zip, every network with its settings and
command."""

import io
import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import streamlit as st

from corelib.runs.registry import Checkpoint
from corelib.runs.spec import RunSpec, as_command, versions
from dashboard.figures.describe import bare, describe
from dashboard.figures.light import light
from dashboard.figures.projector import for_projector
from dashboard.figures.tidy import file_stem, slug, tidy
from dashboard.shell import projector
from dashboard.shell.bundle import bundle
from dashboard.shell.citation import bibtex
from dashboard.shell.glossary import in_a_heading
from dashboard.shell.registry import values_of
from dashboard.shell.save import save_button
from dashboard.shell.text import plain

if TYPE_CHECKING:
    import pandas as pd
    from streamlit.delta_generator import DeltaGenerator

    from dashboard.figures.figure import Figure

DRAWN = "drawn_figures"
"""Holds the figures of this run of the page, by key, each with its caption."""
SAVES = "saved_figures"


def chart(
    figure: "Figure",
    key: str,
    *,
    alt: str,
    caption: str,
    on_select: Callable[[], None] | None = None,
) -> None:
    """Show a figure, with its caption and buttons to save it and its data below it.

    ``on_select`` is called when a point is clicked; ``clicked(key)`` returns that point.
    """
    config = {
        "displaylogo": False,
        # The camera would save the theme of the page; the buttons below save the light one.
        "modeBarButtonsToRemove": [
            *("toImage", "select2d", "lasso2d", "zoomIn2d", "zoomOut2d", "autoScale2d")
        ],
    }
    st.session_state.setdefault(DRAWN, {})[key] = (figure, caption)
    st.plotly_chart(
        for_projector(figure) if projector.is_on() else figure,
        width="stretch",
        theme=None,
        key=key,
        config=config,
        alt=describe(alt, figure),
        on_select=on_select or "ignore",
        selection_mode="points",
    )
    with _below(caption):
        pressed = [
            kind
            for kind, text in (("svg", "light, with its font"), ("png", "light, at twice its size"))
            if st.button(
                kind.upper(),
                key=f"{key}_{kind}",
                help=f"This figure as {kind.upper()}: {text}",
                icon=":material/download:",
                type="tertiary",
                width="content",
            )
        ]
        _save_csv(lambda: _csv(figure, caption), key, _stem(figure, key))
    for kind in pressed:
        from dashboard.shell import drawer

        count = st.session_state[SAVES] = st.session_state.get(SAVES, 0) + 1
        drawer.save(figure, _stem(figure, key), kind, count)


def picture(
    svg: str, key: str, *, data: "Callable[[], pd.DataFrame]", alt: str, caption: str
) -> None:
    """Show a drawing, with its caption and buttons to save it and its ``data`` below it."""
    st.container(key=key).image(svg, width="stretch", alt=f"{alt}. {bare(caption)}")
    name = f"{slug(_network(key))}_{slug(key)}"
    with _below(caption):
        # Its colours are replaced only when it is saved: every slider waits for what is done here.
        save_button("SVG", lambda: light(svg), name, key, "This figure as SVG: light")
        _save_csv(lambda: data().to_csv(index=False).encode(), key, name)


def _below(caption: str) -> "DeltaGenerator":
    """The row below a figure: its caption, then what is drawn into it."""
    row = st.container(horizontal=True, wrap=False, vertical_alignment="center")
    row.caption(plain(caption), width="stretch")
    return row


def _save_csv(csv: Callable[[], bytes], key: str, name: str) -> None:
    save_button("CSV", csv, name, key, "The data of this figure, one row per point")


def _network(key: str) -> str:
    """The network that the figure's page shows, or the page where it shows several."""
    page = key.partition("_")[0]
    chosen = st.session_state.get(f"{page}_model", page)
    return chosen if isinstance(chosen, str) else page


def _stem(figure: "Figure", key: str) -> str:
    return file_stem(figure, key, _network(key))


def clicked(key: str) -> dict | None:
    """The point of a figure that was clicked last: its x, y, customdata, point_index."""
    points = st.session_state[key].selection.points
    return points[-1] if points else None


def _csv(figure: "Figure", caption: str) -> bytes:
    return tidy(figure, caption).to_csv(index=False).encode()


def page_zip(page: str, family: str, items: "Mapping[str, Checkpoint]") -> None:
    """A button that saves the open view: its figures, data, settings, link, versions, citation."""
    from corelib.version import own_version
    from dashboard.shell import drawer

    figures = {}
    for key, (figure, caption) in st.session_state.get(DRAWN, {}).items():
        stem = _stem(figure, key)
        figures[f"{stem}_{slug(key)}" if stem in figures else stem] = (figure, caption)
    svgs = drawer.drawn({name: figure for name, (figure, _) in figures.items()}, f"{page}_drawer")
    settings = {
        name: value
        for name, value in values_of(page).items()
        if isinstance(value, str | int | float | bool | list | tuple)
    }
    link = link_to(st.context.url or "", st.query_params.to_dict())
    version = own_version()
    st.download_button(
        "This page (zip)",
        data=lambda: bundle(
            svgs or {},
            {name: _csv(*drawn) for name, drawn in figures.items()},
            settings,
            {name: _spec(item) for name, item in items.items()},
            link,
            {"synaptarium": version, **versions()},
            bibtex(family, version),
        ),
        file_name=f"{slug(_network(page))}_{page}.zip",
        mime="application/zip",
        key=f"{page}_zip",
        icon=":material/folder_zip:",
        disabled=svgs is None,
        on_click="ignore",
        help="The figures above the tabs as SVG, their data, the settings, the link to this view, "
        "the versions, and what to cite",
    )


def link_to(address: str, query: "Mapping[str, str | list[str]]") -> str:
    """The address that opens the view again."""
    return f"{address.partition('?')[0]}?{urlencode(query, doseq=True)}"


def _spec(item: Checkpoint) -> RunSpec:
    return RunSpec(**{name: getattr(item.card, name) for name in RunSpec.model_fields})


def export_row(item: Checkpoint, prefix: str) -> None:
    """The network as safetensors and npz, its card and spec as JSON, the commands to repeat it."""
    spec = _spec(item)
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


def table(rows: list[dict], key: str, decimals: int = 2) -> None:
    """Rows of numbers, all with the same number of decimals."""
    config = {
        name: st.column_config.NumberColumn(format=f"%.{decimals}f", help=in_a_heading(name))
        if isinstance(value, float)
        else st.column_config.Column(help=in_a_heading(name))
        for name, value in rows[0].items()
    }
    st.dataframe(rows, hide_index=True, width="stretch", column_config=config, key=key)
