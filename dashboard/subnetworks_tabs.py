"""The parts of the Sub-networks page; each draws itself from one ``View``."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import streamlit as st

from dashboard import butd_cache, cache
from dashboard.butd_cache import Silenced
from dashboard.digit_input import digit_input
from dashboard.export import chart
from dashboard.figures import subnetworks as figures
from dashboard.figures.style import Look
from dashboard.state import BOUND

if TYPE_CHECKING:
    from corelib.data import ImageDataset
    from corelib.models.butd.networks import BUTDNet
    from corelib.models.butd.subnetworks import Answers, Seen, Units
    from corelib.runs.shelf import Shelved
    from corelib.runs.store import Run

SYSTEM = "butd"
LIVE = 1000
"""So many test scenes tell how often a network names the other digit."""
FEW = 300
"""So many where a figure asks for many passes."""
PLANE = 120
HALF = 5
STEPS = 21
MOST_TAUGHT = 4
BOTH = "both"
OPEN, ACTIVE = "open", "open and active"


class Scene(NamedTuple):
    """``pixels`` uint8 as in the data set, ``labels`` what each task should answer, None where it
    is not known."""

    pixels: np.ndarray
    labels: tuple[int | None, ...]
    caption: str


class View(NamedTuple):
    """The network chosen, the two tasks that are compared, and the scene."""

    item: "Shelved"
    which: cache.Stamp
    model: "BUTDNet"
    data: "ImageDataset"
    pair: tuple[int, int]
    scene: Scene | None
    seen: "Seen | None"
    look: Look

    @property
    def tasks(self) -> tuple[str, str]:
        return tuple(self.data.task_names[k] for k in self.pair)

    @property
    def names(self) -> tuple[str, ...]:
        return self.model.names

    @property
    def classifies(self) -> bool:
        """Whether it names one of several classes, not yes or no."""
        return self.model.n_classes > 1

    def kinds(self, what: str = OPEN) -> "Units":
        """The kind of each unit, of those that are open, or also active on the scene."""
        from corelib.models.butd.subnetworks import kinds

        reached = butd_cache.reached(self.which)
        on = self.seen.active if what == ACTIVE else butd_cache.gates(self.which)
        return kinds(on, reached, *self.pair)


def pair_of(names: tuple[str, ...]) -> tuple[int, int]:
    """The two tasks that are compared; to be chosen where there are more."""
    if len(names) == 2:
        return 0, 1
    first = st.selectbox("First task", names, 0, key="sub_first", **BOUND)
    others = [name for name in names if name != first]
    if st.session_state.get("sub_second") not in others:
        st.session_state.pop("sub_second", None)
    second = st.selectbox("Second task", others, key="sub_second", **BOUND)
    return names.index(first), names.index(second)


def scene_input(data: "ImageDataset") -> Scene | None:
    """A scene composed of two digits, or one of the test set where the data is of another kind."""
    if data.name != "multi-mnist":
        index = st.number_input(
            "Test image", 0, len(data.test.labels) - 1, 0, key="sub_image", **BOUND
        )
        labels = tuple(int(label) for label in data.test.labels[index])
        return Scene(data.test.pixels[index].numpy(), labels, f"test image {index}")
    from corelib.data.multidigit import SHIFT, compose

    digits = cache.dataset("mnist")
    chosen = []
    for tab, name in zip(st.tabs(["Left digit", "Right digit"]), ("left", "right"), strict=True):
        with tab:
            chosen.append(digit_input(f"sub_{name}", digits, index=len(chosen)))
    with st.expander("More"):
        shift = st.slider(
            "Distance of the digits / pixels", 0, 28, SHIFT, key="sub_shift", **BOUND,
            help=f"How much further down and to the right the right digit lies; trained with "
            f"{SHIFT}",
        )  # fmt: skip
    if None in chosen:
        return None
    pixels = compose(np.stack([digit.pixels for digit in chosen])[None], shift)[0]
    labels = tuple(digit.label for digit in chosen)
    if len(data.task_names) > 2:
        labels += (None if None in labels else max(labels),)
    said = "; ".join(f"{n}: {d.caption}" for n, d in zip(("left", "right"), chosen, strict=True))
    apart = "" if shift == SHIFT else f"; {shift} pixels apart"
    return Scene(pixels, labels, said + apart)


def seen(model: "BUTDNet", data: "ImageDataset", scene: Scene) -> "Seen":
    import torch

    from corelib.models.butd.subnetworks import see

    return see(model, data.inputs(torch.from_numpy(scene.pixels)[None]))


def sentence(v: View) -> str:
    """What the network answers to this scene, and how well it follows instructions."""
    names = v.data.class_names
    parts = []
    if v.seen is not None and v.classifies:
        for k, task in zip(v.pair, v.tasks, strict=True):
            answer, label = int(v.seen.probability[k].argmax()), v.scene.labels[k]
            told = f"Told **{task}**, it names **{names[answer]}**"
            if label is not None and label != answer:
                told += f" (it is {names[label]})"
            parts.append(told)
    if v.classifies:
        found = butd_cache.measured(v.which, LIVE)
        a, b = v.pair
        parts.append(
            f"Of {LIVE:,} test scenes it names **{found.right[a]:.1%}** of the {v.tasks[0]} and "
            f"**{found.right[b]:.1%}** of the {v.tasks[1]} digits; the other digit it names in "
            f"{found.other[a]:.1%} and {found.other[b]:.1%}"
        )
    from corelib.models.butd.subnetworks import overlap

    shares = overlap(butd_cache.gates(v.which), butd_cache.reached(v.which), *v.pair)
    least = int(np.nanargmin(shares.jaccard))
    parts.append(
        f"The two sub-networks share least in **{v.names[least]}**, {shares.jaccard[least]:.0%} of "
        "what either opens"
    )
    return ". ".join(parts) + "."


def scene_answers(v: View) -> None:
    """The scene and what is answered under each instruction."""
    left, right = st.columns([1, 3], gap="large", vertical_alignment="center")
    with left:
        pixels = v.scene.pixels if v.scene.pixels.ndim == 2 else v.scene.pixels.transpose(1, 2, 0)
        st.image(pixels.repeat(8, 0).repeat(8, 1), width=224, caption="What the network sees")
    with right:
        if v.classifies:
            chart(
                figures.answers(
                    v.seen.probability[list(v.pair)], [v.scene.labels[k] for k in v.pair],
                    v.tasks, v.data.class_names, v.look,
                ),
                "sub_answers",
                alt="Class probabilities of the scene under both instructions",
                caption=f"{v.scene.caption}. n = 1 scene. Framed: what was asked for.",
            )  # fmt: skip
        else:
            for k, task in zip(v.pair, v.tasks, strict=True):
                st.metric(task, "yes" if _yes(v, k) else "no")


def _yes(v: View, task: int) -> bool:
    import torch

    x = v.data.inputs(torch.from_numpy(v.scene.pixels)[None])
    with torch.no_grad():
        return bool(v.model(x)[0, task, 0] > 0)


def layer_picker(v: View) -> int:
    if st.session_state.get("sub_layer") not in v.names:
        st.session_state.pop("sub_layer", None)
    default = min(2, len(v.names) - 1)
    kind = st.segmented_control if len(v.names) <= 6 else st.selectbox
    more = (
        {"default": v.names[default], "required": True} if len(v.names) <= 6 else {"index": default}
    )
    chosen = kind("Layer", v.names, key="sub_layer", **more, **BOUND)
    return v.names.index(chosen)


def gate_maps(v: View, layer: int, shown: str, what: str) -> None:
    """The gates of one population, and what all of them are made of."""
    from corelib.models.butd.subnetworks import Kind

    kinds = v.kinds(what)
    one = kinds[layer].copy()
    if shown != BOTH:
        # Of the sub-network that one instruction selects, what only the other opens is closed.
        one[one == (Kind.ONLY_SECOND, Kind.ONLY_FIRST)[v.tasks.index(shown)]] = Kind.NEVER
    words = figures.kind_names(v.tasks)
    shares = np.array(
        [
            [(k == kind).sum() / max((k != Kind.UNREACHABLE).sum(), 1)
             for kind in words if kind != Kind.UNREACHABLE]
            for k in kinds
        ]
    )  # fmt: skip
    unreachable = np.array([(k == Kind.UNREACHABLE).mean() for k in kinds])
    which = "the whole of both sub-networks" if shown == BOTH else f"what “{shown}” selects"
    scene = f"; units with h > 0 on this scene ({v.scene.caption})" if what == ACTIVE else ""
    left, right = st.columns([3, 2], gap="large")
    with left:
        chart(
            figures.gate_map(one, v.tasks, v.look),
            "sub_gates",
            alt=f"Gates of {v.names[layer]}: shared, open for one task only, closed, unreachable",
            caption=f"{v.names[layer]}, {_size(one.shape)}: {which}{scene}. {v.item.name}, seed "
            f"{v.item.card.seed}. Unreachable: no path leads from there to the answer; left out of "
            "all shares.",
        )
    with right:
        chart(
            figures.composition(v.names, shares, unreachable, v.tasks, layer, v.look),
            "sub_composition",
            alt="Share of shared, single-task and closed units in each layer",
            caption=f"Layers from the image (below) to the top; {what} units.",
        )


def _size(shape: tuple[int, ...]) -> str:
    if len(shape) == 1:
        return f"{shape[0]} units"
    return f"{shape[0]} channels of {shape[1]} × {shape[2]} positions"


def layers(v: View) -> None:
    """Fractions open and Jaccard by layer, of gates and of what is active on the scene."""
    from corelib.models.butd.subnetworks import overlap

    reached = butd_cache.reached(v.which)
    columns = st.columns(2)
    for column, title, on in (
        (columns[0], OPEN, butd_cache.gates(v.which)),
        (columns[1], ACTIVE, v.seen.active if v.seen else None),
    ):
        with column:
            if on is None:
                st.info("Choose a scene in the sidebar to see what is active on it.")
                continue
            found = overlap(on, reached, *v.pair)
            chart(
                figures.by_layer(
                    v.names, found.open[:, list(v.pair)], found.jaccard, v.tasks, v.look
                ),
                f"sub_by_layer_{title.replace(' ', '_')}",
                alt=f"Share of {title} units and Jaccard index by layer",
                caption=f"{title.capitalize()}; reachable units only. n = 1 network, seed "
                f"{v.item.card.seed}"
                + ("." if title == OPEN else f"; {v.scene.caption}."),
            )  # fmt: skip


def over_training(v: View, layer: int) -> None:
    """Gates at several moments of the training."""
    from corelib.models.butd.gates import unpack
    from corelib.models.butd.subnetworks import kinds

    noted, found = butd_cache.noted(v.which), butd_cache.overlaps(v.which, *v.pair)
    if len(found) < 2:
        st.info(
            "This checkpoint keeps no gates of earlier epochs. Train a network under Train: each "
            "epoch of your own trainings is noted."
        )
        return
    epochs = [int(epoch) for epoch in noted.epochs]
    if st.session_state.get("sub_epoch") not in epochs:
        st.session_state.pop("sub_epoch", None)
    epoch = st.select_slider(
        "Epochs passed", epochs, epochs[-1], key="sub_epoch", **BOUND,
        help="Gates as they were then; 0 is the random start",
    )  # fmt: skip
    at = epochs.index(epoch)
    opened = np.array([each.open[:, list(v.pair)].mean(1) for each in found])
    jaccard = np.array([each.jaccard for each in found])
    st.markdown(
        f"From epoch {epochs[0]} to epoch {epoch} what both open of what either opens in "
        f"**{v.names[layer]}** goes from {jaccard[0, layer]:.0%} to **{jaccard[at, layer]:.0%}**."
    )
    gates = unpack(noted.packed[at], v.model.shapes, v.model.n_tasks)
    left, right = st.columns(2)
    with left:
        chart(
            figures.gate_map(
                kinds(gates, butd_cache.reached(v.which), *v.pair)[layer], v.tasks, v.look
            ),
            "sub_gates_then",
            alt=f"Gates of {v.names[layer]} at epoch {epoch}",
            caption=f"{v.names[layer]} at epoch {epoch}.",
        )
    with right:
        chart(
            figures.over_epochs(v.names, noted.epochs, opened, jaccard, epoch, v.look),
            "sub_epochs",
            alt="Share of open units and Jaccard index over epochs for each layer",
            caption=f"{v.item.name}, n = 1 network, seed {v.item.card.seed}.",
        )


def _needs_classes(v: View) -> bool:
    if not v.classifies:
        st.info(
            "This network answers yes or no to each task; who names the other's label is asked "
            "of networks that name classes."
        )
    return not v.classifies


def lesions(v: View) -> None:
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
            "Layers", v.names, [v.names[-1]], key="sub_lesion_layers",
            help="Where units are silenced", **BOUND,
        )  # fmt: skip
    with middle:
        share = st.slider(
            "Share silenced", 0.1, 1.0, 1.0, 0.1, format="percent", key="sub_lesion_share",
            help="Of the units of each class; which ones is drawn by seed 0", **BOUND,
        )  # fmt: skip
    places = tuple(v.names.index(name) for name in chosen)
    most = max((v.model.shapes[k][0] for k in places), default=0)
    with right:
        channels = st.multiselect(
            "Channels or units", range(most), key="sub_lesion_channels", placeholder="all",
            help="By hand: only these channels of convolutions, or these units",
        )  # fmt: skip
    rows = columns = (0.0, 1.0)
    if any(len(v.model.shapes[k]) == 3 for k in places):
        with st.expander("Only at some positions"):
            a, b = st.columns(2)
            with a:
                rows = st.slider(
                    "Rows", 0.0, 1.0, (0.0, 1.0), 0.05, format="percent", key="sub_lesion_rows",
                    help="From the top of each map to its bottom", **BOUND,
                )  # fmt: skip
            with b:
                columns = st.slider(
                    "Columns", 0.0, 1.0, (0.0, 1.0), 0.05, format="percent",
                    key="sub_lesion_columns", help="From left to right", **BOUND,
                )  # fmt: skip
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
        figures.effects(right_of, other_of, controls, v.tasks, "units silenced", v.look),
        "sub_lesions",
        alt="Accuracy of both tasks without units of each class, beside random controls",
        caption=f"{', '.join(chosen)}: {share:.0%} of the units of each class silenced (their "
        f"number in brackets). {FEW} test scenes; diamonds: mean ± sd over 3 draws of as many "
        "units from all that some task opens in the same layers. A unit that only one task opens "
        "is closed for the other anyway.",
    )


def _lesion_words(v: View, whole: "Answers", effects: dict) -> str:
    told = []
    for task, k in zip(v.tasks, v.pair, strict=True):
        found = effects[f"only {task}"]
        lost = 100 * (whole.right[k] - found.answers.right[k])
        random = 100 * (whole.right[k] - found.control[:, k].mean())
        told.append(
            f"Without the {found.units} units that only **{task}** opens, {task} loses "
            f"**{lost:.1f} points**, without as many at random {random:.1f}"
        )
    return ". ".join(told) + "."


def gates_swapped(v: View) -> None:
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
            {}, v.tasks, "gates", v.look,
        ),
        "sub_combinations",
        alt="Answers of both tasks through own, swapped, united, intersected and no gates",
        caption=f"{FEW} test scenes, {v.item.name}, seed {v.item.card.seed}. Who names the other "
        "digit is counted where the two digits differ.",
    )  # fmt: skip
    if not swapped:
        st.info("Swapping layer by layer is shown for networks of two tasks.")
        return
    rows = [combined["own"], *swapped, combined[short["gates of the other task"]]]
    names = ["none", *v.names, "all"]
    chart(
        figures.swaps(
            names, np.array([r.right for r in rows]), np.array([r.other for r in rows]), v.tasks,
            v.look,
        ),
        "sub_swaps",
        alt="Share of right answers and of the other digit when one layer's gates are swapped",
        caption=f"One layer at a time has the gates of the other task. {FEW} test scenes.",
    )  # fmt: skip


def instruction(v: View) -> None:
    """Instructions between the tasks, on a line and in the plane."""
    if _needs_classes(v):
        return
    way = st.segmented_control(
        "Instruction", ("slider", "pad"), default="slider", required=True, key="sub_way", **BOUND,
        help="From one task to the other, or anywhere in the plane of both",
    )  # fmt: skip
    given = np.zeros(v.model.n_tasks)
    first, second = v.pair
    if way == "slider":
        share = st.slider(
            f"From {v.tasks[0]} to {v.tasks[1]}", 0.0, 1.0, 0.5, 1 / (STEPS - 1),
            key="sub_share", **BOUND,
        )  # fmt: skip
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
                np.linspace(0, 1, STEPS), found.named, found.changed, v.names, v.tasks, share,
                v.look,
            ),
            "sub_between",
            alt="Answers and changed gates for instructions between the two tasks",
            caption=f"{FEW} test scenes; dotted: the instruction as it stands. Equal digits count "
            "for both. Gates: of all units, also those out of reach.",
        )  # fmt: skip
        return
    a, b = st.columns(2)
    with a:
        x = st.slider(v.tasks[0], -1.0, 1.0, 1.0, 0.2, key="sub_pad_first", **BOUND)
    with b:
        y = st.slider(v.tasks[1], -1.0, 1.0, 0.6, 0.2, key="sub_pad_second", **BOUND)
    given[[first, second]] = x, y
    with st.spinner(f"Reading {PLANE} scenes under instructions all around", show_time=True):
        plane = butd_cache.plane(v.which, PLANE, HALF, first, second)
    here = plane.named[round((y + 1) * HALF), round((x + 1) * HALF)]
    st.markdown(
        f"Told ({x:.1f}, {y:.1f}), it names the {v.tasks[0]} label in **{here[0]:.1%}** and the "
        f"{v.tasks[1]} label in **{here[1]:.1%}** of the scenes; {_answer(v, given)}"
    )
    chart(
        figures.pad(plane.grid, plane.named, v.tasks, (x, y), v.look),
        "sub_plane",
        alt="Share of scenes for which each label is named over the plane of instructions",
        caption=f"{PLANE} test scenes; ring: the instruction as it stands. Without biases on the "
        "way down only the direction of an instruction matters; the zero instruction opens "
        "nothing.",
    )


def _answer(v: View, given: np.ndarray) -> str:
    """What the scene is called under an instruction, as the end of a sentence."""
    import torch

    from corelib.models.butd.instructions import answer

    if v.scene is None:
        return "there is no scene yet."
    x = v.data.inputs(torch.from_numpy(v.scene.pixels)[None])
    found = answer(v.model, x, given)
    best = int(found.argmax())
    return f"this scene it calls **{v.data.class_names[best]}** ({found[best]:.0%})."


def draw_gates(network: "BUTDNet", run: "Run") -> None:
    """What each layer is made of, while the network learns."""
    from corelib.models.butd.subnetworks import Kind, gates_of, kinds, reachable
    from dashboard.theme import look

    tasks = cache.dataset(run.spec.dataset).task_names[:2]
    found = kinds(gates_of(network), reachable(network))
    words = [kind for kind in figures.kind_names(tasks) if kind != Kind.UNREACHABLE]
    shares = np.array([[(k == w).sum() / (k != Kind.UNREACHABLE).sum() for w in words]
                       for k in found])  # fmt: skip
    unreachable = np.array([(k == Kind.UNREACHABLE).mean() for k in found])
    chart(
        figures.composition(network.names, shares, unreachable, tasks, -1, look()),
        "sub_learning",
        alt="Share of shared, single-task and closed units in each layer now",
        caption="What the two sub-networks are made of, a moment ago.",
    )


def third_task(v: View) -> None:
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
            "Taught", ("alone", "jointly"), default="alone", required=True, key="sub_third_way",
            help="Alone, or each image with one of the three tasks at random", **BOUND,
        )  # fmt: skip
    with b:
        frozen = st.toggle(
            "Freeze shared units", key="sub_third_frozen", **BOUND,
            help="Of units, and of channels most of whose open positions are shared, all weights "
            "stay; their gates may still move with those above them",
        )  # fmt: skip
    with c:
        updates = st.select_slider(
            "Updates", (100, 200, 300, 500, 1000), 300, key="sub_third_updates", **BOUND,
            help="Batches of 64 scenes, Adam at 0.001, by the Counter-Hebb rule",
        )  # fmt: skip
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
        figures.forgetting(mine, (*v.tasks, "larger"), v.look),
        "sub_forgetting",
        alt="Accuracy of the three tasks while the third is taught",
        caption=f"{FEW} validation scenes, seed 0; {v.item.name}. The same batches in each panel.",
    )


def _title(way: str, frozen: bool, updates: int) -> str:
    return f"{way}{', shared units frozen' * frozen}, {updates} updates"


def _taught(v: View, jointly: bool, frozen: bool, updates: int) -> tuple[np.ndarray, np.ndarray]:
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
