"""Inference of one image, moment by moment, as it is watched."""

from typing import NamedTuple

import numpy as np

from corelib.models.ipvae.inference import Trace

MOST_MOMENTS = 26


class Moments(NamedTuple):
    """Chosen ``steps`` (moment,) of an inference: ``reconstruction`` (moment, row, column), and
    ``potential``, ``rate`` and ``activity`` of all units, (moment, unit)."""

    steps: np.ndarray
    reconstruction: np.ndarray
    potential: np.ndarray
    rate: np.ndarray
    activity: np.ndarray


class Places(NamedTuple):
    """Where the mosaic of features shows each unit: ``order`` (place,) of their numbers, row by row
    in so many ``columns``."""

    order: np.ndarray
    columns: int

    def sheet(self, values: np.ndarray) -> np.ndarray:
        """Values (unit,) at their places, (row, column); NaN where no unit is left."""
        rows = -(-len(self.order) // self.columns)
        filled = np.full(rows * self.columns, np.nan, np.float32)
        filled[: len(self.order)] = values[self.order]
        return filled.reshape(rows, self.columns)


def moments_of(trace: Trace, side: int) -> Moments:
    """At most 26 steps of a trace of one image, evenly spaced on a logarithmic scale."""
    n_steps = trace.activity.shape[1]
    last = MOST_MOMENTS - 1
    steps = np.array(sorted({round(n_steps ** (k / last)) for k in range(MOST_MOMENTS)}))
    at = steps - 1
    return Moments(
        steps,
        trace.reconstruction[0, at].reshape(-1, side, side),
        trace.potential[0, at],
        trace.rate[0, at],
        trace.activity[0, at],
    )


def square(order: np.ndarray) -> Places:
    """The units in this ``order`` (place,) in about a square."""
    return Places(order, int(np.ceil(np.sqrt(len(order)))))
