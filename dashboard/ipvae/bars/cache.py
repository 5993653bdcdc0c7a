"""What the Moving bars page computes once and keeps."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import streamlit as st

from corelib.models.ipvae.experiment import Intervention, controls
from dashboard.ipvae.cache import features
from dashboard.shell import cache

if TYPE_CHECKING:
    from corelib.models.ipvae.inference import Trace
    from corelib.models.ipvae.tuning import Decoding, Selectivity, Tuning


FRAMES_KEPT = 400


TRIALS_AT_ONCE = 10


class Stimulus(NamedTuple):
    """A film on a grey ground, but for its direction. Lengths in pixels, times in frames.

    ``kind`` is one of ``KINDS``. A moving bar and a grating take ``frames`` at ``speed``; a flashed
    bar stands at ``place`` for ``on`` frames of them; a dragged bar goes through ``path``.
    """

    kind: str
    blanks: int
    frames: int
    speed: float
    width: float
    contrast: float
    polarity: str
    frequency: float = 0.1
    place: float = 0.0
    on: int = 0
    path: tuple[float, ...] = ()


KINDS = ("moving bar", "flashed bar", "drifting grating", "dragged bar")


class Sweeps(NamedTuple):
    """All neurons' answers to a stimulus in every direction, over trials.

    ``directions`` (direction,) in degrees; ``rate`` and ``activity`` (trial, direction, 2, unit)
    are means a frame before the stimulus and while it is there, ``size`` those of the rate's
    absolute value, ``counts`` (trial, direction, unit) sums of the activity while it is there;
    ``over_time`` (direction, time, unit) is the mean rate, every ``every`` frames.
    """

    directions: np.ndarray
    rate: np.ndarray
    activity: np.ndarray
    size: np.ndarray
    counts: np.ndarray
    over_time: np.ndarray
    every: int


class Trials(NamedTuple):
    """Answers to one film: ``activity`` (trial, time, unit), the mean ``rate`` over trials and its
    standard ``error`` (time, unit), and everything of the ``first`` trial, (1, time, unit)."""

    activity: np.ndarray
    rate: np.ndarray
    error: np.ndarray
    first: "Trace"


def film(stimulus: Stimulus, side: int, directions: np.ndarray | list[float]) -> np.ndarray:
    """The film in each direction, float32 (direction, time, pixel)."""
    from corelib.models.ipvae import stimuli

    s = stimulus
    if s.kind == "flashed bar":
        return stimuli.flashed_bars(
            side,
            directions,
            s.place,
            s.width,
            s.blanks,
            s.on,
            s.frames - s.on,
            s.contrast,
            s.polarity,
        )
    if s.kind == "drifting grating":
        return stimuli.gratings(
            side, directions, s.frequency, s.speed, s.blanks, s.frames, s.contrast
        )
    if s.kind == "dragged bar":
        places = np.concatenate([np.full(s.blanks, np.nan), s.path])
        return stimuli.bars(side, directions, places, s.width, s.contrast, s.polarity)
    sweep = stimuli.Sweep(s.blanks, s.frames, s.speed, s.width, s.contrast, s.polarity)
    return stimuli.moving_bars(side, directions, sweep)


def places(stimulus: Stimulus) -> np.ndarray:
    """Where the bar is along its direction in each frame, (time,), NaN where there is none; of a
    grating, where a bright stripe is."""
    from corelib.models.ipvae.stimuli import Sweep

    s = stimulus
    none = np.full(s.blanks, np.nan)
    if s.kind == "flashed bar":
        on = np.arange(s.frames) < s.on
        return np.concatenate([none, np.where(on, s.place, np.nan)])
    if s.kind == "drifting grating":
        return np.concatenate([none, s.speed * np.arange(s.frames)])
    if s.kind == "dragged bar":
        return np.concatenate([none, s.path])
    return np.concatenate([none, Sweep(s.blanks, s.frames, s.speed, s.width).places()])


def resets(stimulus: Stimulus, every: int) -> tuple[int, ...]:
    """Frames of the stimulus before which all begins anew; none if ``every`` is 0."""
    if not every:
        return ()
    return tuple(range(stimulus.blanks, stimulus.blanks + stimulus.frames, every))


@st.cache_resource(show_spinner="Showing the stimulus in every direction", max_entries=24)
def sweeps(
    which: cache.CheckpointKey,
    stimulus: Stimulus,
    n_directions: int,
    trials: int,
    intervention: Intervention,
    reset_every: int,
    seed: int,
) -> Sweeps:
    """Trial by trial, so that a long film fits into memory."""
    from corelib.models.ipvae.tuning import record

    model = cache.model(which)
    side = features(which).shape[1]
    directions = np.arange(n_directions) * 360 / n_directions
    shown = film(stimulus, side, directions)
    blanks, every = stimulus.blanks, max(1, shown.shape[1] // FRAMES_KEPT)
    rate, activity, size, counts, over_time = [], [], [], [], 0.0
    for trial in range(trials):
        found = record(
            model,
            shown,
            1,
            controls(model, intervention),
            1000 * seed + trial,
            resets(stimulus, reset_every),
        )
        before, during = slice(0, blanks), slice(blanks, None)
        per_frame = (
            (rate, found.rate[0]),
            (activity, found.activity[0]),
            (size, np.abs(found.rate[0])),
        )
        for kept, values in per_frame:
            none = np.zeros_like(values[:, 0])
            base = values[:, before].mean(1) if blanks else none
            kept.append(np.stack([base, values[:, during].mean(1)], 1))
        counts.append(found.activity[0][:, during].sum(1))
        over_time = over_time + found.rate[0][:, ::every] / trials
    return Sweeps(
        directions,
        np.stack(rate),
        np.stack(activity),
        np.stack(size),
        np.stack(counts),
        over_time.astype(np.float32),
        every,
    )


def curves(found: Sweeps, blanks: int, *, size: bool = False) -> "Tuning":
    """The tuning curves of sweeps; those of the rate's ``size``, if asked for."""
    from corelib.models.ipvae.tuning import tuning

    # Means over time are all that tuning needs: one frame before, one while the stimulus is there.
    response = found.size if size else found.rate
    if blanks:
        return tuning(response, found.directions, 1)
    return tuning(response[:, :, 1:], found.directions, 0)


@st.cache_data(show_spinner=False, max_entries=16)
def default_neuron(which: cache.CheckpointKey, stimulus: Stimulus, n_directions: int) -> int:
    """The neuron with the largest product of orientation selectivity and answer to direction 0, if
    each answered with the largest overlap of its feature with the film."""
    from corelib.models.ipvae.tuning import Tuning, selectivity

    fields = features(which)
    directions = np.arange(n_directions) * 360 / n_directions
    drive = film(stimulus, fields.shape[1], directions) @ fields.reshape(len(fields), -1).T
    mean, none = drive.max(1).clip(0), np.zeros(len(fields))
    linear = Tuning(directions, mean, np.full_like(mean, np.nan), none)
    return int(np.nanargmax(selectivity(linear).orientation * mean[0]))


def prefers(found: Sweeps, blanks: int) -> "Selectivity":
    from corelib.models.ipvae.tuning import selectivity

    return selectivity(curves(found, blanks))


@st.cache_resource(show_spinner=False, max_entries=16)
def trials(
    which: cache.CheckpointKey,
    stimulus: Stimulus,
    direction: float,
    n: int,
    intervention: Intervention,
    reset_every: int,
    seed: int,
) -> Trials:
    """All neurons' answers to one film in n trials, some at a time: a trace is eight arrays."""
    import torch

    from corelib.models.ipvae.inference import trace

    model = cache.model(which)
    shown = torch.from_numpy(film(stimulus, features(which).shape[1], [direction]))
    rate, activity, first = [], [], None
    for at in range(0, n, TRIALS_AT_ONCE):
        found = trace(
            model,
            shown.expand(min(TRIALS_AT_ONCE, n - at), -1, -1),
            None,
            controls(model, intervention),
            seed + 1000 * at,
            resets(stimulus, reset_every),
        )
        rate.append(found.rate)
        activity.append(found.activity)
        if first is None:
            of_first = {k: v[:1].copy() for k, v in found._asdict().items() if k != "threshold"}
            first = found._replace(**of_first)
    rates = np.concatenate(rate)
    error = rates.std(0, ddof=1) / np.sqrt(n)
    return Trials(np.concatenate(activity), rates.mean(0), error, first)


@st.cache_resource(show_spinner="Showing other contrasts, widths and speeds", max_entries=8)
def series(
    which: cache.CheckpointKey,
    several: tuple[Stimulus, ...],
    direction: float,
    n: int,
    intervention: Intervention,
    seed: int,
) -> np.ndarray:
    """Mean rates a frame of all neurons to several stimuli in one direction, each less the mean
    before it: (stimulus, trial, unit)."""
    from corelib.models.ipvae.tuning import record

    model = cache.model(which)
    side = features(which).shape[1]
    found = []
    for stimulus in several:
        shown = film(stimulus, side, [direction])
        rate = record(model, shown, n, controls(model, intervention), seed).rate[:, 0]
        base = rate[:, : stimulus.blanks].mean((0, 1)) if stimulus.blanks else 0.0
        found.append(rate[:, stimulus.blanks :].mean(1) - base)
    return np.stack(found)


@st.cache_resource(show_spinner="Learning the readout", max_entries=8)
def decoded(
    which: cache.CheckpointKey,
    stimulus: Stimulus,
    n_directions: int,
    trials: int,
    intervention: Intervention,
    reset_every: int,
    seed: int,
) -> "Decoding":
    from corelib.models.ipvae.tuning import decode

    found = sweeps(which, stimulus, n_directions, trials, intervention, reset_every, seed)
    return decode(found.counts, found.directions)
