"""The tab Third task of the Sub-networks page: what one more task costs the others."""

from typing import TYPE_CHECKING

import streamlit as st

from corelib.words import percent
from dashboard.butd.subnetworks import tabs
from dashboard.butd.subnetworks.figures import causes as figures
from dashboard.butd.subnetworks.view import PAGE, View
from dashboard.shell import cache
from dashboard.shell.controls import choice, steps_slider, switch
from dashboard.shell.export import chart

if TYPE_CHECKING:
    from corelib.models.butd.third_task import Course, Teaching

MOST_KEPT = 4
"""Results that are shown side by side; more replace the oldest."""
UPDATES = (100, 200, 300, 500, 1000)


def draw_third_task(v: View) -> None:
    """One more task for this network, and what it costs the others."""
    if v.data.name != "multi-mnist" or v.model.n_tasks != 2:
        st.info(
            "The third task, to name the larger digit, needs a network of the tasks left and right."
        )
        return
    st.markdown(
        "Train this network to name the **larger** digit as well. The new instruction opens a "
        "sub-network of its own, drawn at random; its changes to shared units may cost the old "
        "tasks."
    )
    how, pressed = _controls()
    courses = {_title(how): course for how, course in _courses(v, how, pressed).items()}
    if not courses:
        st.caption(
            "Nothing trained yet. It takes some seconds, and the saved network stays as it is."
        )
        return
    st.markdown("\n".join(_line(title, course) for title, course in courses.items()))
    chart(
        figures.forgetting(courses, (*v.tasks, "larger"), v.palette),
        "sub_forgetting",
        alt="Accuracy of the three tasks while the third is learned",
        caption=f"{tabs.FEW} validation scenes, seed 0; {v.item.title}. The same batches in each "
        "panel.",
    )


def _courses(v: View, how: "Teaching", pressed: bool) -> "dict[Teaching, Course]":
    """What came of teaching this network in this session, by how it was taught; taught once more if
    the button was ``pressed``."""
    kept = cache.kept("_sub_third", MOST_KEPT)
    if pressed:
        kept[v.which, how] = _teach(v, how)
    return {how: course for (which, how), course in kept.items() if which == v.which}


def _controls() -> "tuple[Teaching, bool]":
    """How the task is learned, and whether the button was pressed."""
    from corelib.models.butd.third_task import Teaching

    a, b, c, d = st.columns([2, 2, 2, 1], vertical_alignment="bottom")
    with a:
        way = choice(PAGE, "third_way", "Trained", ("alone", "jointly"))
    with b:
        frozen = switch(PAGE, "third_frozen", "Freeze shared units")
    with c:
        updates = steps_slider(PAGE, "third_updates", "Updates", UPDATES, 300)
    with d:
        pressed = st.button(
            "Train", key=f"{PAGE}_third_go", type="primary", icon=":material/play_arrow:"
        )
    return Teaching(way == "jointly", frozen, updates), pressed


def _title(how: "Teaching") -> str:
    way = "jointly" if how.jointly else "alone"
    return f"{way}{', shared units frozen' * how.frozen}, {how.updates} updates"


def _line(title: str, course: "Course") -> str:
    gained, (left, right) = 100 * course.gained(), 100 * course.lost()
    return (
        f"- {title}: the larger digit gains **{gained:.1f} points**, left loses **{left:.1f}** and "
        f"right **{right:.1f}**"
    )


def _teach(v: View, how: "Teaching") -> "Course":
    """The course of the training; a bar shows how far it is."""
    from corelib.models.butd.config import BUTDConfig
    from corelib.models.butd.third_task import course, extended, teach, with_larger

    bar = st.progress(0.0, "Training")
    model = extended(v.model, BUTDConfig(**v.item.card.config))
    moments = []
    for moment in teach(model, with_larger(v.data), how, tabs.FEW, max(how.updates // 10, 1)):
        moments.append(moment)
        larger = percent(moment.correct[2], 0)
        done = f"{moment.updates} of {how.updates} updates, larger {larger} correct"
        bar.progress(moment.updates / how.updates, done)
    bar.empty()
    return course(moments)
