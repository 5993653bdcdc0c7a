"""KMNIST, EMNIST letters, SVHN and grey CIFAR-10, read from small files of the real formats."""

import numpy as np
import pytest
import scipy.io

from corelib.catalog import SYSTEMS
from corelib.data import DATASETS, is_here, load_dataset, sources
from corelib.errors import DataError
from tests.data.made import allow_other_sums, make_objects


@pytest.fixture(autouse=True)
def data_root(tmp_path, monkeypatch):
    monkeypatch.setenv("SYNAPTARIUM_DATA", str(tmp_path))
    sources._loaded.cache_clear()
    yield tmp_path
    sources._loaded.cache_clear()


def write_idx(file, array):
    """The format of MNIST's files: a magic number with the number of axes, sizes, bytes."""
    file.parent.mkdir(parents=True, exist_ok=True)
    head = (0x0800 + array.ndim).to_bytes(4, "big")
    sizes = b"".join(n.to_bytes(4, "big") for n in array.shape)
    file.write_bytes(head + sizes + array.astype(np.uint8).tobytes())


def make_idx(root, folder, prefixes, first, n_classes):
    rng = np.random.default_rng(0)
    made = []
    for prefix, n in zip(prefixes, (60, 20), strict=True):
        pixels = rng.integers(0, 256, (n, 28, 28), np.uint8)
        labels = first + np.arange(n) % n_classes
        write_idx(root / folder / "raw" / f"{prefix}-images-idx3-ubyte", pixels)
        write_idx(root / folder / "raw" / f"{prefix}-labels-idx1-ubyte", labels)
        made.append((pixels, labels))
    return made


def by_bytes(pixels, labels):
    return {image.tobytes(): int(label) for image, label in zip(pixels, labels, strict=True)}


def check(data, known, test):
    """All known images are there once, a tenth validates, and each keeps its label."""
    parts = [(p.pixels.numpy(), p.labels.numpy()) for p in (data.train, data.validation)]
    assert [len(labels) for _, labels in parts] == [54, 6]
    pixels, labels = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    assert by_bytes(pixels, labels) == by_bytes(*known)
    assert np.array_equal(data.test.pixels.numpy(), test[0])
    assert np.array_equal(data.test.labels.numpy(), test[1])
    unit = data.train.pixels.double() / 255
    assert data.mean == pytest.approx(unit.mean().item(), abs=1e-6)
    assert data.std == pytest.approx(unit.std(correction=0).item(), abs=1e-6)


def test_kmnist(data_root):
    assert not is_here("kmnist")
    known, test = make_idx(data_root, "KMNIST", ("train", "t10k"), 0, 10)
    assert is_here("kmnist")
    check(load_dataset("kmnist"), known, test)


def test_letters_are_upright_and_counted_from_0(data_root):
    prefixes = ("emnist-letters-train", "emnist-letters-test")
    made = make_idx(data_root, "EMNIST", prefixes, 1, 26)
    known, test = ((pixels.transpose(0, 2, 1), labels - 1) for pixels, labels in made)
    data = load_dataset("emnist-letters")
    check(data, (np.ascontiguousarray(known[0]), known[1]), test)
    assert data.class_names[0] == "A"
    assert DATASETS["emnist-letters"].n_classes == len(data.class_names) == 26
    assert "emnist-letters" in SYSTEMS["bpan"].datasets


def test_house_numbers_in_colour_and_grey(data_root, monkeypatch):
    monkeypatch.setattr("torchvision.datasets.SVHN._check_integrity", lambda self: True)
    rng = np.random.default_rng(0)
    made = []
    for part, n in (("train", 60), ("test", 20)):
        pixels = rng.integers(0, 256, (n, 3, 32, 32), np.uint8)
        labels = 1 + np.arange(n) % 10  # 10 is the digit 0
        stored = {"X": pixels.transpose(2, 3, 1, 0), "y": labels[:, None]}
        scipy.io.savemat(data_root / f"{part}_32x32.mat", stored)
        made.append((pixels, labels % 10))
    check(load_dataset("svhn"), *made)
    assert "svhn" not in SYSTEMS["bpan"].datasets
    weights = np.array((0.2125, 0.7154, 0.0721))
    grey = [(np.rint(np.einsum("nchw,c->nhw", p, weights)), y) for p, y in made]
    data = load_dataset("svhn-grey")
    assert data.input_dim == DATASETS["svhn-grey"].input_dim == 1024
    assert np.abs(data.test.pixels.numpy() - grey[1][0]).max() <= 1
    assert data.test.labels.tolist() == grey[1][1].tolist()


def test_grey_cifar_has_the_split_of_cifar(data_root, monkeypatch):
    allow_other_sums(monkeypatch)
    make_objects(data_root)
    colour, grey = load_dataset("cifar-10"), load_dataset("cifar-10-grey")
    for name in ("train", "validation", "test"):
        one, other = getattr(colour, name), getattr(grey, name)
        assert one.labels.equal(other.labels)
        assert other.pixels.shape == (len(one.labels), 32, 32)
        mixed = (one.pixels * 1.0).permute(0, 2, 3, 1) @ one.pixels.new_tensor(
            (0.2125, 0.7154, 0.0721), dtype=one.pixels.float().dtype
        )
        assert (mixed - other.pixels).abs().max() <= 0.51


@pytest.mark.parametrize("name", ["kmnist", "emnist-letters", "svhn", "svhn-grey", "cifar-10-grey"])
def test_what_is_missing_or_damaged_is_a_sentence(name, data_root):
    with pytest.raises(DataError, match="is not here"):
        load_dataset(name)


def test_damaged_files_are_a_sentence(data_root):
    make_idx(data_root, "KMNIST", ("train", "t10k"), 0, 10)
    (data_root / "KMNIST/raw/train-images-idx3-ubyte").write_bytes(b"\0" * 20)
    with pytest.raises(DataError, match=r"Kuzushiji-MNIST in .* is damaged"):
        load_dataset("kmnist")
    make_idx(data_root, "KMNIST", ("train", "t10k"), 5, 10)
    with pytest.raises(DataError, match="labels of 10 classes"):
        load_dataset("kmnist")
    make_idx(data_root, "EMNIST", ("emnist-letters-train", "emnist-letters-test"), 0, 26)
    with pytest.raises(DataError, match="labels of 26 classes"):
        load_dataset("emnist-letters")
