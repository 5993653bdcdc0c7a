"""The palette of the theme that the person has chosen."""

from dashboard.figures.style import DARK, LIGHT, Palette
from dashboard.shell.screen import is_dark


def palette() -> Palette:
    """Light or dark, as the browser shows it now."""
    return DARK if is_dark() else LIGHT
