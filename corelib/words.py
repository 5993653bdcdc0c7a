"""Words that several sentences share."""

from collections.abc import Iterable


def with_article(noun: str) -> str:
    """A noun with its indefinite article: a 7, an 8, an Ankle boot, a Bag."""
    return f"an {noun}" if noun[0] in "8AEIOaeio" else f"a {noun}"


PER_CENT = "\N{NO-BREAK SPACE}%"
"""What follows a percentage; it does not break from it."""


def percent(share: float, decimals: int = 1) -> str:
    """A share as a percentage: 0.976 is "97.6 %". The space does not break."""
    return f"{100 * share:.{decimals}f}{PER_CENT}"


def figure(name: str, value: float) -> str:
    """An accuracy in per cent, anything else with four digits."""
    return percent(value, 2) if name.startswith("accuracy") else f"{value:.4g}"


def clock(seconds: float) -> str:
    """Minutes and seconds as 1:07, with hours as 2:01:07."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def shape(axes: Iterable[int]) -> str:
    """The shape of an array: (3, 28, 28)."""
    return f"({', '.join(map(str, axes))})"


PROGRAM = "python -m corelib"
"""The command line, as sentences name it."""
