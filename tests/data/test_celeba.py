"""CelebA and CIFAR-10, from small folders in their formats that are made here."""

import pickle

import numpy as np
import pytest
import torch
from PIL import Image

from corelib.data import celeba, cifar
from corelib.errors import DataError

ATTRIBUTES = [f"Attribute_{k}" for k in range(39)] + ["Smiling"]
COUNTS = {0: 5, 1: 2, 2: 3}  # training, validation, test


@pytest.fixture
def root(tmp_path, monkeypatch):
    monkeypatch.setenv("SYNAPTARIUM_DATA", str(tmp_path))
    # torchvision knows the sums of the published files; these are others.
    monkeypatch.setattr("torchvision.datasets.CIFAR10._check_integrity", lambda self: True)
    monkeypatch.setattr("torchvision.datasets.CIFAR10._load_meta", lambda self: None)
    monkeypatch.setattr("torchvision.datasets.CelebA._check_integrity", lambda self: True)
    return tmp_path


@pytest.fixture
def faces(root):
    """Ten pictures, each of one colour; attribute k of picture i is set where (i + k) % 3 = 0."""
    folder = root / "celeba"
    pictures = folder / "img_align_celeba"
    pictures.mkdir(parents=True)
    names = [f"{i + 1:06d}.jpg" for i in range(10)]
    rng = np.random.default_rng(0)
    order = rng.permutation([part for part, n in COUNTS.items() for _ in range(n)])
    for i, name in enumerate(names):
        colour = np.full((218, 178, 3), (20 * i, 255 - 20 * i, 128), np.uint8)
        Image.fromarray(colour).save(pictures / name, quality=95)

    def table(header: list[str], rows: list[list]) -> str:
        lines = [" ".join(map(str, [name, *row])) for name, row in zip(names, rows, strict=True)]
        return "\n".join([*header, *lines]) + "\n"

    signs = [[1 if (i + k) % 3 == 0 else -1 for k in range(40)] for i in range(10)]
    texts = {
        "list_attr_celeba.txt": table(["10", " ".join(ATTRIBUTES) + " "], signs),
        "list_eval_partition.txt": table([], [[part] for part in order]),
        "identity_CelebA.txt": table([], [[i] for i in range(10)]),
        "list_bbox_celeba.txt": table(["10", "x y w h"], [[0, 0, 1, 1]] * 10),
        "list_landmarks_align_celeba.txt": table(["10", "x y"], [[1, 2]] * 10),
    }
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return order, signs


@pytest.mark.parametrize("side", [64, 20])
def test_faces_are_read_downsampled_and_split(faces, side):
    order, signs = faces
    assert celeba.is_here()
    dataset = celeba.load(side)
    assert dataset.task_names == tuple(n.replace("_", " ").lower() for n in ATTRIBUTES)
    assert len(dataset.task_names) == celeba.N_TASKS
    assert dataset.input_dim == 3 * side**2
    for part, split in enumerate((dataset.train, dataset.validation, dataset.test)):
        own = np.flatnonzero(order == part)
        assert split.pixels.shape == (COUNTS[part], 3, side, side)
        assert split.pixels.dtype == torch.uint8
        for pixels, labels, i in zip(split.pixels, split.labels, own, strict=True):
            colour = torch.tensor([20 * i, 255 - 20 * i, 128]).view(3, 1, 1)
            assert (pixels.int() - colour).abs().max() <= 4
            assert labels.tolist() == [(sign + 1) // 2 for sign in signs[i]]
    inputs = dataset.inputs(dataset.test.pixels)
    torch.testing.assert_close(inputs, dataset.test.pixels.flatten(1) / 255 * 2 - 1)


def test_a_damaged_face_is_reported(faces, root):
    (root / "celeba" / "img_align_celeba" / "000003.jpg").write_bytes(b"no picture")
    with pytest.raises(DataError, match="incomplete or damaged"):
        celeba.load()


def test_missing_data_are_reported(root, monkeypatch):
    assert not celeba.is_here()
    assert not cifar.is_here()
    with pytest.raises(DataError, match="Put img_align_celeba"):
        celeba.load()
    with pytest.raises(DataError, match="python -m corelib data cifar-10"):
        cifar.load()

    def refuse(*args, **kwargs):
        raise OSError("no network")

    monkeypatch.setattr("torchvision.datasets.CIFAR10.__init__", refuse)
    with pytest.raises(DataError, match=r"could not be downloaded \(no network\)"):
        cifar.download()
    (root / cifar.FOLDER).mkdir()
    with pytest.raises(DataError, match="is damaged"):
        cifar.load()


def test_cifar_is_read_and_split(root):
    folder = root / cifar.FOLDER
    folder.mkdir()
    rng = np.random.default_rng(0)
    images, labels = {}, {}
    for name in [f"data_batch_{k}" for k in range(1, 6)] + ["test_batch"]:
        images[name] = rng.integers(256, size=(4, 3072)).astype(np.uint8)
        labels[name] = rng.integers(10, size=4).tolist()
        content = {"data": images[name], "labels": labels[name]}
        (folder / name).write_bytes(pickle.dumps(content))
    dataset = cifar.load()
    assert dataset.input_dim == 3072
    assert [len(s.labels) for s in (dataset.train, dataset.validation, dataset.test)] == [18, 2, 4]
    together = torch.cat([dataset.train.pixels, dataset.validation.pixels])
    truth = np.concatenate([images[f"data_batch_{k}"] for k in range(1, 6)])
    np.testing.assert_array_equal(together.numpy(), truth.reshape(20, 3, 32, 32))
    np.testing.assert_array_equal(dataset.test.pixels.flatten(1).numpy(), images["test_batch"])
    assert dataset.test.labels.tolist() == labels["test_batch"]
