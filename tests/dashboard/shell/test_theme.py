"""The colours of both themes can be told apart by everybody: WCAG's contrast of small text."""

import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
THEMES = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))["theme"]
NEEDED = 4.5
CAPTION_ALPHA = 0.6
"""Streamlit draws captions as text of this opacity."""


def rgb(colour: str) -> list[int]:
    return [int(colour[at : at + 2], 16) for at in (1, 3, 5)]


def luminance(colour: list[float]) -> float:
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
        for c in (part / 255 for part in colour)
    ]
    return sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: list[float], other: list[float]) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_that_of_the_guidelines():
    assert contrast(rgb("#000000"), rgb("#ffffff")) == pytest.approx(21)
    # The lightest grey on white that the guidelines accept.
    assert contrast(rgb("#767676"), rgb("#ffffff")) == pytest.approx(4.54, abs=0.005)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("part", ["main", "sidebar"])
@pytest.mark.parametrize("alpha", [1.0, CAPTION_ALPHA], ids=["text", "caption"])
def test_text_and_captions_are_legible(theme, part, alpha):
    colours = THEMES[theme] | (THEMES[theme]["sidebar"] if part == "sidebar" else {})
    text = rgb(colours["textColor"])
    for name in ("backgroundColor", "secondaryBackgroundColor"):
        ground = rgb(colours[name])
        shown = [alpha * t + (1 - alpha) * g for t, g in zip(text, ground, strict=True)]
        assert contrast(shown, ground) >= NEEDED, (name, contrast(shown, ground))


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_links_and_buttons_are_legible(theme):
    colours = THEMES[theme]
    assert contrast(rgb(colours["primaryColor"]), rgb(colours["backgroundColor"])) >= NEEDED


def test_the_shadows_of_wide_equations_lie_on_the_pages_own_ground():
    style = (ROOT / "dashboard" / "shell" / "page.css").read_text(encoding="utf-8")
    grounds = ", ".join(THEMES[theme]["backgroundColor"] for theme in ("light", "dark"))
    assert f"light-dark({grounds})" in style


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_words_on_the_primary_colour_can_be_read(theme):
    """Those of chips and of the button that trains."""
    on = {"light": "#ffffff", "dark": "#10161d"}
    style = (ROOT / "dashboard" / "shell" / "everywhere.css").read_text(encoding="utf-8")
    assert f"color: light-dark({on['light']}, {on['dark']});" in style
    assert contrast(rgb(on[theme]), rgb(THEMES[theme]["primaryColor"])) >= NEEDED
