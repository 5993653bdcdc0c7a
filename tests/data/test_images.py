"""The data that ships, the fixed split, batches as a pure function, and damaged files."""

import gzip
import shutil

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from corelib.data import DATASETS, fashion_mnist, is_here, load_dataset, mnist
from corelib.data.images import (
    ImageDataset,
    Split,
    batch,
    first_of,
    split_in_three,
    steps_per_epoch,
)
from corelib.errors import DataError


@pytest.fixture(scope="module")
def digits() -> ImageDataset:
    return load_dataset("mnist")


def test_mnist_is_split_as_documented(digits):
    arrays = mnist.read_arrays()
    assert [len(split.labels) for split in (digits.train, digits.validation, digits.test)] == [
        55_000,
        5_000,
        10_000,
    ]
    assert digits.input_dim == 784
    assert digits.class_names == tuple("0123456789")
    for split in (digits.train, digits.validation, digits.test):
        assert split.pixels.dtype == torch.uint8
        assert split.labels.dtype == torch.int64
        assert split.pixels.shape == (len(split.labels), 28, 28)
    together = torch.cat([digits.train.pixels, digits.validation.pixels])
    assert torch.equal(together, torch.from_numpy(arrays[0]))
    together = torch.cat([digits.train.labels, digits.validation.labels])
    assert torch.equal(together, torch.from_numpy(arrays[1]).long())
    assert torch.equal(digits.test.pixels, torch.from_numpy(arrays[2]))
    # The counts that the data set's authors publish.
    assert torch.bincount(digits.test.labels).tolist() == [
        980,
        1135,
        1032,
        1010,
        982,
        892,
        958,
        1028,
        974,
        1009,
    ]


def test_mean_and_std_come_from_the_training_pixels(digits):
    pixels = mnist.read_arrays()[0] / 255
    assert digits.mean == pytest.approx(pixels.mean(), abs=5e-5)
    assert digits.std == pytest.approx(pixels.std(), abs=5e-5)


def test_inputs_are_normalised_pixels(digits):
    pixels = digits.test.pixels[:5]
    kept = pixels.clone()
    inputs = digits.inputs(pixels)
    assert inputs.dtype == torch.float32
    assert inputs.shape == (5, 784)
    truth = (pixels.numpy().reshape(5, 784) / 255 - digits.mean) / digits.std
    np.testing.assert_allclose(inputs.numpy(), truth, atol=1e-6)
    unit = pixels.double() / 255
    from_unit = digits.inputs(unit)
    assert from_unit.dtype == torch.float32
    np.testing.assert_allclose(from_unit.numpy(), truth, atol=1e-6)
    assert torch.equal(pixels, kept)
    assert torch.equal(unit, kept.double() / 255)


def damaged(tmp_path, change) -> str:
    """The error message for a copy of the digits after ``change``."""
    path = tmp_path / "mnist.npz"
    shutil.copy(mnist.PATH, path)
    change(path)
    with pytest.raises(DataError) as caught:
        mnist.read_arrays(path)
    assert "git checkout -- assets/data/mnist.npz" in str(caught.value)
    return str(caught.value)


def flip(path, at: int, bit: int = 1) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= bit
    path.write_bytes(data)


def test_a_flipped_bit_in_the_images_is_detected(tmp_path):
    assert "damaged" in damaged(tmp_path, lambda path: flip(path, 5_000_000))


def test_any_flipped_bit_in_the_headers_is_detected_or_harmless(tmp_path):
    path = tmp_path / "mnist.npz"
    data = mnist.PATH.read_bytes()
    rng = np.random.default_rng(0)
    places = [*rng.integers(0, 120, 12), *rng.integers(len(data) - 270, len(data), 12)]
    n_detected = 0
    for at in places:
        path.write_bytes(data)
        flip(path, int(at), 1 << int(rng.integers(8)))
        try:
            mnist.read_arrays(path)
        except DataError:
            n_detected += 1
    assert n_detected >= 12


@pytest.mark.parametrize("length", [0, 3, 1_000_000, -1])
def test_a_truncated_file_is_detected(tmp_path, length):
    assert "damaged" in damaged(tmp_path, lambda path: path.write_bytes(path.read_bytes()[:length]))


def test_a_missing_file_is_reported(tmp_path):
    assert "missing" in damaged(tmp_path, lambda path: path.unlink())


@pytest.mark.parametrize("name", ["x_train", "y_train", "x_test", "y_test"])
def test_a_readable_file_with_other_numbers_is_detected(tmp_path, name):
    def change(path):
        arrays = dict(zip(mnist.SHA256, mnist.read_arrays(), strict=True))
        arrays[name] = arrays[name].copy()
        arrays[name].flat[-1] ^= 1
        np.savez(path, **arrays)

    assert f"{name} has changed" in damaged(tmp_path, change)


def test_a_file_lacking_one_of_the_arrays_is_detected(tmp_path):
    damaged(tmp_path, lambda path: np.savez(path, x_train=np.zeros(3, np.uint8)))


def test_pickles_are_not_read(tmp_path):
    harm = np.array([lambda: None, None], dtype=object)[1:]
    damaged(tmp_path, lambda path: np.savez(path, **dict.fromkeys(mnist.SHA256, harm)))


def numbered(n: int) -> Split:
    """Images whose pixels are their index, so that batches show which they hold."""
    return Split(torch.arange(n).view(n, 1, 1), torch.arange(n) * 2)


@given(n=st.integers(1, 60), size=st.integers(1, 70), seed=st.integers(0, 2**31 - 1))
def test_every_epoch_visits_every_image_once(n, size, seed):
    split = numbered(n)
    per_epoch = steps_per_epoch(n, size)
    assert per_epoch == len(range(0, n, size))
    for epoch in (0, 3):
        steps = range(epoch * per_epoch, (epoch + 1) * per_epoch)
        batches = [batch(split, step, size, seed) for step in steps]
        assert [len(b.labels) for b in batches[:-1]] == [size] * (per_epoch - 1)
        assert sorted(torch.cat([b.labels for b in batches]).tolist()) == split.labels.tolist()
        for b in batches:
            assert torch.equal(b.pixels.flatten() * 2, b.labels)


@given(step=st.integers(0, 500), seed=st.integers(0, 99))
def test_a_batch_depends_on_its_arguments_alone(step, seed):
    split = numbered(100)
    torch.manual_seed(step)
    first = batch(split, step, 7, seed)
    # Other batches in between, another state of every generator.
    for other in (step + 1, 0, step + 900):
        batch(split, other, 7, seed + 1)
    np.random.seed(1)  # noqa: NPY002
    torch.manual_seed(2)
    again = batch(split, step, 7, seed)
    assert torch.equal(first.labels, again.labels)
    assert torch.equal(first.pixels, again.pixels)


def test_each_epoch_and_seed_has_its_own_order():
    split = numbered(1000)
    orders = [
        tuple(batch(split, epoch, 1000, seed).labels.tolist())
        for epoch in range(4)
        for seed in range(3)
    ]
    assert len(set(orders)) == 12


def test_an_unknown_data_set_error_lists_the_available_ones():
    with pytest.raises(DataError, match=r"named 'cifar'; there are: mnist, fashion-mnist"):
        load_dataset("cifar")
    with pytest.raises(DataError, match="cifar"):
        is_here("cifar")
    assert is_here("mnist")


@pytest.fixture
def fashion_root(tmp_path, monkeypatch):
    """An empty folder where Fashion-MNIST is looked for, and nowhere else."""
    monkeypatch.setenv("SYNAPTARIUM_DATA", str(tmp_path))
    monkeypatch.setattr(fashion_mnist, "DEBIAN_FOLDER", tmp_path / "none")
    return tmp_path


def idx(array: np.ndarray) -> bytes:
    """Yann LeCun's format: zero, zero, type, axes, lengths, values."""
    lengths = b"".join(n.to_bytes(4, "big") for n in array.shape)
    return bytes([0, 0, 8, array.ndim]) + lengths + array.tobytes()


def write_fashion(folder, *, zipped: bool) -> list[np.ndarray]:
    """Four files of the right sizes; images and labels are drawn from their number."""
    folder.mkdir(parents=True, exist_ok=True)
    arrays = []
    for name, n in zip(fashion_mnist.FILES, (60_000, 60_000, 10_000, 10_000), strict=True):
        array = (np.arange(n) * 7 % 10).astype(np.uint8)
        if "images" in name:
            array = np.broadcast_to(
                (np.arange(n) % 251).astype(np.uint8)[:, None, None], (n, 28, 28)
            )
        arrays.append(array)
        if zipped:
            (folder / f"{name}.gz").write_bytes(gzip.compress(idx(array), 1))
        else:
            (folder / name).write_bytes(idx(array))
    return arrays


def test_missing_fashion_mnist_says_how_to_get_it(fashion_root):
    assert not DATASETS["fashion-mnist"].here()
    with pytest.raises(DataError) as caught:
        fashion_mnist.load()
    for part in (str(fashion_root), "dataset-fashion-mnist", "corelib data fashion-mnist"):
        assert part in str(caught.value)


@pytest.mark.parametrize(
    ("below", "zipped"), [("", True), ("FashionMNIST/raw", False)], ids=["gzipped", "plain"]
)
def test_fashion_mnist_is_loaded_from_a_folder(fashion_root, below, zipped):
    x_train, y_train, x_test, y_test = write_fashion(fashion_root / below, zipped=zipped)
    assert DATASETS["fashion-mnist"].here()
    dataset = fashion_mnist.load()
    assert (dataset.name, len(dataset.class_names)) == ("fashion-mnist", 10)
    np.testing.assert_array_equal(dataset.train.pixels, x_train[:55_000])
    np.testing.assert_array_equal(dataset.train.labels, y_train[:55_000])
    np.testing.assert_array_equal(dataset.validation.pixels, x_train[55_000:])
    np.testing.assert_array_equal(dataset.validation.labels, y_train[55_000:])
    np.testing.assert_array_equal(dataset.test.pixels, x_test)
    np.testing.assert_array_equal(dataset.test.labels, y_test)


def test_three_files_of_four_are_not_fashion_mnist(fashion_root):
    for name in fashion_mnist.FILES[:3]:
        (fashion_root / name).write_bytes(b"")
    assert fashion_mnist.find_folder() is None


def test_damaged_fashion_mnist_is_reported_in_a_sentence(fashion_root):
    write_fashion(fashion_root, zipped=True)
    labels = fashion_root / f"{fashion_mnist.FILES[1]}.gz"
    whole = labels.read_bytes()
    plain = gzip.decompress(whole)
    rng = np.random.default_rng(0)
    unzippable = bytearray(whole)
    unzippable[len(whole) // 2] ^= 0xFF
    for wrong in (
        b"",
        whole[: len(whole) // 2],
        bytes(unzippable),
        plain,
        gzip.compress(b""),
        gzip.compress(plain[:-1]),
        gzip.compress(b"\0\0\x0a" + plain[3:]),
        gzip.compress(plain[:5] + b"\xff" + plain[6:]),
        gzip.compress(idx(rng.integers(0, 10, 59_999).astype(np.uint8))),
        gzip.compress(idx(np.full(60_000, 10, np.uint8))),
    ):
        labels.write_bytes(wrong)
        with pytest.raises(DataError, match="replace"):
            fashion_mnist.load()


def test_images_of_another_size_are_refused():
    arrays = (np.zeros((60_000, 1, 1), np.uint8), np.zeros(60_000, np.uint8)) * 2
    with pytest.raises(DataError, match="60,000 and 10,000 images of 28 x 28"):
        split_in_three("odd", ("a",), 0, 1, arrays)


@pytest.mark.parametrize("label", [None, 2])
def test_the_first_images_of_a_class_keep_their_order(label):
    labels = torch.tensor([2, 0, 2, 1, 2, 2])
    pixels = torch.arange(6)[:, None, None].expand(6, 2, 2)
    shown = first_of(Split(pixels, labels), 3, label)
    places = [k for k in range(6) if label is None or labels[k] == label][:3]
    assert shown.pixels[:, 0, 0].tolist() == places
    assert shown.labels.tolist() == labels[places].tolist()
