"""What the Moving bars page shows: its controls, one record, and things to try."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import streamlit as st

from corelib.models.ipvae.experiment import DirectionSweep, Experiment, Outcome
from corelib.models.ipvae.stimuli import CONTRAST, Stimulus, paper_bar
from corelib.models.ipvae.tuning import Selectivity, Tuning, strongest_direction
from dashboard.figures.style import Palette
from dashboard.ipvae import cache as ipvae_cache
from dashboard.ipvae.bars import cache as bars_cache
from dashboard.ipvae.bars import controls
from dashboard.ipvae.bars.controls import PAGE
from dashboard.shell.cache import CheckpointKey, checkpoint_key
from dashboard.shell.checkpoints import NO_NETWORK, checkpoint_picker
from dashboard.shell.page import NothingToShow
from dashboard.shell.presets import Preset
from dashboard.shell.theme import palette

if TYPE_CHECKING:
    from corelib.runs.registry import Checkpoint

SWEEP_TRIALS = 4


class View(NamedTuple):
    """The network and neuron chosen, and the experiment on it."""

    item: "Checkpoint"
    key: CheckpointKey
    kind: str
    neuron: int
    experiment: Experiment
    frame_ms: int
    palette: Palette

    @property
    def stimulus(self) -> Stimulus:
        """What is shown, in all but its direction."""
        return self.experiment.stimulus

    @property
    def direction(self) -> float:
        """The direction shown, in degrees."""
        return self.experiment.direction

    @property
    def spikes(self) -> bool:
        """Whether the network's activity is spike counts."""
        return self.kind == "iP-VAE"

    @property
    def unit(self) -> str:
        """The unit of rates."""
        return "spikes per frame" if self.spikes else "activity per frame"

    @property
    def field(self) -> np.ndarray:
        """The neuron's receptive field, (row, column)."""
        return ipvae_cache.features(self.key)[self.neuron]

    @property
    def gabor_axis(self) -> float | None:
        """The axis of the receptive field's Gabor function in degrees, if one was fitted."""
        fit, _ = ipvae_cache.gabor_of(self.key, self.neuron)
        axis = float(fit.orientation[0])
        return axis if np.isfinite(axis) else None

    def outcome(self) -> Outcome:
        """The experiment's outcome."""
        return bars_cache.outcome(self.key, self.experiment)

    def sweep(self) -> DirectionSweep:
        """The experiment in every direction."""
        return bars_cache.sweep(self.key, self.swept)

    @property
    def swept(self) -> Experiment:
        """The experiment with the trials of a sweep."""
        return self.experiment._replace(trials=SWEEP_TRIALS)

    def tuning(self) -> Tuning:
        """The tuning curves of all neurons."""
        return self.sweep().tuning()

    def selectivity(self) -> Selectivity:
        """The selectivity of all neurons."""
        return self.sweep().selectivity()

    def best_direction(self) -> float:
        """The direction with the neuron's largest rate."""
        return float(strongest_direction(self.tuning())[self.neuron])


def view() -> View:
    """The sidebar, and what it shows. Raises ``CheckpointError`` or ``DataError``."""
    with st.sidebar:
        item = checkpoint_picker(
            PAGE, "model", "Network", ipvae_cache.SYSTEMS, begin_with=ipvae_cache.EXAMPLE
        )
    if item is None:
        raise NothingToShow(NO_NETWORK)
    key = checkpoint_key(item)
    with st.sidebar:
        neuron = controls.neuron_control(key)
        experiment, frame_ms = controls.experiment_controls(key, neuron)
    kind = ipvae_cache.kind_of(item)
    return View(item, key, kind, neuron, experiment, frame_ms, palette())


def standard(item: "Checkpoint") -> View:
    """One network and the neuron that the page opens on, with the controls as it opens."""
    key, kind = checkpoint_key(item), ipvae_cache.kind_of(item)
    neuron = controls.default_neuron(key)
    experiment = Experiment(controls.usual_bar(key), trials=10)
    return View(item, key, kind, neuron, experiment, controls.FRAME_MS, palette())


def presets(v: View) -> list[Preset]:
    """Things to try, each from the usual bar on the network as it is."""
    usual = controls.usual_bar(v.key)
    calm = {
        "kind": "moving bar",
        "contrast": CONTRAST,
        "width": usual.width,
        "polarity": "bright",
        "speed": usual.speed,
        "blanks": usual.baseline_frames,
        "frames": usual.frames,
        "away": True,
        "leak": 0.0,
        "reset": 0,
    }
    best = round(v.best_direction()) % 360
    bar = paper_bar(v.field.shape[0])
    paper = {"blanks": bar.baseline_frames, "frames": bar.frames, "speed": bar.speed}
    rows = (
        (
            "best",
            "Its best bar",
            "The direction that excites this neuron most",
            {"direction": best},
        ),
        (
            "turned",
            "Turned by 90°",
            "The same bar across: does it still fire?",
            {"direction": (best + 90) % 360},
        ),
        (
            "paper",
            "The paper's bar",
            "300 baseline frames, 400 frames, 0.064 pixels per frame; takes some seconds",
            paper,
        ),
        ("hand", "By hand", "Drag the bar yourself, and listen", {"kind": "dragged bar"}),
        ("away", "Without inhibition", "Explaining-away switched off", {"away": False}),
        ("everyone", "All neurons", "The whole population at once", {"tab": "Population"}),
    )
    return [Preset(name, label, help, calm | own) for name, label, help, own in rows]
