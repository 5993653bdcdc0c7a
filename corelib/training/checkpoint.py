"""A checkpoint is a folder: weights.safetensors, checkpoint.json, and learner.safetensors if
training can continue from it. Nothing in it is ever unpickled."""

import os
import shutil
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from corelib.errors import CheckpointError
from corelib.training.card import Card, write_card


def save(
    folder: Path, card: Card, weights: dict[str, Tensor], learner: dict[str, Tensor] | None = None
) -> None:
    """Write a checkpoint by one rename: it is complete or absent."""
    scratch = folder.with_name(f".{folder.name}.{os.getpid()}.part")
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    try:
        save_file(_plain(weights), scratch / "weights.safetensors")
        if learner is not None:
            save_file(_plain(learner), scratch / "learner.safetensors")
        write_card(scratch, card)
        if folder.exists():
            shutil.rmtree(folder)
        scratch.rename(folder)
    except (OSError, SafetensorError) as error:  # the latter when the disk is full
        raise CheckpointError(
            f"The checkpoint {folder.name} could not be written ({error}); "
            "the previous one is untouched."
        ) from None
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def save_weights(file: Path, weights: dict[str, Tensor]) -> None:
    """Write only the weights, by one rename."""
    scratch = file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        save_file(_plain(weights), scratch)
        scratch.replace(file)
    finally:
        scratch.unlink(missing_ok=True)


def _plain(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: t.detach().cpu().contiguous() for name, t in tensors.items()}


def read_tensors(file: Path) -> dict[str, Tensor]:
    """The tensors of a safetensors file, on the CPU."""
    try:
        return load_file(file)
    except FileNotFoundError:
        raise CheckpointError(f"{file.name} is missing in {file.parent}.") from None
    except (OSError, SafetensorError) as error:
        raise CheckpointError(f"{file} is damaged or not a safetensors file: {error}") from None


def load_weights(model: torch.nn.Module, file: Path) -> None:
    """Load the weights of a file into a model; every name and shape must match."""
    tensors = read_tensors(file)
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
    model.load_state_dict(tensors)
