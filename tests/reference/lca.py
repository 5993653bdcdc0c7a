"""Sparse coding in NumPy float64, one image at a time: the optimum that LCA should find, by ISTA
(iterative shrinkage and thresholding, Daubechies and others 2004), and LCA itself, unit by unit."""

import numpy as np


def objective(features: np.ndarray, x: np.ndarray, a: np.ndarray, threshold: float) -> float:
    """1/2 |x - Φ a|² + λ Σ |a|; features (pixel, unit), x (pixel), a (unit)."""
    return 0.5 * float(np.sum((x - features @ a) ** 2)) + threshold * float(np.sum(np.abs(a)))


def shrunk(v: float, threshold: float, sign: str) -> float:
    if v > threshold:
        return v - threshold
    return v + threshold if sign == "signed" and v < -threshold else 0.0


def ista(
    features: np.ndarray, x: np.ndarray, threshold: float, sign: str, n_steps: int = 20_000
) -> np.ndarray:
    """The optimum, by gradient steps of 1 over the largest eigenvalue and shrinking."""
    rate = 1 / np.linalg.norm(features, 2) ** 2
    a = np.zeros(features.shape[1])
    for _ in range(n_steps):
        ahead = a + rate * features.T @ (x - features @ a)
        a = np.array([shrunk(v, threshold * rate, sign) for v in ahead])
    return a


def lca(
    features: np.ndarray, x: np.ndarray, threshold: float, sign: str, step: float, n_steps: int
) -> np.ndarray:
    """Activities after each step, (time, unit): each unit is inhibited by all others in turn."""
    n_units = features.shape[1]
    u, a, trace = np.zeros(n_units), np.zeros(n_units), []
    for _ in range(n_steps):
        change = np.zeros(n_units)
        for k in range(n_units):
            drive = float(np.dot(features[:, k], x))
            inhibition = sum(
                float(np.dot(features[:, k], features[:, j])) * a[j]
                for j in range(n_units)
                if j != k
            )
            change[k] = drive - u[k] - inhibition
        u = u + step * change
        a = np.array([shrunk(v, threshold, sign) for v in u])
        trace.append(a)
    return np.array(trace)
