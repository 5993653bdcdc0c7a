"""The film of an image that is revealed part by part, while networks' beliefs grow."""

from collections.abc import Mapping, Sequence

import numpy as np

from corelib.data.evidence import Evidence
from corelib.errors import SettingsError
from corelib.films.canvas import STRONG, Canvas
from corelib.films.colours import MUTED, OKABE_ITO, faded, grey
from corelib.films.film import Film, held
from corelib.films.panel import Panel, draw_axes, draw_classes, name_x
from corelib.films.sheet import (
    LEFT,
    TOP,
    cell_of,
    draw_picture,
    gridded,
    name_picture,
    say_moment,
    titled,
)
from corelib.words import percent

UNSEEN = 0.25
"""How bright what has not been seen yet is drawn, as a share, to show what is missed."""
STEP_SECONDS, LAST_SECONDS = 0.9, 2.4


def evidence_film(
    evidence: Evidence,
    beliefs: Mapping[str, np.ndarray],
    class_names: Sequence[str],
    label: int | None = None,
    about: str = "",
) -> Film:
    """The image as it is revealed, beside each network's belief in each class after each part.

    ``beliefs`` by the network's name: probabilities (time, class). ``label`` is the true class,
    which is framed, if it is known; ``about`` is the line below the title. Each step stands still
    for 0.9 s: what lies between two steps was never computed. Raises ``SettingsError`` without a
    network, and for beliefs that do not fit the sequence.
    """
    n, n_classes, part = len(evidence.shown), len(class_names), evidence.part
    if not beliefs:
        raise SettingsError("beliefs is empty, but a film needs at least one network.")
    for name, belief in beliefs.items():
        if belief.shape != (n, n_classes):
            raise SettingsError(
                f"The beliefs of {name} are {belief.shape}, but should be {(n, n_classes)}: one "
                f"for each {part} and class."
            )
    base = titled(f"A digit, {part} by {part}", about)
    below = ["Dimmed: not seen yet", "Bars: belief in each class, from 0 to 1"]
    below += ["Framed: the true class"] * (label is not None)
    name_picture(base, evidence.whole.shape, f"the {part}s so far", below)
    panels = gridded(len(beliefs), (-0.6, n_classes - 0.4), (0, 1))
    for name, panel in zip(beliefs, panels, strict=True):
        draw_axes(base, panel, base.fitted(name, 15, panel.right - panel.left))
    for panel in (panel for panel in panels if panel.bottom == panels[-1].bottom):
        name_x(base, panel, "class")

    def draw(t: int) -> np.ndarray:
        canvas = base.copy()
        seen = np.where(evidence.shown[t], evidence.whole, UNSEEN * evidence.whole)
        draw_picture(canvas, grey(seen))
        _draw_boxes(canvas, evidence, t)
        for k, (panel, (name, belief)) in enumerate(zip(panels, beliefs.items(), strict=True)):
            colour = OKABE_ITO[k % len(OKABE_ITO)]
            draw_classes(canvas, panel, belief[t], class_names, colour, label)
            _say_answer(canvas, panel, name, belief[t], class_names)
        say_moment(canvas, f"{part} {t + 1} of {n}")
        return canvas.pixels()

    return held([draw(t) for t in range(n)], STEP_SECONDS, LAST_SECONDS)


def _say_answer(
    canvas: Canvas, panel: Panel, name: str, belief: np.ndarray, class_names: Sequence[str]
) -> None:
    """Which class a network believes in most, beside its name where there is room."""
    best = int(belief.argmax())
    answer = f"{class_names[best]}: {percent(float(belief[best]), 0)}"
    room = panel.right - panel.left - canvas.width_of(name, 15, STRONG)
    if canvas.width_of(answer, 15) + 12 < room:
        canvas.text((panel.right, panel.top - 8), answer, 15, anchor="rs")


def _draw_boxes(canvas: Canvas, evidence: Evidence, t: int) -> None:
    """Frames around the parts seen up to step t, from 0; that of the step itself stands out."""
    cell = cell_of(evidence.whole.shape)
    for k, (top, left, height, width) in enumerate(evidence.boxes[: t + 1] * cell):
        now = k == t
        corners = (LEFT + left, TOP + top, LEFT + left + width, TOP + top + height)
        colour = OKABE_ITO[0] if now else faded(MUTED, 0.8)
        canvas.box(corners, outline=colour, width=3 if now else 1)
        canvas.text((corners[0] + 5, corners[1] + 5), str(k + 1), 13, OKABE_ITO[0], anchor="lt")
