"""``checkpoint.json``: what a checkpoint's weights are. Imports no torch."""

import hashlib
from pathlib import Path
from typing import Any

from pydantic import ConfigDict

from corelib.errors import CheckpointError, SettingsError
from corelib.files import read_json, write_text
from corelib.settings import Settings, setting
from corelib.training.events import Measured

FORMAT = 1
CARD, WEIGHTS, LEARNER = "checkpoint.json", "weights.safetensors", "learner.safetensors"
"""The card, and the files beside it."""


class Origin(Settings):
    """Where an imported checkpoint came from."""

    file: str = setting(..., "Name of the file")
    checksum: str = setting(..., "Its SHA-256")
    settings: str = setting("", "Name of the file of settings that stood beside it")
    trained_on: str = setting("", "What it was trained on, by its authors' name of it")
    assumed: tuple[str, ...] = setting((), "Settings that neither of the files tells, as assumed")


class Card(Settings):
    """``checkpoint.json``: what these weights are."""

    model_config = ConfigDict(ser_json_inf_nan="strings")

    format: int = setting(FORMAT, "Version of this layout", ge=FORMAT, le=FORMAT)
    system: str = setting(..., "Name in the catalogue")
    variant: str = setting("", "How it differs from the system's standard settings")
    dataset: str = setting(..., "What it was trained on")
    config: dict[str, Any] = setting(..., "The network's settings")
    training: dict[str, Any] = setting(..., "The training settings")
    seed: int = setting(..., "Seed of initial weights, batches and noise", ge=0)
    step: int = setting(..., "Updates so far", ge=0)
    epoch: float = setting(..., "Passes over the training set so far", ge=0)
    metrics: dict[str, Measured] = setting({}, "Measured on the validation set at this step")
    score: float | None = setting(
        None, "The metric that selects the best checkpoint; none between epochs"
    )
    test: dict[str, Measured] = setting(
        {}, "Measured on the test set, once, when chosen as the best"
    )
    versions: dict[str, str] = setting({}, "Versions of the libraries it was trained with")
    origin: Origin | None = setting(None, "Where it came from; none if it was trained here")
    checksums: dict[str, str] = setting({}, "SHA-256 of the files beside it, by their names")


def read_card(folder: Path) -> Card:
    """The card of a checkpoint; raises ``CheckpointError`` if it is missing or unreadable."""
    try:
        return Card(**read_json(folder / CARD))
    except FileNotFoundError:
        raise CheckpointError(f"There is no checkpoint in {folder}.") from None
    except (ValueError, TypeError, SettingsError) as error:
        raise CheckpointError(f"The checkpoint in {folder} cannot be read: {error}") from None


def read_whole(file: Path, checksum: str = "") -> bytes:
    """A file of a checkpoint; raises ``CheckpointError`` if it is missing or, where its SHA-256 is
    known, has changed since it was saved."""
    try:
        content = file.read_bytes()
    except FileNotFoundError:
        raise CheckpointError(f"{file.name} is missing in {file.parent}.") from None
    except OSError as error:
        raise CheckpointError(f"{file} cannot be read: {error.strerror}.") from None
    if checksum and hashlib.sha256(content).hexdigest() != checksum:
        raise CheckpointError(
            f"{file} is damaged: it has changed since it was saved (its checksum differs)."
        )
    return content


def write_card(folder: Path, card: Card) -> None:
    """Write or replace the card of a checkpoint in one rename."""
    write_text(folder / CARD, card.model_dump_json(indent=1) + "\n")
