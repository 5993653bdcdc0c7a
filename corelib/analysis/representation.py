"""States of a network seen from outside: angles between them, and maps to the plane."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

STAGE_ITERATIONS = 250


class Projection(NamedTuple):
    """Principal components: ``mean`` (unit,), ``axes`` (component, unit), and ``explained``
    (component,), the share of the variance along each."""

    mean: np.ndarray
    axes: np.ndarray
    explained: np.ndarray

    def apply(self, states: np.ndarray) -> np.ndarray:
        """(..., unit) -> (..., component): axes (state - mean)."""
        return (states - self.mean) @ self.axes.T


class Stage(NamedTuple):
    """A t-SNE under way: ``done`` is the share of its iterations, ``points`` (image, 2)."""

    done: float
    points: np.ndarray


def cosine(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """a.b / (|a| |b|) of each row: (image, unit) twice -> (image,); NaN where one is zero."""
    a, b = a.astype(float), b.astype(float)
    lengths = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    with np.errstate(invalid="ignore"):
        return (a * b).sum(1) / lengths


def principal(states: np.ndarray, components: int = 2) -> Projection:
    """The principal components of (image, unit), by scikit-learn.

    An axis points where its largest weight is positive, so that equal states give equal pictures.
    """
    from sklearn.decomposition import PCA

    # Quicker than the SVD of the states, which are many more than their units.
    found = PCA(components, svd_solver="covariance_eigh").fit(states.astype(float))
    return Projection(found.mean_, found.components_, found.explained_variance_ratio_)


def tsne(states: np.ndarray, seed: int, stages: int = 4) -> Iterator[Stage]:
    """t-SNE of (image, unit) by scikit-learn, told every 250 iterations.

    Each stage begins where the one before ended, the first at random from ``seed``, with early
    exaggeration in the first alone. scikit-learn lowers momentum in the first 250 iterations of a
    call, so here it stays at 0.5. Perplexity is 30, less for fewer than 91 images.
    """
    from sklearn.manifold import TSNE

    points: np.ndarray | str = "random"
    for stage in range(stages):
        points = TSNE(
            init=points,
            perplexity=min(30.0, (len(states) - 1) / 3),
            early_exaggeration=1.0 if stage else 12.0,
            max_iter=STAGE_ITERATIONS,
            random_state=seed,
        ).fit_transform(states)
        yield Stage((stage + 1) / stages, points)
