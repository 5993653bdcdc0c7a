"""What the pages Sparse code and Moving bars compute once and keep, by network and settings.

As in ``dashboard.shell.cache``: shared by all sessions, never to be changed.
"""

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from corelib.models.ipvae.experiment import Intervention, controls  # noqa: F401 (used through here)
from dashboard.shell import cache

if TYPE_CHECKING:
    from torch import Tensor

    from corelib.models.ipvae.gabor import Gabors

AT_ONCE, FITS_KEPT = 16, 16
NAMES = {"ipvae": "iP-VAE", "igvae-relu": "iG-relu-VAE", "igvae": "iG-VAE"}
"""The paper's names of the three systems."""
SYSTEMS = tuple(NAMES)
EXAMPLE = "ipvae-natural-16"


@st.cache_data(show_spinner=False, max_entries=16)
def features(which: cache.CheckpointKey) -> np.ndarray:
    from corelib.models.ipvae.analysis import features

    return features(cache.model(which))


@st.cache_resource(show_spinner=False, max_entries=1)
def _fits() -> "dict[cache.CheckpointKey, Gabors]":
    return {}


def gabors(which: cache.CheckpointKey) -> "Gabors":
    """A Gabor function for each feature; some seconds for a network the first time, told as they
    pass."""
    from corelib.models.ipvae.gabor import Gabors, fit

    fits = _fits()
    if which not in fits:
        parts, all_of_them = [], features(which)
        bar = st.progress(0.0, "Fitting a Gabor function to each feature")
        for at in range(0, len(all_of_them), AT_ONCE):
            parts.append(fit(all_of_them[at : at + AT_ONCE]))
            done = min(at + AT_ONCE, len(all_of_them))
            bar.progress(
                done / len(all_of_them),
                f"Fitting a Gabor function to each feature, {done} of {len(all_of_them)}",
            )
        bar.empty()
        while len(fits) >= FITS_KEPT:
            fits.pop(next(iter(fits)))
        fits[which] = Gabors(*(np.concatenate(column) for column in zip(*parts, strict=True)))
    return fits[which]


def gabor_of(which: cache.CheckpointKey, neuron: int) -> "tuple[Gabors, np.ndarray]":
    """The Gabor function of one feature, at once, and its image (row, column)."""
    from corelib.models.ipvae.gabor import Gabors, render

    fits = _fits().get(which)
    if fits is None:
        one = _fit_one(which, neuron)
    else:
        one = Gabors(*(column[[neuron]] for column in fits))
    return one, render(one, features(which).shape[1])[0]


@st.cache_data(show_spinner=False, max_entries=256)
def _fit_one(which: cache.CheckpointKey, neuron: int) -> "Gabors":
    from corelib.models.ipvae.gabor import fit

    return fit(features(which)[[neuron]])


def images(name: str, n: int) -> "Tensor":
    """The first test images in their own unit, as the network learned them: (image, pixel)."""
    return own_unit(name, cache.dataset(name).test.pixels[:n])


def own_unit(name: str, pixels: "Tensor") -> "Tensor":
    from corelib.models.ipvae.learner import images

    return images(cache.dataset(name), pixels)
