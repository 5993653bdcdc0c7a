"""The tab Instruction of the Sub-networks page: instructions between and beyond the tasks."""

import numpy as np
import streamlit as st

from corelib.words import percent
from dashboard.butd.subnetworks import cache as own_cache
from dashboard.butd.subnetworks import tabs
from dashboard.butd.subnetworks.figures import instructions as figures
from dashboard.butd.subnetworks.view import PAGE, View
from dashboard.shell.apart import apart
from dashboard.shell.controls import choice, slider
from dashboard.shell.export import chart

PLANE = 120
"""Scenes that are read for each instruction of the plane."""
HALF = 5
STEPS = 21


@apart
def draw_instruction(v: View) -> None:
    """Instructions between the tasks, on a line or in the plane."""
    if tabs.needs_classes(v):
        return
    way = choice(PAGE, "way", "Instruction", ("slider", "pad"))
    (_mixtures if way == "slider" else _plane)(v)


def _mixtures(v: View) -> None:
    """Instructions from one task to the other."""
    label = f"From {v.tasks[0]} to {v.tasks[1]}"
    share = slider(PAGE, "share", label, 0.0, 1.0, 0.5, 1 / (STEPS - 1))
    with st.spinner(f"Reading {tabs.FEW} scenes under {STEPS} instructions", show_time=True):
        swept = own_cache.between(v.which, tabs.FEW, STEPS, *v.pair)
    named = swept.named[round(share * (STEPS - 1))]
    st.markdown(
        f"Under an instruction of {percent(1 - share, 0)} {v.tasks[0]} and {percent(share, 0)} "
        f"{v.tasks[1]}, the network names the {v.tasks[0]} label in **{percent(named[0])}** and "
        f"the {v.tasks[1]} label in **{percent(named[1])}** of the scenes; "
        f"{_answer(v, 1 - share, share)}"
    )
    chart(
        figures.mixtures(np.linspace(0, 1, STEPS), swept, v.names, v.tasks, share, v.palette),
        "sub_between",
        alt="Answers and changed gates for instructions between the two tasks",
        caption=f"{tabs.FEW} test scenes; dotted: the current instruction. Equal digits count for "
        "both. Gates: of all units, including unreachable ones.",
    )


def _plane(v: View) -> None:
    """Instructions anywhere in the plane of both tasks."""
    a, b = st.columns(2)
    with a:
        x = slider(PAGE, "pad_first", v.tasks[0], -1.0, 1.0, 1.0, 0.2)
    with b:
        y = slider(PAGE, "pad_second", v.tasks[1], -1.0, 1.0, 0.6, 0.2)
    with st.spinner(f"Reading {PLANE} scenes under instructions in the plane", show_time=True):
        plane = own_cache.plane(v.which, PLANE, HALF, *v.pair)
    place = round((y + 1) * HALF), round((x + 1) * HALF)
    named = plane.named[place]
    st.markdown(
        f"Under the instruction ({x:.1f}, {y:.1f}) the network names the {v.tasks[0]} label in "
        f"**{percent(named[0])}** and the {v.tasks[1]} label in **{percent(named[1])}** of the "
        f"scenes; {_answer(v, x, y)} {percent(plane.changed[place].mean(), 0)} of the gates "
        "differ from those of the task with the larger entry."
    )
    chart(
        figures.plane(plane, v.tasks, (x, y), v.palette),
        "sub_plane",
        alt="Scenes for which each label is named, and gates that change, over the plane of "
        "instructions",
        caption=f"{PLANE} test scenes; ring: the current instruction. Gates: of all units, mean "
        "over layers. Without top-down biases only the direction of an instruction matters; the "
        "zero instruction opens nothing.",
    )


def _answer(v: View, first: float, second: float) -> str:
    """The answer to the scene under an instruction, as the end of a sentence."""
    from corelib.models.butd.instructions import answer

    if v.x is None:
        return "there is no scene yet."
    given = np.zeros(v.model.n_tasks)
    given[list(v.pair)] = first, second
    probability = answer(v.model, v.x, given)
    best = int(probability.argmax())
    name, sure = v.data.class_names[best], percent(probability[best], 0)
    return f"for this scene it answers **{name}** ({sure})."
