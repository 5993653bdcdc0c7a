"""Derivatives by central differences, to which every gradient is compared."""

from collections.abc import Callable, Mapping

import numpy as np
from torch import nn


def slopes(
    function: Callable[[], float | np.ndarray], at: np.ndarray, width: float = 1e-5
) -> np.ndarray:
    """The derivative of ``function()``, which reads ``at``, by each entry of it:
    (f(+width) - f(-width)) / (2 width), an array with the axes of ``at`` and then those of f.

    ``at`` is changed in place, entry by entry, and put back.
    """
    derivatives = []
    for place in np.ndindex(at.shape):
        kept = at[place]
        at[place] = kept + width
        above = function()
        at[place] = kept - width
        derivatives.append((above - function()) / (2 * width))
        at[place] = kept
    derivatives = np.array(derivatives)
    return derivatives.reshape(at.shape + derivatives.shape[1:])


def precise_slopes(function: Callable[[], float], at: np.ndarray, width: float) -> np.ndarray:
    """``slopes`` at two widths, combined so that the error that grows as width² cancels."""
    return (4 * slopes(function, at, width) - slopes(function, at, 2 * width)) / 3


def assert_gradients(
    model: nn.Module,
    values: Mapping[str, np.ndarray],
    loss: Callable[[], float],
    by: Callable[[Callable[[], float], np.ndarray], np.ndarray] = slopes,
    least: float = 1e-4,
    **close: float,
) -> None:
    """The ``.grad`` of each parameter is the derivative of ``loss()``, which reads ``values``, the
    parameters by their names; and the loss depends on each: a slope is larger than ``least``.

    ``close`` are the tolerances of ``np.testing.assert_allclose``.
    """
    for name, parameter in model.named_parameters():
        expected = by(loss, values[name])
        np.testing.assert_allclose(parameter.grad.numpy(), expected, err_msg=name, **close)
        assert np.abs(expected).max() > least, f"the loss does not depend on {name}"
