"""What a sequence has revealed of its image after each step, for glimpses and for chunks."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from corelib.data.sequences import (
    GLIMPSE,
    SIDE,
    TEST_SEED,
    Glimpses,
    SequenceDataset,
    glimpses,
    scene,
    scene_of_test,
)

if TYPE_CHECKING:
    from torch import Tensor


class Evidence(NamedTuple):
    """One image as its sequence reveals it.

    ``sequence`` uint8 (1, time, column) as ``SequenceDataset.inputs`` takes it. ``whole`` uint8
    (row, column) is the image, ``shown`` bool (time, row, column) what has been seen up to each
    step, ``boxes`` int (time, 4) the part of each step as top, left, height, width. Chunks are
    three and a half rows each and have no boxes: (0, 4).
    """

    sequence: Tensor
    whole: np.ndarray
    shown: np.ndarray
    boxes: np.ndarray

    @property
    def part(self) -> str:
        """What a step brings."""
        return "glimpse" if len(self.boxes) else "chunk"


def evidence_of_test(dataset: SequenceDataset, index: int) -> Evidence:
    """A test image's own sequence, ``dataset.test.pixels[index]``."""
    if isinstance(dataset.task, Glimpses):
        built = scene_of_test(dataset, [index])
        return _glimpsed(built.canvases, built.corners)
    return _chunked(dataset.test.pixels[[index]], dataset.task.n_pixels)


def evidence_of_digit(dataset: SequenceDataset, digit: Tensor, seed: int) -> Evidence:
    """A digit, uint8 (28, 28), composed as the task does it, with clutter from the test digits.

    Another seed gives other clutter, places, noise and order.
    """
    pixels, others, seeds = digit[None], dataset.digits.test.pixels, (seed, TEST_SEED)
    if isinstance(dataset.task, Glimpses):
        built = scene(pixels, others, dataset.task.policy, seeds)
        return _glimpsed(built.canvases, built.corners)
    return _chunked(dataset.task.compose(pixels, others, seeds), dataset.task.n_pixels)


def _glimpsed(canvases: Tensor, corners: Tensor) -> Evidence:
    whole = canvases[0].numpy()
    boxes = np.array([(*corner, GLIMPSE, GLIMPSE) for corner in corners[0].numpy()])
    shown = np.zeros((len(boxes), *whole.shape), bool)
    for t, (top, left, height, width) in enumerate(boxes):
        shown[t:, top : top + height, left : left + width] = True
    return Evidence(glimpses(canvases, corners), whole, shown, boxes)


def _chunked(sequence: Tensor, n_pixels: int) -> Evidence:
    chunks, numbers = sequence[0, :, :-1].numpy(), sequence[0, :, -1].tolist()
    whole = np.zeros(SIDE * SIDE, np.uint8)
    shown = np.zeros((len(chunks), SIDE * SIDE), bool)
    for t, (chunk, number) in enumerate(zip(chunks, numbers, strict=True)):
        place = slice(number * n_pixels, (number + 1) * n_pixels)
        whole[place] = chunk
        shown[t:, place] = True
    square = (SIDE, SIDE)
    return Evidence(
        sequence, whole.reshape(square), shown.reshape(-1, *square), np.zeros((0, 4), int)
    )
