"""Gates over training: what the learner noted at the start of each epoch, on disk.

A checkpoint from which training can resume holds them in its learner's state; one that ships has
them beside its weights in ``gates.npz``, with those of the last epoch's end.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from corelib.errors import CheckpointError
from corelib.models.butd.gates import pack, unpack
from corelib.models.butd.networks import BUTDNet
from corelib.models.butd.subnetworks import Units, overlap, reachable
from corelib.training.checkpoint import read_tensors

FILE = "gates.npz"


class GateHistory(NamedTuple):
    """``epochs`` (moment,) passed, and ``packed`` (moment, byte), one ``gates.pack`` each."""

    epochs: np.ndarray
    packed: np.ndarray

    def gates(self, moment: int, model: BUTDNet) -> Units:
        """What each task of ``model`` opened then: bool (task, unit...) of each population."""
        return unpack(self.packed[moment], model.shapes, model.n_tasks)


class OverlapHistory(NamedTuple):
    """After ``epochs`` (moment,) passed, of the reachable units of each population: ``open``
    (moment, population) the share that a task opens, mean of two tasks, and ``jaccard`` (moment,
    population) |both| / |either|, NaN where neither opens any."""

    epochs: np.ndarray
    open: np.ndarray
    jaccard: np.ndarray


def read(folder: Path, model: BUTDNet) -> GateHistory | None:
    """The history of a checkpoint's folder up to ``model``'s own gates, which come last.

    None where no gates were noted. Raises ``CheckpointError`` if the file is damaged.
    """
    if (folder / FILE).exists():
        try:
            with np.load(folder / FILE, allow_pickle=False) as file:
                return GateHistory(file["epochs"], file["packed"])
        except Exception:  # zipfile, zlib and numpy each raise their own
            raise CheckpointError(f"{folder / FILE} is damaged; restore it.") from None
    if not (folder / "learner.safetensors").exists():
        return None
    noted = read_tensors(folder / "learner.safetensors")["gates"].numpy()
    if not noted.size:
        return None
    now = pack(model.task_gates()).cpu().numpy()
    return GateHistory(np.arange(len(noted) + 1), np.concatenate([noted, now[None]]))


def overlap_history(
    history: GateHistory, model: BUTDNet, first: int = 0, second: int = 1
) -> OverlapHistory:
    """How much two tasks of ``model`` opened and shared at each moment of its training."""
    reached = reachable(model)
    moments = [
        overlap(history.gates(k, model), reached, first, second) for k in range(len(history.packed))
    ]
    opened = np.array([moment.open[:, [first, second]].mean(1) for moment in moments])
    return OverlapHistory(history.epochs, opened, np.array([m.jaccard for m in moments]))


def write(history: GateHistory, folder: Path) -> None:
    """Put a history beside the weights of a checkpoint that ships."""
    np.savez_compressed(folder / FILE, epochs=history.epochs, packed=history.packed)
