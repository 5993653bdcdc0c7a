"""What is measured: a network, and images for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypedDict

from corelib.data.images import ImageDataset, Split
from corelib.data.sequences import SequenceDataset
from corelib.data.sources import DATASETS, load_dataset
from corelib.errors import DataError, SettingsError
from corelib.runs.experiment import Experiment
from corelib.runs.registry import Checkpoint, find, load

if TYPE_CHECKING:
    import numpy as np
    import torch
    from torch import Tensor, nn

    from corelib.data import Dataset
    from corelib.models.bpan.anytime import AnytimeClassifier

    Model = str | Path | Checkpoint | Experiment | nn.Module
    """A network: its name, its checkpoint, its experiment, or itself."""
    Data = str | Dataset | tuple[np.ndarray | Tensor, np.ndarray | Tensor] | None
    """A data set: its name, itself, or images (image, row, column) and their labels (image,)."""

SPLITS = ("test", "validation", "train")


class Which(TypedDict, total=False):
    """Which images of the data set are measured, and how they are corrupted.

    ``split`` is "test", "validation" or "train"; ``images`` the most that are taken, from the
    first; ``corruption`` a kind of ``corelib.data.corruption_kinds.CORRUPTIONS``, with its
    ``severity`` and the ``seed`` of its noise.
    """

    split: str
    images: int | None
    corruption: str | None
    severity: float
    seed: int


class Subject(NamedTuple):
    """A network, its ``name``, and its checkpoint if it has one."""

    name: str
    model: nn.Module
    item: Checkpoint | None


class Shown(NamedTuple):
    """The images that a network is measured on, corrupted: the data set, which normalises them, and
    the ``part`` of it, whose pixels are then floats on [0, 1]."""

    dataset: Dataset
    part: Split
    condition: dict[str, object]
    """What is shown, by the columns of a table."""

    @property
    def x(self) -> Tensor:
        """The network's input: (image, input), normalised."""
        return self.dataset.inputs(self.part.pixels)


def subject_of(model: Model, data: Data = None) -> Subject:
    """The network of a name, a checkpoint, an experiment, or the network itself.

    Raises ``CheckpointError`` where there is none, and ``SettingsError``, before its weights are
    read, if it cannot read the data set that ``data`` names.
    """
    if isinstance(model, Experiment):
        model = model.checkpoint
    if isinstance(model, str | Path):
        model = find(str(model))
    if isinstance(model, Checkpoint):
        if isinstance(data, str):
            _check_readable(model, data)
        return Subject(model.title, load(model), model)
    return Subject(type(model).__name__, model, None)


def anytime(subject: Subject) -> AnytimeClassifier:
    """The network as one that answers after each step: what is no such network is wrapped.

    Raises ``SettingsError`` for networks that do not classify.
    """
    from corelib.models.bpan.anytime import AnytimeClassifier
    from corelib.models.bpan.wrapped import wrap
    from corelib.models.butd.networks import BUTDNet
    from corelib.models.ipvae.network import IterativeVAE

    if isinstance(subject.model, AnytimeClassifier):
        return subject.model
    if isinstance(subject.model, BUTDNet | IterativeVAE):
        raise SettingsError(
            f"{subject.name} gives no answer after each step; BPAN, its baselines and wrapped "
            "classifiers do."
        )
    return wrap(subject.model)


def device_of(model: nn.Module) -> torch.device:
    """Where a network is; the CPU if it has no parameters."""
    import torch

    return next((p.device for p in model.parameters()), torch.device("cpu"))


@contextmanager
def in_evaluation(model: nn.Module) -> Iterator[None]:
    """Measure with dropout off, and leave the network as it was."""
    training = model.training
    model.eval()
    try:
        yield
    finally:
        model.train(training)


def shown(
    subject: Subject,
    data: Data,
    split: str = "test",
    images: int | None = None,
    corruption: str | None = None,
    severity: float = 0.0,
    seed: int = 0,
) -> Shown:
    """The images that a network is measured on; without ``data`` those of what it was trained on.

    Raises ``SettingsError`` naming what cannot be, ``DataError`` for data that is missing or no
    data.
    """
    if split not in SPLITS:
        raise SettingsError(f"split is {split!r}, but should be {' or '.join(map(repr, SPLITS))}.")
    if images is not None and images < 1:
        raise SettingsError(f"images is {images}, but should be at least 1.")
    dataset = _dataset(subject, data)
    part = Split(*(tensor[:images] for tensor in getattr(dataset, split)))
    if corruption is not None:
        if not isinstance(dataset, ImageDataset) or part.pixels.ndim != 3:
            raise SettingsError(
                f"{dataset.name} cannot be corrupted: corruptions act on grey images."
            )
        from corelib.data.corruptions import Corruption, corrupt

        wanted = Corruption(corruption, severity, seed)
        part = part._replace(pixels=corrupt(part.pixels, wanted, dataset.mean, dataset.std))
    elif severity:
        raise SettingsError(f"severity is {severity:g}, but no corruption is named.")
    condition = {
        "dataset": dataset.name,
        "split": split,
        "images": len(part.labels),
        "corruption": corruption,
        "severity": float(severity),
    }
    return Shown(dataset, part, condition)


def _dataset(subject: Subject, data: Data) -> Dataset:
    if data is None:
        data = subject.item.card.dataset if subject.item else "mnist"
    if isinstance(data, str):
        dataset = load_dataset(data)
    elif isinstance(data, ImageDataset | SequenceDataset):
        dataset = data
    else:
        dataset = _own(subject, data)
    if subject.item is not None:
        _check_size(subject.item, dataset)
    return dataset


def _own(subject: Subject, data: tuple) -> ImageDataset:
    """Images and labels that a person has, normalised as what the network was trained on."""
    import torch

    if len(data) != 2:
        raise DataError("data should be a pair: images (image, row, column) and labels (image,).")
    pixels, labels = (torch.as_tensor(part) for part in data)
    if pixels.ndim != 3 or labels.shape != pixels.shape[:1] or not len(labels):
        raise DataError(
            f"The images have shape {tuple(pixels.shape)} and the labels {tuple(labels.shape)}, "
            "but should be (image, row, column) and (image,)."
        )
    if pixels.dtype != torch.uint8 and not (pixels.min() >= 0 and pixels.max() <= 1):
        raise DataError("Pixels that are not uint8 should be from 0 to 1.")
    mean, std = 0.1307, 0.3081
    if subject.item is not None:
        known = load_dataset(subject.item.card.dataset)
        if isinstance(known, ImageDataset):
            mean, std = known.mean, known.std
    part = Split(pixels, labels.long())
    names = tuple(str(k) for k in range(int(labels.max()) + 1))
    return ImageDataset("own images", names, mean, std, part, part, part)


def _check_readable(item: Checkpoint, name: str) -> None:
    """Raise ``SettingsError`` where a checkpoint cannot read a data set by its kind or size."""
    from corelib.catalog import system

    chosen = system(item.card.system)
    if name in DATASETS and name not in chosen.datasets:
        raise SettingsError(
            f"{item.name} reads {chosen.data}s, but {name} holds {DATASETS[name].kind}s; choose "
            f"one of: {', '.join(chosen.datasets)}."
        )
    _check_size(item, load_dataset(name))


def _check_size(item: Checkpoint, dataset: Dataset) -> None:
    """Raise ``SettingsError`` where a checkpoint has another number of inputs."""
    expects = item.card.config.get("input_dim", dataset.input_dim)
    if expects != dataset.input_dim:
        what = "inputs" if isinstance(dataset, SequenceDataset) else "pixels"
        raise SettingsError(
            f"{item.name} takes {expects} {what}, but {dataset.size_in_words}; choose another "
            "data set."
        )
