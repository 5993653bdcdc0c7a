"""What a code is like: how sparse it is, which neurons carry it, in which order to show them, and
how well digits can be read from it."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

import numpy as np

from corelib.models.ipvae.analysis import (
    Code,
    encode,
    lifetime_sparsity,
    population_sparsity,
    read_out,
)
from corelib.models.ipvae.dynamics import INTACT, Controls
from corelib.models.ipvae.gabor import Gabors
from corelib.models.ipvae.inference import Convergence
from corelib.models.ipvae.learner import images
from corelib.models.ipvae.network import IterativeVAE
from corelib.models.ipvae.records import CodePoint

if TYPE_CHECKING:
    from corelib.data.images import ImageDataset

NeuronOrder = Literal["rate", "orientation", "frequency", "Gabor fit", "number"]
ORDERS: tuple[NeuronOrder, ...] = get_args(NeuronOrder)
READ_AT_ONCE = 500

Progress = Callable[[float, str], object]
"""Called with the share that is done, 0 to 1, and what is being done."""


class Sparsity(NamedTuple):
    """How sparse a code is, from 0 (dense) to 1 (one neuron, or one image, alone): ``lifetime``
    (unit,) and ``population`` (image,) with their medians, NaN left out; ``point`` after the last
    step."""

    lifetime: np.ndarray
    population: np.ndarray
    lifetime_median: float
    population_median: float
    point: CodePoint


class ReadoutSize(NamedTuple):
    """How many digits the readout learns from and is tested on, and the steps of inference."""

    n_train: int = 5000
    n_test: int = 2000
    n_steps: int = 100


class DigitReadout(NamedTuple):
    """Of the test digits: ``point`` of their code after the last step, and the share of digits that
    a logistic regression on the mean activity classifies correctly."""

    point: CodePoint
    accuracy: float


def code_point(code: Code | Convergence) -> CodePoint:
    """The point after the last step, means over the images."""
    return CodePoint(float(code.zeros[-1]), float(code.r2[-1]))


def mean_activity(rate: np.ndarray) -> np.ndarray:
    """The mean size of each neuron's activity over images, (image, unit) -> (unit,)."""
    return np.abs(rate).mean(0)


def most_active(rate: np.ndarray, n: int) -> np.ndarray:
    """Numbers of the ``n`` neurons with the largest mean size of activity, largest first.

    ``rate`` is (time, unit); of equals the lower number comes first.
    """
    return np.argsort(-mean_activity(rate), kind="stable")[:n]


def neuron_order(by: NeuronOrder, activity: np.ndarray, fits: Gabors | None = None) -> np.ndarray:
    """The neurons' numbers in an order, (unit,): by mean ``activity`` (unit,), the largest first,
    by their number, or by the Gabor functions fitted to their features.

    Orientations and frequencies ascend, the best fit comes first, and flat features, which have
    none, come last. Raises ``ValueError`` where an order needs ``fits`` and there are none.
    """
    if by == "number":
        return np.arange(len(activity))
    if by == "rate":
        return np.argsort(-activity, kind="stable")
    if fits is None:
        raise ValueError(f"The order by {by} needs the fitted Gabor functions.")
    keys = {"orientation": fits.orientation, "frequency": fits.frequency, "Gabor fit": -fits.r2}
    return np.argsort(keys[by], kind="stable")


def sparsity(code: Code) -> Sparsity:
    """Lifetime and population sparsity of the code's ``rate`` (Vinje and Gallant 2000)."""
    lifetime, population = lifetime_sparsity(code.rate), population_sparsity(code.rate)
    return Sparsity(
        lifetime,
        population,
        float(np.nanmedian(lifetime)),
        float(np.nanmedian(population)),
        code_point(code),
    )


def first_of_kind(kinds: Mapping[str, str]) -> dict[str, str]:
    """From networks' kinds by name, the first name of each kind, in the order of the names."""
    first: dict[str, str] = {}
    for name, kind in kinds.items():
        first.setdefault(kind, name)
    return first


def read_digits(
    model: IterativeVAE,
    dataset: "ImageDataset",
    size: ReadoutSize = ReadoutSize(),  # noqa: B008 (never changed)
    controls: Controls = INTACT,
    progress: Progress | None = None,
) -> DigitReadout:
    """How well classes can be read from the code: a logistic regression learns them from the mean
    activity of the first training images and is tested on the first test images.

    The noise is fixed: seed k for the training images from k on, ``n_train`` for the test images.
    """

    def tell(share: float, what: str) -> None:
        if progress is not None:
            progress(share, what)

    train, test = dataset.train, dataset.test
    rates: list[np.ndarray] = []
    tell(0.0, "Inferring training digits")
    for at in range(0, size.n_train, READ_AT_ONCE):
        x = images(dataset, train.pixels[at : min(at + READ_AT_ONCE, size.n_train)])
        rates.append(encode(model, x, size.n_steps, controls, seed=at).rate)
        done = min(1.0, (at + READ_AT_ONCE) / size.n_train)
        tell(0.7 * done, "Inferring training digits")
    x = images(dataset, test.pixels[: size.n_test])
    code = encode(model, x, size.n_steps, controls, seed=size.n_train)
    tell(0.9, "Learning to read them")
    readout = read_out(
        np.concatenate(rates),
        train.labels[: size.n_train].numpy(),
        code.rate,
        test.labels[: size.n_test].numpy(),
    )
    return DigitReadout(code_point(code), readout.accuracy)
