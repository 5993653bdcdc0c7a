"""The film of predictive coding: a digit appears while the energy falls."""

from collections.abc import Sequence

import numpy as np

from corelib.errors import SettingsError
from corelib.films.canvas import STRONG, Canvas
from corelib.films.colours import OKABE_ITO, TEXT, faded, grey, signed
from corelib.films.film import Film, held
from corelib.films.panel import Panel, curve, draw_axes, draw_classes, name_x, range_of
from corelib.films.sheet import LEFT, PICTURE, TOP, say_moment, stacked, titled
from corelib.models.bpc.moments import InferenceView

IMAGE = 252
MAP = 90
"""Sides of the image and of the largest maps of hidden activity, in pixels."""
STEP_SECONDS, LAST_SECONDS = 0.3, 2.4
TO_COME = 0.28


def inference_film(
    view: InferenceView,
    class_names: Sequence[str],
    label: int | None = None,
    network: str = "",
    about: str = "",
) -> Film:
    """Inference of one image: the predicted image and the hidden activity, beside the energy and
    the class evidence.

    ``view`` is what ``corelib.models.bpc.moments.view_of`` makes of a trace. ``label`` is the true
    class, which is framed, if it is known; ``network`` and ``about`` are the title and the line
    below it. Each moment stands still for 0.3 s. Raises ``SettingsError`` for a view without a
    finite moment.
    """
    n = len(view.step)
    if not n:
        raise SettingsError("Inference diverges at once; take a smaller step size.")
    base = titled(network or "Inference by predictive coding", about)
    energy, evidence = _panels(view, len(class_names))
    draw_axes(base, energy, "energy F", "step of inference")
    curve(base, energy, view.step, view.energy, faded(TEXT, TO_COME))
    draw_axes(base, evidence, "class evidence")
    name_x(base, evidence, "class" if label is None else "class; framed: the true one")

    def draw(t: int) -> np.ndarray:
        canvas = base.copy()
        _draw_maps(canvas, view, t)
        curve(canvas, energy, view.step[: t + 1], view.energy[: t + 1], TEXT)
        canvas.disc(energy.at(view.step[t], view.energy[t]), 5, OKABE_ITO[0])
        draw_classes(canvas, evidence, view.label[t], class_names, OKABE_ITO[1], label)
        say_moment(canvas, f"step {view.step[t]}, energy {view.energy[t]:.4g}")
        return canvas.pixels()

    return held([draw(t) for t in range(n)], STEP_SECONDS, LAST_SECONDS)


def _panels(view: InferenceView, n_classes: int) -> list[Panel]:
    """The panel of the energy and that of the evidence, whose bars are not at steps but at
    classes."""
    last = float(view.step[-1]) or 1.0
    ys = [range_of(view.energy, zero=True), range_of(view.label, zero=True)]
    energy, evidence = stacked((1, 1), (0, last), ys, gap=80)
    return [energy, evidence._replace(x=(-0.6, n_classes - 0.4))]


def _draw_maps(canvas: Canvas, view: InferenceView, t: int) -> None:
    """The predicted image, and below it each hidden layer, unit by unit; the colours of a layer
    mean the same at all moments."""
    image = grey(view.image[t])
    canvas.text((LEFT, TOP - 8), "predicted image", 15, weight=STRONG)
    canvas.picture((LEFT, TOP), image, max(1, IMAGE // max(image.shape[:2])))
    top, left = TOP + IMAGE + 40, LEFT
    for k, hidden in enumerate(view.hidden):
        sheet = signed(_square(hidden[t]), float(np.abs(hidden).max()))
        if left + MAP > LEFT + PICTURE:
            break
        canvas.text((left, top - 8), f"activity z{_low(k + 1)}", 15, weight=STRONG)
        canvas.picture((left, top), sheet, max(1, MAP // max(sheet.shape[:2])))
        left += MAP + 24


def _square(activity: np.ndarray) -> np.ndarray:
    """Units row by row in about a square; NaN where the last row has no more units."""
    width = int(np.ceil(np.sqrt(len(activity))))
    sheet = np.full(width * -(-len(activity) // width), np.nan)
    sheet[: len(activity)] = activity
    return sheet.reshape(-1, width)


def _low(number: int) -> str:
    return str(number).translate(str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉"))
