"""How a verdict is told apart besides by its word."""

from typing import NamedTuple

from corelib.reproduce.claim import Verdict
from dashboard.figures.style import LIGHT, Palette


class Mark(NamedTuple):
    """A sign in text and in a figure, a colour on a light and on a dark ground, and the name of
    Streamlit's colour for a badge."""

    text: str
    symbol: str
    light: str
    dark: str
    badge: str

    def colour(self, palette: Palette) -> str:
        return self.light if palette == LIGHT else self.dark


MARKS: dict[Verdict, Mark] = {
    "reproduced": Mark("●", "circle", "#00704F", "#3CC9A0", "green"),
    "exceeded": Mark("▲", "triangle-up", "#005C91", "#6CB8EC", "blue"),
    "reproduced in part": Mark("◆", "diamond", "#8A5A00", "#E8B44C", "orange"),
    "not reproduced": Mark("✕", "x", "#B0400A", "#F58F5C", "red"),
    "cannot be tested here": Mark("○", "circle-open", "#5C6B78", "#93A3B1", "gray"),
}
