"""What the Moving bars page computes once and keeps, by network and experiment."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from corelib.models.ipvae import experiment as experiments
from corelib.models.ipvae.experiment import DirectionSweep, Experiment, Outcome
from corelib.models.ipvae.stimuli import Stimulus
from dashboard.ipvae.cache import features, network
from dashboard.shell.cache import CheckpointKey

if TYPE_CHECKING:
    from corelib.models.ipvae.tuning import Decoding

DIRECTIONS = 36
"""So many directions are swept."""


def all_directions() -> np.ndarray:
    """The directions of a sweep, (direction,) in degrees."""
    return experiments.all_directions(DIRECTIONS)


@st.cache_resource(show_spinner=False, max_entries=16)
def outcome(key: CheckpointKey, experiment: Experiment) -> Outcome:
    """The experiment on this network."""
    return experiments.run(network(key), experiment)


def sweep(key: CheckpointKey, experiment: Experiment) -> DirectionSweep:
    """The experiment in every direction; its own plays no part."""
    return _sweep(key, experiment._replace(direction=0.0))


@st.cache_resource(show_spinner="Showing the stimulus in every direction", max_entries=24)
def _sweep(key: CheckpointKey, experiment: Experiment) -> DirectionSweep:
    return experiments.sweep_directions(network(key), experiment, all_directions())


@st.cache_data(show_spinner=False, max_entries=16)
def default_neuron(key: CheckpointKey, stimulus: Stimulus) -> int:
    """The neuron that the page opens on."""
    from corelib.models.ipvae.tuning import default_neuron

    return default_neuron(features(key), stimulus, all_directions())


@st.cache_resource(show_spinner="Showing other contrasts, widths and speeds", max_entries=8)
def mean_responses(key: CheckpointKey, several: Sequence[Experiment]) -> np.ndarray:
    """Mean responses of all neurons to several experiments, (experiment, trial, unit)."""
    return experiments.mean_responses(network(key), several)


@st.cache_resource(show_spinner="Learning the readout", max_entries=8)
def decoded(key: CheckpointKey, experiment: Experiment) -> "Decoding":
    """The direction as a readout decodes it from a sweep."""
    from corelib.models.ipvae.tuning import decode

    swept = sweep(key, experiment)
    return decode(swept.counts, swept.directions)
