"""Words that several sentences share."""


def with_article(noun: str) -> str:
    """A noun with its indefinite article: a 7, an 8, an Ankle boot, a Bag."""
    return f"an {noun}" if noun[0] in "8AEIOaeio" else f"a {noun}"


PER_CENT = "\N{NO-BREAK SPACE}%"
"""What follows a percentage; it does not break from it."""


def percent(share: float, decimals: int = 1) -> str:
    """A share as a percentage: 0.976 is "97.6 %". The space does not break."""
    return f"{100 * share:.{decimals}f}{PER_CENT}"
