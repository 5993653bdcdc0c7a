"""The parts of the Counter-Hebb page that follow one image through one network."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import streamlit as st

from dashboard.butd import cache as butd_cache
from dashboard.butd.cache import Switches
from dashboard.butd.learning import figures
from dashboard.components.digit_input import digit_input
from dashboard.figures.style import Palette
from dashboard.shell import cache
from dashboard.shell.controls import BOUND
from dashboard.shell.export import chart

if TYPE_CHECKING:
    from torch import Tensor

    from corelib.data import ImageDataset
    from corelib.models.butd.analysis import Difference
    from corelib.models.butd.networks import BUTDNet
    from corelib.runs.registry import Checkpoint
    from corelib.runs.store import Run
    from dashboard.figures.figure import Figure

SYSTEMS = ("counter-hebb", "butd")
EXAMPLE = "counter-hebb-shared-mnist"
"""Its update is the gradient."""
EXACT = 1e-10
"""Below this, what is left between both updates is rounding."""
ONE, MANY = "this image", "64 images"
OWN = "its own"
WEIGHTS = ("as trained", "shared", "separate")
MOST_SHOWN = 6
CALM = {
    "learn_weights": "as trained",
    "learn_norm": False,
    "learn_bias": False,
    "learn_noise": 0.0,
    "learn_loss": "cross-entropy",
}


class Image(NamedTuple):
    """``x`` (1, input) in float64, its label, what is asked of it, and words for it."""

    x: "Tensor"
    label: int
    task: int
    caption: str


class View(NamedTuple):
    """The network as the switches leave it, ``model``, and the image it learns from."""

    item: "Checkpoint"
    which: cache.CheckpointKey
    switches: Switches
    model: "BUTDNet"
    data: "ImageDataset"
    image: Image
    of: str
    palette: Palette


def switches_input(item: "Checkpoint") -> Switches:
    """What may be changed in the network."""
    st.caption("What breaks exactness")
    weights = st.selectbox(
        "Weights of the way down",
        WEIGHTS,
        key="learn_weights",
        **BOUND,
        help=f"This network was trained with weights {item.card.config['weights']}; separate: "
        "drawn at random",
    )
    norm = st.toggle(
        "Batch norm",
        key="learn_norm",
        **BOUND,
        help="After each convolution, and a second one on the way down; a network without "
        "convolutions has none",
    )
    bias = st.toggle(
        "Top-down bias",
        key="learn_bias",
        **BOUND,
        help="Biases on the way down that act on the error; in training they are blocked",
    )
    noise = st.slider(
        "Noise",
        0.0,
        1.0,
        0.0,
        0.05,
        key="learn_noise",
        **BOUND,
        help="Standard deviation of a factor around 1 on the update of each synapse",
    )
    with st.expander("More"):
        loss = st.selectbox(
            "Loss",
            ("cross-entropy", "bce", "mse"),
            key="learn_loss",
            **BOUND,
            help="What the answer is held against; the rule is exact for each",
        )
    return Switches(weights, norm, bias, noise, loss)


def image_input(data: "ImageDataset", model: "BUTDNet") -> Image | None:
    """The image, what is asked of it, and the label that it is taught."""
    import torch

    names, task, own = data.class_names, 0, None
    if data.task_names:
        asked = st.segmented_control(
            "Told",
            data.task_names,
            default=data.task_names[0],
            required=True,
            key="learn_task",
            width="stretch",
            **BOUND,
        )
        task = data.task_names.index(asked)
    if data.train.pixels.dim() == 3 and not data.task_names:
        chosen = digit_input("learn", data)
        if chosen is None:
            return None
        pixels, own, said = chosen.pixels, chosen.label, chosen.caption
    else:
        index = st.number_input(
            "Test image", 0, len(data.test.labels) - 1, 0, key="learn_image", **BOUND
        )
        pixels = data.test.pixels[index].numpy()
        labels = data.test.labels[index]
        own = int(labels[task] if labels.dim() else labels)
        said = f"test image {index}"
        shown = pixels if pixels.ndim == 2 else pixels.transpose(1, 2, 0)
        st.image(shown.repeat(4, 0).repeat(4, 1), width=112)
    target = st.selectbox(
        "Taught label",
        [OWN, *names],
        key="learn_target",
        **BOUND,
        help="What the answer is held against; of an image that you drew its own is what the "
        "network answers",
    )
    x = data.inputs(torch.from_numpy(pixels.copy())[None])
    if target != OWN:
        label = names.index(target)
    elif own is not None:
        label = own
    else:
        with torch.no_grad():
            logits = model(x)
        label = int((logits if logits.dim() == 2 else logits[:, task]).argmax())
    return Image(x.double(), label, task, f"{said}, taught {names[label]}")


def difference_of(v: View) -> "Difference":
    """The network's update against the gradient, for what is chosen."""
    import torch

    from corelib.models.butd.analysis import difference

    if v.of == MANY:
        return butd_cache.difference(v.which, v.switches)
    task = torch.tensor([v.image.task]) if v.model.task_head is not None else None
    torch.manual_seed(0)
    s = v.switches
    label = torch.tensor([v.image.label])
    return difference(v.model, v.image.x, label, task, s.loss, s.top_down_bias, s.noise)


def reasons(v: View) -> list[str]:
    """Why the update is not the gradient, if it is not."""
    config, s = v.item.card.config, v.switches
    own = config["weights"] if s.weights == "as trained" else s.weights
    found = []
    if own in ("separate", "feedback-alignment"):
        found.append("the way down has weights of its own")
    if (config["norm"] or s.norm) and config["network"] != "fc":
        found.append("batch norms scale activity and error differently")
    if s.top_down_bias:
        found.append("biases act on the error")
    if s.noise:
        found.append("noise is on the synapses")
    return found


def sentence(v: View, found: "Difference") -> str:
    """How far the rule is from back-propagation, and why."""
    if np.isnan(found.relative).all():
        return "For this image there is no gradient: nothing is active, or nothing is wrong."
    worst = int(np.nanargmax(found.relative))
    off = found.relative[worst]
    rule = f"Counter-Hebb's update from {v.of}"
    if off < EXACT:
        return (
            f"{rule} **is** back-propagation's: in float64 they differ by at most **{off:.0e}** "
            f"of its length, in {found.layers[worst]}, which is rounding."
        )
    why = " and ".join(reasons(v))
    return (
        f"{rule} is **{found.angle[worst]:.1f}°** off back-propagation's in "
        f"**{found.layers[worst]}**, and the difference is {off:.2g} times as long as the gradient"
        + (f", because {why}." if why else ".")
    )


def passes(v: View) -> None:
    """The three passes, moment by moment."""
    names = v.model.names
    shown = tuple(range(len(names)))
    if len(shown) > MOST_SHOWN:
        chosen = st.multiselect(
            "Layers shown",
            names,
            names[-MOST_SHOWN:],
            key="learn_shown",
            max_selections=MOST_SHOWN,
            **BOUND,
        )
        shown = tuple(k for k, name in enumerate(names) if name in chosen)
    pixels = v.image.x.numpy().tobytes()
    chart(
        _played(
            v.which, v.switches.quiet(), pixels, v.image.label, v.image.task, shown, v.palette, v
        ),
        "learn_passes",
        alt="Instruction, activity and error of each layer in the order in which they are computed",
        caption=f"{v.image.caption}; {v.item.name}. Press Play, or move the slider. Each layer on "
        "a scale of its own; error: blue positive, red negative, framed the taught label. "
        "n = 1 image.",
    )


@st.cache_resource(show_spinner=False, max_entries=16)
def _played(
    which: cache.CheckpointKey,
    switches: Switches,
    pixels: bytes,
    label: int,
    task: int,
    shown: tuple[int, ...],
    palette: Palette,
    _v: View,
) -> "Figure":
    """The figure of the passes, which has many frames: kept while only noise changes."""
    from corelib.models.butd.analysis import three_passes

    found = three_passes(_v.model, _v.image.x, label, task, switches.loss, switches.top_down_bias)
    # Normalised; colours are summed.
    image = _v.image.x.reshape(_v.model.shape).sum(0).numpy()
    return figures.three_passes(found, image, shown, _v.data.class_names, label, palette)


def off_the_gradient(v: View, found: "Difference") -> None:
    """The live difference to autograd, layer by layer."""
    st.segmented_control(
        "Update from",
        (ONE, MANY),
        default=ONE,
        required=True,
        key="learn_of",
        **BOUND,
        help="The first validation images",
    )
    chart(
        figures.off_the_gradient(found, v.palette),
        "learn_difference",
        alt="Relative difference and angle between both updates in each layer",
        caption=f"Updates of W from {v.of}, Counter-Hebb against autograd, in float64. Green: "
        "equal but for rounding. Dotted: at a right angle the update has nothing of the gradient.",
    )


def ways(v: View) -> None:
    """W and W̄ᵀ of this network."""
    from dashboard.figures.style import trace_styles

    found = butd_cache.alignment(v.which)
    if not found.layers:
        st.info("This network's way down uses the weights of the way up: W̄ = Wᵀ.")
        return
    name = v.item.name
    chart(
        figures.ways_apart(
            {name: found.cosine},
            {name: found.distance},
            found.layers,
            trace_styles([name]),
            v.palette,
        ),
        "learn_ways",
        alt="Cosine and distance between the weights of both ways in each layer",
        caption=f"{name}, as trained, seed {v.item.card.seed}. Cosine 1: the same direction; 0: "
        "none in common.",
    )


def draw_difference(network: "BUTDNet", run: "Run") -> None:
    """How far the rule is from the gradient while the network learns."""
    import torch

    from corelib.models.butd.analysis import difference
    from dashboard.shell.theme import palette

    x, labels, task = butd_cache.sample(run.spec.dataset, 64)
    torch.manual_seed(0)
    training = run.spec.training
    found = difference(
        network,
        x,
        labels,
        task if network.task_head is not None else None,
        training["loss"],
        noise=training["noise"],
    )
    chart(
        figures.off_the_gradient(found, palette()),
        "learn_now",
        alt="Relative difference and angle between both updates in each layer now",
        caption="Counter-Hebb's update against the gradient for 64 validation images, a moment "
        "ago, in float32.",
    )
