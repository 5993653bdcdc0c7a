"""What the pages Sparse code and Moving bars compute once and keep, by network and settings.

As in ``dashboard.shell.cache``, results are shared by all sessions and must not be changed.
"""

from typing import TYPE_CHECKING, cast

import numpy as np
import streamlit as st

from corelib.catalog import showing, system
from corelib.models.ipvae.experiment import Intervention, controls  # noqa: F401 (used through here)
from dashboard.shell import cache

if TYPE_CHECKING:
    from torch import Tensor

    from corelib.models.ipvae.gabor import Gabors
    from corelib.models.ipvae.network import IterativeVAE
    from corelib.runs.registry import Checkpoint

AT_ONCE, FITS_KEPT = 16, 16
NAMES = {"ipvae": "iP-VAE", "igvae-relu": "iG-relu-VAE", "igvae": "iG-VAE"}
"""The paper's names of the three systems."""
SYSTEMS = (*NAMES, *(name for name in showing("code") if name not in NAMES))
EXAMPLE = "ipvae-natural-16"


def kind_of(item: "Checkpoint") -> str:
    """What a network is called: the paper's name, or the title of another package's system."""
    return NAMES.get(item.card.system) or system(item.card.system).title


def network(key: cache.CheckpointKey) -> "IterativeVAE":
    """The network of a checkpoint of this family."""
    return cast("IterativeVAE", cache.model(key))


@st.cache_data(show_spinner=False, max_entries=16)
def features(key: cache.CheckpointKey) -> np.ndarray:
    """The learned features, (neuron, row, column)."""
    from corelib.models.ipvae.analysis import features

    return features(network(key))


@st.cache_resource(show_spinner=False, max_entries=1)
def _fits() -> "dict[cache.CheckpointKey, Gabors]":
    return {}


def gabors(key: cache.CheckpointKey) -> "Gabors":
    """A Gabor function for each feature. The first time this takes some seconds for a network, with
    a progress bar."""
    from corelib.models.ipvae.gabor import Gabors, fit

    fits = _fits()
    if key not in fits:
        parts, fields = [], features(key)
        bar = st.progress(0.0, "Fitting a Gabor function to each feature")
        for at in range(0, len(fields), AT_ONCE):
            parts.append(fit(fields[at : at + AT_ONCE]))
            done = min(at + AT_ONCE, len(fields))
            bar.progress(
                done / len(fields),
                f"Fitting a Gabor function to each feature, {done} of {len(fields)}",
            )
        bar.empty()
        while len(fits) >= FITS_KEPT:
            fits.pop(next(iter(fits)))
        fits[key] = Gabors(*(np.concatenate(column) for column in zip(*parts, strict=True)))
    return fits[key]


def gabor_of(key: cache.CheckpointKey, neuron: int) -> "tuple[Gabors, np.ndarray]":
    """The Gabor function of one feature, without waiting for the others, and its image
    (row, column)."""
    from corelib.models.ipvae.gabor import Gabors, render

    fits = _fits().get(key)
    one = _fit_one(key, neuron) if fits is None else Gabors(*(part[[neuron]] for part in fits))
    return one, render(one, features(key).shape[1])[0]


@st.cache_data(show_spinner=False, max_entries=256)
def _fit_one(key: cache.CheckpointKey, neuron: int) -> "Gabors":
    from corelib.models.ipvae.gabor import fit

    return fit(features(key)[[neuron]])


def images(name: str, n: int) -> "Tensor":
    """The first test images in their own unit, as the networks read them: (image, pixel)."""
    return own_unit(name, cache.dataset(name).test.pixels[:n])


def own_unit(name: str, pixels: "Tensor") -> "Tensor":
    """Pixels of a data set in their own unit, (image, pixel)."""
    from corelib.models.ipvae.learner import images

    return images(cache.dataset(name), pixels)
