"""The tab Generate: digits from labels, from samples, from mixed labels, from moved activity."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import streamlit as st

from corelib.words import percent
from dashboard.bpc import cache as bpc_cache
from dashboard.bpc.samples import draw_samples
from dashboard.bpc.view import PAGE, View, noise, two_classes
from dashboard.shell.apart import apart
from dashboard.shell.controls import choice, select, slider
from dashboard.shell.export import chart

if TYPE_CHECKING:
    from corelib.models.bpc.analysis import Axes

THIS_DIGIT = "this digit"
SAMPLES = 6
PLANE = np.array([[a, b] for b in (2, 0, -2) for a in (-2, -1, 0, 1, 2)], float)
"""A grid over two axes, in standard deviations: (point, axis)."""


def draw_generate(v: View) -> None:
    """The digit of each label above the mean of its class; samples; mixtures; moved activity."""
    from corelib.models.bpc.analysis import class_means
    from dashboard.bpc.figures.images import gallery

    draw_digits(v)
    names = v.data.class_names
    chart(
        gallery(v.pixels(class_means(v.data)), [""] * len(names), 10, v.palette),
        "bpc_means",
        alt="The mean training image of each class",
        caption="The mean training image of each class: no image made from the label alone has a "
        "smaller squared error.",
    )
    if not v.model.generator:
        st.info(
            "This network has no generator: it infers its images, and it has no activity between "
            "label and image that could be moved."
        )
        return
    draw_samples(v)
    _draw_mixture(v)
    _draw_moved(v)


def draw_digits(v: View) -> None:
    """The digit of each label."""
    import torch

    from corelib.models.bpc.analysis import labels_of, nearest_means
    from dashboard.bpc.figures.images import gallery

    names = v.data.class_names
    with torch.no_grad():
        images = v.model.generate(labels_of(v.model))
    closest = int((nearest_means(images, v.data) == torch.arange(len(names))).sum())
    chart(
        gallery(v.pixels(images), names, 10, v.palette),
        "bpc_digits",
        alt=f"The digit that each label generates in {v.item.title}; {closest} of {len(names)} "
        "are closest to the mean of their own class",
        caption=f"{v.item.title}: one image from each label. n = 1 seed.",
        n=1,
    )


@apart
def _draw_mixture(v: View) -> None:
    import torch

    from corelib.models.bpc.analysis import mixed_labels
    from dashboard.bpc.figures.images import gallery

    names = v.data.class_names
    first, second = two_classes(names)
    st.markdown("##### Two labels at once")
    controls, picture = st.columns([2, 5], gap="large")
    with controls:
        one = select(PAGE, "from", "From", names, first)
        other = select(PAGE, "to", "To", names, second)
        share = slider(PAGE, "mix", "Share of the second", 0.0, 1.0, 0.5, 0.05)
    shares = [*np.linspace(0, 1, 6), share]
    with torch.no_grad():
        labels = mixed_labels(v.model, names.index(one), names.index(other), shares)
        images = v.model.generate(labels)
    with picture:
        chart(
            gallery(v.pixels(images), [f"{percent(s, 0)} {other}" for s in shares], 7, v.palette),
            "bpc_mixed",
            alt="Digits generated from mixtures of two labels",
            caption=f"From {one} to {other}; last, the chosen share.",
        )


class Move(NamedTuple):
    """The layer whose activity is moved, where the move starts, how far it goes along each axis
    and how far samples spread, in standard deviations."""

    layer: int
    start: str
    steps: list[float]
    spread: float


def _move_controls(v: View) -> Move:
    layers = [f"z{k}" for k in range(1, len(v.model.sizes) - 1)]
    layer = choice(PAGE, "layer", "Layer", layers, layers[-1])
    start = select(PAGE, "start_from", "Start from", [THIS_DIGIT, *v.data.class_names])
    steps = [slider(PAGE, f"axis{k}", f"Along axis {k} / sd", -3.0, 3.0, 0.0, 0.1) for k in (1, 2)]
    spread = slider(PAGE, "spread", "Spread of the samples / sd", 0.0, 3.0, 1.0, 0.1)
    return Move(int(layer[1:]), start, steps, spread)


def _signed(value: float) -> str:
    """A whole number with its sign; zero has none."""
    return f"{value:+.0f}".replace("-", "−") if value else "0"


def _origin(v: View, move: Move, along: "Axes") -> tuple[np.ndarray, str]:
    """The activity that is moved, (unit), and what it is called."""
    from corelib.models.bpc.analysis import activity, answers, labels_of

    if move.start != THIS_DIGIT:
        of_class = along.of_class[v.data.class_names.index(move.start)]
        return of_class, f"the mean activity of class {move.start}"
    if v.chosen is None:
        return along.mean, "the mean activity of all digits"
    x, label = v.input(v.chosen), v.chosen.label
    if label is None:
        label = int(answers(v.model, x)[0])
    y = labels_of(v.model)[[label]]
    own = activity(v.model, x, y, move.layer, v.inference, noise())[0].numpy()
    return own, f"the activity of {v.chosen.caption}"


@apart
def _draw_moved(v: View) -> None:
    """Activity moved along its principal axes, and samples around the chosen digit."""
    import torch

    from corelib.models.bpc.analysis import decode, moved, samples_around
    from dashboard.bpc.figures.images import gallery

    st.markdown("##### Moving the hidden activity")
    controls, picture = st.columns([2, 5], gap="large")
    with controls:
        move = _move_controls(v)
    along = bpc_cache.axes(v.which, move.layer)
    origin, name = _origin(v, move, along)

    def images(z: np.ndarray) -> np.ndarray:
        return v.pixels(decode(v.model, torch.from_numpy(z.astype(np.float32)), move.layer))

    with picture:
        here = images(moved(origin, along, np.array([move.steps])))
        samples = images(samples_around(origin, along, move.spread, SAMPLES))
        chart(
            gallery(
                np.concatenate([here, samples]),
                ["moved", *(f"sample {k + 1}" for k in range(SAMPLES))],
                7,
                v.palette,
            ),
            "bpc_moved",
            alt="The image of the moved activity, and samples around it",
            caption=f"From {name}, layer z{move.layer}.",
        )
        titles = [f"{_signed(a)}, {_signed(b)}" for a, b in PLANE]
        chart(
            gallery(images(moved(origin, along, PLANE)), titles, 5, v.palette, cell=104),
            "bpc_grid",
            alt="Images over a grid of the two axes",
            caption="The plane of the two axes, in standard deviations.",
        )
