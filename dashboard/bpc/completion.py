"""The tab Complete: hidden pixels filled in, for one digit and for the test set."""

from typing import TYPE_CHECKING, cast

import numpy as np
import streamlit as st

from corelib.words import percent
from dashboard.bpc import cache as bpc_cache
from dashboard.bpc.classify import NO_DIGIT
from dashboard.bpc.view import PAGE, View
from dashboard.components.mask_pad import mask_pad
from dashboard.shell.apart import apart
from dashboard.shell.controls import select, slider, sticky_button, switch
from dashboard.shell.export import chart

if TYPE_CHECKING:
    from corelib.models.bpc.analysis import Mask

PAINTED = "painted"
MOMENTS = 12
"""About as many moments are shown."""


@apart
def draw_completion(v: View) -> None:
    """One digit at some moments while its hidden pixels are filled in; on demand the test set."""
    from corelib.models.bpc.analysis import watch_completion
    from corelib.models.bpc.network import PredictiveCoding
    from dashboard.bpc.figures.images import gallery

    if not isinstance(v.model, PredictiveCoding):
        st.info("This network has no inference, so it cannot fill in hidden pixels.")
        return
    if v.chosen is None:
        st.info(NO_DIGIT)
        return
    controls, picture = st.columns([2, 5], gap="large")
    with controls:
        hidden, label_known, n_steps = _completion_controls(v)
    x = v.input(v.chosen)
    label = v.chosen.label if label_known else None
    filling = watch_completion(v.model, x, hidden, label, n_steps, max(1, n_steps // MOMENTS))
    names = v.data.class_names
    titles = ["whole"] + [
        f"step {int(step)}: {names[answer]}"
        for step, answer in zip(filling.step, filling.answer[0], strict=True)
    ]
    with picture:
        chart(
            gallery(
                np.concatenate([v.pixels(x), v.pixels(filling.image[0])]),
                titles,
                7,
                v.palette,
                cell=100,
            ),
            "bpc_completed",
            alt="The digit as its hidden pixels are filled in",
            caption=f"{v.chosen.caption}, {percent(hidden.mean(), 0)} of the pixels hidden, which "
            "start at the mean grey. After the colon: the network's answer.",
        )
    if sticky_button(PAGE, "complete_measure", "Measure on the test set", icon=":material/speed:"):
        _draw_test_set(v, label_known)


def _completion_controls(v: View) -> tuple[np.ndarray, bool, int]:
    """The hidden pixels, bool (row, column); whether the label is clamped; steps of Adam."""
    from corelib.models.bpc.analysis import MASKS, mask_of
    from corelib.models.bpc.inference import COMPLETION

    assert v.chosen is not None
    mask = select(PAGE, "mask", "Hidden", [*MASKS, PAINTED])
    if mask == PAINTED:
        hidden = mask_pad("bpc_painted", v.chosen.pixels)
        st.caption("Paint over the pixels to hide; hold Shift to uncover them.")
    else:
        hidden = mask_of(cast("Mask", mask), side=len(v.chosen.pixels))
    unknown = v.chosen.label is None
    label_known = switch(PAGE, "told", "The label is known", disabled=unknown) and not unknown
    n_steps = slider(PAGE, "complete_steps", "Steps of Adam", 10, 600, COMPLETION.n_steps, 10)
    return hidden, label_known, n_steps


def _draw_test_set(v: View, label_known: bool) -> None:
    from corelib.models.bpc.analysis import MASKS
    from dashboard.bpc.figures.networks import completion

    by_mask, bar = {}, st.progress(0.0, "Filling in")
    for k, mask in enumerate(MASKS):
        bar.progress(k / len(MASKS), f"Filling in: {mask}")
        by_mask[mask] = bpc_cache.completed(v.which, mask, label_known)
    bar.empty()
    whole = float((v.item.card.test or {}).get("accuracy", 1.0))
    chart(
        completion(
            {mask: completed.before for mask, completed in by_mask.items()},
            {mask: completed.after for mask, completed in by_mask.items()},
            whole,
            v.palette,
        ),
        "bpc_completion",
        alt="Accuracy before and after the hidden pixels are filled in, by mask",
        caption=f"The first {bpc_cache.COMPLETED} test digits, {v.item.title}, label "
        f"{'known' if label_known else 'unknown'}. Before: grey in place of the hidden pixels. "
        "Dotted: accuracy on whole digits. n = 1 seed.",
        n=1,
    )
