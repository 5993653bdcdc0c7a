"""What the BPC digits page computes once and keeps."""

from typing import TYPE_CHECKING, NamedTuple, cast

import streamlit as st

from corelib.errors import CheckpointError
from corelib.runs.registry import find
from dashboard.shell import cache

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

    from corelib.models.bpc.analysis import Axes, Completed, Mask
    from corelib.models.bpc.inference import Given, InferenceConfig
    from corelib.models.bpc.network import TwoWay
    from corelib.models.bpc.stability import Eigenvalues, StepSizes
    from corelib.models.bpc.variety import ClassGaussian, Classify, Variety

AXES_FROM = 1000
"""Test images over which the principal axes of a layer are taken."""
COMPLETED = 500
"""Test images whose hidden pixels are filled in."""
COMPARED = 100
"""Test digits of a class that samples are compared with."""


def model(which: cache.CheckpointKey) -> "TwoWay":
    return cast("TwoWay", cache.model(which))


@st.cache_resource(show_spinner=False, max_entries=16)
def axes(which: cache.CheckpointKey, layer: int) -> "Axes":
    """The principal axes of a layer's activity over test digits with their labels clamped."""
    from corelib.models.bpc.analysis import layer_axes

    return layer_axes(model(which), cache.dataset(which.dataset), layer, AXES_FROM)


STEP_SIZES = (0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 0.95, 1.05, 1.2, 1.5, 2.0)
"""Step sizes that are compared, as shares of the limiting one."""


def _given(which: cache.CheckpointKey, pixels: "np.ndarray", label: int | None) -> "Given":
    import torch

    from corelib.models.bpc.analysis import clamped

    x = cache.dataset(which.dataset).inputs(torch.from_numpy(pixels)[None])
    return clamped(model(which), x, label)


@st.cache_data(show_spinner=False, max_entries=64)
def eigenvalues(
    which: cache.CheckpointKey,
    pixels: "np.ndarray",
    label: int | None,
    config: "InferenceConfig",
    every: int,
) -> "Eigenvalues":
    """The largest eigenvalue during inference of one digit, from the page's own random start."""
    from corelib.models.bpc.stability import eigenvalues_along
    from dashboard.bpc.view import noise

    given, weights = _given(which, pixels, label), model(which).weights()
    return eigenvalues_along(given, weights, config, every, noise())


@st.cache_data(show_spinner=False, max_entries=64)
def over_step_sizes(
    which: cache.CheckpointKey,
    pixels: "np.ndarray",
    label: int | None,
    config: "InferenceConfig",
    limit: float,
) -> "StepSizes":
    """Inference of one digit with step sizes around the limiting one and with its own."""
    from corelib.models.bpc.stability import over_step_sizes as compute
    from dashboard.bpc.view import noise

    sizes = sorted({*(share * limit for share in STEP_SIZES), config.step_size})
    return compute(_given(which, pixels, label), model(which).weights(), config, sizes, noise())


@st.cache_data(show_spinner=False, max_entries=4)
def best_loss(dataset: str) -> float:
    """The least generation loss of one image per class."""
    from corelib.models.bpc.analysis import best_generation_loss

    return best_generation_loss(cache.dataset(dataset))


@st.cache_data(show_spinner=False, max_entries=64)
def completed(which: cache.CheckpointKey, mask: "Mask", label_known: bool) -> "Completed":
    """Test digits read before and after their hidden pixels are inferred."""
    from corelib.models.bpc.analysis import completed_test_images, mask_of

    data = cache.dataset(which.dataset)
    hidden = mask_of(mask, side=data.test.pixels.shape[-1])
    return completed_test_images(model(which), data, hidden, COMPLETED, label_known)


@st.cache_resource(show_spinner="Inferring the activity of training digits", max_entries=40)
def class_gaussian(which: cache.CheckpointKey, label: int, layer: int) -> "ClassGaussian":
    """The Gaussian of a layer's activity over the training digits of a class."""
    from corelib.models.bpc.variety import class_gaussian

    return class_gaussian(model(which), cache.dataset(which.dataset), label, layer)


@st.cache_resource(show_spinner=False, max_entries=2)
def digits_of(dataset: str, label: int) -> "Tensor":
    """The training digits of a class: (digit, pixel)."""
    from corelib.data.images import first_of

    data = cache.dataset(dataset)
    return data.inputs(first_of(data.train, len(data.train.labels), label).pixels)


def judge_key(dataset: str) -> cache.CheckpointKey | None:
    """The checkpoint of the network that reads generated images; None where there is none."""
    try:
        return cache.checkpoint_key(find(f"mlp-{dataset}"))
    except CheckpointError:
        return None


def judge(dataset: str) -> "tuple[str, Classify | None]":
    """The network that reads generated images, and its name; None where no MLP ships for them."""
    name, which = f"mlp-{dataset}", judge_key(dataset)
    try:
        return name, None if which is None else cache.model(which)
    except CheckpointError:
        return name, None


class Known(NamedTuple):
    """What the test digits of a class are like, and its mean image."""

    digits: "Variety"
    mean: "Variety"


def known_variety(dataset: str, label: int) -> Known:
    """The measures that those of samples are compared with."""
    return _known_variety(dataset, label, judge_key(dataset))


@st.cache_data(show_spinner=False, max_entries=40)
def _known_variety(dataset: str, label: int, reader: cache.CheckpointKey | None) -> Known:
    from corelib.data.images import first_of
    from corelib.models.bpc.analysis import class_means
    from corelib.models.bpc.variety import variety

    data, own, read = cache.dataset(dataset), digits_of(dataset, label), judge(dataset)[1]
    test = data.inputs(first_of(data.test, COMPARED, label).pixels)
    mean = class_means(data)[label][None]
    return Known(variety(test, label, own, read), variety(mean, label, own, read))
