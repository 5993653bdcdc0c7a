"""What the Sparse code page computes once and keeps."""

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from corelib.models.ipvae.experiment import Intervention, controls
from dashboard.ipvae.cache import images
from dashboard.shell import cache

if TYPE_CHECKING:
    from torch import Tensor

    from corelib.models.ipvae.analysis import Code
    from corelib.models.ipvae.inference import Convergence, Trace


IMAGES, LONG = 100, 50
"""So many test images are read where means over images are shown, and over 1,000 steps."""


PATIENCE = 1000


STEPS = 100


@st.cache_resource(show_spinner=False, max_entries=8)
def inferred(
    which: cache.CheckpointKey, pixels: bytes, n_steps: int, intervention: Intervention, seed: int
) -> "Trace":
    """Everything over time for one image, float32 (pixel,) given as bytes."""
    from corelib.models.ipvae.inference import trace

    model = cache.model(which)
    return trace(model, _image(pixels), n_steps, controls(model, intervention), seed)


@st.cache_resource(show_spinner="Inferring 50 images over 1,000 steps", max_entries=24)
def convergence(which: cache.CheckpointKey, intervention: Intervention) -> "Convergence":
    """How inference converges on the first test images."""
    from corelib.models.ipvae.inference import run_inference

    model = cache.model(which)
    x = images(which.dataset, LONG)
    return run_inference(model, x, PATIENCE, controls(model, intervention), seed=0)


@st.cache_resource(show_spinner=False, max_entries=24)
def course(
    which: cache.CheckpointKey, pixels: bytes, n_steps: int, intervention: Intervention, seed: int
) -> "Convergence":
    """How inference of one image settles; its noise is that of ``inferred``."""
    from corelib.models.ipvae.inference import run_inference

    model = cache.model(which)
    return run_inference(model, _image(pixels), n_steps, controls(model, intervention), seed)


def _image(pixels: bytes) -> "Tensor":
    import torch

    return torch.from_numpy(np.frombuffer(pixels, np.float32).copy())[None]


@st.cache_resource(show_spinner="Inferring 100 images", max_entries=24)
def code(which: cache.CheckpointKey, n_steps: int, intervention: Intervention) -> "Code":
    """The code of the first test images after some steps."""
    from corelib.models.ipvae.analysis import encode

    model = cache.model(which)
    return encode(model, images(which.dataset, IMAGES), n_steps, controls(model, intervention))


def mean_rate(which: cache.CheckpointKey) -> np.ndarray:
    """Of each neuron the mean size of its activity over the first test images, (unit,)."""
    return np.abs(code(which, STEPS, Intervention()).rate).mean(0)


@st.cache_resource(show_spinner=False, max_entries=16)
def needed(which: cache.CheckpointKey, pixels: bytes, n_steps: int, seed: int) -> np.ndarray:
    """What R² of an image loses when one neuron is taken out of its finished code, (unit,)."""
    from corelib.models.ipvae.lesions import needed

    found = inferred(which, pixels, n_steps, Intervention(), seed)
    decoder = cache.model(which).decoder.detach().numpy()
    return needed(decoder, found.rate[0, -1], np.frombuffer(pixels, np.float32))
