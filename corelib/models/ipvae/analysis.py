"""Learned features and how alike they are, the sparsity of a code, and what can be read from it."""

from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from corelib.errors import SettingsError
from corelib.models.ipvae.dynamics import INTACT, Controls
from corelib.models.ipvae.inference import run_inference
from corelib.models.ipvae.network import IterativeVAE

CHUNK = 500
STRENGTHS = (1.0, 0.1, 0.01, 0.001)
"""Inverse strengths of a readout's regularisation, from which one is chosen."""


class Code(NamedTuple):
    """What the network makes of images after some steps: the mean activity, ``rate`` (image, unit),
    and means over images after each step, (time,), as in ``inference.Convergence``; ``r2_of_each``
    (image,) after the last step."""

    rate: np.ndarray
    r2: np.ndarray
    zeros: np.ndarray
    change: np.ndarray
    r2_of_each: np.ndarray


class Readout(NamedTuple):
    """Logistic regression on a code: share of right answers, the answers (image,), and the inverse
    ``strength`` of its regularisation."""

    accuracy: float
    predicted: np.ndarray
    strength: float


def features(model: IterativeVAE) -> np.ndarray:
    """The columns of W as images, float32 (neuron, row, column)."""
    decoder = model.decoder.detach().cpu().numpy()
    side = round(decoder.shape[0] ** 0.5)
    return decoder.T.reshape(-1, side, side)


def most_similar_feature(field: np.ndarray, fields: np.ndarray) -> int:
    """Which of the features ``fields`` (neuron, row, column) is most like ``field`` (row, column):
    the largest cosine between them, of either sign."""
    flat = fields.reshape(len(fields), -1)
    length = np.linalg.norm(flat, axis=1)
    return int(np.abs(flat @ field.ravel() / np.where(length > 0, length, np.inf)).argmax())


def encode(
    model: IterativeVAE, x: Tensor, n_steps: int, controls: Controls = INTACT, seed: int = 0
) -> Code:
    """The code of many images, (image, pixel), some at a time."""
    chunks = [x[at : at + CHUNK] for at in range(0, len(x), CHUNK)]
    parts = [
        (len(chunk), run_inference(model, chunk, n_steps, controls, seed + k))
        for k, chunk in enumerate(chunks)
    ]
    shares = np.array([n for n, _ in parts]) / len(x)

    def mean(name: str) -> np.ndarray:
        return np.tensordot(shares, np.stack([getattr(found, name) for _, found in parts]), 1)

    rate, each = (
        np.concatenate([getattr(found, name) for _, found in parts])
        for name in ("rate", "r2_of_each")
    )
    return Code(rate, mean("r2"), mean("zeros"), mean("change"), each)


def lifetime_sparsity(activity: np.ndarray) -> np.ndarray:
    """Of each neuron over images, (image, unit) -> (unit,): 0 if it answers all alike, 1 if it
    answers a single one.

    (1 - (mean r)² / mean r²) / (1 - 1 / n), Vinje and Gallant 2000; NaN for a silent neuron.
    """
    return _sparsity(activity, 0)


def population_sparsity(activity: np.ndarray) -> np.ndarray:
    """The same over neurons, of each image: (image, unit) -> (image,)."""
    return _sparsity(activity, 1)


def _sparsity(activity: np.ndarray, axis: int) -> np.ndarray:
    r = np.abs(np.asarray(activity, float))
    square = (r**2).mean(axis)
    share = r.mean(axis) ** 2 / np.where(square > 0, square, np.nan)
    return (1 - share) / (1 - 1 / r.shape[axis])


def read_out(
    train: np.ndarray, train_labels: np.ndarray, test: np.ndarray, test_labels: np.ndarray
) -> Readout:
    """Logistic regression (scikit-learn's, 300 iterations at most) from the codes (image, unit) of
    some images to their labels, tried on others. Of ``STRENGTHS`` the one is taken that reads the
    last fifth of the training images best after learning from the others; then all are learned."""
    import warnings

    # scikit-learn comes without types.
    from sklearn.exceptions import ConvergenceWarning  # pyright: ignore[reportMissingTypeStubs]
    from sklearn.linear_model import LogisticRegression  # pyright: ignore[reportMissingTypeStubs]

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)

        def fitted(strength: float, images: slice) -> Any:
            readout: Any = LogisticRegression(max_iter=300, C=strength)
            return readout.fit(train[images], train_labels[images])

        kept = len(train) * 4 // 5
        scores = {
            strength: (
                fitted(strength, slice(kept)).predict(train[kept:]) == train_labels[kept:]
            ).mean()
            for strength in STRENGTHS
        }
        strength = max(STRENGTHS, key=lambda strength: scores[strength])
        predicted: np.ndarray = fitted(strength, slice(None)).predict(test)
    return Readout(float((predicted == test_labels).mean()), predicted, strength)


def without(model: IterativeVAE, neurons: list[int]) -> Controls:
    """Controls that silence some neurons. Raises ``SettingsError`` for one that does not exist."""
    n = model.decoder.shape[1]
    missing = [k for k in neurons if not 0 <= k < n]
    if missing:
        raise SettingsError(f"neuron is {missing[0]}, but should be from 0 to {n - 1}.")
    lesioned = torch.zeros(model.decoder.shape[1], dtype=torch.bool, device=model.decoder.device)
    lesioned[neurons] = True
    return Controls(lesioned=lesioned)
