"""A checkpoint as one zip, for other machines and other people, and back.

The zip holds ``weights.safetensors``, ``checkpoint.json`` (the card), ``README.md`` (the model
card) and ``example.py``. What comes in was written by somebody else. It is checked in memory,
against the network that the card describes, before anything is kept: nothing is unpickled, nothing
is unpacked to the disk, and no name in an archive is ever used as a path.
"""

import hashlib
import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import torch
from pydantic_core import from_json
from torch import Tensor

from corelib import files
from corelib.catalog import SYSTEMS, system
from corelib.errors import CheckpointError, DataError, SettingsError
from corelib.files import printable
from corelib.runs.imported import check_name, free_names
from corelib.runs.registry import Checkpoint, imported_root, load, read_usable
from corelib.runs.spec import RunSpec, check_word, resolve
from corelib.runs.torch_file import LARGEST
from corelib.training.card import CARD, WEIGHTS, Card, Origin, read_whole, write_card
from corelib.training.checkpoint import check_fits, tensors_of

README, EXAMPLE = "README.md", "example.py"
NAMES = (WEIGHTS, CARD, README, EXAMPLE)
CARD_BYTES = HEADER_BYTES = 2**20
"""Of the largest card, and of what a file of weights holds beside its numbers."""
MOST = 2**53
"""The largest whole number that a card may hold; every page can show it."""
_BROKEN = (
    *(zipfile.BadZipFile, zlib.error, struct.error),
    *(OSError, EOFError, NotImplementedError, RuntimeError, ValueError),
)
"""What a damaged archive raises."""


class Packed(NamedTuple):
    """A checked package: its card, and the content of its file of weights."""

    card: Card
    weights: bytes


class _Part(NamedTuple):
    """A file of a package: how large it says that it is, and how it is read."""

    size: int
    read: Callable[[], bytes]


def pack(item: Checkpoint, readme: str, example: str) -> bytes:
    """A checkpoint as a zip; the same one gives the same bytes. Raises ``CheckpointError`` if its
    weights are damaged."""
    weights = read_whole(item.folder / WEIGHTS, item.card.checksums.get(WEIGHTS, ""))
    sums = {WEIGHTS: hashlib.sha256(weights).hexdigest()}
    card = item.card.model_copy(update={"checksums": sums}).model_dump_json(indent=1) + "\n"
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, part in zip(NAMES, (weights, card, readme, example), strict=True):
            # Without the time of day. Weights are noise to a compressor.
            kind = zipfile.ZIP_STORED if name == WEIGHTS else zipfile.ZIP_DEFLATED
            archive.writestr(zipfile.ZipInfo(name), part, kind)
    return content.getvalue()


def is_package(path: Path) -> bool:
    """Whether a path is a checkpoint of ours: a zip, a folder with a card, or a safetensors file
    whose card stands beside it."""
    if path.is_dir():
        return (path / CARD).is_file()
    return path.suffix.lower() == ".zip" or _card_of(path) is not None


def import_package(path: Path, system: str = "", name: str = "", dataset: str = "") -> Checkpoint:
    """Keep a package as an imported checkpoint called ``name``, or after its system.

    ``system`` and ``dataset``, unless they are "", are what its card should say. Raises
    ``CheckpointError`` or ``SettingsError`` in one sentence; then nothing is kept.
    """
    check_name(name)
    shown, (card, weights) = printable(path.name[-100:]), read(path)
    for what, wanted, said in (
        ("system", system, card.system),
        ("data set", dataset, card.dataset),
    ):
        if wanted not in ("", said):
            raise SettingsError(f"The card in {shown} names the {what} {said!r}, not {wanted!r}.")
    (called,) = free_names([card.system], name)
    checksum = hashlib.sha256(weights).hexdigest()
    # Who made it first is worth more than through whose hands it went.
    origin = card.origin or Origin(file=shown, checksum=checksum)
    kept = card.model_copy(update={"origin": origin, "checksums": {WEIGHTS: checksum}})
    folder = imported_root() / called
    imported_root().mkdir(parents=True, exist_ok=True)
    files.sweep(imported_root())
    with files.new_folder(folder) as scratch:
        (scratch / WEIGHTS).write_bytes(weights)
        write_card(scratch, kept)
    try:
        item = Checkpoint(called, folder, read_usable(folder), own=True)
        load(item)
    except BaseException:
        files.remove(folder)
        raise
    return item


def read(path: Path) -> Packed:
    """A package that a person supplies, all of it checked. Raises ``CheckpointError``."""
    shown = printable(path.name[-100:])
    with _parts(shown, path) as parts:
        for name in (CARD, WEIGHTS):
            if name not in parts:
                raise CheckpointError(f"{shown} holds no {name}, which a model needs.")
        card = _card(f"The card of {shown}", parts[CARD])
        expected = _expected(shown, card)
        weights = _weights(f"The file of weights of {shown}", parts[WEIGHTS], card, expected)
    return Packed(card, weights)


@contextmanager
def _parts(shown: str, path: Path) -> Iterator[Mapping[str, _Part]]:
    """The files of a package that are read, by the names they have in a zip."""
    if not path.exists():
        raise CheckpointError(f"There is no file {shown}.")
    if path.suffix.lower() == ".zip":
        try:
            opened = zipfile.ZipFile(path)
        except _BROKEN:
            raise CheckpointError(
                f"{shown} is no zip, or it is damaged: it cannot be opened."
            ) from None
        with opened:
            yield _entries(shown, opened)
        return
    is_folder = path.is_dir()
    weights, card = (path / WEIGHTS, path / CARD) if is_folder else (path, _card_of(path))
    there = {WEIGHTS: weights, CARD: card}
    yield {
        name: _Part(file.stat().st_size, file.read_bytes)
        for name, file in there.items()
        if file is not None and file.is_file()
    }


def _entries(shown: str, archive: zipfile.ZipFile) -> dict[str, _Part]:
    entries = archive.infolist()
    for entry in entries:
        if entry.filename in NAMES:
            continue
        name, known = printable(entry.filename[:60]), ", ".join(NAMES)
        # What torch.save writes is a zip as well.
        is_torch = entry.filename.endswith("/data.pkl")
        hint = " It looks like a file of torch.save, whose name ends in .pt." if is_torch else ""
        raise CheckpointError(
            f"{shown} holds {name!r}, but a model's zip holds only {known}, outside any "
            f"folder.{hint}"
        )
    parts = {entry.filename: entry for entry in entries}
    if len(parts) < len(entries):
        raise CheckpointError(f"{shown} holds two files of the same name; save it anew.")

    def part(entry: zipfile.ZipInfo) -> _Part:
        def content() -> bytes:
            try:
                # Never more than the size that was checked.
                return archive.read(entry)
            except _BROKEN:
                raise CheckpointError(
                    f"{entry.filename} in {shown} is damaged: it cannot be unpacked."
                ) from None

        return _Part(entry.file_size, content)

    return {name: part(entry) for name, entry in parts.items()}


def _card_of(file: Path) -> Path | None:
    """The card beside a safetensors file: ``checkpoint.json``, or of the same name. None if there
    is none, also where that is a file of the authors' settings."""
    if file.suffix.lower() != ".safetensors":
        return None
    beside = (file.with_name(CARD),) if file.name == WEIGHTS else ()
    for card in (*beside, file.with_suffix(".json")):
        try:
            if card.is_file() and card.stat().st_size <= CARD_BYTES:
                found = from_json(card.read_bytes())
                if isinstance(found, dict) and {"system", "config"} <= found.keys():
                    return card
        except (OSError, ValueError):  # it is no card; as settings it is refused in a sentence
            continue
    return None


def _card(shown: str, part: _Part) -> Card:
    """The card, if a network can be built from it here."""
    if part.size > CARD_BYTES:
        raise CheckpointError(
            f"{shown} has {part.size:,} bytes, but should have at most {CARD_BYTES:,}."
        )
    try:
        found: Any = from_json(part.read())
        if not isinstance(found, dict):
            raise SettingsError("it should hold a JSON object")
        card = Card(**found)
    except (ValueError, TypeError, SettingsError) as error:
        raise CheckpointError(f"{shown} cannot be read: {_reason(error)}.") from None
    if card.system not in SYSTEMS:
        raise CheckpointError(
            f"{shown} names the system {printable(card.system[:60])!r}, which is not "
            f"known here; known are: {', '.join(SYSTEMS)}."
        )
    try:
        check_word("variant", card.variant)
        resolve(RunSpec(**{name: getattr(card, name) for name in RunSpec.model_fields}))
    except (SettingsError, DataError, TypeError) as error:
        raise CheckpointError(
            f"{shown} does not describe a network that can be built: {_reason(error)}."
        ) from None
    if max(card.step, card.epoch) > MOST:
        raise CheckpointError(f"{shown} counts more updates than there can be.")
    if not card.checksums.get(WEIGHTS):
        raise CheckpointError(
            f"{shown} has no checksum of the weights, so that nobody can tell whether "
            "they are whole; export it again."
        )
    return card


def _expected(shown: str, card: Card) -> dict[str, Tensor]:
    """The tensors of the network that a card describes, without memory behind them."""
    chosen = system(card.system)
    with torch.device("meta"):
        expected = chosen.make_model(chosen.config_type(**card.config)).state_dict()
    size = _bytes(expected)
    if size > LARGEST:
        raise CheckpointError(
            f"The network of {shown} takes {size >> 20:,} MB, but may take at most "
            f"{LARGEST >> 20:,}."
        )
    return expected


def _weights(shown: str, part: _Part, card: Card, expected: Mapping[str, Tensor]) -> bytes:
    # Stored in double precision at most.
    most = 2 * _bytes(expected) + HEADER_BYTES
    if part.size > most:
        raise CheckpointError(
            f"{shown} has {part.size:,} bytes, but a network with these settings has at most "
            f"{most:,}."
        )
    content = part.read()
    if hashlib.sha256(content).hexdigest() != card.checksums[WEIGHTS]:
        raise CheckpointError(
            f"{shown} is damaged, or belongs to another card: its checksum differs."
        )
    check_fits(shown, tensors_of(shown, content), expected)
    return content


def _bytes(tensors: Mapping[str, Tensor]) -> int:
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors.values())


def _reason(error: Exception) -> str:
    return printable(" ".join(str(error).split())[:300]).rstrip(".")
