"""Checkpoints of the papers' authors: read under their names, and written under them.

A file becomes an ordinary checkpoint, a folder among the imported ones, which ``registry`` finds by
name. ``CATALOGUE`` says where each family's map of names stands.
"""

import hashlib
import io
import json
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import torch

from corelib import files
from corelib.catalog import SYSTEMS, System, system
from corelib.data.sources import DATASETS
from corelib.errors import CheckpointError, SettingsError
from corelib.files import printable, read_json
from corelib.runs import torch_file
from corelib.runs.imported import check_name, free_names
from corelib.runs.package import import_package, is_package
from corelib.runs.registry import Checkpoint, find, imported_root, read_usable
from corelib.training import checkpoint
from corelib.training.card import WEIGHTS, Card, Origin
from corelib.training.foreign import Described, Form, Imported

CATALOGUE = (
    "corelib.models.bpan.authors",
    "corelib.models.ipvae.authors",
    "corelib.models.butd.authors",
)
"""The modules whose ``FORMS`` are the files that can be read."""
SUFFIXES = (".pt", ".pth", ".tar", ".safetensors")
MOST_FILES = 20
SETTINGS_BYTES = 2**20
TRAIN_SETTINGS = "ConfigTrain.json"
"""Training settings that may stand beside those of the network."""
FITS = ("input_dim", "n_classes", "n_tasks")
"""The settings of a network that a data set fixes, by the names of both."""


class _Read(NamedTuple):
    """A file that was read and is not kept yet."""

    network: Imported
    dataset: str
    origin: Origin
    step: int
    epoch: float


def forms() -> list[Form]:
    """The forms of the authors' files that are known."""
    return [form for module in CATALOGUE for form in import_module(module).FORMS]


def systems() -> tuple[str, ...]:
    """The systems whose authors' files can be read."""
    return tuple(name for form in forms() for name in form.systems)


def import_checkpoint(
    path: str | Path, system: str = "", name: str = "", dataset: str = ""
) -> list[Checkpoint]:
    """Keep a checkpoint that somebody else made: ``import_checkpoint("model.zip")`` as
    ``export_model`` writes it, or one of the authors, ``import_checkpoint("IPVAE.pt",
    name="vafaii")``; of a folder, each one in it.

    ``path`` is such a zip, the folder that it unpacks to, or a safetensors file beside its card;
    or else a file of ``torch.save`` or of safetensors in the authors' names; settings that its
    shapes do not tell are read from the JSON file beside it.

    ``system`` is the name in the catalogue, "" whichever fits. ``dataset`` is what it is shown, ""
    the standard one of its size. Each is called ``name``, or, where there are several or it is "",
    after its system; ``load`` finds it by that name.

    Raises ``CheckpointError`` naming the tensors that do not fit, ``SettingsError`` for a wrong
    setting or name. Then nothing is kept.
    """
    check_name(name)
    if is_package(Path(path)):
        return [import_package(Path(path), system, name, dataset)]
    if system and system not in systems():
        raise SettingsError(
            f"system is {system!r}, but should be one of those whose authors' files can be read: "
            f"{', '.join(systems())}."
        )
    found = _files(Path(path))
    read = [_read(file, system, dataset) for file in found]
    names = free_names([item.network.system for item in read], name)
    kept: list[Checkpoint] = []
    try:
        for item, called in zip(read, names, strict=True):
            kept.append(_keep(item, called))
    except BaseException:
        for item in kept:
            files.remove(item.folder)
        raise
    return kept


def export_authors(name: str, file: str | Path) -> list[Path]:
    """Write a network under its authors' names, for their code: the file, and the JSON file of its
    settings beside it, which are returned.

    ``name`` is what ``load`` takes. Raises ``CheckpointError`` for a system whose authors' names
    are not known here, and where a file would be replaced.
    """
    item, target = find(name), Path(file)
    write = next((form.write for form in forms() if item.card.system in form.systems), None)
    if write is None:
        known = [name for form in forms() if form.write is not None for name in form.systems]
        raise CheckpointError(
            f"{item.name} is of the system {item.card.system!r}, which cannot be written under its "
            f"authors' names; these can: {', '.join(known)}."
        )
    card = item.card
    # Loaded once, so that weights that do not fit the network are not passed on.
    model = system(card.system).make_model(system(card.system).config_type(**card.config))
    checkpoint.load_weights(model, item.folder / WEIGHTS, card.checksums.get(WEIGHTS, ""))
    tensors = checkpoint.read_tensors(item.folder / WEIGHTS)
    tensors = {n: t.float() if t.dtype.itemsize < 4 else t for n, t in tensors.items()}
    trained_on = card.origin.trained_on if card.origin else ""
    written = write(
        tensors, Described(card.system, card.config, card.training, card.dataset, trained_on)
    )
    beside = target.with_name(written.settings_file or f"{target.stem}.json")
    for path in (target, beside):
        if path.exists():
            raise CheckpointError(f"{path} already exists; choose another name or folder.")
    target.parent.mkdir(parents=True, exist_ok=True)
    content = io.BytesIO()
    torch.save(written.content, content)
    files.write_bytes(target, content.getvalue())
    files.write_text(beside, json.dumps(written.settings, indent=4, allow_nan=False) + "\n")
    return [target, beside]


def _files(path: Path) -> list[Path]:
    try:
        if path.is_file():
            return [path]
        if not path.is_dir():
            raise CheckpointError(f"There is no file or folder {printable(str(path)[:200])}.")
        found = sorted(
            file for depth in ("*", "*/*") for file in path.glob(depth) if _is_checkpoint(file)
        )
    except (OSError, ValueError) as error:  # too long a name, or none
        raise CheckpointError(f"The path cannot be read: {error}.") from None
    if not found:
        raise CheckpointError(
            f"{path} holds no checkpoint: no file whose name ends in {', '.join(SUFFIXES)}."
        )
    if len(found) > MOST_FILES:
        raise CheckpointError(
            f"{path} holds {len(found)} checkpoints, but at most {MOST_FILES} are read at once."
        )
    return found


def _is_checkpoint(file: Path) -> bool:
    # A folder of ours is no file of theirs.
    return file.suffix.lower() in SUFFIXES and file.is_file() and file.name != WEIGHTS


def _read(file: Path, wanted: str, dataset: str) -> _Read:
    content = torch_file.read(file)
    beside = _beside(file)
    settings = {} if beside is None else _settings(beside)
    train = file.with_name(TRAIN_SETTINGS)
    if train.is_file() and beside is not None:
        settings = {**_settings(train), **settings}
    form = _form(content.state, wanted)
    network = form.read(content.state, settings, wanted)
    if wanted and network.system != wanted:
        raise CheckpointError(
            f"{printable(file.name)} holds a network of the system {network.system!r}, not "
            f"{wanted!r}."
        )
    chosen = system(network.system)
    origin = Origin(
        file=printable(file.name[-200:]),
        checksum=hashlib.sha256(file.read_bytes()).hexdigest(),
        settings="" if beside is None else printable(beside.name[-200:]),
        trained_on=printable(network.trained_on),
        assumed=network.assumed,
    )
    done = content.more.get("metadata")
    done = done if isinstance(done, Mapping) else {}
    return _Read(
        network,
        _dataset(chosen, network, dataset),
        origin,
        _whole(done.get("global_step")),
        float(_whole(done.get("checkpoint", content.more.get("epoch")))),
    )


def _whole(value: object) -> int:
    """A number of updates or epochs from a file, 0 where it is none."""
    if not isinstance(value, int) or isinstance(value, bool):
        return 0
    return value if 0 <= value < 2**53 else 0


def _form(state: Mapping[str, Any], wanted: str) -> Form:
    matching = [form for form in forms() if form.matches(state)]
    if wanted:
        # Read as what it is said to be, so that the error names each key that does not fit.
        return next(form for form in forms() if wanted in form.systems)
    if not matching:
        first = ", ".join(printable(name[:60]) for name in list(state)[:4])
        known = "; ".join(f"{' or '.join(form.systems)} ({form.about})" for form in forms())
        raise CheckpointError(
            f"The tensors ({first}, ...) are of no form that is known here. Known are: {known}."
        )
    return matching[0]


def _beside(file: Path) -> Path | None:
    """The JSON file of settings that belongs to a checkpoint."""
    own = file.with_suffix(".json")
    if own.is_file():
        return own
    published = sorted(file.parent.glob("Config*VAE.json"))
    return published[0] if len(published) == 1 else None


def _settings(file: Path) -> dict[str, Any]:
    try:
        if file.stat().st_size > SETTINGS_BYTES:
            raise ValueError(f"it has more than {SETTINGS_BYTES:,} bytes")
        found = read_json(file)
    except (OSError, ValueError) as error:
        reason = printable(str(error).splitlines()[0][:160])
        raise SettingsError(f"{printable(file.name)} is no file of settings: {reason}.") from None
    if not isinstance(found, dict):
        raise SettingsError(f"{printable(file.name)} should hold a JSON object.")
    return found


def _dataset(chosen: System, network: Imported, asked: str) -> str:
    """The data set that the network is shown: the one asked for, the one it was trained on if it is
    here, or the first of the system that has its sizes."""
    sizes = {name: getattr(network.config, name) for name in FITS if _has(network, name)}
    fitting = [
        name
        for name in chosen.datasets
        if all(getattr(DATASETS[name], size) == value for size, value in sizes.items())
    ]
    said = ", ".join(f"{name} = {value}" for name, value in sizes.items())
    if not fitting:
        raise CheckpointError(
            f"No data set of the system {chosen.name!r} fits this network ({said}); there are: "
            f"{', '.join(f'{n} ({DATASETS[n].input_dim} inputs)' for n in chosen.datasets)}."
        )
    if asked and asked not in fitting:
        raise SettingsError(
            f"dataset is {asked!r}, but should be one that fits this network ({said}): "
            f"{', '.join(fitting)}."
        )
    own = network.dataset
    is_own = own in fitting and DATASETS[own].here()
    return asked or (own if is_own else fitting[0])


def _has(network: Imported, name: str) -> bool:
    return name in type(network.config).model_fields


def _keep(read: _Read, name: str) -> Checkpoint:
    network, chosen = read.network, SYSTEMS[read.network.system]
    training = chosen.training_type(**network.training)
    training.check(network.config)
    card = Card(
        system=chosen.name,
        variant=name,
        dataset=read.dataset,
        config=network.config.model_dump(),
        training=training.model_dump(),
        seed=0,
        step=read.step,
        epoch=read.epoch,
        origin=read.origin,
    )
    folder = imported_root() / name
    imported_root().mkdir(parents=True, exist_ok=True)
    files.sweep(imported_root())
    checkpoint.save(folder, card, network.tensors)
    item = Checkpoint(name, folder, read_usable(folder), own=True)
    try:
        model = chosen.make_model(network.config)
        checkpoint.load_weights(model, folder / WEIGHTS, item.card.checksums[WEIGHTS])
    except CheckpointError:
        files.remove(folder)
        raise
    return item
