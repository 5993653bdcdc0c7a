"""Inference of one image, moment by moment, as it is watched."""

from typing import NamedTuple

import numpy as np

from corelib.data.images import ImageDataset
from corelib.models.bpc.analysis import to_pixels
from corelib.models.bpc.inference import Trace


class InferenceView(NamedTuple):
    """Inference over time: ``step`` and ``energy`` (time), squared errors ``forward`` and
    ``backward`` (time, layer), the predicted ``image``, uint8 (time, row, column), the predicted
    ``label`` (time, class), and the ``hidden`` activities, each (time, unit)."""

    step: np.ndarray
    energy: np.ndarray
    forward: np.ndarray
    backward: np.ndarray
    image: np.ndarray
    label: np.ndarray
    hidden: tuple[np.ndarray, ...]


def view_of(trace: Trace, dataset: ImageDataset) -> InferenceView:
    """The first image of a trace, as far as it is finite: predictions where the network has them,
    else activity. ``dataset`` is that of its images."""
    label = trace.label if trace.predicted_label is None else trace.predicted_label
    image = trace.image if trace.predicted_image is None else trace.predicted_image
    finite = trace.energy[0].isfinite() & trace.image[0].isfinite().all(1)
    for h in (*trace.hidden, label):
        finite &= h[0].isfinite().all(1)
    kept = int(finite.cumprod(0).sum())
    return InferenceView(
        trace.step[:kept].cpu().numpy(),
        trace.energy[0, :kept].cpu().numpy(),
        trace.forward[0, :kept].cpu().numpy(),
        trace.backward[0, :kept].cpu().numpy(),
        to_pixels(image[0, :kept], dataset).cpu().numpy(),
        label[0, :kept].cpu().numpy(),
        tuple(h[0, :kept].cpu().numpy() for h in trace.hidden),
    )
