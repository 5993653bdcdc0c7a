"""Data sources: one file each. Nothing here imports torch until data is loaded."""

from corelib.data.images import ImageDataset, Split
from corelib.data.sequences import SequenceDataset
from corelib.data.sources import DATASETS, Dataset, is_here, load_dataset, read_ahead

__all__ = [
    "DATASETS",
    "Dataset",
    "ImageDataset",
    "SequenceDataset",
    "Split",
    "is_here",
    "load_dataset",
    "read_ahead",
]
