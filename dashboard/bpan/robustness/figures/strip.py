"""Digits, clean and corrupted, above the answers of each network, as one picture.

A picture, not a plotly figure: it has no axes, and plotly would lay out each of its answers anew
at every move of a slider.
"""

from collections.abc import Sequence
from typing import NamedTuple
from xml.etree import ElementTree

import numpy as np

from dashboard.figures.png import png
from dashboard.figures.style import FAMILY, INHIBITORY, Palette

NAMES = 190
DIGIT, GAP, LINE = 84, 8, 26
"""Units of the picture: pixels on a page as wide as a usual screen."""


class AnswerPair(NamedTuple):
    """A network's answers to the digits of the strip, clean and corrupted, (image,) each."""

    clean: np.ndarray
    corrupted: np.ndarray

    def in_words(self, class_names: Sequence[str]) -> list[str]:
        """Each answer by its name, or both where it changed."""
        names = list(class_names)
        return [
            names[after] if before == after else f"{names[before]} → {names[after]}"
            for before, after in zip(self.clean, self.corrupted, strict=True)
        ]


def strip(
    clean: np.ndarray,
    corrupted: np.ndarray,
    labels: np.ndarray,
    answers: dict[str, AnswerPair],
    class_names: Sequence[str],
    palette: Palette,
) -> str:
    """Clean digits above corrupted ones, uint8 (image, row, column), and the answers to them; SVG.

    A changed answer is written as before → after; a wrong one has a vermilion field behind it.
    """
    cell = DIGIT + GAP
    width, height = NAMES + len(clean) * cell, 2 * cell + len(answers) * LINE
    svg = ElementTree.Element(
        "svg",
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {width} {height}",
        fill=palette.text,
        attrib={"font-family": FAMILY, "font-size": "14", "dominant-baseline": "central"},
    )

    def add(tag: str, text: str | None = None, **attributes: object) -> None:
        names = {k.replace("_", "-"): str(v) for k, v in attributes.items()}
        ElementTree.SubElement(svg, tag, names).text = text

    def name(text: str, y: float) -> None:
        add("text", text, x=NAMES - 16, y=y, text_anchor="end")

    for row, (text, images) in enumerate((("clean", clean), ("corrupted", corrupted))):
        top = row * cell
        name(text, top + DIGIT / 2)
        for column, image in enumerate(images):
            add(
                "image",
                x=NAMES + column * cell,
                y=top,
                width=DIGIT,
                height=DIGIT,
                href=png(image, 1),
                style="image-rendering: pixelated",
            )
    for row, (model, pair) in enumerate(answers.items()):
        middle = 2 * cell + (row + 0.5) * LINE
        name(model, middle)
        for column, text in enumerate(pair.in_words(class_names)):
            left = NAMES + column * cell
            if pair.corrupted[column] != labels[column]:
                add(
                    "rect",
                    x=left + DIGIT / 2 - 30,
                    y=middle - 10,
                    width=60,
                    height=20,
                    rx=4,
                    fill=INHIBITORY,
                    fill_opacity=0.32,
                )
            add("text", text, x=left + DIGIT / 2, y=middle, text_anchor="middle")
    return ElementTree.tostring(svg, encoding="unicode")
