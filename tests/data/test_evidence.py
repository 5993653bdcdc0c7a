"""What a sequence reveals, against the sequence itself."""

import numpy as np
import pytest
import torch

from corelib.data import load_dataset
from corelib.data.evidence import evidence_of_digit, evidence_of_test

TASKS = ("ct-mnist", "ct-mnist-grid-located", "streaming-mnist", "streaming-mnist-fixed")


@pytest.fixture(scope="module", params=TASKS)
def dataset(request):
    return load_dataset(request.param)


def is_revealed_as_read(evidence, n_pixels: int) -> None:
    """Each step shows the pixels that the sequence holds then, in their order, and nothing else."""
    seen = np.zeros_like(evidence.shown[0])
    for t, shown in enumerate(evidence.shown):
        read = evidence.sequence[0, t, :n_pixels].numpy()
        if len(evidence.boxes):
            top, left, height, width = evidence.boxes[t]
            part = np.zeros_like(seen)
            part[top : top + height, left : left + width] = True
        else:
            part = shown & ~seen
        np.testing.assert_array_equal(evidence.whole[part], read)
        seen = seen | part
        np.testing.assert_array_equal(shown, seen)


def test_a_test_sequence_is_revealed_as_the_network_reads_it(dataset):
    evidence = evidence_of_test(dataset, 7)
    assert torch.equal(evidence.sequence[0], dataset.test.pixels[7])
    is_revealed_as_read(evidence, dataset.task.n_pixels)


def test_a_seed_determines_the_sequence_of_a_digit(dataset):
    digit = dataset.digits.test.pixels[7]
    first, again, other = (evidence_of_digit(dataset, digit, seed) for seed in (3, 3, 4))
    is_revealed_as_read(first, dataset.task.n_pixels)
    assert torch.equal(first.sequence, again.sequence)
    assert not torch.equal(first.sequence, other.sequence)
    if not len(first.boxes):
        # A noisy digit, whole after the last chunk.
        assert first.shown[-1].all()
        noise = first.whole.astype(float) - digit.numpy()
        assert np.abs(noise).max() < 255 * 0.6
