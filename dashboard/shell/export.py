"""Export: every figure as SVG and CSV, every network with its settings and command."""

import io
import json
from collections.abc import Callable
from typing import TYPE_CHECKING

import streamlit as st

from corelib.runs.registry import Checkpoint
from corelib.runs.spec import RunSpec, as_command
from dashboard.figures.projector import for_projector
from dashboard.shell import projector
from dashboard.shell.glossary import in_a_heading
from dashboard.shell.text import plain

if TYPE_CHECKING:
    import pandas as pd

    from dashboard.figures.figure import Figure


def chart(
    figure: "Figure",
    key: str,
    *,
    alt: str,
    caption: str,
    on_select: Callable[[], None] | None = None,
) -> None:
    """Show a figure, with its caption and a button for its data below it.

    The camera in the figure's corner saves an SVG. ``on_select`` is called when a point is
    clicked; ``clicked(key)`` returns that point.
    """
    config = {
        "displaylogo": False,
        "modeBarButtonsToRemove": ["select2d", "lasso2d", "zoomIn2d", "zoomOut2d", "autoScale2d"],
        "toImageButtonOptions": {"format": "svg", "filename": f"synaptarium-{key}"},
    }
    st.plotly_chart(
        for_projector(figure) if projector.is_on() else figure,
        width="stretch",
        theme=None,
        key=key,
        config=config,
        alt=alt,
        on_select=on_select or "ignore",
        selection_mode="points",
    )
    _below(caption, key, lambda: _csv(figure), "The camera in the figure's corner saves it as SVG.")


def picture(
    svg: str, key: str, *, data: "Callable[[], pd.DataFrame]", alt: str, caption: str
) -> None:
    """Show a drawing, with its caption and buttons to save it and its ``data`` below it."""
    st.container(key=key).image(svg, width="stretch", alt=alt)
    _below(
        caption,
        key,
        lambda: data().to_csv(index=False).encode(),
        "The button beside it saves the figure.",
        svg,
    )


def _below(
    caption: str, key: str, csv: Callable[[], bytes], hint: str, svg: str | None = None
) -> None:
    with st.container(horizontal=True, wrap=False, vertical_alignment="center"):
        st.caption(plain(caption), width="stretch")
        for kind, content, mime, text in (
            ("SVG", svg, "image/svg+xml", "This figure as it is shown."),
            ("CSV", csv, "text/csv", f"The data of this figure. {hint}"),
        ):
            if content is not None:
                st.download_button(
                    kind,
                    data=content,
                    file_name=f"synaptarium-{key}.{kind.lower()}",
                    mime=mime,
                    key=f"{key}_{kind.lower()}",
                    help=text,
                    icon=":material/download:",
                    type="tertiary",
                    on_click="ignore",
                    width="content",
                )


def clicked(key: str) -> dict | None:
    """The point of a figure that was clicked last: its x, y, customdata, point_index."""
    points = st.session_state[key].selection.points
    return points[-1] if points else None


def _csv(figure: "Figure") -> bytes:
    from dashboard.figures.table import to_frame

    return to_frame(figure).to_csv(index=False).encode()


def export_row(item: Checkpoint, prefix: str) -> None:
    """The network as safetensors and npz, its card and spec as JSON, the commands to repeat it."""
    card = item.card
    spec = RunSpec(**{name: getattr(card, name) for name in RunSpec.model_fields})
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
    st.code(as_command(spec), language="bash", wrap_lines=True)
    st.caption("From Python:")
    st.code(f"from corelib import load\n\nmodel = load({json.dumps(item.name)})", language="python")


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
