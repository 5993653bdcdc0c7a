"""Networks as ONNX files, for programs without Python: exported by torch, and compared with torch.

Needs the packages onnx, onnxscript and onnxruntime, which the rest of Synaptarium does without.
"""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from corelib import files
from corelib.catalog import system
from corelib.data.sources import DATASETS, load_dataset
from corelib.errors import CheckpointError
from corelib.runs.registry import Checkpoint, find, load

PACKAGES = ("onnx", "onnxscript", "onnxruntime")
COMPARED = 64
"""Test images on which both are compared, all at once and the first alone."""
TOLERANCE = 1e-4
"""The largest difference that is let through, as a share of the largest output."""
CANNOT = {"code": "it draws random numbers while it infers, and another runtime would draw others"}
"""Why networks of a protocol cannot be exported."""


class Exported(NamedTuple):
    """``content`` of the file; ``difference`` is the largest between its outputs and torch's over
    the first ``compared`` test images, ``largest`` the largest output of torch."""

    content: bytes
    difference: float
    largest: float
    compared: int

    def __str__(self) -> str:
        return (
            f"over {self.compared} test images its outputs differ from torch's by at most "
            f"{self.difference:.1e}, where the largest is {self.largest:.3g}"
        )


def as_onnx(item: Checkpoint) -> Exported:
    """A network as an ONNX graph of its forward pass, with an input ``x`` of any batch size and an
    output ``y``. It answers after each step where the network does; when to stop is for the caller.

    Raises ``CheckpointError`` in a sentence: for a network that draws random numbers, where a
    package is missing, and where both outputs differ.
    """
    check_exportable(item)
    data = load_dataset(item.card.dataset)
    x = data.inputs(data.test.pixels[:COMPARED])
    model = load(item)
    content = _content(item.title, model, x)
    with torch.no_grad():
        ours = model(x).numpy()
    theirs = _run(content, x)
    # Graphs that hold only for one batch size would fail here.
    alone = _run(content, x[:1])
    difference = max(float(np.abs(theirs - ours).max()), float(np.abs(alone - ours[:1]).max()))
    exported = Exported(content, difference, float(np.abs(ours).max()), len(x))
    if not difference <= TOLERANCE * exported.largest:
        raise CheckpointError(f"{item.title} as ONNX is not the same network: {exported}.")
    return exported


def check_exportable(item: Checkpoint) -> None:
    """Raise ``CheckpointError`` if a network cannot be exported, or a package is missing."""
    chosen = system(item.card.system)
    if chosen.protocol in CANNOT:
        raise CheckpointError(
            f"{item.title} cannot be written as ONNX: {CANNOT[chosen.protocol]}. Export its "
            "weights as safetensors instead."
        )
    missing = [package for package in PACKAGES if find_spec(package) is None]
    if missing:
        raise CheckpointError(
            f"ONNX needs packages that are not installed here: pip install {' '.join(missing)}"
        )
    if not DATASETS[item.card.dataset].here():
        raise CheckpointError(
            f"{item.title} cannot be compared, because its images are not on this machine: "
            f"{DATASETS[item.card.dataset].title}."
        )


def export_onnx(name: str, file: str | Path) -> Exported:
    """Write a trained network as ONNX: ``export_onnx("bpan-mnist", "bpan.onnx")``; its outputs are
    compared with torch's first.

    ``name`` is what ``load`` takes. Returns what was written and how far both differ. Raises
    ``CheckpointError`` for a network that cannot be exported, and if the file exists.
    """
    target = Path(file)
    if target.exists():
        raise CheckpointError(f"{target} already exists; choose another name.")
    exported = as_onnx(find(name))
    target.parent.mkdir(parents=True, exist_ok=True)
    files.write_bytes(target, exported.content)
    return exported


def _content(title: str, model: nn.Module, x: Tensor) -> bytes:
    with _quiet(), torch.no_grad():
        try:
            program = torch.onnx.export(
                model,
                (x,),
                input_names=["x"],
                output_names=["y"],
                dynamo=True,
                dynamic_shapes={"x": {0: torch.export.Dim.DYNAMIC}},
                # Runtimes do this themselves; for a long graph it takes three times as long.
                optimize=False,
                verbose=False,
            )
        except torch.onnx.OnnxExporterError as error:
            reason = str(error.__cause__ or error).strip().splitlines()[0][:200]
            raise CheckpointError(f"torch cannot write {title} as ONNX: {reason}.") from None
    assert program is not None  # as it is with dynamo=True
    for node in program.model.graph.all_nodes():
        # Where in our files each operation stands, which is of no use elsewhere and takes most of
        # the space.
        node.metadata_props.clear()
    return program.model_proto.SerializeToString()


def _run(content: bytes, x: Tensor) -> np.ndarray:
    """The outputs of a graph."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    (output,) = session.run(["y"], {"x": x.numpy()})
    return np.asarray(output)


@contextmanager
def _quiet() -> Iterator[None]:
    """Without what the exporter reports of its own workings."""
    loggers = [logging.getLogger(name) for name in ("torch.onnx", "onnxscript", "onnx_ir")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
