"""The figures of the Robustness page above its tabs, and the tabs One digit and Numbers."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
import streamlit as st

from corelib.analysis.robustness import OverSeverity
from corelib.data.corruptions import CORRUPTIONS, square_side
from dashboard.bpan import cache as bpan_cache
from dashboard.bpan.robustness import cache as robustness_cache
from dashboard.bpan.robustness.figures import curves
from dashboard.bpan.robustness.figures.strip import NARROW, PROJECTED, WIDE
from dashboard.bpan.robustness.view import PAGE, View, move_square, pm
from dashboard.components.digit_input import ChosenDigit
from dashboard.components.occluder import occluder
from dashboard.shell import cache, projector, screen
from dashboard.shell.controls import choice
from dashboard.shell.export import chart, picture
from dashboard.shell.numbers import side_by_side

if TYPE_CHECKING:
    import pandas as pd
    from torch import Tensor


class Pair(NamedTuple):
    """A network's class probabilities over time, (time, class), for the image clean and
    corrupted."""

    clean: np.ndarray
    corrupted: np.ndarray


def draw_main(v: View) -> None:
    """Ten digits with all answers, and accuracy against severity."""
    _draw_strip(v)
    if len(v.items) > 1:
        with st.columns(3)[0]:
            shown = choice(PAGE, "shown", "Show", ("accuracy", "difference"))
        if shown == "difference":
            _draw_differences(v)
            return
    _draw_over_severity(v, "accuracy")


def _draw_differences(v: View) -> None:
    """How much more or less accurate than the first network the others are."""
    own = v.measured[v.first].accuracy
    points = {name: _in_points(m.accuracy.less(own)) for name, m in v.measured.items()}
    kind = CORRUPTIONS[v.corruption.name]
    chart(
        curves.over_severity(
            points,
            v.styles,
            v.corruption.severity,
            kind.unit,
            f"accuracy less that of {v.first} (points)",
            v.palette,
            percent=False,
        ),
        "robust_difference",
        alt=f"Accuracy less that of {v.first} against severity for each network",
        caption=f"Accuracy at the last step less that of {v.first}: {_n(v)}, differences of the "
        "means. Dotted: the severity chosen.",
    )


def _in_points(curve: OverSeverity) -> OverSeverity:
    return curve._replace(mean=100 * curve.mean)


def _n(v: View) -> str:
    """Over how many images and seeds the curves are means."""
    images = {m.images for m in v.measured.values()}
    seeds = {m.accuracy.n for m in v.measured.values()}
    return (
        f"n = {'/'.join(f'{n:,}' for n in sorted(images))} test images; "
        f"{'/'.join(map(str, sorted(seeds)))} seed{'s' * (max(seeds) > 1)}"
    )


def _draw_strip(v: View) -> None:
    shape = NARROW if screen.is_narrow() else PROJECTED if projector.is_on() else WIDE
    strip = robustness_cache.strip(tuple(v.keys.items()), v.corruption, v.palette, shape)
    picture(
        strip.svg,
        "robust_strip",
        data=lambda: strip_table(strip, v.data.class_names),
        alt="Ten test digits, clean and corrupted, with the answer of each network",
        caption="The answer of the last step; before → after where it changed. Vermilion: wrong.",
    )


def strip_table(strip: robustness_cache.Strip, class_names: Sequence[str]) -> "pd.DataFrame":
    """The strip as a table, one row a network and digit."""
    import pandas as pd

    names = np.array(class_names)
    return pd.concat(
        pd.DataFrame(
            {
                "network": name,
                "test image": strip.images,
                "digit": names[strip.labels],
                "clean": names[pair.clean],
                "corrupted": names[pair.corrupted],
            }
        )
        for name, pair in strip.answers.items()
    )


def _draw_over_severity(v: View, measure: Literal["accuracy", "steps"]) -> None:
    """Accuracy or steps against severity."""
    percent = measure == "accuracy"
    series = {name: m.accuracy if percent else m.steps for name, m in v.measured.items()}
    y_name = "accuracy at the last step" if percent else f"mean steps at θ = {v.theta:g}"
    kind = CORRUPTIONS[v.corruption.name]
    seeds = {curve.n for curve in series.values()}
    chart(
        curves.over_severity(
            series, v.styles, v.corruption.severity, kind.unit, y_name, v.palette, percent=percent
        ),
        f"robust_{measure}",
        alt=f"{y_name} against severity for each network",
        caption=f"{_n(v)}{', bands ± 1 sd' if max(seeds) > 1 else ''}. "
        "Dotted: the severity chosen.",
    )


def draw_one_digit(v: View) -> None:
    """A digit of one's own: the square to be dragged over it, and the decision."""
    import torch

    from corelib.data.corruptions import corrupt
    from corelib.models.bpan.halting import trajectory

    if v.chosen is None:
        st.info("Draw a digit, or upload one, in the sidebar on the left.")
        return
    clean = torch.from_numpy(v.chosen.pixels)[None]
    corrupted = corrupt(clean, v.corruption, v.data.mean, v.data.std)
    pairs = {
        name: Pair(
            *(
                trajectory(bpan_cache.classifier(key), cache.dataset(key.dataset).inputs(pixels))
                for pixels in (clean, corrupted)
            )
        )
        for name, key in v.keys.items()
    }
    answer = int(pairs[v.first].clean[-1].argmax())
    class_name = v.data.class_names[answer]
    left, right = st.columns([3, 5], gap="large")
    with left:
        _draw_digit(v, v.chosen, corrupted)
        _draw_answers(v, pairs)
    with right:
        chart(
            curves.class_probability(
                {name: (p.clean[:, answer], p.corrupted[:, answer]) for name, p in pairs.items()},
                v.styles,
                class_name,
                v.palette,
            ),
            "robust_decision",
            alt=f"Probability of {class_name} over steps, clean and corrupted, for each network",
            caption=f"{v.chosen.caption}; solid: clean, dotted: corrupted. n = 1 image. "
            f"{class_name} is the answer of {v.first} to the clean image.",
            n=1,
        )


def _draw_digit(v: View, chosen: ChosenDigit, corrupted: "Tensor") -> None:
    """The digit with the square that can be dragged, or as the corruption leaves it."""
    corruption = v.corruption
    if corruption.name != "occlusion" or corruption.faithful:
        st.image(
            (255 * corrupted[0].clamp(0, 1)).byte().numpy().repeat(8, 0).repeat(8, 1),
            width="stretch",
            alt=f"{chosen.caption}, with {corruption.in_words}",
        )
        return
    side = square_side(corruption.severity, len(chosen.pixels))
    mean = f"{round(255 * v.data.mean):02x}"
    fill = {"black": "#000", "grey": f"#{3 * mean}", "noise": "#888"}[corruption.fill]
    centre = corruption.place == "centre"
    place = (0.5, 0.5) if centre else (corruption.row, corruption.column)
    occluder("robust_occluder", chosen.pixels, side, place, fill, move_square)
    st.caption(
        "Drag the square, or move it with the arrow keys; it then lies there in every figure of "
        "this page."
    )


def _draw_answers(v: View, pairs: dict[str, Pair]) -> None:
    """Each network's last answer and the step at which it answers, clean and corrupted."""
    from corelib.analysis.anytime import decision

    rows = []
    for name, pair in pairs.items():
        answers = (v.data.class_names[int(probability[-1].argmax())] for probability in pair)
        steps = (decision(probability, v.theta).step for probability in pair)
        rows.append({"network": name, "answer": _change(*answers), "steps": _change(*steps)})
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


def _change(before: object, after: object) -> str:
    return f"{before}" if before == after else f"{before} → {after}"


def draw_numbers(v: View) -> None:
    """Steps against severity, and all networks at the severity chosen."""
    _draw_over_severity(v, "steps")
    rows = [
        {
            "network": name,
            "clean": pm(m.accuracy, 0),
            "corrupted": pm(m.accuracy, v.at),
            "drop / points": f"{100 * m.accuracy.drop(v.at):.1f}",
            f"at θ = {v.theta:g}, corrupted": pm(m.early, v.at),
            "mean steps, clean": pm(m.steps, 0, percent=False),
            "mean steps, corrupted": pm(m.steps, v.at, percent=False),
            "seeds": m.accuracy.n,
            "images": m.images,
        }
        for name, m in v.measured.items()
    ]
    side_by_side(rows, f"{PAGE}_numbers")
    st.caption(
        f"{v.corruption.in_words.capitalize()}. Mean ± sd over seeds where there are several. "
        "Your own networks, and corruptions for which no table ships, are measured here on "
        f"{robustness_cache.LIVE:,} test images and one seed."
    )
