"""Fashion-MNIST through torchvision: from an existing folder, or downloaded on request."""

from pathlib import Path

from corelib.data.images import ImageDataset, split_in_three
from corelib.environment import data_root
from corelib.errors import DataError

CLASS_NAMES = (
    "T-shirt",
    "trousers",
    "pullover",
    "dress",
    "coat",
    "sandal",
    "shirt",
    "sneaker",
    "bag",
    "ankle boot",
)
DEBIAN_FOLDER = Path("/usr/share/datasets/fashion-mnist")
FILES = tuple(
    f"{part}-{kind}-ubyte" for part in ("train", "t10k") for kind in ("images-idx3", "labels-idx1")
)


def find_folder() -> Path | None:
    """The first folder that holds all four files, plain or gzipped; None if there is none."""
    for folder in (data_root() / "FashionMNIST" / "raw", data_root(), DEBIAN_FOLDER):
        if all((folder / f).exists() or (folder / f"{f}.gz").exists() for f in FILES):
            return folder
    return None


def download() -> None:
    """Fetch the data by torchvision into ``data_root()``; raises ``DataError`` on failure."""
    from torchvision.datasets import FashionMNIST

    try:
        FashionMNIST(data_root(), download=True)
    except (OSError, RuntimeError) as error:
        raise DataError(
            f"Fashion-MNIST could not be downloaded ({error}). Put its four files into "
            f"{data_root()}, or install Debian's package dataset-fashion-mnist."
        ) from None


def load() -> ImageDataset:
    """The fixed split of Fashion-MNIST; raises ``DataError`` that says how to get it."""
    import gzip
    import shutil
    import tempfile

    folder = find_folder()
    if folder is None:
        raise DataError(
            f"Fashion-MNIST is not here. Put its four files into {data_root()}, install Debian's "
            "package dataset-fashion-mnist, or download it with: "
            "python -m corelib data fashion-mnist"
        )

    from torchvision.datasets.mnist import read_image_file, read_label_file

    with tempfile.TemporaryDirectory() as scratch:

        def plain(name: str) -> str:
            if (folder / name).exists():
                return str(folder / name)
            target = Path(scratch) / name
            with gzip.open(folder / f"{name}.gz") as source, target.open("wb") as sink:
                shutil.copyfileobj(source, sink)
            return str(target)

        try:
            x_train, y_train, x_test, y_test = (
                (read_image_file if "images" in name else read_label_file)(plain(name)).numpy()
                for name in FILES
            )
        except Exception as error:  # gzip, zlib, torch and torchvision each raise their own
            raise DataError(
                f"Fashion-MNIST in {folder} is damaged ({error}); replace its four files."
            ) from None
    arrays = (x_train, y_train, x_test, y_test)
    return split_in_three("fashion-mnist", CLASS_NAMES, 0.2860, 0.3530, arrays)
