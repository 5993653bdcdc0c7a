"""The main figure of the Moving bars page: the film, its sound, and the neuron over trials."""

from functools import partial

import numpy as np
import streamlit as st

from corelib.films.bars import bars_film
from corelib.models.ipvae import sound
from corelib.models.ipvae.experiment import Outcome
from corelib.models.ipvae.tuning import psth
from dashboard.components.bar_film import BarFilm, bar_film
from dashboard.figures.style import EXCITATORY, TraceStyle
from dashboard.ipvae import cache as ipvae_cache
from dashboard.ipvae.bars.figures import geometry, trials
from dashboard.ipvae.bars.figures.player import Played, player
from dashboard.ipvae.bars.figures.tuning import Angles, Curve, polar
from dashboard.ipvae.bars.view import SWEEP_TRIALS, View
from dashboard.ipvae.features import activity_words
from dashboard.shell.export import chart

BIN = 5
OWN = TraceStyle(EXCITATORY, "solid", "circle")
"""How a single network is drawn: orange is the bar."""


def draw_main(v: View) -> None:
    """The stimulus over the receptive field and the neuron's response, to be played and heard; then
    all trials, beside the tuning curve."""
    outcome = v.outcome()
    _draw_player(v, outcome)
    spikes = outcome.first.activity[0, :, v.neuron]
    if v.spikes:
        _draw_sound(v, outcome, spikes)
    else:
        st.caption("This network has no spikes, so there is nothing to hear: choose an iP-VAE.")
    draw_response(v)


def draw_response(v: View) -> None:
    """All trials, beside the tuning curve."""
    left, right = st.columns([3, 2], gap="large")
    with left:
        _draw_raster(v, v.outcome())
    with right:
        _draw_polar(v)


def _draw_player(v: View, outcome: Outcome) -> None:
    first, baseline = outcome.first, v.stimulus.baseline_frames
    played = Played(
        v.field,
        geometry.outlines(outcome, v.field.shape[0] / 2),
        first.potential[0, :, v.neuron],
        first.rate[0, :, v.neuron],
        first.activity[0, :, v.neuron],
        activity_words(v.kind),
        baseline,
        v.frame_ms,
    )
    chart(
        player(played, v.palette),
        "bars_player",
        alt="The stimulus over the receptive field, with potential, rate and spikes over time",
        caption=f"Neuron {v.neuron}, {v.stimulus.kind} at {v.direction:g}°, trial 1 (noise seed "
        f"{v.experiment.seed}). Press Play, or move the slider. The stimulus begins at frame 0, "
        f"after {baseline} baseline frames. One frame lasts {v.frame_ms} ms.",
        film=partial(
            bars_film,
            ipvae_cache.network(v.key),
            outcome,
            v.neuron,
            v.frame_ms / 1000,
            v.item.title,
        ),
    )


def _draw_sound(v: View, outcome: Outcome, spikes: np.ndarray) -> None:
    """The spikes as sound, to download, with the picture beside it."""
    wave = sound.waveform(spikes, v.frame_ms / 1000, v.experiment.seed)
    left, right = st.columns([1, 5], vertical_alignment="center", gap="medium")
    with left:
        width, period = geometry.bright_stripes(v.stimulus)
        film = BarFilm(
            v.field, outcome.places, spikes, v.direction, width, period, v.frame_ms, v.palette.text
        )
        bar_film("bars_film", film, "bars_sound")
    with right:
        with st.container(key="bars_sound"):
            # As a file: a row of numbers would be made as loud as can be, and silence to nothing.
            st.audio(sound.wav(wave), format="audio/wav")
        st.download_button(
            "Sound (WAV)",
            data=lambda: sound.wav(wave),
            mime="audio/wav",
            on_click="ignore",
            file_name=f"neuron-{v.neuron}-{v.direction:g}.wav",
            key="bars_wav",
            icon=":material/graphic_eq:",
            help="48 kHz, one pop of 500 Hz per spike",
        )
        st.caption(
            "The spikes of this trial as a loudspeaker would play them; the picture moves with the "
            f"sound. {int(spikes.sum())} pops in {len(spikes) * v.frame_ms / 1000:.1f} s."
        )


def _draw_raster(v: View, outcome: Outcome) -> None:
    """All trials, their histogram and mean."""
    activity = outcome.activity[:, :, v.neuron]
    shown = trials.Trials(
        activity,
        outcome.rate[:, v.neuron],
        psth(activity, BIN),
        BIN,
        v.stimulus.baseline_frames,
        v.spikes,
        v.unit,
    )
    chart(
        trials.raster(shown, v.palette),
        "bars_raster",
        alt="Spikes of the neuron in each trial, and their mean over time",
        caption=f"Neuron {v.neuron} at {v.direction:g}°: n = {v.experiment.trials} trials; "
        f"histogram in bins of {BIN} frames, line: mean rate.",
        n=v.experiment.trials,
    )


def _draw_polar(v: View) -> None:
    name = v.item.title
    chart(
        polar(
            {name: Curve.of(v.tuning(), v.neuron)},
            {name: OWN},
            Angles(v.gabor_axis, v.direction),
            v.palette,
        ),
        "bars_polar",
        alt="Tuning curve of the neuron around the circle",
        caption=f"Mean rate / {v.unit} during the stimulus, by direction; band ± 1 standard error, "
        f"n = {SWEEP_TRIALS} trials; dashed: baseline.",
        n=SWEEP_TRIALS,
    )
