"""Records of what was measured that tables read, too: whoever reads a table does not wait for
torch."""

from typing import NamedTuple

import numpy as np


class CodePoint(NamedTuple):
    """A code in the plane of sparsity and quality: the portion of ``zeros`` and the ``r2`` of the
    reconstruction, both as shares."""

    zeros: float
    r2: float


class ContrastCurve(NamedTuple):
    """Selectivity against contrast, each (contrast,): 1 - circular variance for orientation, the
    ``median`` over the ``responsive`` neurons (their number), with the bounds ``low`` and ``high``
    of its 95 % bootstrap interval over neurons."""

    contrasts: np.ndarray
    median: np.ndarray
    low: np.ndarray
    high: np.ndarray
    responsive: np.ndarray

    def equal_to(self, published: float) -> tuple[float, ...]:
        """The contrasts at which the median equals a figure, between those measured by
        interpolation on a logarithmic axis; empty where it never does."""
        away = self.median - published
        x = np.log(self.contrasts)
        found: list[float] = []
        for k in range(len(away) - 1):
            one, other = away[k], away[k + 1]
            if one == 0:
                found.append(float(self.contrasts[k]))
            elif one * other < 0:
                share = one / (one - other)
                found.append(float(np.exp(x[k] + share * (x[k + 1] - x[k]))))
        if away[-1] == 0:
            found.append(float(self.contrasts[-1]))
        return tuple(found)

    def agrees(self, published: float) -> np.ndarray:
        """At which contrasts the interval contains a figure, (contrast,) of bool."""
        return (self.low <= published) & (published <= self.high)
