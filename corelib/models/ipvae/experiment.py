"""Experiments on a trained network: what it is shown, what is done to it, and what it answers.

>>> from corelib import load
>>> from corelib.models.ipvae.experiment import Experiment, run
>>> from corelib.models.ipvae.stimuli import quick_bar
>>> outcome = run(load("ipvae-natural-16"), Experiment(quick_bar(side=16), direction=90, trials=5))
>>> outcome.activity.shape
(5, 160, 512)

Rates and activity are a frame: spikes a frame in an iP-VAE, arbitrary units in the others.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch

from corelib.errors import SettingsError
from corelib.models.ipvae.analysis import without
from corelib.models.ipvae.dynamics import INTACT, Controls
from corelib.models.ipvae.inference import Responses, Trace, respond, trace
from corelib.models.ipvae.network import IterativeVAE
from corelib.models.ipvae.stimuli import Stimulus, film, places
from corelib.models.ipvae.tuning import Selectivity, Tuning, selectivity, tuning

FRAMES_KEPT = 400
"""A sweep keeps at most about twice this many moments of its rates over time."""
TRIALS_AT_ONCE = 10
"""A trace is seven arrays of (trial, time, unit): more trials at once would fill the memory."""


class Intervention(NamedTuple):
    """What is changed in a trained network.

    ``explaining_away`` on or off; ``leak``, the strength of the drive that pulls each potential
    back to where it began; ``lesioned``, the neurons that are silenced.
    """

    explaining_away: bool = True
    leak: float = 0.0
    lesioned: tuple[int, ...] = ()


UNTOUCHED = Intervention()


class Experiment(NamedTuple):
    """A stimulus that moves in one ``direction`` (degrees), shown to a network in several trials.

    With ``reset_every`` > 0 the network begins anew every so many frames, from the stimulus' onset
    on. All noise comes from ``seed``.
    """

    stimulus: Stimulus
    direction: float = 0.0
    intervention: Intervention = UNTOUCHED
    reset_every: int = 0
    trials: int = 10
    seed: int = 0

    @property
    def reset_at(self) -> tuple[int, ...]:
        """Frames of the film before which the network begins anew."""
        if not self.reset_every:
            return ()
        onset = self.stimulus.baseline_frames
        return tuple(range(onset, onset + self.stimulus.frames, self.reset_every))


class Outcome(NamedTuple):
    """An experiment and all that came of it.

    ``film`` (time, pixel); ``places`` (time,) of the bar in pixels, NaN where there is none;
    ``activity`` (trial, time, unit); the mean ``rate`` over trials and its standard ``error``, both
    (time, unit), the error NaN with a single trial; everything of the ``first`` trial, whose arrays
    are (1, time, unit).
    """

    experiment: Experiment
    film: np.ndarray
    places: np.ndarray
    activity: np.ndarray
    rate: np.ndarray
    error: np.ndarray
    first: Trace

    @property
    def stimulus(self) -> Stimulus:
        """What was shown, in all but its direction."""
        return self.experiment.stimulus

    @property
    def counts(self) -> np.ndarray:
        """The activity summed from the stimulus' onset on, (trial, unit); spike counts of an
        iP-VAE."""
        return self.activity[:, self.stimulus.baseline_frames :].sum(1)

    @property
    def first_spike(self) -> np.ndarray:
        """Frames from the stimulus' onset to the first activity above 0, (trial, unit); NaN where
        there is none."""
        fires = self.activity[:, self.stimulus.baseline_frames :] > 0
        return np.where(fires.any(1), fires.argmax(1), np.nan)


class DirectionSweep(NamedTuple):
    """All neurons' answers to a stimulus in every direction.

    ``directions`` (direction,) in degrees. ``rate`` and ``magnitude`` (trial, direction, 2, unit)
    are means a frame of the rate and of its absolute value, before the stimulus (0 without baseline
    frames) and from its onset on; ``counts`` (trial, direction, unit) are sums of the activity from
    the onset on. ``over_time`` (direction, time, unit) is the mean rate over trials, every
    ``every`` frames.
    """

    baseline_frames: int
    directions: np.ndarray
    rate: np.ndarray
    magnitude: np.ndarray
    counts: np.ndarray
    over_time: np.ndarray
    every: int

    def tuning(self, *, magnitude: bool = False) -> Tuning:
        """The tuning curves, of the rate or of its magnitude."""
        # Means over time are all that tuning needs: one frame before the onset, one from it on.
        response = self.magnitude if magnitude else self.rate
        if self.baseline_frames:
            return tuning(response, self.directions, 1)
        return tuning(response[:, :, 1:], self.directions, 0)

    def selectivity(self) -> Selectivity:
        """How selective the neurons are for orientation and direction."""
        return selectivity(self.tuning())


def controls(model: IterativeVAE, intervention: Intervention) -> Controls:
    """The intervention as the dynamics of this network take it."""
    lesioned = None
    if intervention.lesioned:
        lesioned = without(model, list(intervention.lesioned)).lesioned
    return Controls(float(intervention.explaining_away), intervention.leak, lesioned)


def check_experiment(experiment: Experiment) -> None:
    """Raises ``SettingsError`` naming what of an experiment cannot be; the stimulus and the neurons
    are checked where they are shown and silenced."""
    e = experiment
    if e.trials < 1:
        raise SettingsError(f"trials is {e.trials}, but an experiment needs at least 1 trial.")
    if e.reset_every < 0:
        raise SettingsError(f"reset_every is {e.reset_every}, but should be 0 or more.")
    if not np.isfinite(e.direction):
        raise SettingsError(f"direction is {e.direction}, but should be a number of degrees.")
    if not 0 <= e.intervention.leak <= 1:
        raise SettingsError(f"leak is {e.intervention.leak}, but should be from 0 to 1.")


def run(model: IterativeVAE, experiment: Experiment) -> Outcome:
    """Show the stimulus in all trials, ``TRIALS_AT_ONCE`` at a time.

    Trials from k on (k = 0, 10, ...) draw their noise from seed + 1000 k. Raises ``SettingsError``
    naming a setting that cannot be.
    """
    check_experiment(experiment)
    shown = film(experiment.stimulus, _side(model), [experiment.direction])
    parts = _traces(model, shown, experiment)
    part = next(parts)
    of_first = {k: v[:1].copy() for k, v in part._asdict().items() if k != "threshold"}
    first = part._replace(**of_first)
    rates, activities = [part.rate], [part.activity]
    for part in parts:
        rates.append(part.rate)
        activities.append(part.activity)
    rate = np.concatenate(rates)
    error = np.full(rate.shape[1:], np.nan)
    if experiment.trials > 1:
        error = rate.std(0, ddof=1) / np.sqrt(experiment.trials)
    where = places(experiment.stimulus)
    activity = np.concatenate(activities)
    return Outcome(experiment, shown[0], where, activity, rate.mean(0), error, first)


def _traces(model: IterativeVAE, shown: np.ndarray, experiment: Experiment) -> Iterator[Trace]:
    x = torch.as_tensor(shown).to(model.decoder.device)
    for at in range(0, experiment.trials, TRIALS_AT_ONCE):
        yield trace(
            model,
            x.expand(min(TRIALS_AT_ONCE, experiment.trials - at), -1, -1),
            None,
            controls(model, experiment.intervention),
            experiment.seed + 1000 * at,
            experiment.reset_at,
        )


def record(
    model: IterativeVAE,
    films: np.ndarray,
    trials: int = 1,
    controls: Controls = INTACT,
    seed: int = 0,
    reset_at: Sequence[int] = (),
) -> Responses:
    """Each film, (direction, time, pixel), shown in several trials at once: arrays of
    (trial, direction, time, unit)."""
    device = model.decoder.device
    many = torch.as_tensor(films).to(device).expand(trials, *films.shape).flatten(0, 1)
    responses = respond(model, many, controls, seed, reset_at)
    return Responses(*(part.reshape(trials, len(films), *part.shape[1:]) for part in responses))


def all_directions(n: int) -> np.ndarray:
    """``n`` directions around the circle, (direction,) in degrees, from 0 on."""
    return np.arange(n) * 360 / n


def sweep_directions(
    model: IterativeVAE, experiment: Experiment, directions: np.ndarray
) -> DirectionSweep:
    """Show the experiment's stimulus in each of the ``directions`` in place of its own.

    Trial by trial, so that a long film fits into memory; trial k draws from 1000 seed + k. Raises
    ``SettingsError`` naming a setting that cannot be.
    """
    check_experiment(experiment)
    shown = film(experiment.stimulus, _side(model), directions)
    onset = experiment.stimulus.baseline_frames
    every = max(1, shown.shape[1] // FRAMES_KEPT)
    changed = controls(model, experiment.intervention)
    means: list[np.ndarray] = []
    magnitudes: list[np.ndarray] = []
    counts: list[np.ndarray] = []
    over_time = np.zeros((), np.float32)
    for trial in range(experiment.trials):
        seed = 1000 * experiment.seed + trial
        rate, activity = (
            part[0] for part in record(model, shown, 1, changed, seed, experiment.reset_at)
        )
        means.append(_before_and_during(rate, onset))
        magnitudes.append(_before_and_during(np.abs(rate), onset))
        counts.append(activity[:, onset:].sum(1))
        over_time = over_time + rate[:, ::every] / experiment.trials
    return DirectionSweep(
        onset,
        directions,
        np.stack(means),
        np.stack(magnitudes),
        np.stack(counts),
        over_time.astype(np.float32),
        every,
    )


def _before_and_during(rate: np.ndarray, onset: int) -> np.ndarray:
    """Means over time, from (direction, time, unit) to (direction, 2, unit)."""
    before = rate[:, :onset].mean(1) if onset else np.zeros_like(rate[:, 0])
    return np.stack([before, rate[:, onset:].mean(1)], 1)


def mean_responses(model: IterativeVAE, experiments: Sequence[Experiment]) -> np.ndarray:
    """Mean rates a frame of all neurons from each stimulus' onset on, less the mean over trials
    before it: (experiment, trial, unit).

    All trials of an experiment are shown at once and draw from its seed; the experiments need the
    same number of trials.
    """
    responses: list[np.ndarray] = []
    for e in experiments:
        check_experiment(e)
        shown = film(e.stimulus, _side(model), [e.direction])
        changed = controls(model, e.intervention)
        rate = record(model, shown, e.trials, changed, e.seed, e.reset_at).rate[:, 0]
        onset = e.stimulus.baseline_frames
        before = rate[:, :onset].mean((0, 1)) if onset else 0.0
        responses.append(rate[:, onset:].mean(1) - before)
    return np.stack(responses)


def forgetful(experiment: Experiment) -> dict[str, Experiment]:
    """The experiment on a network that keeps its potentials, and on networks that lose them by a
    leak or by beginning anew: what is left of direction selectivity without that memory?"""

    def variant(leak: float, reset_every: int) -> Experiment:
        changed = experiment.intervention._replace(leak=leak)
        return experiment._replace(intervention=changed, reset_every=reset_every)

    return {
        "no leak, no reset": variant(0.0, 0),
        "leak 0.1": variant(0.1, 0),
        "leak 0.5": variant(0.5, 0),
        "reset every 20 frames": variant(0.0, 20),
        "reset every 5 frames": variant(0.0, 5),
    }


def _side(model: IterativeVAE) -> int:
    return round(model.decoder.shape[0] ** 0.5)
