"""CIFAR-10 through torchvision: from an existing folder, or downloaded on request.

Its files are checked against their published sums before torchvision reads them.
"""

import numpy as np

from corelib.data.images import ImageDataset, Split
from corelib.environment import data_root
from corelib.errors import DataError

CLASS_NAMES = (
    "airplane",
    "automobile",
    "bird",
    "cat",
    "deer",
    "dog",
    "frog",
    "horse",
    "ship",
    "truck",
)
FOLDER = "cifar-10-batches-py"


def is_here() -> bool:
    return (data_root() / FOLDER).is_dir()


def download() -> None:
    """Fetch the data by torchvision into ``data_root()``; raises ``DataError`` on failure."""
    from torchvision.datasets import CIFAR10

    try:
        CIFAR10(data_root(), download=True)
    except (OSError, RuntimeError) as error:
        raise DataError(
            f"CIFAR-10 could not be downloaded ({error}). Unpack cifar-10-python.tar.gz into "
            f"{data_root()}."
        ) from None


def load() -> ImageDataset:
    """The fixed split: the first nine tenths of the training images train, the last validate.

    Pixels are uint8 (image, channel, row, column), normalised by 0.5 and 0.5 as in the authors'
    code. Raises ``DataError`` that says how to get the data.
    """
    import torch

    if not is_here():
        raise DataError(
            f"CIFAR-10 is not here. Unpack cifar-10-python.tar.gz into {data_root()}, or download "
            "it with: python -m corelib data cifar-10"
        )
    from torchvision.datasets import CIFAR10

    try:
        parts = [CIFAR10(data_root(), train=train) for train in (True, False)]
    except (OSError, RuntimeError) as error:
        raise DataError(
            f"CIFAR-10 in {data_root() / FOLDER} is damaged ({error}); download it again."
        ) from None

    def split(images: np.ndarray, labels: list[int]) -> Split:
        pixels = np.ascontiguousarray(images.transpose(0, 3, 1, 2))
        return Split(torch.from_numpy(pixels), torch.tensor(labels))

    known, test = parts
    n = len(known.data) * 9 // 10
    return ImageDataset(
        name="cifar-10",
        class_names=CLASS_NAMES,
        mean=0.5,
        std=0.5,
        train=split(known.data[:n], known.targets[:n]),
        validation=split(known.data[n:], known.targets[n:]),
        test=split(test.data, test.targets),
    )
