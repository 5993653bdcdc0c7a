"""What networks read: checks whose sentence names the shape wanted. Imports no torch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from corelib.errors import SettingsError

if TYPE_CHECKING:
    from torch import Tensor


def images(x: Tensor, n_inputs: int) -> Tensor:
    """Images (batch, input), also from (batch, row, column).

    Raises ``SettingsError`` for another shape, such as one image without its batch axis, and for
    whole numbers, which are pixels that are not normalised yet.
    """
    if x.ndim < 2 or x.shape[1:].numel() != n_inputs:
        raise SettingsError(
            f"The input has shape {tuple(x.shape)}, but should have (batch, {n_inputs}), also for "
            "one image."
        )
    return _floating(x).flatten(1)


def sequences(x: Tensor, n_inputs: int) -> Tensor:
    """Sequences (batch, time, input); raises ``SettingsError`` as ``images`` does."""
    if x.ndim != 3 or x.shape[2] != n_inputs:
        raise SettingsError(
            f"The input has shape {tuple(x.shape)}, but should have (batch, time, {n_inputs}), "
            "also for one sequence."
        )
    return _floating(x)


def _floating(x: Tensor) -> Tensor:
    if not x.is_floating_point():
        raise SettingsError(
            f"The input is of {str(x.dtype).removeprefix('torch.')}, but networks read normalised "
            "floats: a data set's inputs(pixels) gives them."
        )
    return x
