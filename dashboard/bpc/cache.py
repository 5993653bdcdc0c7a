"""What the BPC digits page computes once and keeps."""

from typing import TYPE_CHECKING, cast

import streamlit as st

from dashboard.shell import cache

if TYPE_CHECKING:
    from corelib.models.bpc.analysis import Axes, Completed, Mask
    from corelib.models.bpc.network import TwoWay

AXES_FROM = 1000
"""Test images over which the principal axes of a layer are taken."""
COMPLETED = 500
"""Test images whose hidden pixels are filled in."""


def model(which: cache.CheckpointKey) -> "TwoWay":
    return cast("TwoWay", cache.model(which))


@st.cache_resource(show_spinner=False, max_entries=16)
def axes(which: cache.CheckpointKey, layer: int) -> "Axes":
    """The principal axes of a layer's activity over test digits with their labels clamped."""
    from corelib.models.bpc.analysis import layer_axes

    return layer_axes(model(which), cache.dataset(which.dataset), layer, AXES_FROM)


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
    return completed_test_images(model(which), data, mask_of(mask), COMPLETED, label_known)
