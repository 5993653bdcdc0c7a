"""Small folders in the formats of CelebA and CIFAR-10."""

import pickle
from pathlib import Path

import numpy as np
from PIL import Image

from corelib.data import celeba, cifar

ATTRIBUTES = [f"Attribute_{k}" for k in range(39)] + ["Smiling"]
COUNTS = {0: 5, 1: 2, 2: 3}
"""Pictures that train, validate and test."""


def allow_other_sums(monkeypatch) -> None:
    """torchvision knows the sums of the published files; those made here have others."""
    monkeypatch.setattr("torchvision.datasets.CIFAR10._check_integrity", lambda self: True)
    monkeypatch.setattr("torchvision.datasets.CIFAR10._load_meta", lambda self: None)
    monkeypatch.setattr("torchvision.datasets.CelebA._check_integrity", lambda self: True)


def make_faces(root: Path) -> tuple[np.ndarray, list[list[int]]]:
    """Ten pictures, each of one colour; attribute k of picture i is set where (i + k) % 3 = 0.
    Returns the part of each picture and its attributes as 1 or -1."""
    folder = root / celeba.FOLDER
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


def make_objects(root: Path, n: int = 4) -> tuple[dict[str, np.ndarray], dict[str, list[int]]]:
    """The five training batches and the test batch of CIFAR-10 with n random pictures each; returns
    pixels and labels by file."""
    folder = root / cifar.FOLDER
    folder.mkdir()
    rng = np.random.default_rng(0)
    images, labels = {}, {}
    for name in [f"data_batch_{k}" for k in range(1, 6)] + ["test_batch"]:
        images[name] = rng.integers(256, size=(n, 3072)).astype(np.uint8)
        labels[name] = rng.integers(10, size=n).tolist()
        content = {"data": images[name], "labels": labels[name]}
        (folder / name).write_bytes(pickle.dumps(content))
    return images, labels
