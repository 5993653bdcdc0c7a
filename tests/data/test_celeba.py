"""CelebA and CIFAR-10, from small folders in their formats that are made here."""

import numpy as np
import pytest
import torch

from corelib.data import celeba, cifar
from corelib.errors import DataError
from tests.data.made import ATTRIBUTES, COUNTS, allow_other_sums, make_faces, make_objects


@pytest.fixture
def root(tmp_path, monkeypatch):
    monkeypatch.setenv("SYNAPTARIUM_DATA", str(tmp_path))
    allow_other_sums(monkeypatch)
    return tmp_path


@pytest.fixture
def faces(root):
    return make_faces(root)


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
    images, labels = make_objects(root)
    dataset = cifar.load()
    assert dataset.input_dim == 3072
    assert [len(s.labels) for s in (dataset.train, dataset.validation, dataset.test)] == [18, 2, 4]
    together = torch.cat([dataset.train.pixels, dataset.validation.pixels])
    truth = np.concatenate([images[f"data_batch_{k}"] for k in range(1, 6)])
    np.testing.assert_array_equal(together.numpy(), truth.reshape(20, 3, 32, 32))
    np.testing.assert_array_equal(dataset.test.pixels.flatten(1).numpy(), images["test_batch"])
    assert dataset.test.labels.tolist() == labels["test_batch"]
