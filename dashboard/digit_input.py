"""The image that a page shows to its networks: from the test set, drawn, or uploaded."""

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import streamlit as st

from corelib.data.drawn import from_image, from_strokes
from corelib.errors import DataError
from dashboard.state import BOUND

if TYPE_CHECKING:
    from corelib.data import ImageDataset

TEST, DRAW, UPLOAD = "Test set", "Draw", "Upload"
ANY = "any"
ENLARGED = 6

PAD_HTML = """
<div class="pad">
  <canvas role="img" aria-label="Drawing pad: draw with the mouse or a finger"></canvas>
  <span class="hint">Draw a digit here</span>
</div>
<div class="tools">
  <button type="button">Undo</button>
  <button type="button">Clear</button>
</div>
"""
PAD_CSS = """
.pad { position: relative; }
canvas {
  width: 100%; aspect-ratio: 1; display: block; background: #000; cursor: crosshair;
  touch-action: none; border: 1px solid var(--st-border-color);
  border-radius: var(--st-base-radius);
}
.hint {
  position: absolute; inset: 0; display: grid; place-items: center; pointer-events: none;
  color: #9aa7b3; font: 1rem var(--st-font);
}
.hint[hidden] { display: none; }
.tools { display: flex; gap: 0.5rem; margin-top: 0.5rem; }
button {
  flex: 1; padding: 0.3rem; cursor: pointer; color: var(--st-text-color);
  background: var(--st-background-color); font: 0.9rem var(--st-font);
  border: 1px solid var(--st-border-color); border-radius: var(--st-button-radius);
}
button:hover:enabled, button:focus-visible {
  border-color: var(--st-primary-color); color: var(--st-primary-color);
}
button:disabled { opacity: 0.5; cursor: default; }
"""

_pad = st.components.v2.component(
    "synaptarium_digit_pad",
    html=PAD_HTML,
    css=PAD_CSS,
    js=Path(__file__).with_name("digit_pad.js").read_text(encoding="utf-8"),
)


class ChosenDigit(NamedTuple):
    """``pixels`` uint8 (28, 28), 0 is black; ``label`` the true class where it is known."""

    pixels: np.ndarray
    label: int | None
    caption: str


def digit_input(prefix: str, dataset: "ImageDataset") -> ChosenDigit | None:
    """The controls, and the image as the network sees it; None until there is one.

    Choice, class and index are part of the address; strokes and uploads are kept for the session.
    """
    source = st.segmented_control(
        "Input", [TEST, DRAW, UPLOAD], default=TEST, required=True, key=f"{prefix}_input",
        width="stretch", **BOUND,
    )  # fmt: skip
    if source == DRAW:
        chosen = _drawn(prefix)
    elif source == UPLOAD:
        chosen = _uploaded(prefix)
    else:
        chosen = _from_test_set(prefix, dataset)
    if chosen is not None:
        enlarged = np.kron(chosen.pixels, np.ones((ENLARGED, ENLARGED), np.uint8))
        st.image(enlarged, width=28 * ENLARGED)
        st.caption(f"What the network sees: {chosen.caption}")
    return chosen


def _from_test_set(prefix: str, dataset: "ImageDataset") -> ChosenDigit:
    labels = dataset.test.labels.numpy()
    names = dataset.class_names
    index_key, class_key = f"{prefix}_index", f"{prefix}_class"

    def candidates() -> np.ndarray:
        wanted = st.session_state.get(class_key, ANY)
        every = np.arange(len(labels))
        return every if wanted == ANY else every[labels == names.index(wanted)]

    def to_class() -> None:
        of_class = candidates()
        if st.session_state[index_key] not in of_class:
            st.session_state[index_key] = int(of_class[0])

    def another() -> None:
        others = candidates()
        others = others[others != st.session_state[index_key]]
        st.session_state[index_key] = int(np.random.default_rng().choice(others))

    left, right = st.columns(2)
    with left:
        st.selectbox(
            "Class", [ANY, *names], key=class_key, on_change=to_class,
            help="Only images of this class", **BOUND,
        )  # fmt: skip
    with right:
        index = st.number_input(
            "Index", 0, len(labels) - 1, 0, key=index_key, help="Place in the test set", **BOUND
        )
    st.button("Another one", key=f"{prefix}_another", on_click=another, width="stretch")
    label = int(labels[index])
    return ChosenDigit(
        dataset.test.pixels[index].numpy(), label, f"test image {index}, a {names[label]}"
    )


def _drawn(prefix: str) -> ChosenDigit | None:
    # The component forgets its state when another page is shown; this copy does not.
    kept = f"_{prefix}_strokes"
    state = st.session_state.get(f"{prefix}_pad")
    if state is not None and "strokes" in state:
        st.session_state[kept] = state["strokes"]
    strokes = st.session_state.get(kept, [])
    result = _pad(
        key=f"{prefix}_pad",
        data={"strokes": strokes},
        on_strokes_change=lambda: None,
    )
    if result.strokes is not None:
        strokes = st.session_state[kept] = result.strokes
    try:
        pixels = from_strokes(strokes, canvas_size=1.0)
    except DataError as error:
        st.error(str(error))
        return None
    return None if pixels is None else ChosenDigit(pixels, None, "drawn")


def _uploaded(prefix: str) -> ChosenDigit | None:
    kept = f"_{prefix}_uploaded"
    file = st.file_uploader(
        "A picture of one digit", key=f"{prefix}_upload", max_upload_size=5,
        help="Dark on light or light on dark; PNG, JPEG, GIF, BMP or WebP up to 5 MB",
    )  # fmt: skip
    if file is not None:
        try:
            st.session_state[kept] = ChosenDigit(
                from_image(file.getvalue()), None, f"uploaded, {file.name}"
            )
        except DataError as error:
            st.error(str(error))
    return st.session_state.get(kept)
