"""The tab Population: all neurons at once."""

from collections.abc import Callable

import numpy as np
import streamlit as st

from corelib.models.ipvae.tuning import SELECTIVE, Population, population, psth
from corelib.words import percent
from dashboard.figures.mosaic import grid, mosaic
from dashboard.ipvae import cache as ipvae_cache
from dashboard.ipvae.bars import cache as bars_cache
from dashboard.ipvae.bars.controls import PAGE
from dashboard.ipvae.bars.figures.population import (
    Preferences,
    agreement,
    decoding,
    everyone,
    orientation_map,
)
from dashboard.ipvae.bars.view import SWEEP_TRIALS, View
from dashboard.shell.chart import clicked
from dashboard.shell.export import chart

COLUMNS = 200
"""The activity over time is averaged down to at least so many columns."""


def draw_population(v: View) -> None:
    """The map of axes, everyone's activity, the Gabor functions, the readout, all features."""
    chosen, gabors = v.selectivity(), ipvae_cache.gabors(v.key)
    shared = population(v.tuning(), gabors.orientation)
    if not shared.responsive.any():
        st.info("No neuron responds to this stimulus: change its speed, or raise its contrast.")
        return
    axis = np.where(shared.responsive, chosen.best_axis, np.nan)
    preferences = Preferences(gabors, axis, np.nan_to_num(chosen.orientation), v.neuron)
    _say_population(shared)
    left, right = st.columns(2, gap="large")
    with left:
        chart(
            orientation_map(preferences, v.field.shape[0] / 2, v.palette),
            "bars_map",
            alt="Preferred axes of all neurons at the places of their receptive fields",
            caption="Each line is a neuron, at the place of its Gabor function, along the bar that "
            "it prefers; longer: more selective. Click one to choose it.",
            on_select=_choose("bars_map"),
        )
    with right:
        _draw_everyone(v, shared.responsive)
    left, right = st.columns(2, gap="large")
    with left:
        chart(
            agreement(preferences, v.palette),
            "bars_agreement",
            alt="Axis of the best bar against the axis of the Gabor function",
            caption=f"n = {shared.responsive.sum()} responsive neurons, {SWEEP_TRIALS} trials. "
            "Click one to choose it.",
            n=SWEEP_TRIALS,
            on_select=_choose("bars_agreement"),
        )
    with right:
        _draw_decoding(v)
    _draw_features(v, axis)


def _say_population(shared: Population) -> None:
    responds = shared.responsive
    st.markdown(
        f"**{responds.sum()}** of {len(responds)} neurons respond; "
        f"**{percent(shared.selective, 0)}** of them have 1 − circular variance over "
        f"{SELECTIVE:g} for orientation (median {shared.orientation:.2f}; for direction "
        f"{shared.direction:.2f}). The axis of the best bar is **{shared.off_gabor:.0f}°** "
        "(median) from that of the Gabor function."
    )


def _choose(key: str) -> Callable[[], None]:
    """What a click on a neuron in a figure does."""

    def choose() -> None:
        point = clicked(key)
        if point and "customdata" in point:
            st.session_state[f"{PAGE}_neuron"] = int(np.ravel(point["customdata"])[0])

    return choose


def _draw_everyone(v: View, responds: np.ndarray) -> None:
    """The activity of all responsive neurons over time, by preferred direction."""
    activity, prefers = v.outcome().first.activity, v.selectivity().best_direction
    every = max(1, activity.shape[1] // COLUMNS)
    binned = psth(activity, every).T
    frames = every * np.arange(binned.shape[1]) - v.stimulus.baseline_frames
    order = np.argsort(np.where(responds, prefers, np.inf), kind="stable")[: responds.sum()]
    chart(
        everyone(binned, frames, order, prefers, v.palette),
        "bars_everyone",
        alt="Activity of all neurons over time, ordered by preferred direction",
        caption=f"All responsive neurons, {v.stimulus.kind} at {v.direction:g}°, one trial; "
        f"brighter: more {'spikes' if v.spikes else 'activity'}.",
    )


def _draw_decoding(v: View) -> None:
    decoded = bars_cache.decoded(v.key, v.swept)
    chart(
        decoding(decoded, v.palette),
        "bars_decoding",
        alt="Direction decoded from all neurons against the direction shown",
        caption="A linear readout of all neurons' "
        f"{'spike counts' if v.spikes else 'summed activity'}, fitted to half of the trials and "
        f"tested on the other half: median error {np.median(decoded.error):.0f}° (chance: 90°), "
        f"n = {len(decoded.shown)}.",
    )


def _draw_features(v: View, axis: np.ndarray) -> None:
    """All features by the axis of the bar that they prefer, (unit,), NaN at the end."""
    features = ipvae_cache.features(v.key)
    columns, cell = grid(len(features))
    responds = np.isfinite(axis)
    order = np.argsort(np.where(responds, axis, 999), kind="stable")
    captions = [
        f"neuron {k}: " + (f"{axis[k]:.0f}°" if responds[k] else "hardly responds")
        for k in range(len(features))
    ]
    chart(
        mosaic(features, captions, order, v.neuron, columns, v.palette, cell=cell),
        "bars_mosaic",
        alt="All receptive fields, by the axis they prefer",
        caption="All features by the axis of the bar that they prefer; those that hardly respond "
        "come last. Click one to choose it.",
        on_select=_choose("bars_mosaic"),
    )
