"""A checkpoint is a folder: weights.safetensors, checkpoint.json, and learner.safetensors if
training can continue from it. Nothing in it is ever unpickled."""

import hashlib
from pathlib import Path

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor

from corelib import files
from corelib.errors import CheckpointError
from corelib.training.card import LEARNER, WEIGHTS, Card, read_card, read_whole, write_card

_FLOATS = {torch.float16, torch.bfloat16, torch.float32, torch.float64}
"""Each may be stored in place of another; shipped weights are stored in half precision."""


def save(
    folder: Path, card: Card, weights: dict[str, Tensor], learner: dict[str, Tensor] | None = None
) -> None:
    """Write a checkpoint by one rename: it is complete or absent. The card gets the checksums."""
    tensors = {WEIGHTS: weights} | ({} if learner is None else {LEARNER: learner})
    checksums: dict[str, str] = {}
    try:
        with files.new_folder(folder) as scratch:
            for name, kept in tensors.items():
                content = _content(kept)
                (scratch / name).write_bytes(content)
                checksums[name] = hashlib.sha256(content).hexdigest()
            write_card(scratch, card.model_copy(update={"checksums": checksums}))
    except OSError as error:
        raise CheckpointError(
            f"The checkpoint {folder.name} could not be written ({error}); "
            "the previous one is untouched."
        ) from None


def save_weights(file: Path, weights: dict[str, Tensor]) -> str:
    """Write only the weights, by one rename; returns their SHA-256."""
    content = _content(weights)
    files.write_bytes(file, content)
    return hashlib.sha256(content).hexdigest()


def _content(tensors: dict[str, Tensor]) -> bytes:
    return safetensors.torch.save(
        {name: t.detach().cpu().contiguous() for name, t in tensors.items()}
    )


def check(folder: Path) -> Card:
    """The card of a checkpoint whose files are all here and unchanged since they were written.

    Raises ``CheckpointError`` saying what is wrong with it.
    """
    card = read_card(folder)
    for name in {WEIGHTS, *card.checksums}:
        read_whole(folder / name, card.checksums.get(name, ""))
    return card


def read_tensors(file: Path, checksum: str = "") -> dict[str, Tensor]:
    """The tensors of a safetensors file, on the CPU; checked against its SHA-256 if given."""
    content = read_whole(file, checksum)
    try:
        return safetensors.torch.load(content)
    except (SafetensorError, ValueError, KeyError) as error:
        raise CheckpointError(f"{file} is damaged or not a safetensors file: {error}") from None


def load_weights(model: torch.nn.Module, file: Path, checksum: str = "") -> None:
    """Load the weights of a file into a model; every name and shape must match.

    Raises ``CheckpointError`` if they do not, or if a weight is not a finite number.
    """
    tensors = read_tensors(file, checksum)
    own = model.state_dict()
    wrong = sorted(
        name
        for name in own.keys() | tensors.keys()
        if name not in own or name not in tensors or own[name].shape != tensors[name].shape
    )
    if wrong:
        raise CheckpointError(
            f"{file} does not fit this network: {', '.join(wrong[:3])} differ in name or shape."
        )
    for name, tensor in tensors.items():
        kinds = {tensor.dtype, own[name].dtype}
        if len(kinds) > 1 and not kinds <= _FLOATS:
            raise CheckpointError(
                f"{file} does not fit this network: {name} is {tensor.dtype}, but should be "
                f"{own[name].dtype}."
            )
        if not tensor.isfinite().all():
            raise CheckpointError(f"{file} holds weights that are not finite numbers, in {name}.")
    model.load_state_dict(tensors)
