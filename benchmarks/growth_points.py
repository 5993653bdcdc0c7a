"""The points of ``benchmarks.growth``: each is measured in a process of its own.

It is forked from one that has, as a worker has, torch and the digits and computed nothing yet: no
point sees another's heap. (With the digits because reading them makes malloc patient: it then gives
back larger pieces only.)

Time is processor time on one thread: the median of a step's, the only one of what takes long.
Memory is the peak above that of the process when it had trained a tiny network of the same kind: so
weights, gradients, moments, images and activations count, the libraries' code does not.
"""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import resource
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import torch

    from corelib.data import ImageDataset
    from corelib.training.learner import Learner

SECONDS, LEAST = 0.8, 5
"""Steps are repeated for so many seconds, and so many times at least."""
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_MMAP_MAX = -1, -3, -4
HEAPS = {
    "memory kept": {M_MMAP_MAX: 0, M_TRIM_THRESHOLD: 2**31 - 1},
    "no heap": {M_MMAP_THRESHOLD: 2**16},
}
"""What malloc is told by mallopt: to give nothing back; or to make each array a mapping of its own,
so that the peak is that of the arrays themselves."""
AS_IT_IS: Mapping[int, int] = MappingProxyType({})

Figures = dict[str, float]
"""``ms`` and ``mb``, and what else was measured at a point."""


class Family(NamedTuple):
    """A network whose step is measured: its name in the catalogue, its settings for so many units,
    the name of T, the shape and the kind of its images, and the batches."""

    system: str
    units: Callable[[int], dict[str, Any]]
    steps: str
    side: int
    normalised: bool
    batches: tuple[int, ...]


FAMILIES = {
    "BPAN": Family(
        "bpan",
        lambda n: {"n_excitatory": 4 * n // 5, "n_inhibitory": n // 5},
        "n_steps",
        28,
        False,
        (32, 64, 128, 256, 512, 1024, 2048, 4096, 8192),
    ),
    "BPC": Family(
        "bpc",
        lambda n: {"widths": f"{n}, {n}"},
        "n_steps",
        28,
        False,
        (32, 64, 128, 256, 512, 1024, 2048),
    ),
    "iP-VAE": Family(
        "ipvae", lambda n: {"n_latents": n}, "t_train", 16, True, (32, 64, 128, 256, 512, 1024)
    ),
}


def alone(measure: Callable[[], Figures]) -> Figures:
    """What a function gives in a process of its own, which is forked from this one."""
    context = multiprocessing.get_context("fork")
    receive, send = context.Pipe(duplex=False)

    def measured() -> None:
        # A process begins with the peak of the one it is forked from; 5 sets it to what it has now.
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
        send.send(measure())

    child = context.Process(target=measured)
    child.start()
    send.close()
    try:
        found = receive.recv()
    except EOFError:
        raise SystemExit("a measurement ended without a result; its error is above") from None
    child.join()
    return {name: float(f"{value:.4g}") for name, value in found.items()}


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


def images(family: Family, n: int) -> ImageDataset:
    """Noise in the shape of the family's images: the work does not depend on what they show."""
    import torch

    from corelib.data import ImageDataset, Split

    shape = (n, family.side, family.side)
    # Of no other type first: the peak would be theirs.
    grey = torch.uint8
    pixels = torch.randn(shape) if family.normalised else torch.randint(256, shape, dtype=grey)
    split = Split(pixels, torch.arange(n) % 10)
    few = Split(pixels[:10], split.labels[:10])
    mean, std = (0.0, 1.0) if family.normalised else (0.13, 0.31)
    return ImageDataset("noise", tuple("0123456789"), mean, std, split, few, few)


def make_learner(family: Family, config: dict[str, Any], dataset: ImageDataset) -> Learner:
    import torch

    from corelib.catalog import SYSTEMS

    system = SYSTEMS[family.system]
    torch.manual_seed(0)
    model = system.make_model(system.config_type(**config))
    # The weights stay about where they were drawn, at any size.
    still: dict[str, Any] = {"learning_rate": 1e-6}
    return system.make_learner(model, system.training_type(**still), dataset)


def prepared(family: Family) -> float:
    """The peak memory in MB once a tiny network has trained and been measured."""
    data = images(family, 2)
    learner = make_learner(family, family.units(5) | {family.steps: 2}, data)
    learner.step(data.train)
    learner.evaluate(data.train)
    return peak_mb()


def a_step(
    family: Family,
    config: dict[str, Any],
    batch: int,
    heap: Mapping[int, int] = MappingProxyType({}),
) -> Figures:
    """One training step. ``faults`` are the pages that it fetches from the system, ``system_ms`` is
    the kernel's share of its time; ``heap`` is one of ``HEAPS``."""
    for parameter, value in heap.items():
        if not ctypes.CDLL(None).mallopt(parameter, value):
            raise OSError(f"malloc refuses {value} for its parameter {parameter}")
    base = prepared(family)
    data = images(family, batch)
    learner = make_learner(family, config, data)
    kept_mb = activations(learner.model, lambda: learner.step(data.train)) / 1e6
    learner.step(data.train)
    taken: list[float] = []
    before = resource.getrusage(resource.RUSAGE_SELF)
    while len(taken) < LEAST or sum(taken) < SECONDS:
        began = time.process_time()
        learner.step(data.train)
        taken.append(time.process_time() - began)
    after = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "ms": 1000 * statistics.median(taken),
        "mb": peak_mb() - base,
        "kept_mb": kept_mb,
        "faults": (after.ru_minflt - before.ru_minflt) / len(taken),
        "system_ms": 1000 * (after.ru_stime - before.ru_stime) / len(taken),
    }


def activations(model: torch.nn.Module, work: Callable[[], Any]) -> int:
    """The bytes that autograd keeps for the backward pass, apart from the model's weights."""
    import torch

    weights = {parameter.untyped_storage().data_ptr() for parameter in model.parameters()}
    kept: dict[int, int] = {}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in weights:
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        work()
    return sum(kept.values())


def timed(work: Callable[[], Any], base: float) -> Figures:
    """Of what is done once."""
    began = time.process_time()
    work()
    return {"ms": 1000 * (time.process_time() - began), "mb": peak_mb() - base}


def an_epoch(family: Family, n: int) -> Figures:
    from corelib.catalog import SYSTEMS
    from corelib.training.loop import train

    base = prepared(family)
    data = images(family, n)
    training = SYSTEMS[family.system].training_type(epochs=1)
    return timed(lambda: list(train(make_learner(family, {}, data), data, training, 0)), base)


def an_evaluation(family: Family, n: int) -> Figures:
    base = prepared(family)
    data = images(family, n)
    learner = make_learner(family, {}, data)
    return timed(lambda: learner.evaluate(data.train), base)


def a_list(root: Path, again: bool) -> Figures:
    """All rows; ``again``: a second time in the same process, where files have only to be looked
    at."""
    from corelib.runs import index

    with tempfile.TemporaryDirectory() as nothing:
        os.environ["SYNAPTARIUM_RUNS"] = nothing
        index.rows(fresh=True)
    os.environ["SYNAPTARIUM_RUNS"] = str(root)
    base = peak_mb()
    once = timed(lambda: index.rows(fresh=True), base)
    if not again:
        return once
    return {"ms": statistics.median(timed(index.rows, base)["ms"] for _ in range(9))}
