"""Patches of natural images: whitening against a slow reference, splits by picture, files made
by others."""

import numpy as np
import pytest
import torch

from corelib.data import patches
from corelib.errors import DataError


@pytest.fixture(scope="module")
def natural():
    return patches.load(12)


def slow_whiten(image: np.ndarray) -> np.ndarray:
    """By the full transform, frequency by frequency."""
    padded = np.pad(image, 32, mode="reflect")
    rows, columns = padded.shape
    spectrum = np.fft.fft2(padded)
    for i in range(rows):
        for j in range(columns):
            # The upper half of the indices are the negative frequencies.
            fy = (i if i <= rows // 2 else i - rows) / rows
            fx = (j if j <= columns // 2 else j - columns) / columns
            f = np.sqrt(fx**2 + fy**2)
            spectrum[i, j] *= f * np.exp(-((f / 0.4) ** 4))
    white = np.fft.ifft2(spectrum).real[32:-32, 32:-32]
    return (white - white.mean()) / white.std()


@pytest.mark.parametrize("shape", [(40, 51), (39, 44)])
def test_whitening_matches_the_slow_reference(shape):
    image = np.cumsum(np.random.default_rng(0).normal(size=shape), 1)
    np.testing.assert_allclose(patches.whiten(image), slow_whiten(image), atol=1e-9)


def amplitude(image: np.ndarray, low: float, high: float) -> float:
    """Mean amplitude of an image's spectrum between two frequencies, in cycles a pixel."""
    spectrum = np.abs(np.fft.fft2(image - image.mean()))
    f = np.hypot(*np.meshgrid(np.fft.fftfreq(image.shape[0]), np.fft.fftfreq(image.shape[1])))
    return float(spectrum[((f > low) & (f < high)).T].mean())


def test_whitening_flattens_the_spectrum_of_a_natural_image():
    image = patches.picture("camera")
    white = patches.whiten(image)
    bands = ((0.02, 0.05), (0.2, 0.25))
    before, after = (
        amplitude(shown, *bands[0]) / amplitude(shown, *bands[1]) for shown in (image, white)
    )
    assert before > 4
    assert after < 0.35 * before
    assert amplitude(white, 0.6, 0.75) < 0.05 * amplitude(white, 0.2, 0.25)


def test_all_pictures_are_included_and_grey():
    assert len(set(patches.NAMES)) == 10
    for name in patches.NAMES:
        image = patches.picture(name)
        assert image.ndim == 2
        assert min(image.shape) > 250
        assert 0 <= image.min() < image.max() <= 1


def test_patches_have_no_mean_and_unit_deviation(natural):
    for split, n in ((natural.train, 40_000), (natural.validation, 5000), (natural.test, 5000)):
        assert split.pixels.shape == (n, 12, 12)
        assert split.pixels.dtype == torch.float32
        assert split.pixels.mean((1, 2)).abs().max() < 1e-4
        deviation = split.pixels.std((1, 2), correction=0)
        torch.testing.assert_close(deviation, torch.ones(n), rtol=1e-4, atol=1e-4)
    assert natural.input_dim == 144
    assert natural.name == "natural-12"
    pixels = natural.train.pixels[:5]
    assert torch.equal(natural.inputs(pixels), pixels.flatten(1))


def test_every_split_has_all_pictures_but_the_unseen_one(natural):
    for split in (natural.train, natural.validation, natural.test):
        names = {natural.class_names[k] for k in split.labels.unique()}
        assert names == set(patches.SEEN)
    assert {natural.class_names[k] for k in patches.unseen(12).labels.unique()} == {"china"}


@pytest.mark.parametrize(
    ("split", "begins", "ends"), [("train", 0, 0.7), ("validation", 0.7, 0.8), ("test", 0.8, 1)]
)
def test_patches_lie_in_their_strip_of_their_picture(natural, split, begins, ends):
    """Each is found in the whitened picture, up to its own mean and deviation, and no column of it
    lies outside the strip."""
    pixels, labels = getattr(natural, split)
    for name in ("camera", "coffee"):
        image = patches.whiten(patches.picture(name))
        windows = np.lib.stride_tricks.sliding_window_view(image, (12, 12))
        columns = windows.shape[1]
        flat = windows.reshape(-1, 144)
        deviation = flat.std(1)
        (own,) = np.nonzero(labels.numpy() == natural.class_names.index(name))
        for k in own[:3]:
            fit = flat @ pixels[k].numpy().ravel() / (144 * deviation)
            assert fit.max() > 1 - 1e-4
            left = int(fit.argmax()) % columns
            assert round(begins * image.shape[1]) <= left
            assert left + 12 <= round(ends * image.shape[1])


def test_unseen_patches_are_whitened_like_the_others():
    split = patches.unseen(12)
    assert split.pixels.shape == (5000, 12, 12)
    assert split.pixels.mean((1, 2)).abs().max() < 1e-4
    deviation = split.pixels.std((1, 2), correction=0)
    torch.testing.assert_close(deviation, torch.ones(5000), rtol=1e-4, atol=1e-4)
    assert torch.equal(patches.unseen(12).pixels, split.pixels)


def test_the_flattest_quarter_is_left_out():
    """Of all patches drawn, exactly those of least contrast are missing."""
    rng = np.random.default_rng(1)
    image = patches.whiten(patches.picture("coffee"))
    windows = np.lib.stride_tricks.sliding_window_view(image, (12, 12))
    rows, columns = (rng.integers(n, size=4000) for n in windows.shape[:2])
    deviation = windows[rows, columns].std((1, 2))
    kept = patches._draw({0: image}, 3000, 12, seed=1).patches
    expected = windows[rows, columns][deviation >= np.sort(deviation)[-3000]]
    expected = expected - expected.mean((1, 2), keepdims=True)
    expected /= expected.std((1, 2), keepdims=True)
    np.testing.assert_allclose(np.sort(kept[:, 0, 0]), np.sort(expected[:, 0, 0]), atol=1e-4)


def test_patches_are_the_same_each_time(natural):
    again = patches.load(12)
    assert torch.equal(again.train.pixels, natural.train.pixels)
    assert torch.equal(again.test.labels, natural.test.labels)


@pytest.fixture
def doves(tmp_path, monkeypatch):
    """A function that puts an array where van Hateren's patches are looked for."""
    monkeypatch.setenv("SYNAPTARIUM_DATA", str(tmp_path))

    def put(array: np.ndarray) -> None:
        patches.doves_file().parent.mkdir(parents=True, exist_ok=True)
        np.save(patches.doves_file(), array)

    return put


def test_van_hateren_patches_keep_their_split(doves):
    array = np.random.default_rng(0).normal(3, 2, (205, 1, 16, 16))
    doves(array)
    dataset = patches.load_doves()
    assert dataset.input_dim == 256
    # Ten blocks of 20, the last of 25; of each the last fifth is theirs to validate.
    sizes = [len(s.labels) for s in (dataset.train, dataset.validation, dataset.test)]
    assert sizes == [9 * 14 + 18, 9 * 2 + 2, 9 * 4 + 5]
    scaled = ((array - array.mean()) / array.std()).astype(np.float32)[:, 0]
    np.testing.assert_allclose(dataset.train.pixels[:14], scaled[:14], rtol=1e-5)
    np.testing.assert_allclose(dataset.validation.pixels[:2], scaled[14:16], rtol=1e-5)
    np.testing.assert_allclose(dataset.test.pixels[:4], scaled[16:20], rtol=1e-5)
    np.testing.assert_allclose(dataset.train.pixels[14], scaled[20], rtol=1e-5)
    np.testing.assert_allclose(dataset.test.pixels[-5:], scaled[-5:], rtol=1e-5)


def test_missing_van_hateren_patches_are_reported_in_a_sentence(doves):
    with pytest.raises(DataError, match=r"processed\.npy .* put it at"):
        patches.load_doves()


@pytest.mark.parametrize(
    "wrong",
    [
        np.zeros((200, 16, 16)),
        np.zeros((200, 1, 8, 8)),
        np.zeros((50, 1, 16, 16)),
        np.zeros((200, 1, 16, 16), int),
        np.full((200, 1, 16, 16), np.nan),
    ],
    ids=lambda a: f"{a.dtype}{a.shape}",
)
def test_a_wrong_file_is_reported_in_a_sentence(doves, wrong):
    doves(wrong)
    with pytest.raises(DataError, match="should hold"):
        patches.load_doves()


def test_a_damaged_file_is_reported_in_a_sentence(doves):
    doves(np.zeros((200, 1, 16, 16)))
    whole = patches.doves_file().read_bytes()
    for damaged in (b"", whole[:50], b"no array", whole[:-100]):
        patches.doves_file().write_bytes(damaged)
        with pytest.raises(DataError, match="cannot be read"):
            patches.load_doves()
    patches.doves_file().unlink()
    array = np.empty((200, 1, 16, 16), object)
    np.save(patches.doves_file(), array, allow_pickle=True)
    with pytest.raises(DataError, match="cannot be read"):
        patches.load_doves()
