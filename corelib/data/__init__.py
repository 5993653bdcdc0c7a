"""Data sources: one file each. Nothing here imports torch until data is loaded."""

from corelib.data.images import ImageDataset, Split
from corelib.data.sources import DATASETS, DatasetName, is_here, load_dataset, read_ahead

__all__ = [
    "DATASETS",
    "DatasetName",
    "ImageDataset",
    "Split",
    "is_here",
    "load_dataset",
    "read_ahead",
]
