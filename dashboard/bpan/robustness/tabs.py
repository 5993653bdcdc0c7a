"""The parts of the Robustness page; each draws itself from one ``View``."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
import streamlit as st

from corelib.analysis.anytime import at_threshold, halting_steps
from corelib.data.corruptions import CORRUPTIONS, Corruption, square_side
from corelib.reproduce import results
from dashboard.bpan import cache as bpan_cache
from dashboard.bpan.robustness.figures import severity as figures
from dashboard.bpan.robustness.figures.severity import OverSeverity
from dashboard.bpan.robustness.figures.strip import Read
from dashboard.bpan.robustness.figures.strip import strip as strip_svg
from dashboard.components.occluder import occluder
from dashboard.figures.style import Palette, TraceStyle, trace_styles
from dashboard.shell import cache
from dashboard.shell.export import chart, picture

if TYPE_CHECKING:
    import pandas as pd

    from corelib.runs.registry import Checkpoint
    from dashboard.components.digit_input import ChosenDigit

THETAS = (0.5, 0.9, 0.99)
LIVE = 1000
"""So many test images are read anew where no table over seeds ships."""
SHOWN = (3, 2, 1, 18, 4, 8, 11, 0, 61, 9)
"""A test digit of each class, 0 to 9."""
SIDE = 28
CLEAN = Corruption("gaussian", 0.0)


class Measured(NamedTuple):
    """A network under rising severity; ``images`` were read."""

    accuracy: OverSeverity
    early: OverSeverity
    steps: OverSeverity
    images: int


class View(NamedTuple):
    """What the page shows: the networks chosen, by name, and the corruption as it stands."""

    items: "list[Checkpoint]"
    keys: dict[str, cache.CheckpointKey]
    styles: dict[str, TraceStyle]
    measured: dict[str, Measured]
    corruption: Corruption
    theta: float
    palette: Palette

    @property
    def at(self) -> int:
        """The place of the severity in the grid of its kind."""
        return CORRUPTIONS[self.corruption.name].severities.index(self.corruption.severity)

    @property
    def bpans(self) -> dict[str, cache.CheckpointKey]:
        """Those of the networks whose states and currents can be seen."""
        own = {item.name for item in self.items if item.card.system == "bpan"}
        return {name: key for name, key in self.keys.items() if name in own}


def view(items: "list[Checkpoint]", corruption: Corruption, theta: float, palette: Palette) -> View:
    """Everything by name. Over seeds from the table that ships, where it has this network and
    corruption; else measured here.

    Raises ``CheckpointError`` or ``DataError``.
    """
    keys = {item.name: cache.checkpoint_key(item) for item in items}
    measured = {}
    for item in items:
        tabled = _as_shipped(corruption) and not item.own and item.name in _shipped()
        measured[item.name] = (
            _over_seeds(item.name, corruption.name, theta)
            if tabled
            else _live(keys[item.name], corruption, theta)
        )
    return View(items, keys, trace_styles(list(keys)), measured, corruption, theta, palette)


def _as_shipped(corruption: Corruption) -> bool:
    return corruption == Corruption(corruption.name, corruption.severity)


@st.cache_resource(show_spinner=False, max_entries=1)
def _shipped() -> "dict[str, pd.DataFrame]":
    """The rows of the table over seeds by the name of the checkpoint that is its seed 0."""
    rows = results.shipped("robustness")
    rows = rows[rows["protocol"] == "ours"]
    return {f"{model}-mnist": part for model, part in rows.groupby("model")}


@st.cache_resource(show_spinner=False, max_entries=256)
def _over_seeds(name: str, kind: str, theta: float) -> Measured:
    rows = _shipped()[name]
    rows = rows[rows["corruption"] == kind]

    def curve(column: str) -> OverSeverity:
        table = rows.pivot(index="severity", columns="seed", values=column).sort_index()
        sd = table.std(axis=1) if table.shape[1] > 1 else 0 * table.iloc[:, 0]
        return OverSeverity(
            table.index.to_numpy(), table.mean(axis=1).to_numpy(), sd.to_numpy(), table.shape[1]
        )

    return Measured(
        curve("accuracy"),
        curve(f"accuracy at {theta:g}"),
        curve(f"mean steps at {theta:g}"),
        10_000,
    )


def _live(which: cache.CheckpointKey, corruption: Corruption, theta: float) -> Measured:
    severities = CORRUPTIONS[corruption.name].severities
    labels = cache.test_labels(which.dataset)[:LIVE]
    accuracy, early, steps = [], [], []
    for severity in severities:
        found = bpan_cache.corrupted_answers(which, corruption._replace(severity=severity), LIVE)
        now = at_threshold(found.confidence, found.predicted, labels, theta)
        accuracy.append(np.mean(found.predicted[:, -1] == labels))
        early.append(now.accuracy)
        steps.append(now.mean_steps)

    def curve(values: list[float]) -> OverSeverity:
        return OverSeverity(np.array(severities), np.array(values), np.zeros(len(values)), 1)

    return Measured(curve(accuracy), curve(early), curve(steps), LIVE)


def words(corruption: Corruption) -> str:
    """The corruption as part of a sentence."""
    kind, severity = CORRUPTIONS[corruption.name], corruption.severity
    said = {
        "gaussian": f"Gaussian noise of sd {severity:g}",
        "salt_pepper": f"{severity:.0%} of the pixels black or white",
        "occlusion": f"{severity:.0%} of the area covered",
        "blur": f"a blur of {severity:g} pixels",
        "contrast": f"{severity:.0%} of the contrast lost",
        "shift": f"a shift of {severity:g} pixels",
        "rotation": f"a turn of {severity:g}°",
    }
    if corruption.faithful and corruption.name == "occlusion":
        return f"a square of {severity:.0%} of the side, as published"
    return said.get(corruption.name, f"{kind.title} {severity:g}") + (
        ", as published" if corruption.faithful else ""
    )


def pm(curve: OverSeverity, at: int, percent: bool = True) -> str:
    """A measure at one severity with its spread, as far as there is one."""
    scale, digits = (100, 1) if percent else (1, 2)
    mean = f"{scale * curve.mean[at]:.{digits}f}"
    spread = f" ± {scale * curve.sd[at]:.{digits}f}" if curve.n > 1 else ""
    return f"{mean}{spread}{' %' if percent else ''}"


def strip(v: View) -> None:
    """Ten test digits, clean and corrupted, and who reads what."""
    svg, labels, answers = _strip(tuple(v.keys.values()), v.corruption, v.palette)
    class_names = cache.dataset(v.items[0].card.dataset).class_names
    picture(
        svg,
        "robust_strip",
        data=lambda: _read_out(labels, answers, class_names),
        alt="Ten test digits clean and corrupted, with the answer of each network",
        caption="The answer of the last step; before → after where it changed. Vermilion: wrong.",
    )


@st.cache_resource(show_spinner=False, max_entries=64)
def _strip(
    keys: tuple[cache.CheckpointKey, ...], corruption: Corruption, palette: Palette
) -> tuple[str, np.ndarray, dict[str, Read]]:
    """The drawing, the digits' true classes, and the answers to them by the network's name."""
    data = cache.dataset(keys[0].dataset)
    chosen = np.array(SHOWN)
    labels = data.test.labels.numpy()[chosen]
    few = int(chosen.max()) + 1
    pixels = bpan_cache.corrupted(data.name, corruption, few).numpy()[chosen]
    answers = {
        key.name: Read(
            *(
                bpan_cache.corrupted_answers(key, each, few).predicted[chosen, -1]
                for each in (CLEAN, corruption)
            )
        )
        for key in keys
    }
    svg = strip_svg(
        data.test.pixels.numpy()[chosen],
        (255 * pixels.clip(0, 1)).astype(np.uint8),
        labels,
        answers,
        data.class_names,
        palette,
    )
    return svg, labels, answers


def _read_out(
    labels: np.ndarray, answers: dict[str, Read], class_names: Sequence[str]
) -> "pd.DataFrame":
    """The strip as a table, one row a network and digit."""
    import pandas as pd

    names = np.array(class_names)
    return pd.concat(
        pd.DataFrame(
            {
                "network": name,
                "test image": SHOWN,
                "digit": names[labels],
                "clean": names[read.before],
                "corrupted": names[read.after],
            }
        )
        for name, read in answers.items()
    )


def over_severity(v: View, measure: Literal["accuracy", "steps"]) -> None:
    """Accuracy or steps against severity."""
    curves: dict[str, OverSeverity] = {name: getattr(m, measure) for name, m in v.measured.items()}
    percent = measure == "accuracy"
    y_name = "accuracy at the last step" if percent else f"mean steps at θ = {v.theta:g}"
    kind = CORRUPTIONS[v.corruption.name]
    seeds = {curve.n for curve in curves.values()}
    images = {m.images for m in v.measured.values()}
    chart(
        figures.over_severity(
            curves, v.styles, v.corruption.severity, kind.unit, y_name, v.palette, percent=percent
        ),
        f"robust_{measure}",
        alt=f"{y_name} against severity for each network",
        caption=f"n = {'/'.join(f'{n:,}' for n in sorted(images))} test images; "
        f"{'/'.join(map(str, sorted(seeds)))} seed{'s' * (max(seeds) > 1)}"
        f"{', bands ± 1 sd' if max(seeds) > 1 else ''}. Dotted: the severity as it stands.",
    )


def one_digit(v: View, chosen: "ChosenDigit | None") -> None:
    """A digit of one's own: the occluder to be dragged, and the decision."""
    import torch

    from corelib.data.corruptions import corrupt
    from corelib.models.bpan.halting import trajectory

    if chosen is None:
        st.info("Draw a digit, or upload one, in the sidebar on the left.")
        return
    data = cache.dataset(v.items[0].card.dataset)
    clean = torch.from_numpy(chosen.pixels)[None]
    after = corrupt(clean, v.corruption, data.mean, data.std)
    inputs = {
        name: tuple(cache.dataset(key.dataset).inputs(pixels) for pixels in (clean, after))
        for name, key in v.keys.items()
    }
    paths = {
        name: tuple(trajectory(cache.model(key), x) for x in inputs[name])
        for name, key in v.keys.items()
    }
    first = next(iter(paths))
    clean_answer = int(paths[first][0][-1].argmax())
    of = data.class_names[clean_answer]
    left, right = st.columns([3, 5], gap="large")
    with left:
        if v.corruption.name == "occlusion" and not v.corruption.faithful:
            side = square_side(v.corruption.severity, SIDE)
            mean = f"{round(255 * data.mean):02x}"
            fill = {"black": "#000", "grey": f"#{3 * mean}", "noise": "#888"}[v.corruption.fill]
            centre = v.corruption.place == "centre"
            place = (0.5, 0.5) if centre else (v.corruption.row, v.corruption.column)
            occluder("robust_occluder", chosen.pixels, side, place, fill, move)
            st.caption(
                "Drag the square, or move it with the arrow keys; it goes where you put it in "
                "every figure of this page."
            )
        else:
            st.image(
                (255 * after[0].clamp(0, 1)).byte().numpy().repeat(8, 0).repeat(8, 1),
                width="stretch",
            )
        rows = []
        for name, pair in paths.items():
            said = [data.class_names[int(path[-1].argmax())] for path in pair]
            steps = [int(halting_steps(path.max(1)[None], v.theta)[0]) for path in pair]
            rows.append({"network": name, "answer": _change(*said), "steps": _change(*steps)})
        narrow = st.column_config.Column(width=70)
        st.dataframe(
            rows,
            hide_index=True,
            width="stretch",
            height="content",
            column_config={"answer": narrow, "steps": narrow},
            key="robust_digit_answers",
        )
        st.caption(f"Clean → corrupted; steps at θ = {v.theta:g}.")
    with right:
        chart(
            figures.sure_of(
                {name: tuple(p[:, clean_answer] for p in pair) for name, pair in paths.items()},
                v.styles,
                of,
                v.palette,
            ),
            "robust_decision",
            alt=f"Probability of {of} over steps, clean and corrupted, for each network",
            caption=f"{chosen.caption}; solid: clean, dotted: corrupted. n = 1 image. {of} is what "
            f"{first} answers to the clean image.",
        )


def _change(before: object, after: object) -> str:
    return f"{before}" if before == after else f"{before} → {after}"


def numbers(v: View) -> None:
    """Steps against severity, and all networks at this severity."""
    import pandas as pd

    over_severity(v, "steps")

    rows = []
    for name, m in v.measured.items():
        drop = 100 * (m.accuracy.mean[0] - m.accuracy.mean[v.at])
        rows.append(
            {
                "network": name,
                "clean / %": pm(m.accuracy, 0).removesuffix(" %"),
                "corrupted / %": pm(m.accuracy, v.at).removesuffix(" %"),
                "drop / points": f"{drop:.1f}",
                f"at θ = {v.theta:g}, corrupted / %": pm(m.early, v.at).removesuffix(" %"),
                "mean steps, clean": pm(m.steps, 0, percent=False),
                "mean steps, corrupted": pm(m.steps, v.at, percent=False),
                "seeds": m.accuracy.n,
                "images": m.images,
            }
        )
    st.dataframe(pd.DataFrame(rows), hide_index=True, width="stretch", key="robust_numbers")
    st.caption(
        f"{words(v.corruption).capitalize()}. Mean ± sd over seeds where there are several. "
        "Networks of your own and corruptions that no table ships for are read here, "
        f"{LIVE:,} test images, one seed."
    )


def move(row: float, column: float) -> None:
    """What dragging the occluder does to the controls."""
    st.session_state["robust_place"] = "placed"
    st.session_state["robust_row"] = round(row, 2)
    st.session_state["robust_column"] = round(column, 2)
