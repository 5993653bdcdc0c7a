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

GAP, LINE = 8, 26
"""Units of the picture: pixels on a page as wide as a usual screen."""


class Shape(NamedTuple):
    """The width of the names, that of a digit, and how many digits stand side by side; the others
    follow below."""

    names: int
    digit: int
    abreast: int


WIDE, NARROW, PROJECTED = Shape(190, 84, 10), Shape(156, 50, 5), Shape(156, 38, 10)
"""The type is larger on the screen the fewer units the whole is wide."""


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
    *,
    shape: Shape = WIDE,
) -> str:
    """Clean digits above corrupted ones, uint8 (image, row, column), and the answers to them; SVG.

    A changed answer is written as before → after; a wrong one has a vermilion field behind it.
    """
    high = 2 * (shape.digit + GAP) + len(answers) * LINE
    parts = range(0, len(clean), shape.abreast)
    width = shape.names + min(len(clean), shape.abreast) * (shape.digit + GAP)
    svg = ElementTree.Element(
        "svg",
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {width} {len(parts) * (high + 2 * GAP) - 2 * GAP}",
        fill=palette.text,
        attrib={"font-family": FAMILY, "font-size": "14", "dominant-baseline": "central"},
    )
    for k, first in enumerate(parts):
        some = slice(first, first + shape.abreast)
        part = _Part(
            ElementTree.SubElement(svg, "g", transform=f"translate(0 {k * (high + 2 * GAP)})"),
            shape,
        )
        part.add_digits({"clean": clean[some], "corrupted": corrupted[some]})
        for row, (name, pair) in enumerate(answers.items()):
            those = AnswerPair(pair.clean[some], pair.corrupted[some])
            part.add_answers(
                row, name, those.in_words(class_names), those.corrupted != labels[some]
            )
    return ElementTree.tostring(svg, encoding="unicode")


class _Part(NamedTuple):
    """Digits side by side with the answers below them, drawn into a group."""

    group: ElementTree.Element
    shape: Shape

    def add_digits(self, rows: dict[str, np.ndarray]) -> None:
        digit = self.shape.digit
        for row, (text, images) in enumerate(rows.items()):
            top = row * (digit + GAP)
            self._name(text, top + digit / 2)
            for column, image in enumerate(images):
                self._add(
                    "image",
                    x=self._left(column),
                    y=top,
                    width=digit,
                    height=digit,
                    href=png(image, 1),
                    style="image-rendering: pixelated",
                )

    def add_answers(self, row: int, name: str, texts: Sequence[str], wrong: np.ndarray) -> None:
        middle = 2 * (self.shape.digit + GAP) + (row + 0.5) * LINE
        self._name(name, middle)
        field = min(60, self.shape.digit + GAP - 4)
        for column, text in enumerate(texts):
            centre = self._left(column) + self.shape.digit / 2
            if wrong[column]:
                self._add(
                    "rect",
                    x=centre - field / 2,
                    y=middle - 10,
                    width=field,
                    height=20,
                    rx=4,
                    fill=INHIBITORY,
                    fill_opacity=0.32,
                )
            self._add("text", text, x=centre, y=middle, text_anchor="middle")

    def _left(self, column: int) -> int:
        return self.shape.names + column * (self.shape.digit + GAP)

    def _name(self, text: str, y: float) -> None:
        self._add("text", text, x=self.shape.names - 10, y=y, text_anchor="end")

    def _add(self, tag: str, text: str | None = None, **attributes: object) -> None:
        names = {k.replace("_", "-"): str(v) for k, v in attributes.items()}
        ElementTree.SubElement(self.group, tag, names).text = text
