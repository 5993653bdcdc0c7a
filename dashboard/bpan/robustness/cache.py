"""What the Robustness page computes once and keeps, beside ``dashboard.bpan.cache``.

Everything here is shared by all sessions and must not be changed.
"""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import streamlit as st

from corelib.analysis.robustness import Robustness, robustness
from corelib.data.corruptions import CORRUPTIONS, Corruption
from corelib.reproduce import results
from dashboard.bpan import cache as bpan_cache
from dashboard.bpan.robustness.figures.strip import AnswerPair, Shape
from dashboard.bpan.robustness.figures.strip import strip as strip_svg
from dashboard.figures.style import Palette
from dashboard.shell import cache

if TYPE_CHECKING:
    import pandas as pd

    from corelib.data import ImageDataset
    from corelib.runs.registry import Checkpoint

LIVE = 1000
"""How many test images are read here where no table over seeds ships."""
SHOWN = (3, 2, 1, 18, 4, 8, 11, 0, 61, 9)
"""A test digit of MNIST of each class, 0 to 9."""
CLEAN = Corruption("gaussian", 0.0)


class Strip(NamedTuple):
    """The drawing, its test images by their places, their true classes, and the answers to them by
    the network's name."""

    svg: str
    images: np.ndarray
    labels: np.ndarray
    answers: dict[str, AnswerPair]


def measured(
    item: "Checkpoint", key: cache.CheckpointKey, corruption: Corruption, theta: float
) -> Robustness:
    """Over seeds from the table that ships, if it has this network and corruption; else measured
    here."""
    model, state = item.name.removesuffix("-mnist"), results.shipped_state()
    standard = corruption == Corruption(corruption.name, corruption.severity)
    if standard and not item.own and item.name == f"{model}-mnist" and model in _tabled(state):
        return _over_seeds(model, corruption.name, theta, state)
    grid = CORRUPTIONS[corruption.name].severities
    answers = [
        bpan_cache.corrupted_answers(key, corruption._replace(severity=severity), LIVE)
        for severity in grid
    ]
    return robustness(answers, cache.test_labels(key.dataset)[:LIVE], grid, theta)


@st.cache_resource(show_spinner=False, max_entries=1)
def _rows(state: tuple) -> "pd.DataFrame":
    """The table over seeds, as long as the shipped tables are in this state."""
    return results.shipped("robustness")


@st.cache_resource(show_spinner=False, max_entries=1)
def _tabled(state: tuple) -> set[str]:
    """The networks of the table over seeds."""
    return set(_rows(state)["model"])


@st.cache_resource(show_spinner=False, max_entries=256)
def _over_seeds(model: str, kind: str, theta: float, state: tuple) -> Robustness:
    from corelib.reproduce.robustness import over_seeds

    return over_seeds(_rows(state), model, kind, theta)


@st.cache_resource(show_spinner=False, max_entries=64)
def strip(
    keys: tuple[tuple[str, cache.CheckpointKey], ...],
    corruption: Corruption,
    palette: Palette,
    shape: Shape,
) -> Strip:
    """Ten test digits, clean and corrupted, and the answers of the networks, by their titles."""
    data = cache.dataset(keys[0][1].dataset)
    chosen = np.array(shown_of(data))
    labels = data.test.labels.numpy()[chosen]
    few = int(chosen.max()) + 1
    pixels = bpan_cache.corrupted(data.name, corruption, few).numpy()[chosen]
    answers = {
        title: AnswerPair(
            *(
                bpan_cache.corrupted_answers(key, each, few).predicted[chosen, -1]
                for each in (CLEAN, corruption)
            )
        )
        for title, key in keys
    }
    svg = strip_svg(
        data.test.pixels.numpy()[chosen],
        (255 * pixels.clip(0, 1)).astype(np.uint8),
        labels,
        answers,
        data.class_names,
        palette,
        shape=shape,
    )
    return Strip(svg, chosen, labels, answers)


def shown_of(data: "ImageDataset") -> tuple[int, ...]:
    """The ten test images of the strip by their places: one of each class, in their order; of fewer
    classes several of each, of more the first ten."""
    if data.name == "mnist":
        return SHOWN
    labels = data.test.labels.numpy()
    nth = np.zeros(len(labels), int)
    for label in np.unique(labels):
        own = labels == label
        nth[own] = np.arange(own.sum())
    first = np.lexsort((labels, nth))[: len(SHOWN)]
    return tuple(int(i) for i in first[np.lexsort((nth[first], labels[first]))])
