"""The film of a neuron that answers a moving bar, with its spikes to be heard.

>>> from corelib import load
>>> from corelib.films import bars_film
>>> from corelib.models.ipvae.experiment import Experiment, run
>>> from corelib.models.ipvae.stimuli import quick_bar
>>> model = load("ipvae-natural-16")
>>> outcome = run(model, Experiment(quick_bar(side=16), direction=90, trials=1))
>>> film = bars_film(model, outcome, neuron=0)
>>> film.frames[0].shape, film.seconds
((540, 960, 3), 4.0)
"""

from typing import NamedTuple

import numpy as np

from corelib.errors import SettingsError
from corelib.films.canvas import Canvas
from corelib.films.colours import EXCITATORY, OKABE_ITO, TEXT, faded, rgb, signed
from corelib.films.film import Drawn, Film
from corelib.films.panel import Panel, bars, curve, draw_axes, range_of
from corelib.films.sheet import draw_picture, name_picture, say_moment, stacked, titled
from corelib.models.ipvae import sound
from corelib.models.ipvae.analysis import features
from corelib.models.ipvae.experiment import Outcome
from corelib.models.ipvae.network import IPVAE, IterativeVAE

BRIGHT, DARK = OKABE_ITO[0], "#3c3c3c"
COVER = 0.6
"""How much the stimulus hides, where it is strongest, of the receptive field below it."""
TO_COME = 0.28
"""How strongly what is still to come is drawn."""
POISSON = ("potential u", "rate exp(u) / spikes per frame", "spikes per frame")
GAUSSIAN = ("mean μ", "mean activity per frame", "sampled activity per frame")


class _Courses(NamedTuple):
    """What goes over time: ``x`` (time,) in frames from the onset, and for each panel its values
    (time,) and colour; the last are drawn as bars."""

    x: np.ndarray
    values: tuple[np.ndarray, np.ndarray, np.ndarray]
    colours: tuple[str, str, str]

    def draw(self, canvas: Canvas, panels: list[Panel], n: int, share: float = 1.0) -> None:
        """The first ``n`` moments, faded to a ``share``."""
        x = self.x[:n]
        *lines, counts = zip(panels, self.values, self.colours, strict=True)
        for panel, values, colour in lines:
            curve(canvas, panel, x, values[:n], faded(colour, share))
        panel, values, colour = counts
        bars(canvas, panel, x, values[:n], faded(colour, share))


def bars_film(
    model: IterativeVAE,
    outcome: Outcome,
    neuron: int,
    frame_seconds: float = 0.025,
    network: str = "",
) -> Film:
    """The stimulus over the neuron's receptive field, beside its potential, rate and spikes in the
    first trial; a spiking network's spikes are heard, each in the frame that it belongs to.

    One frame of the experiment is one of the film and lasts ``frame_seconds``. ``network`` is what
    the title calls it. The pops are those of ``sound.waveform`` with the experiment's seed; a
    Gaussian network is silent. No threshold is drawn, as an iP-VAE has none: its spikes are
    Poisson at the rate exp(u). Raises ``SettingsError`` for a neuron that is not there and for a
    duration that cannot be.
    """
    fields = features(model)
    if not 0 <= neuron < len(fields):
        raise SettingsError(f"neuron is {neuron}, but should be from 0 to {len(fields) - 1}.")
    if not 0 < frame_seconds < np.inf:
        raise SettingsError(f"frame_seconds is {frame_seconds}, but should be above 0.")
    first, e = outcome.first, outcome.experiment
    n, spiking = first.rate.shape[1], isinstance(model, IPVAE)
    courses = _Courses(
        np.arange(n) - e.stimulus.baseline_frames,
        (first.potential[0, :, neuron], first.rate[0, :, neuron], first.activity[0, :, neuron]),
        (EXCITATORY, OKABE_ITO[2], TEXT),
    )
    pictures = _covered(fields[neuron], outcome.film)
    title = f"{network}, neuron {neuron}" if network else f"Neuron {neuron}"
    about = f"{e.stimulus.kind} at {e.direction:g}°, first trial, noise seed {e.seed}"
    base = titled(title, about)
    name_picture(base, fields.shape[1:], "stimulus over the receptive field", _legend(outcome))
    panels = _draw_background(base, courses, POISSON if spiking else GAUSSIAN, frame_seconds)

    def draw(t: int) -> np.ndarray:
        canvas = base.copy()
        draw_picture(canvas, pictures[t])
        courses.draw(canvas, panels, t + 1)
        x = float(panels[0].at(courses.x[t], 0)[0])
        canvas.line(np.array([[x, panels[0].top], [x, panels[-1].bottom]]), BRIGHT, 2)
        say_moment(canvas, f"frame {courses.x[t]}".replace("-", "−"))
        return canvas.pixels()

    heard = None
    if spiking:
        heard = sound.waveform(courses.values[2], frame_seconds, e.seed)
    return Film(Drawn(draw, n), 1 / frame_seconds, heard, sound.RATE)


def _covered(field: np.ndarray, film: np.ndarray) -> np.ndarray:
    """The receptive field (row, column) below the stimulus (time, pixel), which is orange where it
    is brighter than the ground and dark where it is darker: colours (time, row, column, 3)."""
    seen = film.reshape(len(film), *field.shape)
    share = COVER * (np.abs(seen) / (np.abs(seen).max() or 1))[..., None]
    tint = np.where(seen[..., None] > 0, rgb(BRIGHT), rgb(DARK))
    return (1 - share) * signed(field) + share * tint


def _legend(outcome: Outcome) -> list[str]:
    """How to read the picture, as far as it is seen."""
    film = outcome.film
    covered = [("orange: bright", (film > 0).any()), ("grey: dark", (film < 0).any())]
    stimulus = ", ".join(name for name, seen in covered if seen)
    field = "Receptive field: blue positive, red negative"
    return [field, f"Stimulus: {stimulus}"] if stimulus else [field]


def _draw_background(
    canvas: Canvas, courses: _Courses, names: tuple[str, str, str], frame_seconds: float
) -> list[Panel]:
    """All that stays, and faintly what is to come; returns the panels."""
    x, (potential, rate, activity) = courses.x, courses.values
    ys = [range_of(potential), range_of(rate, zero=True), range_of(activity, zero=True)]
    panels = stacked((1.2, 1, 0.9), (x[0] - 0.5, x[-1] + 0.5), ys)
    lasts = f"frame from the stimulus' onset, {1000 * frame_seconds:g} ms each"
    for k, (panel, name) in enumerate(zip(panels, names, strict=True)):
        draw_axes(canvas, panel, name, lasts if k == 2 else "")
    courses.draw(canvas, panels, len(x), TO_COME)
    return panels
