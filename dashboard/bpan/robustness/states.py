"""How a corruption changes the states and currents of a balanced network."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import streamlit as st

from corelib.analysis.representation import Projection
from corelib.analysis.robustness import similarity
from corelib.data.corruptions import CORRUPTIONS
from corelib.words import percent
from dashboard.bpan import cache as bpan_cache
from dashboard.bpan.robustness.cache import CLEAN, LIVE
from dashboard.bpan.robustness.figures import curves
from dashboard.bpan.robustness.figures import states as figures
from dashboard.bpan.robustness.view import PAGE, View
from dashboard.components.digit_input import ChosenDigit
from dashboard.shell import cache
from dashboard.shell.controls import select
from dashboard.shell.export import chart
from dashboard.shell.help import help_texts

if TYPE_CHECKING:
    from torch import Tensor

    from corelib.models.bpan.network import BPAN

CLOUD = 1500
"""How many test images are shown as points."""


class Inputs(NamedTuple):
    """One image as a network reads it, (1, input) each."""

    clean: "Tensor"
    corrupted: "Tensor"


def draw_states(v: View) -> None:
    """How far the corruption moves the states of the balanced networks, and where to."""
    if not v.bpans:
        st.info("Choose a BPAN in the sidebar: states are shown for balanced networks.")
        return
    _draw_similarity(v)
    name = select(PAGE, "states_of", "States of", list(v.bpans))
    key = v.bpans[name]
    model = bpan_cache.bpan(key)
    plane = bpan_cache.projection(key, CLOUD)
    paths: dict[str, np.ndarray] = {}
    if v.chosen is not None:
        inputs = _inputs(v, key, v.chosen)
        _draw_currents(v, name, model, inputs, v.chosen)
        paths = _paths(model, inputs, plane)
    _draw_plane(v, name, plane, paths)
    _draw_tsne(v, name)


def _draw_similarity(v: View) -> None:
    kind = CORRUPTIONS[v.corruption.name]
    series = {
        name: similarity(
            bpan_cache.final_states(key, CLEAN, LIVE),
            [bpan_cache.final_states(key, corruption, LIVE) for corruption in v.severities],
            kind.severities,
        )
        for name, key in v.bpans.items()
    }
    chart(
        curves.over_severity(
            series,
            v.styles,
            v.corruption.severity,
            kind.unit,
            "cosine of clean and corrupted state",
            v.palette,
            percent=False,
        ),
        "robust_cosine",
        alt="Cosine similarity of the final state with and without corruption against severity",
        caption=f"Rates of all units after the last step; mean ± 1 sd over {LIVE:,} test images, "
        "n = 1 seed a network.",
        n=1,
    )


def _inputs(v: View, key: cache.CheckpointKey, chosen: ChosenDigit) -> Inputs:
    import torch

    from corelib.data.corruptions import corrupt

    data = cache.dataset(key.dataset)
    clean = torch.from_numpy(chosen.pixels)[None]
    corrupted = corrupt(clean, v.corruption, data.mean, data.std)
    return Inputs(data.inputs(clean), data.inputs(corrupted))


def _draw_currents(v: View, name: str, model: "BPAN", inputs: Inputs, chosen: ChosenDigit) -> None:
    from corelib.models.bpan.analysis import Controls, currents

    controls = Controls(model.n_steps, model.alpha)
    clean, corrupted = (currents(model, x, controls) for x in inputs)
    chart(
        figures.currents_pair(clean, corrupted, v.palette),
        "robust_currents",
        alt="Excitatory, inhibitory and input current, bias, and net current, clean and corrupted",
        caption=f"{name}: currents, clean (solid) and corrupted (dotted), means over the units of "
        f"each population; {chosen.caption}.",
    )


def _paths(model: "BPAN", inputs: Inputs, plane: Projection) -> dict[str, np.ndarray]:
    from corelib.models.bpan.robustness import state_path

    return {kind: state_path(model, x, plane) for kind, x in inputs._asdict().items()}


def _draw_plane(v: View, name: str, plane: Projection, paths: dict[str, np.ndarray]) -> None:
    key = v.bpans[name]
    share = plane.explained
    chart(
        figures.state_space(
            plane.apply(bpan_cache.final_states(key, v.corruption, CLOUD)),
            cache.test_labels(key.dataset)[:CLOUD],
            paths,
            cache.dataset(key.dataset).class_names,
            (
                f"principal axis 1 ({percent(share[0], 0)} of the variance)",
                f"principal axis 2 ({percent(share[1], 0)} of the variance)",
            ),
            v.palette,
        ),
        "robust_pca",
        alt="States under corruption on the principal axes of the clean states",
        caption=f"{name}: states after the last step for {CLOUD:,} corrupted test images, on the "
        "principal axes of the clean states; lines: the digit in the sidebar from silence to its "
        "last step (star), clean solid, corrupted dotted.",
    )


def _draw_tsne(v: View, name: str) -> None:
    """t-SNE of the same states, when it is asked for."""
    from corelib.analysis.representation import tsne

    key = v.bpans[name]
    wanted = (key, v.corruption)
    if st.button(
        "Show t-SNE",
        key="robust_tsne",
        icon=":material/scatter_plot:",
        help=help_texts(PAGE)["tsne"],
    ):
        bar = st.progress(0.0, "t-SNE")
        for stage in tsne(bpan_cache.final_states(key, v.corruption, CLOUD), seed=0):
            bar.progress(stage.done, f"t-SNE, {percent(stage.done, 0)}")
            st.session_state["_robust_tsne"] = (wanted, stage.points)
        bar.empty()
    kept = st.session_state.get("_robust_tsne")
    if kept and kept[0] == wanted:
        chart(
            figures.state_space(
                kept[1],
                cache.test_labels(key.dataset)[:CLOUD],
                {},
                cache.dataset(key.dataset).class_names,
                ("t-SNE 1", "t-SNE 2"),
                v.palette,
            ),
            "robust_tsne_points",
            alt="t-SNE of the states under corruption",
            caption=f"{name}: the same {CLOUD:,} states, seed 0. Gaps between groups mean little.",
        )
