"""Small networks, runs, images and tables, each of which can be changed for a moment."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from zlib import crc32

import numpy as np
import pytest
import streamlit as st
import torch
from torch import Tensor

from corelib import files, load
from corelib.data import own
from corelib.data.images import ImageDataset, Split
from corelib.data.own_asked import Asked
from corelib.data.own_reading import add
from corelib.data.sequences import Glimpses, sequences
from corelib.data.sources import DATASETS, Source
from corelib.models.bpan import halting
from corelib.reproduce import results
from corelib.runs import offered, registry
from corelib.runs.expected import thread_count
from corelib.runs.marks import mark
from corelib.runs.registry import Checkpoint, find, imported_root
from corelib.runs.spec import make_spec, resolve
from corelib.runs.store import Run, create_run, find_run
from corelib.sweeps.storage import JOURNAL
from corelib.sweeps.study import studies_root
from corelib.training.card import CARD, WEIGHTS
from corelib.training.checkpoint import save_weights
from corelib.training.events import Began, Stepped, Validated
from dashboard.shell import cache
from tests.cached import counted, found
from tests.data.shapes import CLASSES, make_npz, shapes
from tests.pages import butd
from tests.pages.stored import completed_run
from tests.pages.test_studies import finished

NETWORKS = {
    "bpan": ("bpan", "mine", {"n_excitatory": 12, "n_inhibitory": 6, "n_steps": 3}),
    "bpc": ("bpc", "mine", {"widths": "5, 4"}),
    "ipvae": (
        "ipvae",
        "mine",
        {"n_latents": 4, "t_train": 3, "prior_low": -1.0, "prior_high": 1.0},
    ),
    "sequence": ("bpan-sequence", "tiny-random", {"n_excitatory": 8, "n_inhibitory": 4}),
    "mlp": ("mlp", "mine", {"n_hidden": 8}),
}
"""System, data set and settings; of each there are two, the second called ``bpan 2``."""
SEPARATE = butd.SMALL | {"weights": "separate"}
VARIED = {"width": (7, 23), "depth": (7, 31)}
"""The widths that two studies try."""
SIDE = 20
"""Pixels along each side of the images."""
JUDGE = "mlp-mine"
"""An imported network that reads the images of ``mine``."""
LATER_NS = 1_000_000
"""A file that is written anew is as large as it was, and some milliseconds younger, as many as
follow from what it holds."""

REGISTRY = tuple(f"dashboard.shell.cache.{name}" for name in ("_checkpoints", "_run_titles"))


def _turned(parameter: Tensor) -> Tensor:
    """The same numbers at other places; a number alone is another one."""
    return parameter.roll(1) if parameter.dim() else parameter + 1


class World:
    """All that the dashboard reads, by short names: runs, and networks of other programs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.names: dict[str, str] = {JUDGE: JUDGE}
        self._sets: dict[str, bytes] = {}
        for name, inverted in (("mine", False), ("other", True)):
            images, labels = shapes(n=150, side=SIDE)
            images = 255 - images[::-1] if inverted else images
            add(self._npz(images, labels), name, Asked())
        self._remember_sets()
        for name, (system, dataset, config) in NETWORKS.items():
            self.names[name] = self._store(system, dataset, config, seed=0)
            self.names[f"{name} 2"] = self._store(system, dataset, config, seed=1)
        for name, width, seed in (("butd", 4, 0), ("butd 2", 5, 5)):
            config = SEPARATE | {"width": width}
            run = butd.store_network("butd", "multi-mine", config, seed=seed, accuracy=[0.25])
            self.names[name] = run.id
        shutil.copytree(self.item("mlp").folder, imported_root() / JUDGE)
        self.train("mlp", seconds=9_000.0)
        mark(self.run("bpan"), name="one")

    def _npz(self, images: np.ndarray, labels: np.ndarray) -> Path:
        return make_npz(self.folder / "images.npz", images=images, labels=np.array(CLASSES)[labels])

    def _store(self, system: str, dataset: str, config: dict, seed: int) -> str:
        spec = make_spec(system, dataset=dataset, config=config, seed=seed)
        resolved = resolve(spec)
        torch.manual_seed(seed)
        model = resolved.system.make_model(resolved.config)
        step = Stepped(step=1, count=1, seconds=0.5, metrics={"loss": 0.25 + seed})
        test = {"accuracy": 0.5}
        return completed_run(spec, model, events=[_began(), step], test=test, score=0.5).id

    def _remember_sets(self) -> None:
        """What else the file of ``mine`` could hold: other images, or other names of the classes;
        each is as large as the others."""
        file, here = own.file_of("mine"), own.get("mine")
        described = here.model_copy(update={"class_names": tuple(reversed(here.class_names))})
        contents = own.contents("mine")
        self._sets["as it is"] = file.read_bytes()
        own.store(described, contents._asdict())
        self._sets["classes"] = file.read_bytes()
        own.store(here, {"images": np.roll(contents.images, 1, 0), "labels": contents.labels})
        self._sets["images"] = file.read_bytes()
        longest = max(map(len, self._sets.values()))
        # Nothing reads what follows the end of a zip.
        self._sets = {name: kept.ljust(longest, b"\0") for name, kept in self._sets.items()}
        file.write_bytes(self._sets["as it is"])

    def item(self, name: str) -> Checkpoint:
        """A checkpoint as a page finds it."""
        return next(item for item in cache.checkpoints() if item.name == self.names[name])

    def key(self, name: str) -> cache.CheckpointKey:
        return cache.checkpoint_key(self.item(name))

    def run(self, name: str) -> Run:
        return find_run(self.names[name])

    def train(self, system: str, seconds: float) -> Run:
        """A run that has ended and tells how long training on MNIST takes; it has no network."""
        run = create_run(make_spec(system, dataset="mnist"))
        run.append(_began())
        run.append(Stepped(step=10, count=10, seconds=seconds, metrics={"loss": 1.0}))
        run.set_status("completed")
        return run

    @contextmanager
    def rewritten(self, name: str, how: Callable[[Tensor], Tensor] = _turned) -> Iterator[None]:
        """The weights of a network are others; their file is as large as it was."""
        item = find(self.names[name])
        model = load(item)
        state = model.state_dict()
        state |= {k: how(p) for k, p in model.named_parameters()}
        other = self.folder / WEIGHTS
        checksum = save_weights(other, {k: value.detach().clone() for k, value in state.items()})
        sums = item.card.checksums | {WEIGHTS: checksum}
        card = item.card.model_copy(update={"checksums": sums})
        with ExitStack() as stack:
            stack.enter_context(_swapped(item.folder / WEIGHTS, other.read_bytes()))
            stack.enter_context(_swapped(item.folder / CARD, _text_of(card)))
            yield

    @contextmanager
    def measured(self, name: str) -> Iterator[None]:
        """Its card says another accuracy."""
        item = find(self.names[name])
        card = item.card.model_copy(update={"test": {"accuracy": 0.7}})
        with _swapped(item.folder / CARD, _text_of(card)):
            yield

    @contextmanager
    def called(self, name: str) -> Iterator[None]:
        """A run has another name, as long as the one it had."""
        file = self.run(name).folder / "marks.json"
        with _swapped(file, file.read_bytes().replace(b'"one"', b'"two"')):
            yield

    @contextmanager
    def set_as(self, what: str) -> Iterator[None]:
        """The images ``mine`` are others (``images``), or their classes have other names."""
        with _swapped(own.file_of("mine"), self._sets[what]):
            yield

    @contextmanager
    def trained(self, system: str = "mlp") -> Iterator[None]:
        """One more run, ten times as fast as another one of this system."""
        run = self.train(system, seconds=900.0)
        yield
        files.remove(run.folder)

    @contextmanager
    def gone(self, name: str) -> Iterator[None]:
        """A run was deleted, for a moment."""
        folder = self.run(name).folder
        folder.rename(self.folder / folder.name)
        yield
        (self.folder / folder.name).rename(folder)

    @contextmanager
    def grown(self, name: str) -> Iterator[None]:
        """A run has gone on for a moment."""
        run = self.run(name)
        with _swapped(run.events, run.events.read_bytes(), put_back_only=True):
            run.append(Validated(step=1, epoch=1, metrics={"loss": 2.0}, score=2.0, best=True))
            yield

    @contextmanager
    def retold(self, name: str) -> Iterator[None]:
        """The history of a run is another one, as long as it was."""
        file = self.run(name).events
        with _swapped(file, file.read_bytes().replace(b'"loss":0.25', b'"loss":0.75')):
            yield

    @contextmanager
    def table(self, name: str, old: str, new: str) -> Iterator[None]:
        """A table that ships has other figures."""
        file = results.SHIPPED / f"{name}.csv"
        with _swapped(file, file.read_bytes().replace(old.encode(), new.encode())):
            yield

    @contextmanager
    def rescored(self, study: str) -> Iterator[None]:
        """A trial of a study has another score."""
        file = studies_root() / study / JOURNAL
        with _swapped(file, file.read_bytes().replace(b"0.23", b"0.24")):
            yield


def _began() -> Began:
    return Began(
        step=0,
        total_steps=100,
        steps_per_epoch=10,
        device="cpu",
        threads=thread_count(),
        parameters=1,
    )


def _text_of(card) -> bytes:
    return (card.model_dump_json(indent=1) + "\n").encode()


@contextmanager
def _swapped(file: Path, content: bytes, put_back_only: bool = False) -> Iterator[None]:
    """A file holds something else of the same size, written a moment later."""
    before, stat = file.read_bytes(), file.stat()
    assert len(content) == len(before)
    if not put_back_only:
        assert content != before
        files.write_bytes(file, content)
        os.utime(
            file, ns=(stat.st_atime_ns, stat.st_mtime_ns + LATER_NS * (1 + crc32(content) % 1000))
        )
    try:
        yield
    finally:
        files.write_bytes(file, before)
        os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))


def _sequences(policy) -> Source:
    """Glimpses of the shapes on a canvas."""

    def load_them():
        images, labels = shapes(n=30, side=28)
        some = Split(torch.from_numpy(images), torch.from_numpy(labels))
        digits = ImageDataset("digits", CLASSES, 0.1, 0.3, some, some, some)
        return sequences(digits, Glimpses(False, policy))

    task = Glimpses(False, policy)
    return Source("Tiny", "tiny", lambda: True, load_them, None, "sequence", task.input_dim, 3)


def forget(registry: bool = True) -> None:
    """As in a server and a session that have just begun; without ``registry`` the list of
    checkpoints is kept, which takes longest to read and is a case of its own."""
    st.session_state.clear()
    for name, one in found.FOUND.items():
        if not one.kept and (registry or name not in REGISTRY):
            one.forget()


@contextmanager
def made(folder: Path) -> Iterator[World]:
    """The world in a folder; nothing that ships is in it but the tables."""
    # With times of their own: what is kept of those that ship is not theirs.
    shutil.copytree(results.SHIPPED, folder / "results", copy_function=shutil.copy)
    (folder / "shipped").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SYNAPTARIUM_RUNS", str(folder / "runs"))
        patch.setenv("SYNAPTARIUM_DATA", str(folder / "data"))
        patch.setenv("SYNAPTARIUM_SLOTS", "1")
        patch.setattr(results, "SHIPPED", folder / "results")
        for module in (registry, offered):
            patch.setattr(module, "SHIPPED", folder / "shipped")
        # However long a look at the runs takes, the next one is as fresh.
        patch.setattr("corelib.runs.scan.SLOW_S", float("inf"))
        patch.setattr(st, "session_state", {})
        for policy in ("random", "grid"):
            patch.setitem(DATASETS.built_in, f"tiny-{policy}", _sequences(policy))
        patch.setattr(halting, "times", counted.times)
        patch.setattr(halting, "medians", counted.medians)
        forget()
        for name in ("width", "depth"):
            finished(patch, name=name, vary={"n_hidden": VARIED[name]}, seeds=(0,))
        yield World(folder)
        forget()
