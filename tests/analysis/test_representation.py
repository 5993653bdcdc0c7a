"""Angles, principal components against the SVD, and what t-SNE must do."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.manifold import TSNE

from corelib.analysis.representation import cosine, principal, tsne


@pytest.fixture
def states():
    rng = np.random.default_rng(0)
    return (rng.normal(size=(200, 12)) * np.linspace(5, 0.1, 12) + 3).astype(np.float32)


# --- angles ---------------------------------------------------------------------------------------


def test_cosine_in_the_plane():
    a = np.array([[1, 0], [1, 0], [1, 0], [2, 2], [0, 0]], np.float32)
    b = np.array([[3, 0], [0, 2], [-1, 0], [0, 5], [1, 1]], np.float32)
    cosines = cosine(a, b)
    np.testing.assert_allclose(cosines[:4], [1, 0, -1, math.sqrt(0.5)], atol=1e-12)
    assert math.isnan(cosines[4])


@given(st.integers(0, 2**32 - 1), st.floats(0.01, 100))
def test_cosine_ignores_length(seed, factor):
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=(2, 5, 7))
    cosines = cosine(a, b)
    truth = [sum(x * y) / math.sqrt(sum(x * x) * sum(y * y)) for x, y in zip(a, b, strict=True)]
    np.testing.assert_allclose(cosines, truth, rtol=1e-9)
    np.testing.assert_allclose(cosine(factor * a, b), cosines, rtol=1e-9)
    np.testing.assert_allclose(cosine(a, a), 1)


# --- principal components -------------------------------------------------------------------------


def test_principal_components_match_the_svd(states):
    centred = states.astype(float) - states.astype(float).mean(0)
    _, sizes, axes = np.linalg.svd(centred, full_matrices=False)
    components = principal(states, 3)
    np.testing.assert_allclose(components.explained, (sizes**2 / (sizes**2).sum())[:3], rtol=1e-9)
    signs = np.sign((components.axes * axes[:3]).sum(1, keepdims=True))
    np.testing.assert_allclose(components.axes, signs * axes[:3], atol=1e-9)
    np.testing.assert_allclose(components.apply(states), centred @ components.axes.T, atol=1e-5)


def test_axes_have_a_fixed_sign(states):
    axes = principal(states, 3).axes
    assert (axes[np.arange(3), np.abs(axes).argmax(1)] > 0).all()
    np.testing.assert_allclose(principal(states[::-1], 3).axes, axes, atol=1e-6)


def test_trajectories_are_projected_point_by_point(states):
    components = principal(states)
    moving = states.reshape(40, 5, 12)
    points = components.apply(moving)
    assert points.shape == (40, 5, 2)
    np.testing.assert_allclose(points[3, 2], components.apply(moving[3, 2]), atol=1e-6)
    np.testing.assert_allclose(components.apply(components.mean), 0, atol=1e-6)
    # Variances of the projected points are the shares explained.
    variance = states.astype(float).var(0).sum()
    shares = components.apply(states).astype(float).var(0) / variance
    np.testing.assert_allclose(shares, components.explained, rtol=1e-4)


# --- t-SNE ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def blobs():
    rng = np.random.default_rng(1)
    return np.concatenate([rng.normal(size=(40, 5)), rng.normal(size=(40, 5)) + 30])


@pytest.fixture(scope="module")
def stages(blobs):
    return list(tsne(blobs, seed=0, stages=3))


def test_tsne_separates_distant_clusters(stages):
    points = stages[-1].points
    assert points.shape == (80, 2)
    centres = points[:40].mean(0), points[40:].mean(0)
    between = np.linalg.norm(centres[0] - centres[1])
    within = max(
        np.linalg.norm(half - centre, axis=1).max()
        for half, centre in zip((points[:40], points[40:]), centres, strict=True)
    )
    assert between > 2 * within


def test_tsne_is_reported_in_successive_stages(stages):
    assert [stage.done for stage in stages] == [pytest.approx(k / 3) for k in (1, 2, 3)]
    # The exaggerated start is dense; from then on the points settle.
    sizes = [stage.points.std() for stage in stages]
    assert sizes[0] < sizes[1] / 1.3
    moved = np.abs(stages[2].points - stages[1].points).mean()
    assert 0 < moved < 0.5 * np.abs(stages[1].points).mean()


def test_the_seed_determines_the_embedding(blobs, stages):
    again = next(tsne(blobs, seed=0)).points
    np.testing.assert_array_equal(again, stages[0].points)
    assert not np.allclose(next(tsne(blobs, seed=1)).points, again)


@pytest.mark.parametrize(("n", "perplexity"), [(31, 10.0), (91, 30.0), (120, 30.0)])
def test_a_stage_is_scikit_learns_with_its_perplexity(n, perplexity):
    """A third of the others, at most 30; only the first stage exaggerates."""
    states = np.random.default_rng(2).normal(size=(n, 4))
    shared = {"perplexity": perplexity, "max_iter": 250, "random_state": 5}
    stages = tsne(states, seed=5, stages=2)
    first = TSNE(init="random", early_exaggeration=12.0, **shared).fit_transform(states)
    np.testing.assert_allclose(next(stages).points, first, rtol=1e-5)
    second = TSNE(init=first, early_exaggeration=1.0, **shared).fit_transform(states)
    np.testing.assert_allclose(next(stages).points, second, rtol=1e-5)


def test_a_few_states_are_enough(blobs):
    for n in (4, 10):
        assert np.isfinite(next(tsne(blobs[:n], seed=0, stages=1)).points).all()
