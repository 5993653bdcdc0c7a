"""What the Sparse code page computes once and keeps."""

from typing import TYPE_CHECKING, cast

import numpy as np
import streamlit as st

from corelib.models.ipvae.experiment import Intervention, controls
from dashboard.ipvae.cache import gabors, images, network
from dashboard.shell import cache

if TYPE_CHECKING:
    from torch import Tensor

    from corelib.models.ipvae.analysis import Code
    from corelib.models.ipvae.coding import NeuronOrder
    from corelib.models.ipvae.gradients import Gradients
    from corelib.models.ipvae.inference import Convergence, Trace
    from corelib.models.ipvae.network import IPVAE

CODE_IMAGES, CODE_STEPS = 100, 100
"""Test images and steps of inference for rates and sparsity."""
GRADIENT_DRAWS = 5000
"""Draws over which estimates of a gradient are averaged."""
CONVERGENCE_IMAGES, CONVERGENCE_STEPS = 50, 1000
"""Test images and steps of inference where networks are compared over time."""


@st.cache_resource(show_spinner=False, max_entries=8)
def image_trace(
    key: cache.CheckpointKey, pixels: bytes, n_steps: int, intervention: Intervention, seed: int
) -> "Trace":
    """Everything over time for one image, float32 (pixel,) given as bytes."""
    from corelib.models.ipvae.inference import trace

    model = network(key)
    return trace(model, _image(pixels), n_steps, controls(model, intervention), seed)


@st.cache_resource(show_spinner=False, max_entries=24)
def image_convergence(
    key: cache.CheckpointKey, pixels: bytes, n_steps: int, intervention: Intervention, seed: int
) -> "Convergence":
    """How inference of one image converges; its noise is that of ``image_trace``."""
    from corelib.models.ipvae.inference import run_inference

    model = network(key)
    return run_inference(model, _image(pixels), n_steps, controls(model, intervention), seed)


@st.cache_resource(show_spinner="Inferring 50 images over 1,000 steps", max_entries=24)
def convergence(key: cache.CheckpointKey, intervention: Intervention) -> "Convergence":
    """How inference converges on the first test images."""
    from corelib.models.ipvae.inference import run_inference

    model = network(key)
    x = images(key.dataset, CONVERGENCE_IMAGES)
    return run_inference(model, x, CONVERGENCE_STEPS, controls(model, intervention), seed=0)


def _image(pixels: bytes) -> "Tensor":
    import torch

    return torch.from_numpy(np.frombuffer(pixels, np.float32).copy())[None]


@st.cache_resource(show_spinner="Inferring 100 images", max_entries=24)
def code(key: cache.CheckpointKey, intervention: Intervention) -> "Code":
    """The code of the first test images."""
    from corelib.models.ipvae.analysis import encode

    model = network(key)
    x = images(key.dataset, CODE_IMAGES)
    return encode(model, x, CODE_STEPS, controls(model, intervention))


def mean_activity(key: cache.CheckpointKey) -> np.ndarray:
    """Each neuron's mean activity over the first test images, (unit,)."""
    from corelib.models.ipvae.coding import mean_activity

    return mean_activity(code(key, Intervention()).rate)


def neuron_order(key: cache.CheckpointKey, by: "NeuronOrder") -> np.ndarray:
    """The neurons' numbers in an order, (unit,)."""
    from corelib.models.ipvae.coding import neuron_order

    fits = None if by in ("rate", "number") else gabors(key)
    return neuron_order(by, mean_activity(key), fits)


@st.cache_resource(show_spinner=False, max_entries=16)
def losses(key: cache.CheckpointKey, pixels: bytes, n_steps: int, seed: int) -> np.ndarray:
    """The loss of R² of an image without each neuron of its finished code, (unit,)."""
    from corelib.models.ipvae.lesions import loss_without

    rate = image_trace(key, pixels, n_steps, Intervention(), seed).rate[0, -1]
    decoder = network(key).decoder.detach().numpy()
    return loss_without(decoder, rate, np.frombuffer(pixels, np.float32))


@st.cache_resource(show_spinner="Drawing counts", max_entries=8)
def gradients(
    key: cache.CheckpointKey, pixels: bytes, n_steps: int, intervention: Intervention, seed: int
) -> "Gradients":
    """The gradient of the likelihood at the potentials to which an image has led, exact and
    estimated; for networks with spikes."""
    import torch

    from corelib.models.ipvae.gradients import likelihood_gradients

    trace = image_trace(key, pixels, n_steps, intervention, seed)
    u = torch.from_numpy(trace.potential[0, -1].copy())
    model = cast("IPVAE", network(key))
    return likelihood_gradients(model, u, _image(pixels)[0], GRADIENT_DRAWS, seed)
