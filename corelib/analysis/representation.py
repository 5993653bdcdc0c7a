"""States of a network: the angles between them, and maps to the plane."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

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
    """A t-SNE in progress: ``done`` is the share of its iterations, ``points`` (image, 2)."""

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

    The weight of largest size on each axis is positive, so that equal states give equal pictures.
    """
    # scikit-learn has no types.
    from sklearn.decomposition import PCA  # pyright: ignore[reportMissingTypeStubs]

    # Faster than the SVD of the states, because there are many more states than units.
    pca: Any = PCA(components, svd_solver="covariance_eigh")
    pca.fit(states.astype(float))
    return Projection(pca.mean_, pca.components_, pca.explained_variance_ratio_)


def tsne(states: np.ndarray, seed: int, stages: int = 4) -> Iterator[Stage]:
    """t-SNE of (image, unit) by scikit-learn, in stages of 250 iterations.

    Each stage begins where the one before ended, the first at random from ``seed``; only the first
    has early exaggeration. scikit-learn lowers momentum in the first 250 iterations of a
    call, so here it stays at 0.5. Perplexity is 30, less for fewer than 91 images.
    """
    # scikit-learn has no types.
    from sklearn.manifold import TSNE  # pyright: ignore[reportMissingTypeStubs]

    start: Any = "random"
    for stage in range(stages):
        method: Any = TSNE(
            init=start,
            perplexity=min(30.0, (len(states) - 1) / 3),
            early_exaggeration=1.0 if stage else 12.0,
            max_iter=STAGE_ITERATIONS,
            random_state=seed,
        )
        points: np.ndarray = method.fit_transform(states)
        yield Stage((stage + 1) / stages, points)
        start = points
