"""Examples by halting step: the images answered at one step, and one of them in all networks."""

import numpy as np
import streamlit as st

from corelib.analysis.halting import answered_at
from corelib.words import percent
from dashboard.bpan import cache as bpan_cache
from dashboard.bpan.anytime_figures import lines_over_steps
from dashboard.bpan.halting.view import PAGE, Network, View
from dashboard.figures.images import mosaic
from dashboard.shell import cache
from dashboard.shell.controls import number, select
from dashboard.shell.export import chart, clicked
from dashboard.shell.text import plain

EXAMPLES = "Examples by halting step"
HARD, EASY = "least confident first", "most confident first"
SHOWN = 60
COLUMNS = 20
INDEX = f"{PAGE}_index"


def draw_examples(v: View) -> None:
    """The images answered at one step, and one of them followed through all networks."""
    left, middle, right = st.columns(3)
    with left:
        name = select(PAGE, "of", "Network", list(v.networks))
    network = v.networks[name]
    with middle:
        step = number(PAGE, "step", "Answered at step", 1, network.depth, 1)
    with right:
        order = select(PAGE, "order", "Order", (HARD, EASY))
    images = answered_at(network.answers, step, v.theta, least_confident_first=order == HARD)
    if not len(images):
        st.info(f"No image is answered at step {step} by {plain(name)} at θ = {v.theta:.2f}.")
        return
    _draw_mosaic(v, network, step, order, images)
    first = st.session_state.setdefault(f"_{INDEX}", int(images[0]))
    _draw_trajectory(v, network, number(PAGE, "index", "Image", 0, len(network.labels) - 1, first))


def _draw_mosaic(v: View, network: Network, step: int, order: str, images: np.ndarray) -> None:
    """The first of the images in their order; a click chooses the one to follow."""
    shown, names = images[:SHOWN], network.class_names
    name = network.item.title
    captions = [
        f"image {i}: {names[network.labels[i]]}, answered {names[network.now.answers[i]]} "
        f"({percent(network.answers.confidence[i, step - 1])})"
        for i in shown
    ]

    def open_image() -> None:
        point = clicked("halting_mosaic")
        if point and "point_index" in point:
            st.session_state[INDEX] = int(shown[point["point_index"]])

    pixels = cache.dataset(network.key.dataset).test.pixels.numpy()[shown]
    chart(
        cache.figure(mosaic, pixels, captions, COLUMNS, v.palette),
        "halting_mosaic",
        alt=f"Images that {name} answers at step {step}",
        caption=f"{len(shown)} of {len(images):,} images that {name} answers at step {step}, "
        f"{order}. Click one to follow it below.",
        on_select=open_image,
    )


def _draw_trajectory(v: View, network: Network, index: int) -> None:
    """The true class's probability over time, under each network of the same images."""
    names, label = network.class_names, network.labels[index]
    same = {n: a for n, a in v.networks.items() if a.key.dataset == network.key.dataset}
    answers = "; ".join(
        f"{n} answers {names[a.now.answers[index]]} at step {a.now.steps[index]}"
        for n, a in same.items()
    )
    chart(
        lines_over_steps(
            {n: bpan_cache.trajectory(a.key, int(index))[:, label] for n, a in same.items()},
            v.styles,
            f"probability of {names[label]}, the true class",
            v.palette,
        ),
        "halting_trajectory",
        alt="Probability of the true class over steps under each network",
        caption=f"Image {index}, {names[label]}: {answers}.",
    )
