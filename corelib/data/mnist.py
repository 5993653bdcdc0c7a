"""MNIST, all 70,000 digits, from the file that ships in assets/data."""

import hashlib
from pathlib import Path

import numpy as np

from corelib.data.images import Arrays, ImageDataset, split_in_three
from corelib.errors import DataError

PATH = Path(__file__).parents[2] / "assets" / "data" / "mnist.npz"
SHA256 = {
    "x_train": "741c988805d008ac6e4c904b69001ba184c24b2c540a4ef403f4c71b676cf757",
    "y_train": "1feba77c54802fa5339a11837ea4b2866434b83314ec45192930f1df69120c13",
    "x_test": "6d87418db22cc8025d05968bec9bd5c3932904b23485740db143a061a2c9d161",
    "y_test": "ddeff807876a9661a1110d45c266c86239a3a1b7d37da0c3716a7a683c852ff5",
}


def read_arrays(path: Path = PATH) -> Arrays:
    """x_train, y_train, x_test, y_test as uint8; every byte is checked.

    Raises ``DataError`` when the file is missing or differs from the one that ships.
    """
    restore = "restore it with: git checkout -- assets/data/mnist.npz"
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in SHA256}
    except FileNotFoundError:
        raise DataError(f"The digits are missing at {path}; {restore}") from None
    except Exception:  # zipfile, zlib, tokenize and numpy each raise their own
        raise DataError(f"The file {path} is damaged and cannot be read; {restore}") from None
    for name, array in arrays.items():
        if hashlib.sha256(array.tobytes()).hexdigest() != SHA256[name]:
            raise DataError(f"The file {path} is damaged: {name} has changed; {restore}")
    x_train, y_train, x_test, y_test = arrays.values()
    return x_train, y_train, x_test, y_test


def load() -> ImageDataset:
    """The fixed split of MNIST."""
    digits = tuple("0123456789")
    return split_in_three("mnist", digits, 0.1307, 0.3081, read_arrays())
