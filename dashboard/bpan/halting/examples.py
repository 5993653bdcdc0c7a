"""Examples by halting step: the images answered at one step, and one of them in all networks."""

import numpy as np
import streamlit as st

from corelib.analysis.anytime import decision
from corelib.analysis.halting import answered_at
from corelib.words import percent
from dashboard.bpan import cache as bpan_cache
from dashboard.bpan.anytime_figures import lines_over_steps
from dashboard.bpan.halting.view import PAGE, Network, View
from dashboard.components.digit_input import ANY, TEST, ChosenDigit
from dashboard.figures.images import mosaic
from dashboard.shell import cache
from dashboard.shell.chart import clicked
from dashboard.shell.controls import number, select
from dashboard.shell.export import chart
from dashboard.shell.registry import set_values
from dashboard.shell.text import plain

EXAMPLES = "Examples by halting step"
HARD, EASY = "least confident first", "most confident first"
SHOWN = 60
COLUMNS = 20


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
    else:
        _draw_mosaic(v, network, step, order, images)
    if v.chosen is None:
        st.info("Draw a digit, or upload one, in the sidebar on the left, to follow it here.")
    else:
        _draw_trajectory(v, v.chosen)


def _draw_mosaic(v: View, network: Network, step: int, order: str, images: np.ndarray) -> None:
    """The first of the images in their order; a click chooses the one to follow."""
    shown, names = images[:SHOWN], network.class_names
    name = network.item.title
    captions = [
        f"image {i}: {names[network.labels[i]]}, answered {names[network.now.answers[i]]} "
        f"({percent(network.answers.confidence[i, step - 1])})"
        for i in shown
    ]

    # The image followed is one that the first network reads.
    same = network.key.dataset == v.networks[v.first].key.dataset

    def open_image() -> None:
        point = clicked("halting_mosaic")
        if point and "point_index" in point:
            image = {"input": TEST, "class": ANY, "index": int(shown[point["point_index"]])}
            set_values({f"{PAGE}_{name}": value for name, value in image.items()})

    pixels = cache.dataset(network.key.dataset).test.pixels.numpy()[shown]
    chart(
        cache.figure(mosaic, pixels, captions, COLUMNS, v.palette),
        "halting_mosaic",
        alt=f"Images that {name} answers at step {step}",
        caption=f"{len(shown)} of {len(images):,} images that {name} answers at step {step}, "
        f"{order}.{' Click one to follow it below.' if same else ''}",
        on_select=open_image if same else None,
    )


def _draw_trajectory(v: View, chosen: ChosenDigit) -> None:
    """The true class's probability over time under each network of the same images; without a true
    class, that of the first network's answer."""
    first = v.networks[v.first]
    names = first.class_names
    same = {n: a for n, a in v.networks.items() if a.key.dataset == first.key.dataset}
    paths = {n: bpan_cache.trajectory(a.key, chosen.pixels) for n, a in same.items()}
    decisions = {n: decision(path, v.theta) for n, path in paths.items()}
    answers = "; ".join(
        f"{n} answers {names[made.answer]} at step {made.step}" for n, made in decisions.items()
    )
    label, which = chosen.label, "the true class"
    if label is None:
        label, which = decisions[v.first].answer, f"the class that {v.first} answers"
    chart(
        lines_over_steps(
            {n: path[:, label] for n, path in paths.items()},
            v.styles,
            f"probability of {names[label]}",
            v.palette,
        ),
        "halting_trajectory",
        alt=f"Probability of {which} over steps under each network",
        caption=f"{chosen.caption[0].upper()}{chosen.caption[1:]}: {answers}.",
    )
