"""What can be asked of a trained network: images of its size, its classes, a number of steps.

Each check raises ``SettingsError`` naming field, value and limit.
"""

import numpy as np
from torch import Tensor

from corelib.errors import SettingsError
from corelib.models.bpc.network import TwoWay
from corelib.settings import Settings, setting


class Watching(Settings):
    """How long to watch inference, and at which moments."""

    n_steps: int = setting(..., "Steps of inference", ge=0, le=10_000)
    every: int = setting(..., "Steps between the moments that are kept", ge=1)


class _Label(Settings):
    label: int | None = setting(..., "The class clamped, if any", ge=0)


def checked_label(model: TwoWay, label: int | None) -> int | None:
    """The label, if the network has that class; None is no label."""
    # Pydantic would take True for 1.
    if isinstance(label, bool):
        raise SettingsError(f"label is {label}, but should be a class or None.")
    label = _Label(label=label).label
    if label is not None and label >= model.n_classes:
        raise SettingsError(
            f"label is {label!r:.60}, but should be from 0 to {model.n_classes - 1}, or None."
        )
    return label


def check_images(model: TwoWay, x: Tensor, hidden: np.ndarray) -> None:
    """Raise ``SettingsError`` unless x is (batch, pixel), finite, and ``hidden`` (row, column) of
    bool has as many pixels as the network."""
    n_pixels = model.sizes[-1]
    if x.ndim != 2 or x.shape[1] != n_pixels or not len(x):
        raise SettingsError(
            f"x has shape {tuple(x.shape)}, but should be (batch, {n_pixels}), of 1 image or more."
        )
    if not x.isfinite().all():
        raise SettingsError("x holds values that are not finite, but should be normalised images.")
    if hidden.dtype != bool or hidden.ndim != 2 or hidden.size != n_pixels:
        raise SettingsError(
            f"hidden is {hidden.dtype} of shape {hidden.shape}, but should be bool (row, column) "
            f"of {n_pixels} pixels."
        )
