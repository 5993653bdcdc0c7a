"""The numbers in what a page says, in their order."""

import json
import re
from collections.abc import Callable

import numpy as np
from streamlit.testing.v1 import AppTest

from corelib.words import percent, with_article
from tests.charts import charts

NUMBER = re.compile(r"(?<![\w.\-−])[-−]?\d+(?:,\d{3})*(?:\.\d+)?(?:e[-+]?\d+)?")
"""Not those in a name: the 2 of z2, the 16 of ipvae-natural-16."""
HEADLINES: set[str] = set()
"""The pages of which a test here reads every number of the sentence on top."""


def says(page: str) -> Callable:
    """Marks the test that compares every number of a page's sentence with what it should be."""
    HEADLINES.add(page)

    return lambda test: test


def headline(app: AppTest) -> str:
    """The sentence on top of a page."""
    assert not app.exception
    assert not app.error
    return next(item.value for item in app.main if item.type == "markdown")


def saying(app: AppTest, words: str) -> str:
    """The one sentence or caption of a page in which these words are."""
    (found,) = {item.value for item in (*app.markdown, *app.caption) if words in item.value}
    return found


def numbers(text: str, *names: str) -> list[str]:
    """The numbers in a text as they are written, less those in these names."""
    for name in names:
        text = text.replace(name, "")
    return NUMBER.findall(text.replace("*", ""))


def in_per_cent(share: float, decimals: int = 1) -> str:
    """A share as ``percent`` writes it, without the sign."""
    return numbers(percent(share, decimals))[0]


def called(answer: int, aside: list[str], true: int) -> list[str]:
    """The numbers where a network calls a digit something: its answer, what stands beside it, and
    what it is where that is something else."""
    assert numbers(with_article(str(answer))) == [str(answer)]
    return [str(answer), *aside, *([] if answer == true else [str(true)])]


def decided(probability: np.ndarray, theta: float) -> tuple[int, float, int]:
    """The answer by probabilities (time, class) at a threshold, how probable it is, and the step
    from 1: the first at which one is as large, else the last."""
    reached = np.flatnonzero(probability.max(1) >= theta)
    step = int(reached[0]) if len(reached) else len(probability) - 1
    return int(probability[step].argmax()), float(probability[step].max()), step + 1


def at_theta(
    confidence: np.ndarray, predicted: np.ndarray, theta: float
) -> tuple[np.ndarray, np.ndarray]:
    """Answers and steps (image,) at a threshold, from those at every step, (image, time)."""
    reached = confidence >= theta
    last = predicted.shape[1] - 1
    at = np.where(reached.any(1), reached.argmax(1), last)
    return predicted[np.arange(len(at)), at], at + 1


def _figure(app: AppTest, key: str) -> dict:
    (spec,) = (chart.spec for chart in charts(app) if chart.key == key)
    return json.loads(spec)


def drawn(app: AppTest, key: str) -> list[dict]:
    """The traces of one figure of a page, as they are sent."""
    return _figure(app, key)["data"]


def named(app: AppTest, key: str, name: str) -> list[dict]:
    """Those of this name, in their order."""
    return [trace for trace in drawn(app, key) if trace.get("name") == name]


def axes_of(app: AppTest, key: str) -> tuple[str, str]:
    """What the first axes of a figure of a page say."""
    layout = _figure(app, key)["layout"]
    x, y = (layout[f"{letter}axis"]["title"].get("text", "") for letter in "xy")
    return x, y
