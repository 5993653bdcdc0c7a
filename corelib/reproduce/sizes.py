"""BPAN in four sizes: what its authors published, what their own log says, and which networks have
the published numbers of parameters.

"Published" is the README of the authors of Lahiri and Panwar, "Balanced Predictive Attractor
Networks for Anytime and Sequential Inference". "Logged" is the file results/mnist_param_sweep.jsonl
of their repository (github.com/jeetblahiri/bpan, commit d69ec50): the same sizes trained by their
run_experiment.py with one seed, for 10 epochs, at the epoch that is best on the test images.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import isqrt
from typing import NamedTuple

from corelib.analysis.anytime import Spread

HIDDEN = (64, 128, 256, 512)
INPUTS, CLASSES = 784, 10


class Logged(NamedTuple):
    """Accuracies in per cent, of one seed; ``parameters`` are BPAN's."""

    parameters: int
    bpan: float
    mlp: float


class Published(NamedTuple):
    """Accuracies in per cent, mean ± sd; ``parameters`` are BPAN's."""

    parameters: int
    bpan: Spread
    mlp: Spread


class Size(NamedTuple):
    """E and I units of a BPAN."""

    n_excitatory: int
    n_inhibitory: int

    @property
    def parameters(self) -> int:
        """(E + I)² + (D + 2)(E + I) + (E + 1) C on MNIST, as ``BalancedNetwork`` counts them."""
        units = sum(self)
        return units**2 + (INPUTS + 2) * units + (self.n_excitatory + 1) * CLASSES


PUBLISHED = {
    64: Published(39_050, Spread(95.70, 0.12, 5), Spread(96.99, 0.09, 5)),
    128: Published(76_170, Spread(96.82, 0.10, 5), Spread(97.65, 0.14, 5)),
    256: Published(152_650, Spread(97.38, 0.12, 5), Spread(98.01, 0.12, 5)),
    512: Published(307_850, Spread(97.92, 0.08, 5), Spread(98.13, 0.02, 5)),
}
LOGGED = {
    64: Logged(33_370, 96.49, 97.59),
    128: Logged(69_930, 97.44, 97.87),
    256: Logged(152_650, 97.77, 97.93),
    512: Logged(356_490, 97.93, 98.20),
}


def size(hidden: int) -> Size:
    """E = h/2 and I = h/8, as in the authors' code."""
    return Size(hidden // 2, hidden // 8)


def nearest_size(hidden: int) -> Size:
    """E = h/2, and the I whose number of parameters is nearest to the published one."""
    excitatory = hidden // 2
    sizes = (Size(excitatory, inhibitory) for inhibitory in range(1, excitatory + 1))
    return min(sizes, key=lambda s: abs(s.parameters - PUBLISHED[hidden].parameters))


def sizes_with(parameters: int) -> list[Size]:
    """All sizes with exactly this many parameters.

    The equation is solved for E + I once for each E, so none is missed.
    """
    found = []
    for excitatory in range(1, parameters // (INPUTS + 2) + 1):
        rest = parameters - (excitatory + 1) * CLASSES
        half = (INPUTS + 2) // 2
        units = isqrt(half**2 + rest) - half if rest > 0 else 0
        candidate = Size(excitatory, units - excitatory)
        if candidate.n_inhibitory > 0 and candidate.parameters == parameters:
            found.append(candidate)
    return found


def last_by_proportion(counts: Sequence[int]) -> int:
    """What the first three of the four counts imply for the last, where E and I are proportional
    to h.

    Dense weights make any count of parameters quadratic in h, whatever the network's parts, so at
    h = 64, 128, 256 three counts fix the fourth, at 512: P(8) = 8 P(1) - 14 P(2) + 7 P(4), in
    units of 64.
    """
    first, second, third = counts[:3]
    return 8 * first - 14 * second + 7 * third
