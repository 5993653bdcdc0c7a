"""Occlusion sensitivity: accuracy against the place of the occluding square."""

from typing import TYPE_CHECKING

import streamlit as st

from corelib.data.corruptions import CORRUPTIONS, Fill
from corelib.words import percent
from dashboard.bpan import cache as bpan_cache
from dashboard.bpan.robustness.cache import LIVE
from dashboard.bpan.robustness.figures.occlusion import sensitivity
from dashboard.bpan.robustness.view import PAGE, View
from dashboard.shell import cache
from dashboard.shell.apart import apart
from dashboard.shell.controls import select, steps_slider
from dashboard.shell.export import chart
from dashboard.shell.text import plain

if TYPE_CHECKING:
    from corelib.data.images import Split
    from corelib.models.bpan.robustness import OcclusionMap

ALL = "all"
STRIDE = 2
"""Pixels between neighbouring places of the square."""
MOST_MAPS = 24


@apart
def draw_occlusion_sensitivity(v: View) -> None:
    """Accuracy as a function of where the square lies."""
    left, middle, right = st.columns(3)
    with left:
        name = select(PAGE, "map_of", "Network", list(v.keys))
    key = v.keys[name]
    with middle:
        severity = steps_slider(
            PAGE,
            "map_severity",
            "Share of the area covered",
            CORRUPTIONS["occlusion"].severities[1:],
            0.1,
        )
    with right:
        names = cache.dataset(key.dataset).class_names
        digit = select(PAGE, "map_digit", "Digits", [ALL, *names])
    computed = _map(key, severity, v.corruption.fill, digit)
    images = _images(key.dataset, digit)
    side = images.pixels.shape[-1]
    worst, mildest = computed.most_harmful, computed.least_harmful
    st.markdown(
        f"Without the square, **{plain(name)}** classifies {percent(computed.clean)} of these "
        f"digits correctly. The square does most harm with its centre at row "
        f"{side * worst.row:.0f}, column {side * worst.column:.0f}: **{percent(worst.accuracy)}**. "
        f"Where it does least, accuracy is {percent(mildest.accuracy)}."
    )
    chart(
        sensitivity(
            computed.accuracy,
            side * computed.rows,
            images.pixels.float().mean(0).byte().numpy(),
            computed.clean,
            v.palette,
        ),
        "robust_map",
        alt="Accuracy by the place of the square, beside the mean digit",
        caption=f"{name}, {len(images.pixels):,} test images, last step; the square covers "
        f"{percent(severity, 0)} of the area, filled with {_FILLS[v.corruption.fill]}. Near the "
        "rim it reaches over the edge and covers less.",
    )


_FILLS: dict[Fill, str] = {"black": "black", "grey": "grey", "noise": "noise"}


def _images(name: str, digit: str) -> "Split":
    """The first test images of one class, or of all."""
    from corelib.data.images import first_of

    data = cache.dataset(name)
    label = None if digit == ALL else data.class_names.index(digit)
    return first_of(data.test, LIVE, label)


def _map(key: cache.CheckpointKey, severity: float, fill: Fill, digit: str) -> "OcclusionMap":
    """Measured once a session for each network and square."""
    from corelib.models.bpan.robustness import occlusion_map

    kept = cache.kept("_robust_maps", MOST_MAPS)
    wanted = (key, severity, fill, digit)
    if wanted not in kept:
        images = _images(key.dataset, digit)
        network = bpan_cache.classifier(key)
        data = cache.dataset(key.dataset)
        bar = st.progress(0.0, "Moving the square")
        computed = None
        for computed in occlusion_map(network, *images, data, severity, fill, STRIDE):
            bar.progress(computed.done, f"Moving the square, {percent(computed.done, 0)}")
        bar.empty()
        kept[wanted] = computed
    return kept[wanted]
