"""Small images of three shapes, as a person could add them."""

from pathlib import Path

import numpy as np
from PIL import Image

CLASSES = ("bar", "ring", "stick")


def shapes(n: int = 90, side: int = 20) -> tuple[np.ndarray, np.ndarray]:
    """Noisy bars, rings and sticks at random places: uint8 (image, row, column) and labels 0 to 2
    (image,)."""
    rng = np.random.default_rng(0)
    labels = np.arange(n) % 3
    images = np.zeros((n, side, side))
    for image, label in zip(images, labels, strict=True):
        row, column = rng.integers(1, side - 8, 2)
        if label == 0:
            image[row : row + 2, column : column + 7] = 255
        elif label == 1:
            image[row : row + 7, column : column + 7] = 255
            image[row + 2 : row + 5, column + 2 : column + 5] = 0
        else:
            image[row : row + 7, column : column + 2] = 255
    return (images + rng.uniform(0, 30, images.shape)).clip(0, 255).astype(np.uint8), labels


def make_npz(path: Path, **arrays: np.ndarray) -> Path:
    """An npz of those shapes with their names as labels; ``arrays`` replace or add to them."""
    images, labels = shapes()
    np.savez(path, **{"images": images, "labels": np.array(CLASSES)[labels], **arrays})
    return path


def make_folder(path: Path, suffix: str = ".png", n: int = 36) -> Path:
    """A folder of pictures for each class."""
    images, labels = shapes(n)
    for k, (image, label) in enumerate(zip(images, labels, strict=True)):
        folder = path / CLASSES[label]
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(folder / f"{k:03d}{suffix}")
    return path
