"""What the Robustness page shows: its controls, one record, and the sentence computed from it."""

from typing import TYPE_CHECKING, Any, NamedTuple

import streamlit as st

from corelib.analysis.robustness import OverSeverity, Robustness, ranked
from corelib.catalog import showing
from corelib.data.corruptions import CORRUPTIONS, PUBLISHED, Corruption, Fill, Place
from corelib.words import PER_CENT
from dashboard.bpan.robustness import cache as robustness_cache
from dashboard.components.digit_input import ChosenDigit, digit_input
from dashboard.figures.style import Palette, TraceStyle, trace_styles
from dashboard.shell import cache
from dashboard.shell.checkpoints import checkpoints_picker
from dashboard.shell.controls import choice, number, select, slider, steps_slider, switch
from dashboard.shell.page import NothingToShow
from dashboard.shell.presets import Preset
from dashboard.shell.text import plain
from dashboard.shell.theme import palette

if TYPE_CHECKING:
    from corelib.data import ImageDataset
    from corelib.runs.registry import Checkpoint

PAGE = "robust"
SYSTEMS = showing("steps")
STANDARD = (*(f"{name}-mnist" for name in SYSTEMS), "bpan-unbalanced-mnist")
THETAS = (0.5, 0.9, 0.99)


class View(NamedTuple):
    """The networks chosen, by title, the corruption, what it does to them, and the digit chosen."""

    items: "list[Checkpoint]"
    keys: dict[str, cache.CheckpointKey]
    styles: dict[str, TraceStyle]
    measured: dict[str, Robustness]
    corruption: Corruption
    theta: float
    data: "ImageDataset"
    chosen: ChosenDigit | None
    palette: Palette

    @property
    def first(self) -> str:
        """The title of the network that the sentence is about."""
        return self.items[0].title

    @property
    def at(self) -> int:
        """The place of the severity in the grid of its kind."""
        return CORRUPTIONS[self.corruption.name].severities.index(self.corruption.severity)

    @property
    def severities(self) -> list[Corruption]:
        """The corruption at every severity of its grid."""
        grid = CORRUPTIONS[self.corruption.name].severities
        return [self.corruption._replace(severity=severity) for severity in grid]

    @property
    def bpans(self) -> dict[str, cache.CheckpointKey]:
        """Those of the networks whose states and currents can be shown."""
        names = {item.title for item in self.items if item.card.system == "bpan"}
        return {name: key for name, key in self.keys.items() if name in names}


def view() -> View:
    """The sidebar, and what it shows. Raises ``CheckpointError`` or ``DataError``."""
    with st.sidebar:
        items = checkpoints_picker(PAGE, "models", "Networks", SYSTEMS, STANDARD)
        corruption, theta = _controls()
    if not items:
        raise NothingToShow("Choose at least one network in the sidebar on the left.")
    keys = {item.title: cache.checkpoint_key(item) for item in items}
    with st.spinner(f"Reading {robustness_cache.LIVE:,} corrupted images", show_time=True):
        measured = {
            item.title: robustness_cache.measured(item, keys[item.title], corruption, theta)
            for item in items
        }
        data = cache.dataset(items[0].card.dataset)
    with st.sidebar:
        chosen = digit_input(PAGE, data)
    styles = trace_styles(list(keys))
    return View(items, keys, styles, measured, corruption, theta, data, chosen, palette())


def standard(item: "Checkpoint", style: TraceStyle) -> View:
    """One network, drawn in this style, with the controls as the page opens."""
    severity = CORRUPTIONS["occlusion"].severities[3]
    corruption, theta = Corruption("occlusion", severity), 0.9
    keys = {item.title: cache.checkpoint_key(item)}
    measured = robustness_cache.measured(item, keys[item.title], corruption, theta)
    data, styles = cache.dataset(item.card.dataset), {item.title: style}
    return View(
        [item], keys, styles, {item.title: measured}, corruption, theta, data, None, palette()
    )


def _controls() -> tuple[Corruption, float]:
    """The corruption and the threshold."""
    name = select(PAGE, "kind", "Corruption", list(CORRUPTIONS), "occlusion")
    kind = CORRUPTIONS[name]
    st.caption(f"{kind.title}: {kind.about}.")
    grid = kind.severities
    severity = steps_slider(PAGE, f"{name}_severity", "Severity", grid, grid[3])
    place, row, column, fill = ("centre", 0.5, 0.5, "black")
    if name == "occlusion":
        place, row, column, fill = _square()
    theta = choice(PAGE, "theta", "Confidence threshold θ", THETAS, 0.9)
    with st.expander("More"):
        seed = number(PAGE, "seed", "Noise seed", 0, 999, 0)
        faithful = name in PUBLISHED and switch(PAGE, "faithful", "As published")
    return Corruption(name, severity, seed, place, row, column, fill, faithful), theta


def _square() -> tuple[Place, float, float, Fill]:
    """Where the occluding square lies, and what fills it."""
    places: tuple[Place, ...] = ("centre", "random", "placed")
    place = choice(PAGE, "place", "Place", places)
    # Always there, so that a square that is dragged has controls to move.
    placed = place == "placed"
    left, right = st.columns(2)
    with left:
        row = slider(PAGE, "row", "Row", 0.0, 1.0, 0.5, 0.01, disabled=not placed)
    with right:
        column = slider(PAGE, "column", "Column", 0.0, 1.0, 0.5, 0.01, disabled=not placed)
    fills: tuple[Fill, ...] = ("black", "grey", "noise")
    fill = choice(PAGE, "fill", "Fill", fills)
    return (place, row, column, fill) if placed else (place, 0.5, 0.5, fill)


def move_square(row: float, column: float) -> None:
    """What dragging the square does to the controls."""
    st.session_state[f"{PAGE}_place"] = "placed"
    st.session_state[f"{PAGE}_row"] = round(row, 2)
    st.session_state[f"{PAGE}_column"] = round(column, 2)


def pm(curve: OverSeverity, at: int, percent: bool = True) -> str:
    """A measure at one severity, with its sd if there are several seeds."""
    scale, digits = (100, 1) if percent else (1, 2)
    mean, sd, n = curve.at(at)
    spread = f" ± {scale * sd:.{digits}f}" if n > 1 else ""
    return f"{scale * mean:.{digits}f}{spread}{PER_CENT if percent else ''}"


def sentence(v: View) -> str:
    """Which of the networks shown stands the corruption best, and what the first one loses."""
    own = v.measured[v.first]
    return (
        f"{_verdict(v)}With {v.corruption.in_words}, **{plain(v.first)}** classifies "
        f"**{pm(own.accuracy, v.at)}** of the test images correctly, "
        f"**{_less(own.accuracy.drop(v.at))}** than clean ones ({pm(own.accuracy, 0)}). "
        f"At θ = {v.theta:g} it takes {pm(own.steps, v.at, percent=False)} steps instead of "
        f"{pm(own.steps, 0, percent=False)}."
    )


def _ordinal(place: int) -> str:
    return {1: "1st", 2: "2nd", 3: "3rd"}.get(place, f"{place}th")


def _less(drop: float) -> str:
    """A difference in points, in words; corruption can raise accuracy as well."""
    return f"{abs(100 * drop):.1f} points {'more' if drop < 0 else 'fewer'}"


def _verdict(v: View) -> str:
    """The order of the networks under the corruption, if there are several."""
    order = ranked(v.measured, v.at)
    if len(order) == 1:
        return ""
    best, accuracy = order[0], v.measured[order[0]].accuracy
    text = f"Of the {len(order)} networks shown **{plain(best)}** is the most accurate here, "
    if best == v.first:
        second = order[1]
        lead = 100 * (accuracy.mean[v.at] - v.measured[second].accuracy.mean[v.at])
        return f"{text}{lead:.1f} points before {plain(second)}. "
    behind = 100 * (accuracy.mean[v.at] - v.measured[v.first].accuracy.mean[v.at])
    return (
        f"{text}{pm(accuracy, v.at)}; **{plain(v.first)}** ranks "
        f"{_ordinal(order.index(v.first) + 1)}, **{behind:.1f} points** behind. "
    )


def presets(v: View) -> list[Preset]:
    """Things to try; each with the square in the centre, black, and the first noise seed."""
    standard: dict[str, Any] = {"place": "centre", "fill": "black", "faithful": False, "seed": 0}
    rows: list[tuple[str, str, str, dict[str, Any]]] = [
        (
            "square",
            "A black square",
            "A quarter of the area, in the middle",
            {"kind": "occlusion", "occlusion_severity": 0.25},
        ),
        (
            "snow",
            "Snow",
            "A quarter of the pixels black or white",
            {"kind": "salt_pepper", "salt_pepper_severity": 0.25},
        ),
        (
            "fog",
            "Fog",
            "Seven tenths of the contrast lost: which network loses confidence?",
            {"kind": "contrast", "contrast_severity": 0.7},
        ),
        (
            "turned",
            "Rotated",
            "By 45 degrees, clockwise or anticlockwise",
            {"kind": "rotation", "rotation_severity": 45.0},
        ),
        (
            "drag",
            "Drag a square",
            "Over a digit of your own, and watch the decision change",
            {"kind": "occlusion", "tab": "One digit"},
        ),
        (
            "claim",
            "The published claim",
            "Half of the side covered: does the balance term help?",
            {
                "kind": "occlusion",
                "faithful": True,
                "occlusion_severity": 0.5,
                "tab": "Balance ablation",
            },
        ),
    ]
    return [Preset(name, label, help, standard | own) for name, label, help, own in rows]
