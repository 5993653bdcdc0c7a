"""A checkpoint is a folder: weights.safetensors, checkpoint.json, and learner.safetensors if
training can continue from it. Nothing in it is ever unpickled."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor

from corelib import files
from corelib.errors import CheckpointError
from corelib.files import printable
from corelib.training.card import LEARNER, WEIGHTS, Card, read_card, read_whole, write_card
from corelib.words import shape

SHOWN = 3
"""What does not fit that one sentence names at most."""
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
    return tensors_of(str(file), read_whole(file, checksum))


def tensors_of(shown: str, content: bytes) -> dict[str, Tensor]:
    """The tensors of a safetensors file that errors name as ``shown``, on the CPU."""
    try:
        return safetensors.torch.load(content)
    except (SafetensorError, ValueError, KeyError) as error:
        reason = printable(" ".join(str(error).split())[:160])
        raise CheckpointError(f"{shown} is damaged or not a safetensors file: {reason}.") from None


def load_weights(model: torch.nn.Module, file: Path, checksum: str = "") -> None:
    """Load the weights of a file into a model; every name and shape must match.

    Raises ``CheckpointError`` if they do not, or if a weight is not a finite number.
    """
    tensors = read_tensors(file, checksum)
    check_fits(str(file), tensors, model.state_dict())
    model.load_state_dict(tensors)


def check_fits(shown: str, tensors: Mapping[str, Tensor], own: Mapping[str, Tensor]) -> None:
    """Raise ``CheckpointError``, naming the file as ``shown``, unless its tensors can take the
    place of ``own``, which may lie on the meta device, and are finite numbers."""
    wrong = [
        *(f"{name} is missing" for name in sorted(own.keys() - tensors.keys())),
        *(f"{printable(name[:100])} is not known" for name in sorted(tensors.keys() - own.keys())),
    ]
    for name in (name for name in own if name in tensors):
        tensor, place = tensors[name], own[name]
        kinds = {tensor.dtype, place.dtype}
        if tensor.shape != place.shape:
            wrong.append(f"{name} is {shape(tensor.shape)}, but should be {shape(place.shape)}")
        elif len(kinds) > 1 and not kinds <= _FLOATS:
            wrong.append(f"{name} is {tensor.dtype}, but should be {place.dtype}")
    if wrong:
        more = f"; and {len(wrong) - SHOWN} more" if len(wrong) > SHOWN else ""
        raise CheckpointError(
            f"{shown} does not fit this network: {'; '.join(wrong[:SHOWN])}{more}."
        )
    for name, tensor in tensors.items():
        if not tensor.isfinite().all():
            raise CheckpointError(f"{shown} holds weights that are not finite numbers, in {name}.")
