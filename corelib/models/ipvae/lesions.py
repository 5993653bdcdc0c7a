"""What single neurons are worth to a code."""

import numpy as np


def needed(decoder: np.ndarray, rate: np.ndarray, x: np.ndarray) -> np.ndarray:
    """What R² of an image loses when one neuron is taken out of its finished code, (unit,).

    R²(x, W a) - R²(x, W a without unit k) for each k; ``decoder`` W (pixel, unit), ``rate`` a
    (unit,), ``x`` (pixel,). The others keep their rates: nothing makes up for what is missing.
    As |x - W a + a_k w_k|² - |x - W a|² = a_k (2 w_k·(x - W a) + a_k |w_k|²), no image is made.
    """
    left = x - decoder @ rate
    more = rate * (2 * (left @ decoder) + rate * np.square(decoder).sum(0))
    return more / np.square(x - x.mean()).sum()
