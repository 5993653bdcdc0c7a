"""CelebA: faces with 40 attributes, each of them a task; read by torchvision from a folder.

The pictures of 178 x 218 are decoded once, by a DataLoader, reduced to squares and kept in memory:
with 64 pixels a side they take 2.5 GB. The authors' code reads them at full size in each epoch.
"""

import os

from corelib.data.images import ImageDataset, Split
from corelib.environment import data_root
from corelib.errors import DataError

SIDE, N_TASKS = 64, 40
FOLDER = "celeba"


def is_here() -> bool:
    return (data_root() / FOLDER / "img_align_celeba").is_dir()


def load(side: int = SIDE) -> ImageDataset:
    """The published split; pixels uint8 (image, 3, side, side), labels (image, attribute), 0 or 1.

    Normalised by 0.5 and 0.5 as in the authors' code. Raises ``DataError`` that says how to get the
    data.
    """
    if not is_here():
        raise DataError(
            "CelebA is not here. Put img_align_celeba and its five text files, as "
            f"torchvision.datasets.CelebA expects them, into {data_root() / FOLDER}."
        )
    import torch
    from torch.utils.data import DataLoader
    from torchvision.datasets import CelebA
    from torchvision.transforms.v2 import Compose, PILToTensor, Resize

    shrink = Compose([Resize((side, side)), PILToTensor()])

    def split(name: str) -> tuple[Split, tuple[str, ...]]:
        source = CelebA(data_root(), name, transform=shrink)
        pixels = torch.empty(len(source), 3, side, side, dtype=torch.uint8)
        # Worker processes pay off only for many pictures.
        workers = (os.cpu_count() or 1) if len(source) > 2000 else 0
        at = 0
        for images, _ in DataLoader(source, batch_size=256, num_workers=workers):
            pixels[at : at + len(images)] = images
            at += len(images)
        names = tuple(n.replace("_", " ").lower() for n in source.attr_names if n)
        return Split(pixels, source.attr), names

    try:
        (train, names), (validation, _), (test, _) = map(split, ("train", "valid", "test"))
    except (OSError, RuntimeError, ValueError) as error:
        raise DataError(
            f"CelebA in {data_root() / FOLDER} is incomplete or damaged ({error}); replace its "
            "files."
        ) from None
    return ImageDataset("celeba", ("no", "yes"), 0.5, 0.5, train, validation, test, names)
