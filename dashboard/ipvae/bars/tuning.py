"""The tabs Tuning and Drives: what one neuron prefers, and what moves its potential."""

import numpy as np
import streamlit as st

from corelib.models.ipvae.experiment import forgetful
from corelib.models.ipvae.tuning import (
    axis_difference,
    fano_factor,
    medians,
    responsive,
    selectivity,
)
from dashboard.ipvae.bars import cache as bars_cache
from dashboard.ipvae.bars import conclusions
from dashboard.ipvae.bars.controls import PAGE
from dashboard.ipvae.bars.figures import trials
from dashboard.ipvae.bars.figures.tuning import Angles, Curve, angle_time, flat
from dashboard.ipvae.bars.player import OWN
from dashboard.ipvae.bars.view import SWEEP_TRIALS, View
from dashboard.ipvae.features import activity_words
from dashboard.shell.controls import sticky_button
from dashboard.shell.export import chart
from dashboard.shell.numbers import side_by_side


def draw_drives(v: View) -> None:
    """The four drives of the potential."""
    first, k = v.outcome().first, v.neuron
    parts = {
        "stimulus": first.stimulus[0, :, k],
        "explaining-away": first.explaining_away[0, :, k],
        "threshold": np.full(first.stimulus.shape[1], first.threshold[k]),
        "leak": first.leak[0, :, k],
    }
    parts["sum"] = sum(parts.values())
    shown = slice(v.stimulus.baseline_frames, None)
    st.markdown(conclusions.of_drives(parts["stimulus"][shown], parts["explaining-away"][shown], k))
    potential, name = first.potential[0, :, k], activity_words(v.kind)[0]
    chart(
        trials.drives(parts, potential, name, v.stimulus.baseline_frames, v.palette),
        "bars_drives",
        alt="The four drives and the potential over time",
        caption=f"Neuron {k}, {v.direction:g}°, one trial. The change of the potential is the step "
        "size times the sum, softly limited. Explaining-away: the part of this neuron's feature "
        "that the spikes of all neurons have already explained.",
    )


def draw_tuning(v: View) -> None:
    """The tuning curve along an axis, angle by time, and the selectivities."""
    st.markdown(conclusions.of_tuning(v.tuning(), v.neuron, v.unit))
    left, right = st.columns(2)
    with left:
        chart(
            flat(
                {v.item.title: Curve.of(v.tuning(), v.neuron)},
                {v.item.title: OWN},
                Angles(v.gabor_axis, v.direction),
                f"rate / {v.unit}",
                v.palette,
            ),
            "bars_flat",
            alt="Tuning curve of the neuron against direction",
            caption=f"n = {SWEEP_TRIALS} trials, band ± 1 standard error; dashed: baseline; grey: "
            "across the Gabor's stripes; orange: the direction shown.",
            n=SWEEP_TRIALS,
        )
    with right:
        chart(
            angle_time(v.sweep(), v.neuron, v.direction, v.unit, v.palette),
            "bars_angle_time",
            alt="Rate by direction and time",
            caption=f"Mean rate over {SWEEP_TRIALS} trials.",
            n=SWEEP_TRIALS,
        )
    _draw_numbers(v)
    _draw_history(v)


def _draw_numbers(v: View) -> None:
    """What the neuron prefers, and how selective and variable it is."""
    chosen, k = v.selectivity(), v.neuron
    gabor = np.nan if v.gabor_axis is None else v.gabor_axis
    fano = fano_factor(v.sweep().counts[:, :, k])
    has_fano = v.spikes and np.isfinite(fano).any()
    side_by_side(
        [
            {
                "neuron": f"neuron {k}",
                "best axis / °": _whole(chosen.best_axis[k]),
                "Gabor axis / °": _whole(gabor),
                "difference / °": _whole(axis_difference(chosen.best_axis[k], gabor)),
                "best direction / °": _whole(chosen.best_direction[k]),
                "1 − CV, orientation": float(chosen.orientation[k]),
                "1 − CV, direction": float(chosen.direction[k]),
                "Fano factor, median over directions": float(np.nanmedian(fano))
                if has_fano
                else None,
            }
        ],
        "bars_tuning_table",
        across=False,
    )
    st.caption(
        "CV: circular variance of the rate above baseline. Fano factor: variance over mean of the "
        f"spike counts of {SWEEP_TRIALS} trials; a Poisson process of fixed rate has 1, and rates "
        "that differ between trials add to it."
    )


def _whole(angle: float | np.ndarray) -> int | None:
    """An angle to a degree; None where it is not defined."""
    return round(float(angle)) if np.isfinite(angle) else None


def _draw_history(v: View) -> None:
    """How much of the preference for a direction comes from what the potentials remember."""
    st.markdown(
        "##### Is it direction, or history?\nPotentials have no leak here: they keep what the bar "
        "did before. A neuron whose bright part the bar reaches first is driven up, then down "
        "again; from the other side it is driven down first. Much of the preference for a "
        "direction is that memory. Remove it, by a leak or by a reset every few frames, and see "
        "what is left."
    )
    if not sticky_button(
        PAGE, "history", "Compare with forgetful networks", icon=":material/history:"
    ):
        return
    rows, k = [], v.neuron
    responds = responsive(v.tuning())
    for name, experiment in forgetful(v.swept).items():
        chosen = selectivity(bars_cache.sweep(v.key, experiment).tuning())
        over_all = medians(chosen, responds)
        rows.append(
            {
                "network": name,
                f"neuron {k}, direction": float(chosen.direction[k]),
                f"neuron {k}, orientation": float(chosen.orientation[k]),
                "all, direction (median)": over_all.direction,
                "all, orientation (median)": over_all.orientation,
            }
        )
    side_by_side(rows, "bars_history_table", across=False)
    st.caption(
        f"1 − circular variance; all: {responds.sum()} responsive neurons, {SWEEP_TRIALS} trials. "
        "Leak and reset are also in the sidebar."
    )
