"""Axes and titles that the figures of the E/I balance page share."""


def small_title(text: str) -> dict:
    """A title in the size of the figures' text."""
    return {"text": text, "font": {"size": 14}}


def step_axis(n: int) -> dict:
    return {"title": {"text": "step"}, "dtick": tick(n), "range": [0.7, n + 0.3]}


def tick(n: int) -> int:
    return 1 if n <= 12 else 2 if n <= 20 else 5
