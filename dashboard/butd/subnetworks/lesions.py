"""The tab Lesions of the Sub-networks page: units silenced, beside random controls."""

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from corelib.words import percent
from dashboard.butd.subnetworks import cache as own_cache
from dashboard.butd.subnetworks import tabs
from dashboard.butd.subnetworks.figures.causes import Outcome, effects
from dashboard.butd.subnetworks.view import PAGE, View
from dashboard.shell.apart import apart
from dashboard.shell.controls import interval, several, slider
from dashboard.shell.export import chart

if TYPE_CHECKING:
    from corelib.models.butd.answers import Answers
    from corelib.models.butd.lesions import Effect, LesionSpec


@apart
def draw_lesions(v: View) -> None:
    """Units silenced by kind, layer, channel or place, beside random controls."""
    if tabs.needs_classes(v):
        return
    spec = _controls(v)
    if not spec.layers:
        st.info("Choose at least one layer.")
        return
    whole = own_cache.answers(v.which, tabs.FEW)
    by_kind = _by_kind(v, spec)
    st.markdown(_sentence(v, whole, by_kind))
    pair = list(v.pair)
    outcomes = {"none": Outcome(whole.correct[pair], whole.other[pair])}
    for name, each in by_kind.items():
        # Silencing all leaves nothing to be drawn otherwise.
        controlled = name != "all open" or spec.share < 1 or spec.channels
        outcomes[f"{name}<br>({each.units})"] = Outcome(
            each.answers.correct[pair],
            each.answers.other[pair],
            each.control[:, pair] if controlled else None,
        )
    layers = ", ".join(v.names[k] for k in spec.layers)
    chart(
        effects(outcomes, v.tasks, "units silenced", v.palette),
        "sub_lesions",
        alt="Accuracy of both tasks without units of each kind, beside random controls",
        caption=f"{layers}: {percent(spec.share, 0)} of the units of each kind silenced (their "
        f"number in brackets). {tabs.FEW} test scenes; diamonds: mean ± sd over {spec.draws} "
        "random draws of as many units that some task opens in the same layers. A unit that only "
        "one task opens is closed for the other anyway.",
    )


def _controls(v: View) -> "LesionSpec":
    """Where units are silenced, and which share of them; of any kind."""
    from corelib.models.butd.lesions import LesionSpec

    left, middle, right = st.columns(3)
    with left:
        chosen = several(PAGE, "lesion_layers", "Layers", v.names, [v.names[-1]])
    with middle:
        label = "Share silenced"
        share = slider(PAGE, "lesion_share", label, 0.1, 1.0, 1.0, 0.1, format="percent")
    layers = tuple(v.names.index(name) for name in chosen)
    most = max((v.model.shapes[k][0] for k in layers), default=0)
    with right:
        label = "Channels or units"
        channels = several(PAGE, "lesion_channels", label, range(most), placeholder="all")
    rows = columns = (0.0, 1.0)
    if any(len(v.model.shapes[k]) == 3 for k in layers):
        with st.expander("Only at some positions"):
            a, b = st.columns(2)
            with a:
                rows = interval(PAGE, "lesion_rows", "Rows", 0.05)
            with b:
                columns = interval(PAGE, "lesion_columns", "Columns", 0.05)
    return LesionSpec(layers, None, share, tuple(channels), rows, columns)


def _by_kind(v: View, spec: "LesionSpec") -> "dict[str, Effect]":
    """What it does to silence the units of each kind, by the kind's name."""
    from corelib.models.butd.subnetworks import Kind

    kinds = {
        "shared": Kind.SHARED,
        f"only {v.tasks[0]}": Kind.ONLY_FIRST,
        f"only {v.tasks[1]}": Kind.ONLY_SECOND,
        "all open": None,
    }
    by_kind: dict[str, Effect] = {}
    bar = st.progress(0.0, f"Reading {tabs.FEW} scenes without some units")
    for k, (name, kind) in enumerate(kinds.items()):
        own = spec._replace(kind=kind)
        by_kind[name] = own_cache.effect(v.which, tabs.FEW, *v.pair, own)
        bar.progress((k + 1) / len(kinds), f"Without {name} units")
    bar.empty()
    return by_kind


def _sentence(v: View, whole: "Answers", by_kind: "dict[str, Effect]") -> str:
    parts = []
    for task, k in zip(v.tasks, v.pair, strict=True):
        own = by_kind[f"only {task}"]
        lost, random = 100 * np.array([own.lost(whole)[k], own.lost_at_random(whole)[k]])
        parts.append(
            f"Without the {own.units} units that only **{task}** opens, {task} loses "
            f"**{lost:.1f} points**, against {random:.1f} without as many random units"
        )
    return ". ".join(parts) + "."
