"""The parts of the Sub-networks page that ask what gates cause: lesions, other gates, other
instructions, a task more."""

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from dashboard.butd import cache as butd_cache
from dashboard.butd.cache import Silenced
from dashboard.butd.subnetworks.figures import causes as figures
from dashboard.shell.controls import BOUND
from dashboard.shell.export import chart

if TYPE_CHECKING:
    from corelib.models.butd.subnetworks import Answers
    from dashboard.butd.subnetworks.tabs import View

FEW = 300
"""So many scenes are read where a figure asks for many passes."""
PLANE = 120
HALF = 5
STEPS = 21
MOST_TAUGHT = 4


def _needs_classes(v: "View") -> bool:
    if not v.classifies:
        st.info(
            "This network answers yes or no to each task; who names the other's label is asked "
            "of networks that name classes."
        )
    return not v.classifies


def lesions(v: "View") -> None:
    """Units silenced by class, layer, channel or place, beside random controls."""
    from corelib.models.butd.subnetworks import Kind

    if _needs_classes(v):
        return
    kept = [name for name in st.session_state.get("sub_lesion_layers", []) if name in v.names]
    if "sub_lesion_layers" in st.session_state and kept != st.session_state["sub_lesion_layers"]:
        st.session_state["sub_lesion_layers"] = kept
    left, middle, right = st.columns(3)
    with left:
        chosen = st.multiselect(
            "Layers",
            v.names,
            [v.names[-1]],
            key="sub_lesion_layers",
            help="Where units are silenced",
            **BOUND,
        )
    with middle:
        share = st.slider(
            "Share silenced",
            0.1,
            1.0,
            1.0,
            0.1,
            format="percent",
            key="sub_lesion_share",
            help="Of the units of each class; which ones is drawn by seed 0",
            **BOUND,
        )
    places = tuple(v.names.index(name) for name in chosen)
    most = max((v.model.shapes[k][0] for k in places), default=0)
    with right:
        channels = st.multiselect(
            "Channels or units",
            range(most),
            key="sub_lesion_channels",
            placeholder="all",
            help="By hand: only these channels of convolutions, or these units",
        )
    rows = columns = (0.0, 1.0)
    if any(len(v.model.shapes[k]) == 3 for k in places):
        with st.expander("Only at some positions"):
            a, b = st.columns(2)
            with a:
                rows = st.slider(
                    "Rows",
                    0.0,
                    1.0,
                    (0.0, 1.0),
                    0.05,
                    format="percent",
                    key="sub_lesion_rows",
                    help="From the top of each map to its bottom",
                    **BOUND,
                )
            with b:
                columns = st.slider(
                    "Columns",
                    0.0,
                    1.0,
                    (0.0, 1.0),
                    0.05,
                    format="percent",
                    key="sub_lesion_columns",
                    help="From left to right",
                    **BOUND,
                )
    if not chosen:
        st.info("Choose at least one layer.")
        return
    classes = {
        "shared": Kind.SHARED,
        f"only {v.tasks[0]}": Kind.ONLY_FIRST,
        f"only {v.tasks[1]}": Kind.ONLY_SECOND,
        "all open": None,
    }
    whole = butd_cache.measured(v.which, FEW)
    effects = {}
    bar = st.progress(0.0, f"Reading {FEW} scenes without some units")
    for k, (name, kind) in enumerate(classes.items()):
        what = Silenced(places, kind, share, tuple(channels), rows, columns)
        effects[name] = butd_cache.effect(v.which, FEW, *v.pair, what)
        bar.progress((k + 1) / len(classes), f"Without {name} units")
    bar.empty()
    pair = list(v.pair)
    titles = {name: f"{name}<br>({found.units})" for name, found in effects.items()}
    right_of = {"none": whole.right[pair]}
    other_of = {"none": whole.other[pair]}
    controls = {}
    for name, found in effects.items():
        right_of[titles[name]] = found.answers.right[pair]
        other_of[titles[name]] = found.answers.other[pair]
        if name != "all open" or share < 1 or channels:
            controls[titles[name]] = found.control[:, pair]
    st.markdown(_lesion_words(v, whole, effects))
    chart(
        figures.effects(right_of, other_of, controls, v.tasks, "units silenced", v.palette),
        "sub_lesions",
        alt="Accuracy of both tasks without units of each class, beside random controls",
        caption=f"{', '.join(chosen)}: {share:.0%} of the units of each class silenced (their "
        f"number in brackets). {FEW} test scenes; diamonds: mean ± sd over 3 draws of as many "
        "units from all that some task opens in the same layers. A unit that only one task opens "
        "is closed for the other anyway.",
    )


def _lesion_words(v: "View", whole: "Answers", effects: dict) -> str:
    told = []
    for task, k in zip(v.tasks, v.pair, strict=True):
        found = effects[f"only {task}"]
        lost = 100 * (whole.right[k] - found.answers.right[k])
        random = 100 * (whole.right[k] - found.control[:, k].mean())
        told.append(
            f"Without the {found.units} units that only **{task}** opens, {task} loses "
            f"**{lost:.1f} points**, against {random:.1f} without as many drawn at random"
        )
    return ". ".join(told) + "."


def gates_swapped(v: "View") -> None:
    """One layer's gates of the other task; unions, intersections and no gates at all."""
    if _needs_classes(v):
        return
    with st.spinner(f"Reading {FEW} scenes through other gates", show_time=True):
        combined = butd_cache.combinations(v.which, FEW)
        swapped = butd_cache.swaps(v.which, FEW) if v.model.n_tasks == 2 else []
    pair = list(v.pair)
    own, none, other = (
        combined[n].right[pair] for n in ("own gates", "no gates", "gates of the other task")
    )
    st.markdown(
        f"Through their own gates {v.tasks[0]} and {v.tasks[1]} are right in **{own[0]:.1%}** and "
        f"**{own[1]:.1%}**, through each other's in {other[0]:.1%} and {other[1]:.1%}, without "
        f"gates in **{none[0]:.1%}** and **{none[1]:.1%}**."
    )
    short = {
        "own gates": "own",
        "gates of the other task": "the other<br>task's",
        "no gates": "none",
    }
    combined = {short.get(name, name): found for name, found in combined.items()}
    chart(
        figures.effects(
            {name: found.right[pair] for name, found in combined.items()},
            {name: found.other[pair] for name, found in combined.items()},
            {},
            v.tasks,
            "gates",
            v.palette,
        ),
        "sub_combinations",
        alt="Answers of both tasks through own, swapped, united, intersected and no gates",
        caption=f"{FEW} test scenes, {v.item.name}, seed {v.item.card.seed}. Who names the other "
        "digit is counted where the two digits differ.",
    )
    if not swapped:
        st.info("Swapping layer by layer is shown for networks of two tasks.")
        return
    rows = [combined["own"], *swapped, combined[short["gates of the other task"]]]
    names = ["none", *v.names, "all"]
    chart(
        figures.swaps(
            names,
            np.array([r.right for r in rows]),
            np.array([r.other for r in rows]),
            v.tasks,
            v.palette,
        ),
        "sub_swaps",
        alt="Share of right answers and of the other digit when one layer's gates are swapped",
        caption=f"One layer at a time has the gates of the other task. {FEW} test scenes.",
    )


def instruction(v: "View") -> None:
    """Instructions between the tasks, on a line and in the plane."""
    if _needs_classes(v):
        return
    way = st.segmented_control(
        "Instruction",
        ("slider", "pad"),
        default="slider",
        required=True,
        key="sub_way",
        **BOUND,
        help="From one task to the other, or anywhere in the plane of both",
    )
    given = np.zeros(v.model.n_tasks)
    first, second = v.pair
    if way == "slider":
        share = st.slider(
            f"From {v.tasks[0]} to {v.tasks[1]}",
            0.0,
            1.0,
            0.5,
            1 / (STEPS - 1),
            key="sub_share",
            **BOUND,
        )
        given[[first, second]] = 1 - share, share
        with st.spinner(f"Reading {FEW} scenes under {STEPS} instructions", show_time=True):
            found = butd_cache.between(v.which, FEW, STEPS, first, second)
        at = round(share * (STEPS - 1))
        st.markdown(
            f"Told {1 - share:.0%} {v.tasks[0]} and {share:.0%} {v.tasks[1]}, it names the "
            f"{v.tasks[0]} label in **{found.named[at, 0]:.1%}** and the {v.tasks[1]} label in "
            f"**{found.named[at, 1]:.1%}** of the scenes; {_answer(v, given)}"
        )
        chart(
            figures.between(
                np.linspace(0, 1, STEPS),
                found.named,
                found.changed,
                v.names,
                v.tasks,
                share,
                v.palette,
            ),
            "sub_between",
            alt="Answers and changed gates for instructions between the two tasks",
            caption=f"{FEW} test scenes; dotted: the instruction as it stands. Equal digits count "
            "for both. Gates: of all units, also those out of reach.",
        )
        return
    a, b = st.columns(2)
    with a:
        x = st.slider(v.tasks[0], -1.0, 1.0, 1.0, 0.2, key="sub_pad_first", **BOUND)
    with b:
        y = st.slider(v.tasks[1], -1.0, 1.0, 0.6, 0.2, key="sub_pad_second", **BOUND)
    given[[first, second]] = x, y
    with st.spinner(f"Reading {PLANE} scenes under instructions all around", show_time=True):
        plane = butd_cache.plane(v.which, PLANE, HALF, first, second)
    place = round((y + 1) * HALF), round((x + 1) * HALF)
    here = plane.named[place]
    st.markdown(
        f"Told ({x:.1f}, {y:.1f}), it names the {v.tasks[0]} label in **{here[0]:.1%}** and the "
        f"{v.tasks[1]} label in **{here[1]:.1%}** of the scenes; {_answer(v, given)} Of the gates "
        f"{plane.changed[place].mean():.0%} are unlike those of the task that it names most."
    )
    chart(
        figures.pad(plane.grid, plane.named, plane.changed.mean(2), v.tasks, (x, y), v.palette),
        "sub_plane",
        alt="Scenes for which each label is named, and gates that change, over the plane of "
        "instructions",
        caption=f"{PLANE} test scenes; ring: the instruction as it stands. Gates: of all units, "
        "mean over layers. Without biases on the way down only the direction of an instruction "
        "matters; the zero instruction opens nothing.",
    )


def _answer(v: "View", given: np.ndarray) -> str:
    """What the scene is called under an instruction, as the end of a sentence."""
    import torch

    from corelib.models.butd.instructions import answer

    if v.scene is None:
        return "there is no scene yet."
    x = v.data.inputs(torch.from_numpy(v.scene.pixels)[None])
    found = answer(v.model, x, given)
    best = int(found.argmax())
    return f"this scene it calls **{v.data.class_names[best]}** ({found[best]:.0%})."


def third_task(v: "View") -> None:
    """One more task for this network: what it costs the others."""
    if v.data.name != "multi-mnist" or v.model.n_tasks != 2:
        st.info("A third task, to name the larger digit, is for networks of the tasks left, right.")
        return
    st.markdown(
        "Teach this network to name the **larger** digit, too. The new instruction opens a "
        "sub-network of its own, drawn at random; what it changes in shared units may cost the old "
        "tasks."
    )
    a, b, c, d = st.columns([2, 2, 2, 1], vertical_alignment="bottom")
    with a:
        way = st.segmented_control(
            "Taught",
            ("alone", "jointly"),
            default="alone",
            required=True,
            key="sub_third_way",
            help="Alone, or each image with one of the three tasks at random",
            **BOUND,
        )
    with b:
        frozen = st.toggle(
            "Freeze shared units",
            key="sub_third_frozen",
            **BOUND,
            help="Of units, and of channels most of whose open positions are shared, all weights "
            "stay; their gates may still move with those above them",
        )
    with c:
        updates = st.select_slider(
            "Updates",
            (100, 200, 300, 500, 1000),
            300,
            key="sub_third_updates",
            **BOUND,
            help="Batches of 64 scenes, Adam at 0.001, by the Counter-Hebb rule",
        )
    with d:
        go = st.button("Teach", key="sub_third_go", type="primary", icon=":material/play_arrow:")
    kept = st.session_state.setdefault("_sub_third", {})
    if go:
        kept[v.which, _title(way, frozen, updates)] = _taught(v, way == "jointly", frozen, updates)
        while len(kept) > MOST_TAUGHT:
            kept.pop(next(iter(kept)))
    mine = {title: found for (which, title), found in kept.items() if which == v.which}
    if not mine:
        st.caption("Nothing taught yet. It takes some seconds; the network on the shelf stays.")
        return
    told = []
    for title, (_, right) in mine.items():
        gained, lost = right[-1, 2] - right[0, 2], right[0, :2] - right[-1, :2]
        told.append(
            f"- {title}: the larger digit gains **{100 * gained:.1f} points**, left loses "
            f"**{100 * lost[0]:.1f}** and right **{100 * lost[1]:.1f}**"
        )
    st.markdown("\n".join(told))
    chart(
        figures.forgetting(mine, (*v.tasks, "larger"), v.palette),
        "sub_forgetting",
        alt="Accuracy of the three tasks while the third is taught",
        caption=f"{FEW} validation scenes, seed 0; {v.item.name}. The same batches in each panel.",
    )


def _title(way: str, frozen: bool, updates: int) -> str:
    return f"{way}{', shared units frozen' * frozen}, {updates} updates"


def _taught(v: "View", jointly: bool, frozen: bool, updates: int) -> tuple[np.ndarray, np.ndarray]:
    """Updates (moment,) and the share right of each task (moment, task)."""
    from corelib.models.butd.config import BUTDConfig
    from corelib.models.butd.third_task import Teaching, extended, teach, with_larger

    bar = st.progress(0.0, "Teaching")
    model = extended(v.model, BUTDConfig(**v.item.card.config))
    how = Teaching(jointly, frozen, updates)
    moments = []
    for moment in teach(model, with_larger(v.data), how, FEW, max(updates // 10, 1)):
        moments.append(moment)
        done = f"{moment.updates} of {updates} updates, larger {moment.right[2]:.0%} right"
        bar.progress(moment.updates / updates, done)
    bar.empty()
    return np.array([m.updates for m in moments]), np.array([m.right for m in moments])
