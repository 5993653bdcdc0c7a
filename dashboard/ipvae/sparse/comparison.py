"""Tabs of the Sparse code page that compare networks: convergence, rate and distortion, and
sparsity."""

from typing import TYPE_CHECKING

import streamlit as st

from corelib.models.ipvae.coding import code_point, first_of_kind, sparsity
from corelib.models.ipvae.experiment import Intervention
from corelib.reproduce import lca, results
from corelib.reproduce.ipvae import beta_curve, kind_of, published_points
from dashboard.figures.style import trace_styles
from dashboard.ipvae import cache as ipvae_cache
from dashboard.ipvae.sparse import cache as sparse_cache
from dashboard.ipvae.sparse import conclusions
from dashboard.ipvae.sparse.figures.comparison import rate_distortion, sparsities
from dashboard.ipvae.sparse.figures.curves import PublishedEnd, convergence_curves
from dashboard.ipvae.sparse.view import PAGE, View
from dashboard.shell import cache
from dashboard.shell.checkpoints import checkpoints_picker, of_systems
from dashboard.shell.export import chart
from dashboard.shell.numbers import side_by_side

if TYPE_CHECKING:
    from corelib.models.ipvae.coding import CodePoint
    from corelib.models.ipvae.inference import Convergence
    from corelib.runs.registry import Checkpoint


def draw_convergence(v: View) -> None:
    """Several networks over 1,000 steps, with the paper's points."""
    items = _compared(v)
    if not items:
        return
    kinds = _kinds(items)
    curves = _convergence(items)
    if v.changed and v.item.title in curves:
        curves[f"{v.item.title}, changed"] = sparse_cache.convergence(v.key, v.intervention)
    st.markdown(conclusions.of_convergence(curves))
    published = {}
    if v.natural:
        ends = published_points().converged
        published = {
            name: PublishedEnd(sparse_cache.CONVERGENCE_STEPS, ends[kind])
            for kind, name in first_of_kind(kinds).items()
        }
    chart(
        convergence_curves(curves, trace_styles(list(curves)), v.palette, published=published),
        f"{PAGE}_convergence",
        alt="R², zeros and change of the potentials over 1,000 steps for each network",
        caption=f"Means over {sparse_cache.CONVERGENCE_IMAGES} test images; n = 1 seed per "
        "network. "
        + (
            "Hollow: published values, for van Hateren's images; ours are other images."
            if published
            else "No values are published for these images."
        ),
        n=1,
    )


def _compared(v: View) -> "list[Checkpoint]":
    """The networks to compare: at first one of each kind that reads the same images."""
    fitting = {
        name: item
        for name, item in of_systems(ipvae_cache.SYSTEMS).items()
        if item.card.dataset == v.key.dataset
    }
    first = first_of_kind(_kinds(list(fitting.values())))
    others = {title for kind, title in first.items() if kind != v.kind}
    standard = [v.item.name, *(name for name, item in fitting.items() if item.title in others)]
    items = checkpoints_picker(
        PAGE, f"{v.key.dataset}_models", "Networks", ipvae_cache.SYSTEMS, standard, fitting
    )
    if not items:
        st.info("Choose at least one network above.")
    elif len(set(_kinds(items).values())) < len(ipvae_cache.NAMES):
        st.caption("Train the missing kinds under Train to see all three side by side.")
    return items


def _kinds(items: "list[Checkpoint]") -> dict[str, str]:
    """The kind of each network by its title."""
    return {item.title: ipvae_cache.kind_of(item) for item in items}


def _convergence(items: "list[Checkpoint]") -> "dict[str, Convergence]":
    """How each intact network converges, by its title."""
    return {
        item.title: sparse_cache.convergence(cache.checkpoint_key(item), Intervention())
        for item in items
    }


def draw_rate_distortion(v: View) -> None:
    """The quality of the codes against their sparsity."""
    items = _compared(v)
    if not items:
        return
    kinds = _kinds(items)
    points = {name: code_point(curve) for name, curve in _convergence(items).items()}
    st.markdown(conclusions.of_rate_and_distortion(points))
    first = first_of_kind(kinds)
    published = published_points().plane if v.natural else {}
    same_kind = {name: first[kind_of(name)] for name in published if kind_of(name) in first}
    curves = _curves() if v.natural else {}
    chart(
        rate_distortion(points, published, trace_styles(list(kinds)), same_kind, v.palette, curves),
        f"{PAGE}_plane",
        alt="R² against the portion of zeros, ours and the paper's",
        caption="After 1,000 steps. Filled: ours, means over "
        f"{sparse_cache.CONVERGENCE_IMAGES} test images, n = 1 seed. "
        + (
            "Hollow and crosses: the paper's, for van Hateren's images; ours are whitened pictures "
            "of another kind. Dotted and dashed: measured on the same patches with 512 neurons; an "
            "activity of LCA is a real number, not a count."
            if published
            else ""
        ),
        n=1,
    )
    rows = [
        {
            "network": item.title,
            "kind": kinds[item.title],
            "neurons": item.card.config["n_latents"],
            "β": f"{item.card.training.get('beta_outer', float('nan')):g}",
            "R² at 1,000": points[item.title].r2,
            "zeros at 1,000": points[item.title].zeros,
        }
        for item in items
    ]
    side_by_side(rows, f"{PAGE}_plane_table", across=False, decimals=3)
    st.caption("Train with another β under Train: a smaller β gives a higher R² and more spikes.")


def _curves() -> "dict[str, dict[float, CodePoint]]":
    """The curves of iP-VAE over β and of LCA over λ, from the tables of the reproductions."""
    found: dict[str, dict[float, CodePoint]] = {}
    if results.is_here("ipvae"):
        found["iP-VAE, β"] = beta_curve(results.newest("ipvae").rows)
    if results.is_here("lca"):
        rows = results.newest("lca").rows
        found["LCA, non-negative, λ"] = lca.curve_of(rows, lca.Layout(512, "non-negative"))
    return {name: points for name, points in found.items() if len(points) > 1}


def draw_sparsity(v: View) -> None:
    """Lifetime and population sparsity."""
    items = _compared(v)
    if not items:
        return
    codes = {
        item.title: sparsity(sparse_cache.code(cache.checkpoint_key(item), Intervention()))
        for item in items
    }
    st.markdown(conclusions.of_sparsity(codes))
    chart(
        sparsities(codes, trace_styles(list(codes)), v.palette),
        f"{PAGE}_sparsities",
        alt="Distributions of lifetime sparsity over neurons and population sparsity over images",
        caption=f"Of the mean activity after {sparse_cache.CODE_STEPS} steps, over "
        f"{sparse_cache.CODE_IMAGES} test images (Vinje and Gallant 2000); of Gaussian codes, its "
        "absolute value. n = 1 seed per network.",
        n=1,
    )
    rows = [
        {
            "network": name,
            "lifetime sparsity, median": code.lifetime_median,
            "population sparsity, median": code.population_median,
            "zeros": code.point.zeros,
            "R²": code.point.r2,
        }
        for name, code in codes.items()
    ]
    side_by_side(rows, f"{PAGE}_sparsity_table", across=False, decimals=3)
