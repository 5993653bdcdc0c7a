"""Digits that a network generates: from labels, from mixtures, from moved activity."""

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from dashboard.bpc import figures
from dashboard.bpc.view import COMPARED, View
from dashboard.shell import cache
from dashboard.shell.controls import BOUND
from dashboard.shell.export import chart

if TYPE_CHECKING:
    from corelib.models.bpc.analysis import Axes
    from dashboard.components.digit_input import ChosenDigit


@st.cache_resource(show_spinner=False, max_entries=16)
def _axes(which: cache.CheckpointKey, layer: int) -> "Axes":
    """The principal axes of a layer's activity over test digits with their labels given."""
    import torch

    from corelib.models.bpc.analysis import activity, axes
    from corelib.models.bpc.inference import InferenceConfig
    from corelib.models.bpc.network import PredictiveCoding

    model, data = cache.model(which), cache.dataset(which.dataset)
    x, labels = data.inputs(data.test.pixels[:COMPARED]), data.test.labels[:COMPARED]
    learned = isinstance(model, PredictiveCoding)
    inference_config = model.learning if learned else InferenceConfig(0, 0.1, start="bottom-up")
    y = torch.eye(model.n_classes)[labels]
    return axes(activity(model, x, y, layer, inference_config), labels.numpy())


def generate(v: View, chosen: "ChosenDigit | None") -> None:
    """Digits from labels, mixed labels, moved activity, and samples around a digit's own."""
    import torch

    from corelib.models.bpc.analysis import class_means, labels_of

    names = v.data.class_names
    with torch.no_grad():
        images = v.model.generate(labels_of(v.model))
    chart(
        figures.gallery(v.pixels(images), names, 10, v.palette),
        "bpc_digits",
        alt="The digit that each label generates",
        caption=f"{v.item.name}: one image from each label. n = 1 seed.",
    )
    chart(
        figures.gallery(v.pixels(class_means(v.data)), [""] * len(names), 10, v.palette),
        "bpc_means",
        alt="The mean training image of each class",
        caption="The mean training image of each class: nothing that knows the label alone comes "
        "closer in squared error.",
    )
    if not v.model.generator:
        st.info(
            "This network has no generator: its images are inferred, and there is no activity "
            "above the label to move."
        )
        return
    _mix(v)
    _move(v, chosen)


def _mix(v: View) -> None:
    import torch

    names = v.data.class_names
    st.markdown("##### Two labels at once")
    controls, picture = st.columns([2, 5], gap="large")
    with controls:
        one = st.selectbox("From", names, 4, key="bpc_from", **BOUND)
        other = st.selectbox("To", names, 9, key="bpc_to", **BOUND)
        share = st.slider("Share of the second", 0.0, 1.0, 0.5, 0.05, key="bpc_mix", **BOUND)
    shares = [*np.linspace(0, 1, 6), share]
    y = torch.zeros(len(shares), len(names))
    for k, s in enumerate(shares):
        y[k, names.index(one)] += 1 - s
        y[k, names.index(other)] += s
    with torch.no_grad():
        images = v.model.generate(y)
    titles = [f"{s:.0%} {other}" for s in shares]
    with picture:
        chart(
            figures.gallery(v.pixels(images), titles, 7, v.palette),
            "bpc_mixed",
            alt="Digits generated from mixtures of two labels",
            caption=f"From {one} to {other}; at the right, the share chosen.",
        )


def _move(v: View, chosen: "ChosenDigit | None") -> None:
    """Activity moved along its principal axes, and samples around the digit chosen."""
    import torch

    from corelib.models.bpc.analysis import activity, around, decode, moved

    names = v.data.class_names
    st.markdown("##### Moving the hidden activity")
    controls, picture = st.columns([2, 5], gap="large")
    n_hidden = len(v.model.sizes) - 2
    with controls:
        layer = int(
            st.segmented_control(
                "Layer",
                [f"z{k}" for k in range(1, n_hidden + 1)],
                default=f"z{n_hidden}",
                required=True,
                key="bpc_layer",
                width="stretch",
                **BOUND,
            )[1:]
        )
        start = st.selectbox(
            "Start from",
            ["this digit", *names],
            key="bpc_start_from",
            **BOUND,
            help="The activity of the digit in the sidebar, or the mean activity of a class",
        )
        steps = [
            st.slider(
                f"Along axis {k + 1} / sd", -3.0, 3.0, 0.0, 0.1, key=f"bpc_axis{k + 1}", **BOUND
            )
            for k in range(2)
        ]
        spread = st.slider(
            "Spread of the samples / sd",
            0.0,
            3.0,
            1.0,
            0.1,
            key="bpc_spread",
            **BOUND,
            help="Along the same two axes",
        )
    along = _axes(v.which, layer)
    if start != "this digit":
        origin, of = along.of_class[names.index(start)], f"the mean activity of class {start}"
    elif chosen is None:
        origin, of = along.mean, "the mean activity of all digits"
    else:
        x = v.data.inputs(torch.from_numpy(chosen.pixels)[None])
        with torch.no_grad():
            told = v.model(x)[0].argmax() if chosen.label is None else chosen.label
        y = torch.eye(len(names))[[int(told)]]
        origin = activity(v.model, x, y, layer, v.inference_config)[0].numpy()
        of = f"the activity of {chosen.caption}"

    def images(z: np.ndarray) -> np.ndarray:
        return v.pixels(decode(v.model, torch.from_numpy(z.astype(np.float32)), layer))

    grid = np.array([[a, b] for b in (2, 0, -2) for a in (-2, -1, 0, 1, 2)], float)
    with picture:
        here = images(moved(origin, along, np.array([steps])))
        drawn = images(around(along, origin, spread, 6, seed=0))
        chart(
            figures.gallery(
                np.concatenate([here, drawn]),
                ["moved", *(f"sample {k + 1}" for k in range(6))],
                7,
                v.palette,
            ),
            "bpc_moved",
            alt="The image of the moved activity, and samples around it",
            caption=f"From {of}, layer z{layer}.",
        )
        titles = [f"{a:+.0f}, {b:+.0f}" for a, b in grid]
        chart(
            figures.gallery(images(moved(origin, along, grid)), titles, 5, v.palette, cell=104),
            "bpc_grid",
            alt="Images over a grid of the two axes",
            caption="The plane of the two axes, in standard deviations.",
        )
