"""Multi-MNIST against Pillow and by pixel, its splits, its partners and its options."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from corelib.data import mnist, multidigit
from corelib.data.multidigit import Layout, clearest_pair, compose, overlap


@pytest.fixture(scope="module")
def arrays():
    return mnist.read_arrays()


@pytest.fixture(scope="module")
def dataset():
    return multidigit.load()


def by_pillow(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """The recipe step by step, with Pillow's own nearest neighbour."""
    canvas = np.zeros((36, 36))
    canvas[0:28, 0:28] = left
    canvas[6:34, 6:34] = right
    canvas[6:28, 6:28] = np.maximum(left[6:28, 6:28], right[0:22, 0:22])
    small = Image.fromarray(canvas.astype(np.float32)).resize((28, 28), Image.Resampling.NEAREST)
    return np.asarray(small)


def test_two_digits_are_composed_as_published(arrays):
    digits = arrays[0][:60].reshape(30, 2, 28, 28)
    ours = compose(digits)
    assert ours.dtype == np.uint8
    for image, (left, right) in zip(ours, digits, strict=True):
        np.testing.assert_array_equal(image, by_pillow(left, right))


def slowly(digits: np.ndarray, shift: int) -> np.ndarray:
    """One output pixel at a time."""
    n = len(digits)
    side = 28 + shift * (n - 1) + 2
    image = np.zeros((28, 28), int)
    for i in range(28):
        for j in range(28):
            row, column = (2 * i + 1) * side // 56, (2 * j + 1) * side // 56
            for k in range(n):
                r, c = row - k * shift, column - k * shift
                if 0 <= r < 28 and 0 <= c < 28:
                    image[i, j] = max(image[i, j], digits[k, r, c])
    return image


@settings(max_examples=15, deadline=None)
@given(n=st.integers(1, 4), shift=st.integers(0, 28), seed=st.integers(0, 99))
def test_composition_of_any_number_of_digits_with_any_overlap(n, shift, seed):
    digits = np.random.default_rng(seed).integers(256, size=(2, n, 28, 28)).astype(np.uint8)
    for image, layers in zip(compose(digits, shift), digits, strict=True):
        np.testing.assert_array_equal(image, slowly(layers, shift))


def test_splits_and_tasks(dataset, arrays):
    """Each image of the set is the left digit of one image, in its order."""
    x_train, y_train, x_test, y_test = arrays
    assert dataset.task_names == ("left", "right")
    for split, x, y in (
        (dataset.train, x_train[:50_000], y_train[:50_000]),
        (dataset.validation, x_train[50_000:], y_train[50_000:]),
        (dataset.test, x_test, y_test),
    ):
        assert split.pixels.shape == x.shape
        assert split.pixels.dtype == torch.uint8
        assert split.labels.shape == (len(x), 2)
        assert split.labels.dtype == torch.int64
        np.testing.assert_array_equal(split.labels[:, 0], y)
        # Only the left digit is visible where the right one does not reach.
        picked = np.floor((np.arange(28) + 0.5) * 36 / 28).astype(int)[:4]
        np.testing.assert_array_equal(
            split.pixels[:, :4, :20],
            x[:, picked][:, :, :26][:, :, np.floor((np.arange(20) + 0.5) * 36 / 28).astype(int)],
        )


def test_partners_are_drawn_from_the_same_split_by_seed(dataset, arrays):
    """The right digit's label names the digit that is seen there."""
    again, other = multidigit.load(), multidigit.load(Layout(seed=1))
    assert torch.equal(again.train.pixels, dataset.train.pixels)
    assert torch.equal(again.test.labels, dataset.test.labels)
    assert not torch.equal(other.test.labels[:, 1], dataset.test.labels[:, 1])
    n = 200
    own = {digit.tobytes(): k for k, digit in enumerate(arrays[2])}
    assert len(own) == 10_000
    n_matched = 0
    for image, left, labels in zip(
        dataset.test.pixels[:n].numpy(), arrays[2], dataset.test.labels[:n].numpy(), strict=False
    ):
        candidates = arrays[2][arrays[3] == labels[1]]
        composed = compose(np.stack([np.broadcast_to(left, candidates.shape), candidates], 1))
        n_matched += (composed == image).all((1, 2)).sum() == 1
        if n_matched == 20:
            break
    assert n_matched == 20
    counts = torch.bincount(dataset.train.labels[:, 1], minlength=10)
    truth = np.bincount(arrays[1][:50_000], minlength=10)
    assert np.abs(counts.numpy() - truth).max() < 5 * np.sqrt(5000)


def test_options():
    three = multidigit.load(Layout(n_digits=3, shift=3))
    assert three.task_names == ("digit 1", "digit 2", "digit 3")
    assert three.test.labels.shape == (10_000, 3)
    larger = multidigit.load(Layout(larger=True))
    assert larger.task_names == ("left", "right", "larger")
    labels = larger.test.labels
    assert torch.equal(labels[:, 2], labels[:, :2].amax(1))
    assert torch.equal(larger.test.pixels, multidigit.load().test.pixels)


def test_inputs_and_batches(dataset):
    inputs = dataset.inputs(dataset.test.pixels[:3])
    truth = (dataset.test.pixels[:3].reshape(3, -1).numpy() / 255 - 0.1307) / 0.3081
    np.testing.assert_allclose(inputs.numpy(), truth, atol=1e-5)
    assert dataset.input_dim == 784
    drawn = dataset.batch(dataset.train, 7, 64, 3)
    assert drawn.labels.shape == (64, 2)
    assert torch.equal(drawn.pixels, dataset.batch(dataset.train, 7, 64, 3).pixels)


def test_overlap_is_the_brightness_that_both_digits_have():
    one, other = np.zeros((2, 28, 28), np.uint8)
    one[10:14, 10:14] = 200
    # 6 pixels further down and to the right, so that half of it lies on half of the first.
    other[4:8, 6:10] = 100
    assert overlap(one[None], other[None])[0, 0] == pytest.approx(0.5)
    assert overlap(one[None], other[None], shift=20)[0, 0] == 0
    assert overlap(other[None], other[None], shift=0)[0, 0] == 1


def test_the_clearest_pair_hides_least_of_all(arrays):
    digits, labels = arrays[2][:40], arrays[3][:40]
    least, pair = np.inf, None
    for i, one in enumerate(digits):
        for j, other in enumerate(digits):
            if labels[i] == labels[j]:
                continue
            # Pixel by pixel on the canvas of the composition.
            both = np.minimum(one[6:, 6:].astype(int), other[:-6, :-6].astype(int)).sum()
            share = both / min(one.sum(dtype=int), other.sum(dtype=int))
            if share < least:
                least, pair = share, (i, j)
    assert clearest_pair(digits, labels) == pair
    with pytest.raises(ValueError, match="two classes"):
        clearest_pair(digits, np.zeros(40, int))


def test_images_of_any_side_lie_as_far_apart_for_their_size():
    """Pixel by pixel, for images of 20 x 20: 4 pixels apart on a canvas of 26 x 26."""
    assert [multidigit.shift_of(side) for side in (4, 20, 28, 64)] == [1, 4, 6, 14]
    pair = np.random.default_rng(0).integers(0, 256, (1, 2, 20, 20)).astype(np.uint8)
    composed = compose(pair, multidigit.shift_of(20))[0]
    assert composed.shape == (20, 20)
    for row in range(20):
        for column in range(20):
            y, x = int((row + 0.5) * 26 / 20), int((column + 0.5) * 26 / 20)
            left = pair[0, 0, y, x] if max(y, x) < 20 else 0
            inside = min(y, x) >= 4 and max(y, x) < 24
            right = pair[0, 1, y - 4, x - 4] if inside else 0
            assert composed[row, column] == max(left, right)
