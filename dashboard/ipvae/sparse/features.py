"""The main figure of the Sparse code page: all features, and the chosen neuron's."""

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from corelib.models.ipvae.coding import ORDERS
from corelib.words import percent
from dashboard.figures.mosaic import grid, mosaic, row_of_images
from dashboard.ipvae import cache as ipvae_cache
from dashboard.ipvae.sparse import cache as sparse_cache
from dashboard.ipvae.sparse.view import PAGE, View
from dashboard.shell import cache
from dashboard.shell.chart import clicked
from dashboard.shell.controls import choice
from dashboard.shell.export import chart
from dashboard.shell.registry import set_values

if TYPE_CHECKING:
    from corelib.models.ipvae.coding import NeuronOrder

MOSAIC = f"{PAGE}_mosaic"


def order_shown(v: View) -> np.ndarray:
    """The order in which the mosaic shows the neurons, (place,) of their numbers."""
    return sparse_cache.neuron_order(v.key, st.session_state.get(f"{PAGE}_sort", ORDERS[0]))


def draw_features(v: View) -> None:
    """All features in the order chosen; beside them the chosen neuron's."""
    left, right = st.columns([5, 2], gap="large")
    with left:
        sort = choice(PAGE, "sort", "Sort by", ORDERS)
        _draw_mosaic(v, sort)
    with right:
        _draw_chosen(v)


def _draw_mosaic(v: View, sort: "NeuronOrder") -> None:
    features = ipvae_cache.features(v.key)
    order = sparse_cache.neuron_order(v.key, sort)
    columns, cell = grid(len(features))
    chart(
        mosaic(features, hover_texts(v.key, sort), order, v.neuron, columns, v.palette, cell=cell),
        MOSAIC,
        alt=f"The {len(features)} learned features by {sort}; neuron {v.neuron} is at place "
        f"{int(np.flatnonzero(order == v.neuron)[0]) + 1}",
        caption=f"The {len(features)} features (columns of W) by {sort}, each scaled by its "
        "largest value: blue positive, red negative. Click one to choose it.",
        on_select=_pick,
    )


def _pick() -> None:
    """Choose the neuron whose feature was clicked."""
    point = clicked(MOSAIC)
    if point and "customdata" in point:
        set_values({f"{PAGE}_neuron": int(np.ravel(point["customdata"])[0])})


def hover_texts(key: cache.CheckpointKey, sort: "NeuronOrder") -> list[str]:
    """A text for each neuron, by number; with the Gabor fit where the order needs it."""
    activity = sparse_cache.mean_activity(key)
    texts = [f"neuron {k}, mean rate {rate:.3f}" for k, rate in enumerate(activity)]
    if sort in ("rate", "number"):
        return texts
    fits = ipvae_cache.gabors(key)
    return [
        f"{text}<br>axis {axis:.0f}°, {f:.2f} cycles per pixel, fit R² {r2:.2f}"
        for text, axis, f, r2 in zip(texts, fits.orientation, fits.frequency, fits.r2, strict=True)
    ]


def _cycles(v: View, frequency: float) -> str:
    """A Gabor function's frequency in words: below one cycle over the patch it says little."""
    side = ipvae_cache.features(v.key).shape[1]
    if frequency * side < 1:
        return "less than one cycle over the patch"
    return f"{frequency:.2f} cycles per pixel"


def _draw_chosen(v: View) -> None:
    """The chosen neuron's feature and the Gabor function fitted to it."""
    feature = ipvae_cache.features(v.key)[v.neuron]
    fit, image = ipvae_cache.gabor_of(v.key, v.neuron)
    st.markdown(f"**Neuron {v.neuron}**")
    bound = float(np.abs(feature).max()) or 1.0
    if np.isnan(fit.r2[0]):
        st.caption("This feature is flat; no Gabor function can be fitted to it.")
        return
    chart(
        row_of_images(
            [feature, image], ["feature", "Gabor fit"], v.palette, limits=[bound, bound], height=150
        ),
        f"{PAGE}_feature",
        alt=f"The feature of neuron {v.neuron} and the Gabor function fitted to it",
        caption=f"Axis of the stripes {fit.orientation[0]:.0f}°, {_cycles(v, fit.frequency[0])}; "
        f"the fit explains {percent(fit.r2[0], 0)} of the feature's variance.",
    )
    threshold = ipvae_cache.network(v.key).log_bias[v.neuron].exp().item()
    st.caption(
        f"Threshold $e^b$ = {threshold:.2g}; mean activity over {sparse_cache.CODE_IMAGES} test "
        f"images {sparse_cache.mean_activity(v.key)[v.neuron]:.2g}."
    )
