"""The sidebar of the Moving bars page: the neuron, the stimulus, the network, the trials."""

import numpy as np
import streamlit as st

from corelib.models.ipvae.experiment import Experiment, Intervention
from corelib.models.ipvae.stimuli import CONTRAST, KINDS, Stimulus, quick_bar
from corelib.models.ipvae.tuning import responsive
from dashboard.components.bar_pad import Bar, bar_pad
from dashboard.ipvae.bars import cache as bars_cache
from dashboard.ipvae.cache import features
from dashboard.shell.cache import CheckpointKey
from dashboard.shell.controls import choice, number, select, slider, switch

PAGE = "bars"
FRAME_MS = 25
PATH = f"_{PAGE}_path"


def usual_bar(key: CheckpointKey) -> Stimulus:
    """The bar that the page opens on: it crosses the patch in 120 frames."""
    return quick_bar(features(key).shape[1])


def default_neuron(key: CheckpointKey) -> int:
    """The neuron that the page opens on; a link names the same one everywhere."""
    return bars_cache.default_neuron(key, usual_bar(key))


def neuron_control(key: CheckpointKey) -> int:
    """The neuron: its number, or another one at a click."""
    most = len(features(key)) - 1
    left, right = st.columns(2, vertical_alignment="bottom")
    with left:
        neuron = number(
            PAGE, "neuron", "Neuron", 0, most, default_neuron(key), words={"most": most}
        )
    with right:
        st.button(
            "Another",
            key=f"{PAGE}_another",
            on_click=_another,
            args=(key,),
            width="stretch",
            help="A responsive neuron, at random",
        )
    return neuron


def _another(key: CheckpointKey) -> None:
    sweep = bars_cache.sweep(key, Experiment(usual_bar(key), trials=1))
    candidates = np.flatnonzero(responsive(sweep.tuning()))
    if len(candidates):
        st.session_state[f"{PAGE}_neuron"] = int(np.random.default_rng().choice(candidates))


def experiment_controls(key: CheckpointKey, neuron: int) -> tuple[Experiment, int]:
    """The experiment, and how long a frame lasts in ms."""
    kind = select(PAGE, "kind", "Stimulus", KINDS)
    direction = float(slider(PAGE, "direction", "Direction / degrees", 0, 359, 0, 1))
    pad = st.container()
    stimulus = _stimulus_controls(key, kind)
    if kind == "dragged bar":
        with pad:
            path = _path(features(key)[neuron], direction, stimulus.width)
        stimulus = stimulus._replace(path=path, frames=len(path))
    with st.expander("Network and trials"):
        away = switch(PAGE, "away", "Explaining-away", True)
        leak = slider(PAGE, "leak", "Leak", 0.0, 1.0, 0.0, 0.05)
        reset_every = slider(PAGE, "reset", "Reset period / frames", 0, 100, 0, 5)
        trials = slider(PAGE, "trials", "Trials", 5, 50, 10, 5)
        frame_ms = slider(PAGE, "frame", "Frame duration / ms", 10, 100, FRAME_MS, 5)
        seed = number(PAGE, "seed", "Noise seed", 0, 999, 0)
    intervention = Intervention(away, leak)
    return Experiment(stimulus, direction, intervention, reset_every, trials, seed), frame_ms


def _stimulus_controls(key: CheckpointKey, kind: str) -> Stimulus:
    """The stimulus in all but its direction and a dragged bar's path."""
    side, usual = features(key).shape[1], usual_bar(key)
    contrast = slider(PAGE, "contrast", "Contrast", 0.0, 4.0, CONTRAST, 0.1)
    s = usual._replace(kind=kind, contrast=contrast)
    if kind == "drifting grating":
        label = "Spatial frequency / cycles per pixel"
        s = s._replace(frequency=slider(PAGE, "frequency", label, 0.02, 0.4, 0.12, 0.01))
    else:
        s = s._replace(
            width=slider(PAGE, "width", "Width / pixels", 0.5, float(side), usual.width, 0.1),
            polarity=choice(PAGE, "polarity", "Bar", ("bright", "dark")),
        )
    if kind in ("moving bar", "drifting grating"):
        label = "Speed / pixels per frame"
        s = s._replace(speed=number(PAGE, "speed", label, 0.01, 4.0, usual.speed, 0.02))
    if kind == "flashed bar":
        label = "Place / pixels from the middle"
        s = s._replace(place=slider(PAGE, "place", label, -side / 2, side / 2, 0.0, 0.5))
    with st.expander("More"):
        return _times(s, usual)


def _times(s: Stimulus, usual: Stimulus) -> Stimulus:
    """How long everything lasts, in frames."""
    baseline = slider(PAGE, "blanks", "Baseline frames", 0, 300, usual.baseline_frames, 10)
    dragged = s.kind == "dragged bar"
    frames = slider(PAGE, "frames", "Frames", 20, 400, usual.frames, 10, disabled=dragged)
    flash = 0
    if s.kind == "flashed bar":
        flash = slider(PAGE, "on", "Flash duration / frames", 1, frames, frames // 2)
    return s._replace(baseline_frames=baseline, frames=frames, flash_frames=flash)


def _path(field: np.ndarray, direction: float, width: float) -> tuple[float, ...]:
    """The places of a bar dragged by hand; before that it crosses the patch by itself."""
    st.caption("Drag the bar over the receptive field.")
    frame_ms = st.session_state.get(f"{PAGE}_frame", FRAME_MS)
    path = bar_pad(f"{PAGE}_pad", field, Bar(direction, width), frame_ms, _turn)
    side = field.shape[0]
    # The pad forgets its path when it is not shown; this copy does not.
    path = path or st.session_state.get(PATH, ()) or tuple(np.linspace(-side, side, 80))
    st.session_state[PATH] = path
    return path


def _turn(direction: int) -> None:
    st.session_state[f"{PAGE}_direction"] = direction
