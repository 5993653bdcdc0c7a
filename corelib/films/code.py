"""The film of a sparse code: an image is rebuilt while the neurons infer its causes."""

import numpy as np

from corelib.errors import SettingsError
from corelib.films.canvas import STRONG, Canvas
from corelib.films.colours import OKABE_ITO, TEXT, faded, scale, signed
from corelib.films.film import Film, held
from corelib.films.panel import Panel, curve, draw_axes, range_of
from corelib.films.sheet import BOTTOM, LEFT, RIGHT, TOP, say_moment, titled
from corelib.models.ipvae.inference import Trace
from corelib.models.ipvae.moments import Moments, Places, moments_of

SMALL, LARGE, GAP = 168, 207, 24
"""Sides of the images and of the maps of all neurons, and the gap between maps, in pixels."""
MAPS_FROM = 258
STEP_SECONDS, LAST_SECONDS = 0.3, 2.4
TO_COME = 0.28


def code_film(
    image: np.ndarray,
    trace: Trace,
    places: Places,
    names: tuple[str, str, str],
    network: str = "",
    about: str = "",
) -> Film:
    """Inference of one image by an iterative VAE: its reconstruction from one step's activity, all
    neurons' potential, rate and activity, and the activity summed over neurons.

    ``image`` (row, column), of either sign; ``trace`` of it; ``places`` where the maps show each
    neuron; ``names`` of the three quantities. ``network`` and ``about`` are the title and the line
    below it. At most 26 steps, evenly spaced on a logarithmic scale, stand still for 0.3 s each.
    Raises ``SettingsError`` for an image of another size than the trace's.
    """
    if image.size != trace.reconstruction.shape[2]:
        raise SettingsError(
            f"The image has {image.size} pixels, but the trace's has "
            f"{trace.reconstruction.shape[2]}: use the image that was inferred."
        )
    moments = moments_of(trace, image.shape[0])
    total = np.abs(trace.activity[0]).sum(1)
    steps = np.arange(1, len(total) + 1)
    base = titled(network or "Inference of a sparse code", about)
    bound = float(np.abs(image).max()) or 1.0
    _draw_small(base, 0, "image", signed(image, bound))
    panel = Panel(
        MAPS_FROM + 36, TOP + LARGE + 68, RIGHT, BOTTOM, (0, len(total)), range_of(total, zero=True)
    )
    summed = "sum of magnitudes" if (moments.activity < 0).any() else "sum"
    draw_axes(base, panel, f"{names[2]}, {summed} over all neurons", "step of inference")
    curve(base, panel, steps, total, faded(TEXT, TO_COME))

    def draw(t: int) -> np.ndarray:
        canvas, step = base.copy(), int(moments.steps[t])
        _draw_small(canvas, 1, "from one step's activity", signed(moments.reconstruction[t], bound))
        _draw_maps(canvas, moments, t, places, names)
        curve(canvas, panel, steps[:step], total[:step], TEXT)
        canvas.disc(panel.at(step, total[step - 1]), 5, OKABE_ITO[0])
        say_moment(canvas, f"step {step} of {len(total)}")
        return canvas.pixels()

    return held([draw(t) for t in range(len(moments.steps))], STEP_SECONDS, LAST_SECONDS)


def _draw_small(canvas: Canvas, row: int, name: str, colours: np.ndarray) -> None:
    """The image or its reconstruction, at the left."""
    top = TOP + row * (SMALL + 40)
    canvas.text((LEFT, top - 8), name, 15, weight=STRONG)
    canvas.picture((LEFT, top), colours, max(1, SMALL // max(colours.shape[:2])))


def _draw_maps(
    canvas: Canvas, moments: Moments, t: int, places: Places, names: tuple[str, str, str]
) -> None:
    """All neurons' potential, rate and activity; a colour means the same at all moments."""
    either_sign = bool((moments.activity < 0).any())
    values = (moments.potential, moments.rate, moments.activity)
    for k, (name, each) in enumerate(zip(names, values, strict=True)):
        left = MAPS_FROM + k * (LARGE + GAP)
        sheet = places.sheet(each[t])
        if either_sign:
            colours = signed(sheet, float(np.quantile(np.abs(each), 0.998)))
        else:
            low = float(each.min()) if k == 0 else 0.0
            colours = scale(sheet, low, float(np.quantile(each, 1 if k == 0 else 0.998)))
        canvas.text((left, TOP - 8), name, 15, weight=STRONG)
        canvas.picture((left, TOP), colours, max(1, LARGE // max(sheet.shape)))
