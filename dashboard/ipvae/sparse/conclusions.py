"""What the tabs of the Sparse code page show, in sentences computed from it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from corelib.words import percent
from dashboard.shell.text import plain

if TYPE_CHECKING:
    from corelib.models.ipvae.coding import CodePoint, Sparsity
    from corelib.models.ipvae.inference import Convergence

NEAR = 0.01
"""An R² that differs by no more counts as reached."""
FEW = 10
"""Neurons whose share of the activity is told."""


def first_step(r2: np.ndarray, least: float) -> int:
    """The first step after which R² (time,) is at least ``least``."""
    return int(np.argmax(r2 >= least)) + 1


def of_image(found: "Convergence") -> str:
    """How soon the code of one image is there, and how few neurons carry it."""
    end, activity = float(found.r2[-1]), np.abs(found.rate[0])
    share = np.sort(activity)[::-1][:FEW].sum() / max(float(activity.sum()), 1e-12)
    near = first_step(found.r2, end - NEAR)
    return (
        f"R² comes within {NEAR:g} of its last value, {end:.2f}, after **{near:,}** of "
        f"{len(found.r2):,} steps. The {FEW} most active of {len(activity)} neurons account for "
        f"**{percent(share, 0)}** of the activity."
    )


def of_convergence(curves: "Mapping[str, Convergence]") -> str:
    """Which network reconstructs best at the end, how soon, and which is the sparsest."""
    ends = {name: float(curve.r2[-1]) for name, curve in curves.items()}
    zeros = {name: float(curve.zeros[-1]) for name, curve in curves.items()}
    best, sparsest = max(ends, key=lambda name: ends[name]), max(zeros, key=lambda n: zeros[n])
    r2 = curves[best].r2
    text = (
        f"After {len(r2):,} steps **{plain(best)}** {_best(len(curves))} with an R² of "
        f"**{ends[best]:.2f}**, and comes within {NEAR:g} of that after "
        f"{first_step(r2, ends[best] - NEAR):,}"
    )
    if len(curves) > 1:
        text += f"; **{plain(sparsest)}** has the most zeros, {percent(zeros[sparsest], 0)}"
    return text + "."


def _best(count: int) -> str:
    return "reconstructs best," if count > 1 else "reconstructs the images"


def of_rate_and_distortion(points: "Mapping[str, CodePoint]") -> str:
    """Whether one network is ahead in both quality and sparsity."""
    best = max(points, key=lambda name: points[name].r2)
    sparsest = max(points, key=lambda name: points[name].zeros)
    if len(points) == 1:
        return f"**{plain(best)}** reaches {_point(points[best])}."
    if best == sparsest:
        return f"**{plain(best)}** is ahead in both, with {_point(points[best])}."
    return (
        f"No network is ahead in both: **{plain(best)}** reconstructs best, with "
        f"{_point(points[best])}; **{plain(sparsest)}** has the most zeros, with "
        f"{_point(points[sparsest])}."
    )


def _point(point: "CodePoint") -> str:
    return f"an R² of **{point.r2:.2f}** at **{percent(point.zeros, 0)}** zeros"


def of_sparsity(codes: "Mapping[str, Sparsity]") -> str:
    """Which code is the sparsest, and which the least sparse."""
    medians = {name: code.lifetime_median for name, code in codes.items()}
    most, least = max(medians, key=lambda n: medians[n]), min(medians, key=lambda n: medians[n])
    if most == least:
        return f"The median neuron of **{plain(most)}** has a {_lifetime(codes[most])}."
    return (
        f"**{plain(most)}** has the sparsest code: its median neuron has a "
        f"{_lifetime(codes[most])}, that of **{plain(least)}** {medians[least]:.2f}."
    )


def _lifetime(code: "Sparsity") -> str:
    return f"lifetime sparsity of **{code.lifetime_median:.2f}**"
