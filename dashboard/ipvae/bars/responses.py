"""The tabs Curves and Adaptation: other contrasts, widths and speeds, and a flashed bar."""

import numpy as np
import streamlit as st

from corelib.models.ipvae.experiment import Experiment
from corelib.models.ipvae.stimuli import Stimulus, at_speed
from corelib.models.ipvae.tuning import adaptation, best_place
from corelib.words import percent
from dashboard.ipvae.bars import cache as bars_cache
from dashboard.ipvae.bars import conclusions
from dashboard.ipvae.bars.controls import PAGE, usual_bar
from dashboard.ipvae.bars.figures import trials
from dashboard.ipvae.bars.figures.tuning import Series, response_curves
from dashboard.ipvae.bars.view import SWEEP_TRIALS, View
from dashboard.shell.apart import apart
from dashboard.shell.controls import slider
from dashboard.shell.export import chart

CONTRASTS = (0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0)
WIDTHS = (0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.6)
"""As shares of the patch's side."""
SPEEDS = (0.04, 0.064, 0.1, 0.2, 0.4, 0.8)
FLASH_TRIALS = 20
FLASH_BASELINE = 40


def draw_curves(v: View) -> None:
    """Responses to other contrasts, widths and speeds, in the neuron's best direction."""
    if not np.isfinite(v.selectivity().best_direction[v.neuron]):
        st.info("This neuron does not respond to the stimulus; choose another.")
        return
    best = v.best_direction()
    base = usual_bar(v.key)._replace(
        width=v.stimulus.width, contrast=v.stimulus.contrast, polarity=v.stimulus.polarity
    )
    widths = [share * v.field.shape[0] for share in WIDTHS]
    series = [
        _series(v, best, "contrast", CONTRASTS, [base._replace(contrast=c) for c in CONTRASTS]),
        _series(v, best, "width / pixels", widths, [base._replace(width=w) for w in widths]),
        _series(
            v, best, "speed / pixels per frame", SPEEDS, [at_speed(base, s) for s in SPEEDS]
        )._replace(log=True),
    ]
    st.markdown(conclusions.of_curves(series, v.neuron))
    chart(
        response_curves(series, f"above baseline / {v.unit}", v.palette),
        "bars_curves",
        alt="Response against contrast, width and speed",
        caption=f"Neuron {v.neuron}, a moving bar at {best:g}°, the best of "
        f"{bars_cache.DIRECTIONS} directions; mean rate ± 1 standard error, n = {SWEEP_TRIALS} "
        "trials. What is not varied is as in the sidebar, except that the bar crosses the patch "
        "at every speed.",
        n=SWEEP_TRIALS,
    )


def _series(
    v: View, direction: float, name: str, values: "list | tuple", stimuli: list[Stimulus]
) -> Series:
    """The neuron's responses to several stimuli."""
    several = tuple(
        Experiment(s, direction, v.experiment.intervention, 0, SWEEP_TRIALS, v.experiment.seed)
        for s in stimuli
    )
    responses = bars_cache.mean_responses(v.key, several)[:, :, v.neuron]
    return Series(name, np.array(values), responses)


@apart
def draw_adaptation(v: View) -> None:
    """A bar flashed where it excites most, held, and removed."""
    left, right = st.columns(2)
    with left:
        on = slider(PAGE, "flash_on", "Flash duration / frames", 10, 200, 80, 10)
    with right:
        off = slider(PAGE, "flash_off", "Frames after the flash", 0, 200, 80, 10)
    k, s, direction = v.neuron, v.stimulus, v.best_direction()
    stimulus = Stimulus(
        "flashed bar",
        FLASH_BASELINE,
        on + off,
        0.0,
        s.width,
        s.contrast,
        s.polarity,
        place=best_place(v.field, direction, s.width, s.polarity),
        flash_frames=on,
    )
    intervention, seed = v.experiment.intervention, v.experiment.seed
    outcome = bars_cache.outcome(
        v.key, Experiment(stimulus, direction, intervention, 0, FLASH_TRIALS, seed)
    )
    _say_adaptation(outcome.rate[:, k], stimulus)
    chart(
        trials.flashed(
            outcome.rate[:, k], outcome.error[:, k], stimulus, f"rate / {v.unit}", v.palette
        ),
        "bars_flashed",
        alt="Rate of the neuron while a bar is flashed, held and removed",
        caption=f"Neuron {k}: a {s.polarity} bar of {s.width:g} pixels at {direction:g}°, "
        f"{stimulus.place:.1f} pixels from the middle, where it fits the receptive field best; "
        f"orange: the bar is there. Mean ± 1 standard error, n = {FLASH_TRIALS} trials; patch of "
        f"{v.field.shape[0]} pixels.",
        n=FLASH_TRIALS,
    )


def _say_adaptation(rate: np.ndarray, stimulus: Stimulus) -> None:
    """How far a rate (time,) falls while the bar is there."""
    change = adaptation(rate[:, None], stimulus.baseline_frames, stimulus.flash_frames)
    peak, late, index, after = (float(value[0]) for value in change)
    if not (np.isfinite(index) and peak > 0):
        return
    text = (
        f"The rate rises by **{peak:.2f}** at its peak and has fallen to **{late:.2f}** in the "
        f"last quarter of the flash: **{percent(index, 0)}** less. "
    )
    if np.isfinite(after):
        side = "above" if after > 0 else "below"
        text += f"After the flash it is {abs(after):.2f} {side} its baseline. "
    st.markdown(
        text + "Nothing tires in this network: the response fades because other neurons explain "
        "the bar away."
    )
