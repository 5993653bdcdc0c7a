"""The tab Lesions of the Sparse code page: which neurons the code of the image needs."""

import streamlit as st

from corelib.models.ipvae.lesions import lesion_effect
from dashboard.ipvae.sparse import cache as sparse_cache
from dashboard.ipvae.sparse.figures.lesions import lesion_losses
from dashboard.ipvae.sparse.view import NO_IMAGE, PAGE, View
from dashboard.shell.export import chart


def draw_lesions(v: View) -> None:
    """What the code of the image loses without each neuron."""
    if v.picture is None:
        st.info(NO_IMAGE)
        return
    losses = sparse_cache.losses(v.key, v.picture.data, v.n_steps, v.seed)
    effect = lesion_effect(
        losses,
        v.neuron,
        v.convergence(v.picture, v.intervention._replace(lesioned=())),
        v.convergence(v.picture, v.intervention._replace(lesioned=(v.neuron,))),
    )
    st.markdown(
        f"When neuron **{v.neuron}** is removed from the finished code, this image loses "
        f"**{effect.loss:z.3f}** of R². When it is silenced from the start, other neurons fire in "
        f"its place: R² is {effect.silenced:.3f} instead of {effect.intact:.3f} (mean of the last "
        f"{effect.n_late} steps). The neuron needed most here is **{effect.most_needed}**, with a "
        f"loss of {effect.largest_loss:.3f}."
    )
    chart(
        lesion_losses(losses, v.neuron, v.palette),
        f"{PAGE}_lesions",
        alt="The loss of R² without each neuron",
        caption=f"{v.picture.caption.capitalize()}, rates after {v.n_steps:,} steps; vermilion: "
        "the chosen neuron. Double-click shows the neurons that matter less. The switch in the "
        "sidebar silences the chosen one from the start. n = 1 image.",
        n=1,
    )
