"""The tab One image of the Sparse code page: inference of the chosen image."""

from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from corelib.films.code import code_film
from corelib.models.ipvae.coding import most_active
from corelib.models.ipvae.experiment import Intervention
from corelib.models.ipvae.moments import moments_of, square
from dashboard.figures.style import trace_styles
from dashboard.ipvae.features import activity_words
from dashboard.ipvae.sparse import conclusions
from dashboard.ipvae.sparse.features import order_shown
from dashboard.ipvae.sparse.figures.curves import Strongest, convergence_curves, strongest_neurons
from dashboard.ipvae.sparse.figures.inference import player
from dashboard.ipvae.sparse.view import NO_IMAGE, PAGE, Picture, View
from dashboard.shell.export import chart

if TYPE_CHECKING:
    from corelib.models.ipvae.inference import Trace

STRONGEST = 40


def draw_image(v: View) -> None:
    """Inference of the image as a film, and its curves on logarithmic time."""
    if v.picture is None:
        st.info(NO_IMAGE)
        return
    trace = v.trace(v.picture)
    st.markdown(conclusions.of_image(v.convergence(v.picture)))
    _draw_player(v, v.picture, trace)
    _draw_convergence(v, v.picture)
    _draw_strongest(v, trace)


def _draw_player(v: View, picture: Picture, trace: "Trace") -> None:
    places, names = square(order_shown(v)), activity_words(v.kind)
    moments = moments_of(trace, picture.pixels.shape[0])
    chart(
        player(picture.pixels, moments, places, names, v.palette),
        f"{PAGE}_player",
        alt="Image, reconstruction, potentials, rates and spikes during inference",
        caption=f"{picture.caption.capitalize()}, noise seed {v.seed}. Press Play, or move the "
        f"slider. The reconstruction is from one step's {'spikes' if v.spikes else 'activity'}. "
        "Neurons are row by row in the order of the mosaic. n = 1 image.",
        n=1,
        film=partial(
            code_film,
            picture.pixels,
            trace,
            places,
            names,
            v.item.title,
            f"{picture.caption}, noise seed {v.seed}",
        ),
    )


def _draw_convergence(v: View, picture: Picture) -> None:
    curves = {v.kind: v.convergence(picture)}
    if v.changed:
        curves["intact"] = v.convergence(picture, Intervention())
    chart(
        convergence_curves(curves, trace_styles(list(curves)), v.palette),
        f"{PAGE}_course",
        alt="R², portion of zeros and change of the potentials against steps",
        caption="One image; R² of the reconstruction from a single step's activity, which keeps "
        "fluctuating as spikes do. ‖Δu‖: norm of the potentials' change in a step.",
    )


def _draw_strongest(v: View, trace: "Trace") -> None:
    units = most_active(trace.rate[0], STRONGEST)
    strongest = Strongest(units, trace.potential[0][:, units], trace.activity[0][:, units])
    potential, _, activity = activity_words(v.kind)
    chart(
        strongest_neurons(strongest, (potential, f"{activity} per step"), v.palette),
        f"{PAGE}_strongest",
        alt="Potentials of the ten most active neurons and spikes of the forty most active",
        caption="Left: the ten most active neurons. Right: the forty most active, with the most "
        "active at the top; means over the steps of a column.",
    )
