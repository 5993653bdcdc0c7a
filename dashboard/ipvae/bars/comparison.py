"""The tab Other networks: the same stimulus on the other kinds of networks."""

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from corelib.models.ipvae.analysis import most_similar_feature
from corelib.models.ipvae.contrast import at_contrast, contrast_curve
from corelib.models.ipvae.tuning import RESPONSIVE, median_orientation, medians, responsive
from corelib.reproduce import selectivity
from corelib.words import percent
from dashboard.figures.mosaic import row_of_images
from dashboard.figures.style import TraceStyle, trace_styles
from dashboard.ipvae import cache as ipvae_cache
from dashboard.ipvae.bars import cache as bars_cache
from dashboard.ipvae.bars import conclusions
from dashboard.ipvae.bars.controls import PAGE
from dashboard.ipvae.bars.figures import comparison as figures
from dashboard.ipvae.bars.figures.tuning import Angles, Curve, polar
from dashboard.ipvae.bars.view import SWEEP_TRIALS, View
from dashboard.shell.cache import checkpoint_key
from dashboard.shell.checkpoints import of_systems
from dashboard.shell.controls import sticky_button
from dashboard.shell.export import chart
from dashboard.shell.numbers import side_by_side

if TYPE_CHECKING:
    from corelib.models.ipvae.contrast import ContrastCurve
    from corelib.runs.registry import Checkpoint

PUBLISHED = {ipvae_cache.NAMES[system]: figure for system, figure in selectivity.PUBLISHED.items()}
"""1 - circular variance for orientation, as the paper reports it, by kind of network."""
OTHER_CONTRASTS = (0.5, 1.0, 2.0, 4.0)


def draw_other_networks(v: View) -> None:
    """The same experiment on each kind of network, with the neuron whose feature is most alike."""
    views = _views(v)
    if len(views) < 3:
        lacking = [kind for kind in ipvae_cache.NAMES.values() if kind not in views]
        st.info(
            f"No {' and no '.join(lacking)} for these images is available; train one under Train "
            "to see it here."
        )
    styles = trace_styles(list(views))
    medians_of = {
        kind: medians(other.selectivity(), responsive(other.tuning())).orientation
        for kind, other in views.items()
    }
    st.markdown(conclusions.of_networks(medians_of, PUBLISHED))
    chart(
        row_of_images(
            [other.field for other in views.values()],
            [f"{kind}, neuron {other.neuron}" for kind, other in views.items()],
            v.palette,
            height=200,
        ),
        "bars_baseline_fields",
        alt="Receptive fields of the neurons compared",
        caption="The chosen neuron, and in each other network the one whose feature is most "
        "similar to it (largest cosine, either sign).",
    )
    _draw_neurons(v, views, styles)
    _draw_selectivities(v, views, styles)
    _draw_contrasts(v, views, styles)


def _views(v: View) -> dict[str, View]:
    """This page's view, and the same of one network of each other kind for these images."""
    views = {v.kind: v}
    for item in of_systems(ipvae_cache.SYSTEMS).values():
        kind = ipvae_cache.kind_of(item)
        if kind not in views and item.card.dataset == v.key.dataset:
            other = _same_on(v, item, kind)
            if other is not None:
                views[kind] = other
    return views


def _same_on(v: View, item: "Checkpoint", kind: str) -> View | None:
    """The view of another network; None where its patches have another size."""
    key = checkpoint_key(item)
    features = ipvae_cache.features(key)
    if features.shape[1:] != v.field.shape:
        return None
    neuron = most_similar_feature(v.field, features)
    return v._replace(item=item, key=key, kind=kind, neuron=neuron)


def _draw_neurons(v: View, views: dict[str, View], styles: dict[str, TraceStyle]) -> None:
    """The neurons' tuning curves, and their rates over time."""
    curves, rates = {}, {}
    for kind, other in views.items():
        tuning, k = other.tuning(), other.neuron
        unknown = np.full(len(tuning.directions), np.nan)
        curves[kind] = Curve(tuning.directions, tuning.raised[:, k], unknown, 0.0)
        rates[kind] = other.outcome().rate[:, k]
    left, right = st.columns(2, gap="large")
    with left:
        chart(
            polar(curves, styles, Angles(v.gabor_axis), v.palette, relative=True),
            "bars_baseline_polar",
            alt=f"Tuning curves of the {len(views)} neurons",
            caption="Activity above baseline, each scaled by its largest value; n = "
            f"{SWEEP_TRIALS} trials.",
            n=SWEEP_TRIALS,
        )
    with right:
        chart(
            figures.over_time(rates, styles, v.stimulus.baseline_frames, v.palette),
            "bars_baseline_rates",
            alt=f"Mean activity over time of the {len(views)} neurons",
            caption=f"{v.stimulus.kind.capitalize()} at {v.direction:g}°; mean activity over "
            f"{v.experiment.trials} trials, each network in its own unit.",
            n=v.experiment.trials,
        )


def _draw_selectivities(v: View, views: dict[str, View], styles: dict[str, TraceStyle]) -> None:
    """How selective the responsive neurons of each network are."""
    values, rows = {}, []
    for kind, other in views.items():
        chosen, tuning = other.selectivity(), other.tuning()
        responds = responsive(tuning)
        values[kind] = chosen.orientation[responds]
        over_all = medians(chosen, responds)
        magnitude = median_orientation(other.sweep().tuning(magnitude=True))
        rows.append(
            {
                "network": kind,
                "name": other.item.title,
                "neuron": other.neuron,
                "1 − CV of this neuron": float(chosen.orientation[other.neuron]),
                "median": over_all.orientation,
                "median, of the magnitude": magnitude,
                "paper": PUBLISHED[kind],
                "direction, median": over_all.direction,
                "responsive neurons": int(responds.sum()),
            }
        )
    chart(
        figures.selectivities(
            values, PUBLISHED, styles, "1 − circular variance, orientation", v.palette
        ),
        "bars_baseline_selectivity",
        alt="Distribution of orientation selectivity in each network",
        caption="Over the responsive neurons; solid uprights: medians, dotted: the paper's. n = 1 "
        "seed per network.",
        n=1,
    )
    side_by_side(rows, "bars_baseline_table")
    st.caption(
        "Medians over the responsive neurons, for orientation except in one column. They are "
        "measured on the mean activity above baseline; an iG-VAE's activity has either sign and "
        "averages out while a bar passes, so its magnitude |μ| is measured, too; in networks that "
        "are never negative both are the same. We do not know which of the two the paper's "
        f"{PUBLISHED['iG-VAE']:g} is. Responsive: the best direction raises the neuron by more "
        f"than {percent(RESPONSIVE, 0)} of what it raises the most responsive neuron by."
    )


def _draw_contrasts(v: View, views: dict[str, View], styles: dict[str, TraceStyle]) -> None:
    """Whose selectivity survives a brighter bar?"""
    st.markdown(
        "##### Does selectivity depend on contrast?\nAn orientation-selective cell of the visual "
        "cortex keeps its selectivity when the bar becomes brighter. A linear filter above a fixed "
        "threshold does not: a brighter bar lifts ever more directions over the threshold."
    )
    if not sticky_button(PAGE, "contrasts", "Compare contrasts", icon=":material/contrast:"):
        return
    experiments = [at_contrast(v.experiment._replace(trials=1), c) for c in OTHER_CONTRASTS]
    by_kind = {
        kind: contrast_curve(
            OTHER_CONTRASTS, [bars_cache.sweep(other.key, e).tuning() for e in experiments]
        )
        for kind, other in views.items()
    }
    each = [
        f"{kind}: {curve.median[0]:.2f} at {curve.contrasts[0]:g}, {curve.median[-1]:.2f} at "
        f"{curve.contrasts[-1]:g}{_equal(curve, PUBLISHED[kind])}"
        for kind, curve in by_kind.items()
    ]
    chart(
        figures.by_contrast(by_kind, PUBLISHED, styles, v.palette),
        "bars_by_contrast",
        alt="Orientation selectivity against contrast for each network",
        caption="Medians over the responsive neurons with 95 % bootstrap intervals over neurons, "
        "n = 1 trial per direction; dotted: the paper's, at a contrast that we do not know. "
        f"{'; '.join(each)}.",
    )


def _equal(curve: "ContrastCurve", published: float) -> str:
    """Where the curve equals the paper's figure, in words."""
    at = " and ".join(f"{contrast:.1f}" for contrast in curve.equal_to(published))
    return f", the paper's {published:g} at {at}" if at else f", nowhere the paper's {published:g}"
