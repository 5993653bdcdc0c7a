"""The tab Gradient of the Sparse code page: what training is told about the cost of a spike."""

from collections.abc import Mapping

import streamlit as st

from corelib.analysis.anytime import Spread
from corelib.errors import SettingsError
from corelib.reproduce import results
from corelib.reproduce.ipvae import causes
from corelib.words import percent
from dashboard.ipvae.sparse import cache as sparse_cache
from dashboard.ipvae.sparse.figures.gradient import codes, estimates
from dashboard.ipvae.sparse.view import NO_IMAGE, PAGE, Picture, View
from dashboard.shell.export import chart
from dashboard.shell.text import plain


def draw_gradient(v: View) -> None:
    """The exact gradient of the likelihood beside its estimates, and the codes that they lead
    to."""
    if not v.spikes:
        st.info("This network draws no counts: its gradient passes through the noise unchanged.")
        return
    st.markdown(
        "Training cannot differentiate a spike count. The *straight-through* estimate lets the "
        "gradient pass as if the count were its mean; it leaves out that the variance of a count "
        "grows with its rate, and so spikes are too cheap. Adding the missing cost, "
        r"$\tfrac12 \sum_k G_{kk}(e^{u_k} - \mathrm{stop}(e^{u_k}))$ with "
        r"$G = W^\top W / \sigma^2$, makes the estimate exact on average. The paper softens the "
        "counts instead."
    )
    if v.picture is None:
        st.info(NO_IMAGE)
    else:
        try:
            _draw_estimates(v, v.picture)
        except SettingsError as error:
            st.info(plain(str(error)))
    points = causes(results.newest("ipvae").rows) if results.is_here("ipvae") else {}
    if points:
        chart(
            codes(points, v.palette),
            f"{PAGE}_causes",
            alt="R² against zeros of networks trained with different settings and gradients",
            caption="Natural images, 256 neurons, 600 updates each, measured after 1,000 steps on "
            f"test patches; mean ± sd, n = {_seeds(points)} seeds.",
            n=max((r2.n for r2, _ in points.values())),
        )


def _draw_estimates(v: View, picture: Picture) -> None:
    found = sparse_cache.gradients(v.key, picture.data, v.n_steps, v.intervention, v.seed)
    st.markdown(
        "On average over draws, the straight-through estimate is "
        f"**{percent(found.bias(found.straight_through), 0)}** of the gradient's size away "
        f"from the exact one, softened counts **{percent(found.bias(found.relaxed), 0)}**, "
        f"and with the cost of variance **{percent(found.bias(found.corrected), 0)}**, which "
        "is what the draws leave."
    )
    chart(
        estimates(found, v.palette),
        f"{PAGE}_gradient",
        alt="Estimates of the gradient of the likelihood against its exact value, by neuron",
        caption=f"{picture.caption.capitalize()}, potentials after {v.n_steps:,} steps; "
        f"means over {sparse_cache.GRADIENT_DRAWS:,} draws. n = 1 image.",
        n=1,
    )


def _seeds(points: Mapping[str, tuple[Spread, Spread]]) -> str:
    """How many seeds the points are means of."""
    counts = sorted({r2.n for r2, _ in points.values()})
    return f"{counts[0]}" if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"
