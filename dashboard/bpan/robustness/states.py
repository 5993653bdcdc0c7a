"""Where a corruption moves the state of a balanced network, and where an occluder hurts."""

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from corelib.data.corruptions import CORRUPTIONS
from dashboard.bpan import cache as bpan_cache
from dashboard.bpan.robustness.figures import severity as figures
from dashboard.bpan.robustness.figures.severity import OverSeverity
from dashboard.bpan.robustness.tabs import CLEAN, LIVE, SIDE, View
from dashboard.shell import cache
from dashboard.shell.controls import BOUND
from dashboard.shell.export import chart

if TYPE_CHECKING:
    from torch import Tensor

    from corelib.models.bpan.robustness import MapProgress
    from dashboard.components.digit_input import ChosenDigit

CLOUD, STRIDE = 1500, 2


def states(v: View, chosen: "ChosenDigit | None") -> None:
    """Where the corruption moves the state of the balanced networks."""
    import torch

    from corelib.analysis.representation import cosine
    from corelib.data.corruptions import corrupt
    from corelib.models.bpan import robustness
    from corelib.models.bpan.analysis import Controls, currents

    if not v.bpans:
        st.info("Choose a BPAN in the sidebar: states are shown for balanced networks.")
        return
    severities = CORRUPTIONS[v.corruption.name].severities
    curves = {}
    for name, key in v.bpans.items():
        before = bpan_cache.final_states(key, CLEAN, LIVE)
        found = [
            cosine(before, bpan_cache.final_states(key, v.corruption._replace(severity=s), LIVE))
            for s in severities
        ]
        curves[name] = OverSeverity(
            np.array(severities),
            np.array([f.mean() for f in found]),
            np.array([f.std() for f in found]),
            2,
        )
    chart(
        figures.over_severity(
            curves,
            v.styles,
            v.corruption.severity,
            CORRUPTIONS[v.corruption.name].unit,
            "cosine of clean and corrupted state",
            v.palette,
            percent=False,
        ),
        "robust_cosine",
        alt="Cosine similarity of the final state with and without corruption against severity",
        caption=f"Rates of all units after the last step; mean ± 1 sd over {LIVE:,} test images, "
        "n = 1 seed a network.",
    )
    if st.session_state.get("robust_states_of") not in v.bpans:
        st.session_state.pop("robust_states_of", None)
    of = st.selectbox("States of", list(v.bpans), key="robust_states_of", **BOUND)
    key = v.bpans[of]
    data, model = cache.dataset(key.dataset), cache.model(key)
    labels = cache.test_labels(key.dataset)[:CLOUD]
    plane = bpan_cache.projection(key, CLOUD)
    after = bpan_cache.final_states(key, v.corruption, CLOUD)
    paths = {}
    if chosen is not None:
        clean = torch.from_numpy(chosen.pixels)[None]
        inputs = {
            "clean": data.inputs(clean),
            "corrupted": data.inputs(corrupt(clean, v.corruption, data.mean, data.std)),
        }
        controls = Controls(model.n_steps, model.alpha)
        chart(
            figures.currents_pair(
                *(currents(model, x, controls) for x in inputs.values()), v.palette
            ),
            "robust_currents",
            alt="Excitatory, inhibitory, input and net current, clean and corrupted",
            caption=f"{of}: currents clean (solid) and corrupted (dotted), means over the units of "
            f"each population; {chosen.caption}.",
        )
        for said, x in inputs.items():
            path = robustness.states(model, x)[0]
            start = np.zeros((1, path.shape[1]), path.dtype)
            paths[said] = plane.apply(np.concatenate([start, path]))
    share = plane.explained
    chart(
        figures.state_space(
            plane.apply(after),
            labels,
            paths,
            data.class_names,
            tuple(f"principal axis {k + 1} ({share[k]:.0%} of the variance)" for k in (0, 1)),
            v.palette,
        ),
        "robust_pca",
        alt="States under corruption on the principal axes of the clean states",
        caption=f"{of}: states after the last step of {CLOUD:,} corrupted test images, on the axes "
        "of the clean ones; lines: the digit in the sidebar from silence to its last step (star), "
        "clean solid, corrupted dotted.",
    )
    _tsne(v, of, key, labels)


def _tsne(v: View, of: str, key: cache.CheckpointKey, labels: np.ndarray) -> None:
    """t-SNE of the same states, when it is asked for."""
    from corelib.analysis.representation import tsne

    key = (key, v.corruption)
    if st.button(
        "Lay them out by t-SNE",
        key="robust_tsne",
        icon=":material/scatter_plot:",
        help="Takes some seconds; neighbours stay neighbours",
    ):
        bar = st.progress(0.0, "t-SNE")
        for stage in tsne(bpan_cache.final_states(key, v.corruption, CLOUD), seed=0):
            bar.progress(stage.done, f"t-SNE, {stage.done:.0%}")
        bar.empty()
        st.session_state["_robust_tsne"] = (key, stage.points)
    kept = st.session_state.get("_robust_tsne")
    if kept and kept[0] == key:
        names = cache.dataset(key.dataset).class_names
        chart(
            figures.state_space(kept[1], labels, {}, names, ("t-SNE 1", "t-SNE 2"), v.palette),
            "robust_tsne_points",
            alt="t-SNE of the states under corruption",
            caption=f"{of}: the same {CLOUD:,} states, seed 0. Gaps between groups mean little.",
        )


def where_it_hurts(v: View) -> None:
    """Accuracy as a function of where the occluder sits."""
    left, middle, right = st.columns(3)
    if st.session_state.get("robust_map_of") not in v.keys:
        st.session_state.pop("robust_map_of", None)
    with left:
        of = st.selectbox("Network", list(v.keys), key="robust_map_of", **BOUND)
    grid = CORRUPTIONS["occlusion"].severities[1:]
    with middle:
        severity = st.select_slider(
            "Share of the area covered", grid, 0.1, key="robust_map_severity", **BOUND
        )
    with right:
        digit = st.selectbox(
            "Digits",
            ["all", *cache.dataset(v.keys[of].dataset).class_names],
            key="robust_map_digit",
            **BOUND,
        )
    found = _map(v.keys[of], severity, v.corruption.fill, digit)
    row, column = np.unravel_index(found.accuracy.argmin(), found.accuracy.shape)
    centres = SIDE * found.rows
    st.markdown(
        f"Uncovered, **{of}** reads {found.clean:.1%} of these digits. The square does most harm "
        f"with its centre at row {centres[row]:.0f}, column {centres[column]:.0f}: "
        f"**{found.accuracy.min():.1%}**; least: {found.accuracy.max():.1%}."
    )
    pixels, _ = _some(v.keys[of].dataset, digit)
    chart(
        figures.sensitivity(
            found.accuracy, centres, pixels.float().mean(0).byte().numpy(), found.clean, v.palette
        ),
        "robust_map",
        alt="Accuracy by the place of the occluder, beside the mean digit",
        caption=f"{of}, {len(pixels):,} test images, last step; the square covers {severity:.0%} "
        f"of the area, filled {v.corruption.fill}. Near the rim a part of it hangs over the edge "
        "and covers less.",
    )


def _some(name: str, digit: str) -> "tuple[Tensor, Tensor]":
    """The first test images of one class, or of all, and their labels."""
    data = cache.dataset(name)
    pixels, labels = data.test.pixels, data.test.labels
    if digit != "all":
        chosen = labels == data.class_names.index(digit)
        pixels, labels = pixels[chosen], labels[chosen]
    return pixels[:LIVE], labels[:LIVE]


def _map(which: cache.CheckpointKey, severity: float, fill: str, digit: str) -> "MapProgress":
    """Measured once a session for each network and square."""
    from corelib.models.bpan.robustness import occlusion_map

    kept = st.session_state.setdefault("_robust_maps", {})
    key = (which, severity, fill, digit)
    if key not in kept:
        while len(kept) >= 24:
            kept.pop(next(iter(kept)))
        pixels, labels = _some(which.dataset, digit)
        bar = st.progress(0.0, "Moving the square")
        network, data = cache.model(which), cache.dataset(which.dataset)
        for found in occlusion_map(network, pixels, labels, data, severity, fill, STRIDE):
            bar.progress(found.done, f"Moving the square, {found.done:.0%}")
        bar.empty()
        kept[key] = found
    return kept[key]
