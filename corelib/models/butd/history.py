"""Gates over training: what the learner noted at the start of each epoch, on disk.

A checkpoint that can go on holds them in its learner's state; one that ships has them beside its
weights in ``gates.npz``, with those of the last epoch's end.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from corelib.errors import CheckpointError
from corelib.models.butd.gates import pack
from corelib.models.butd.networks import BUTDNet
from corelib.training.checkpoint import read_tensors

FILE = "gates.npz"


class GateHistory(NamedTuple):
    """``epochs`` (moment,) passed, and ``packed`` (moment, byte), one ``gates.pack`` each."""

    epochs: np.ndarray
    packed: np.ndarray


def read(folder: Path, model: BUTDNet) -> GateHistory | None:
    """The history of a checkpoint's folder up to ``model``'s own gates, which come last.

    None where nothing was noted. Raises ``CheckpointError`` if the file is damaged.
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
    now = pack(model.gates()).cpu().numpy()
    return GateHistory(np.arange(len(noted) + 1), np.concatenate([noted, now[None]]))


def write(history: GateHistory, folder: Path) -> None:
    """Put a history beside the weights of a checkpoint that ships."""
    np.savez_compressed(folder / FILE, epochs=history.epochs, packed=history.packed)
