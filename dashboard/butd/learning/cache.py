"""What the Counter-Hebb page computes once and keeps."""

from typing import TYPE_CHECKING

import streamlit as st

from corelib.runs.registry import find
from dashboard.butd.cache import config_of, network
from dashboard.shell import cache
from dashboard.shell.cache import CheckpointKey

if TYPE_CHECKING:
    from corelib.models.butd.analysis import Alignment, Difference, Sample
    from corelib.models.butd.departures import Switches
    from corelib.models.butd.networks import BUTDNet

IMAGES = 64
"""Validation images over which updates are taken."""
SETTLING = 250
"""Validation images on which new batch norms settle."""


def twin(which: CheckpointKey, switches: "Switches") -> "BUTDNet":
    """The network in float64, changed as the switches say; new norms have settled."""
    return _twin(which, switches._replace(noise=0.0, loss="cross-entropy"))


@st.cache_resource(show_spinner=False, max_entries=24)
def _twin(which: CheckpointKey, switches: "Switches") -> "BUTDNet":
    from corelib.models.butd.departures import departed

    config = config_of(find(which.name))
    return departed(network(which), config, switches, sample(which.dataset, SETTLING))


@st.cache_resource(show_spinner=False, max_entries=8)
def sample(name: str, images: int = IMAGES) -> "Sample":
    """The first validation images and their labels; tasks take turns."""
    from corelib.models.butd.analysis import validation_sample

    return validation_sample(cache.dataset(name), images)


@st.cache_resource(show_spinner=False, max_entries=64)
def difference(which: CheckpointKey, switches: "Switches") -> "Difference":
    """Counter-Hebb's update against the gradient, for the first validation images."""
    from corelib.models.butd.departures import compared

    return compared(twin(which, switches), switches, sample(which.dataset))


@st.cache_resource(show_spinner=False, max_entries=64)
def alignment(which: CheckpointKey) -> "Alignment":
    """Forward against feedback weights of a network as it was trained."""
    from corelib.models.butd.analysis import alignment

    return alignment(network(which))
