"""The parts of the Sub-networks page; each draws itself from one ``View``."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import streamlit as st

from dashboard.butd import cache as butd_cache
from dashboard.butd.subnetworks.figures import gates as figures
from dashboard.components.digit_input import digit_input
from dashboard.figures.style import Palette
from dashboard.shell import cache
from dashboard.shell.controls import BOUND
from dashboard.shell.export import chart

if TYPE_CHECKING:
    from corelib.data import ImageDataset
    from corelib.models.butd.networks import BUTDNet
    from corelib.models.butd.subnetworks import Seen, Units
    from corelib.runs.registry import Checkpoint
    from corelib.runs.store import Run

SYSTEM = "butd"
EXAMPLE = "butd-shared-multi-mnist"
LIVE = 1000
"""So many test scenes tell how often a network names the other digit."""
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

    item: "Checkpoint"
    which: cache.CheckpointKey
    model: "BUTDNet"
    data: "ImageDataset"
    pair: tuple[int, int]
    scene: Scene | None
    seen: "Seen | None"
    palette: Palette

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
            "Distance of the digits / pixels",
            0,
            28,
            SHIFT,
            key="sub_shift",
            **BOUND,
            help=f"How much further down and to the right the right digit lies; trained with "
            f"{SHIFT}",
        )
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
                    v.seen.probability[list(v.pair)],
                    [v.scene.labels[k] for k in v.pair],
                    v.tasks,
                    v.data.class_names,
                    v.palette,
                ),
                "sub_answers",
                alt="Class probabilities of the scene under both instructions",
                caption=f"{v.scene.caption}. n = 1 scene. Framed: what was asked for.",
            )
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
            [
                (k == kind).sum() / max((k != Kind.UNREACHABLE).sum(), 1)
                for kind in words
                if kind != Kind.UNREACHABLE
            ]
            for k in kinds
        ]
    )
    unreachable = np.array([(k == Kind.UNREACHABLE).mean() for k in kinds])
    which = "the whole of both sub-networks" if shown == BOTH else f"what “{shown}” selects"
    scene = f"; units with h > 0 on this scene ({v.scene.caption})" if what == ACTIVE else ""
    left, right = st.columns([3, 2], gap="large")
    with left:
        chart(
            figures.gate_map(one, v.tasks, v.palette),
            "sub_gates",
            alt=f"Gates of {v.names[layer]}: shared, open for one task only, closed, unreachable",
            caption=f"{v.names[layer]}, {_size(one.shape)}: {which}{scene}. {v.item.name}, seed "
            f"{v.item.card.seed}. Unreachable: no path leads from there to the answer; left out of "
            "all shares.",
        )
    with right:
        chart(
            figures.composition(v.names, shares, unreachable, v.tasks, layer, v.palette),
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
                    v.names, found.open[:, list(v.pair)], found.jaccard, v.tasks, v.palette
                ),
                f"sub_by_layer_{title.replace(' ', '_')}",
                alt=f"Share of {title} units and Jaccard index by layer",
                caption=f"{title.capitalize()}; reachable units only. n = 1 network, seed "
                f"{v.item.card.seed}" + ("." if title == OPEN else f"; {v.scene.caption}."),
            )


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
        "Epochs passed",
        epochs,
        epochs[-1],
        key="sub_epoch",
        **BOUND,
        help="Gates as they were then; 0 is the random start",
    )
    at = epochs.index(epoch)
    opened = np.array([each.open[:, list(v.pair)].mean(1) for each in found])
    jaccard = np.array([each.jaccard for each in found])
    st.markdown(
        f"From epoch {epochs[0]} to epoch {epoch} the share of **{v.names[layer]}** that a task "
        f"opens goes from {opened[0, layer]:.0%} to **{opened[at, layer]:.0%}**, and what both "
        f"open of what either opens from {jaccard[0, layer]:.0%} to **{jaccard[at, layer]:.0%}**."
    )
    gates = unpack(noted.packed[at], v.model.shapes, v.model.n_tasks)
    fixed = (
        f" The gates of {v.names[-1]} come from the task head, which is not trained."
        if v.item.card.config["task_head"] == "fixed"
        else ""
    )
    left, right = st.columns(2)
    with left:
        chart(
            figures.gate_map(
                kinds(gates, butd_cache.reached(v.which), *v.pair)[layer], v.tasks, v.palette
            ),
            "sub_gates_then",
            alt=f"Gates of {v.names[layer]} at epoch {epoch}",
            caption=f"{v.names[layer]} at epoch {epoch}.",
        )
    with right:
        chart(
            figures.over_epochs(v.names, noted.epochs, opened, jaccard, epoch, v.palette),
            "sub_epochs",
            alt="Share of open units and Jaccard index over epochs for each layer",
            caption=f"{v.item.name}, n = 1 network, seed {v.item.card.seed}.{fixed}",
        )


def draw_gates(network: "BUTDNet", run: "Run") -> None:
    """What each layer is made of, while the network learns."""
    from corelib.models.butd.subnetworks import Kind, gates_of, kinds, reachable
    from dashboard.shell.theme import palette

    tasks = cache.dataset(run.spec.dataset).task_names[:2]
    found = kinds(gates_of(network), reachable(network))
    words = [kind for kind in figures.kind_names(tasks) if kind != Kind.UNREACHABLE]
    shares = np.array(
        [[(k == w).sum() / (k != Kind.UNREACHABLE).sum() for w in words] for k in found]
    )
    unreachable = np.array([(k == Kind.UNREACHABLE).mean() for k in found])
    chart(
        figures.composition(network.names, shares, unreachable, tasks, -1, palette()),
        "sub_learning",
        alt="Share of shared, single-task and closed units in each layer now",
        caption="What the two sub-networks are made of, a moment ago.",
    )
