"""Tensors from a file that somebody else wrote, without trusting it.

A file of ``torch.save`` is an archive with a pickle in it. It is read with ``weights_only=True``,
which runs nothing that the file names, and only if the archive is stored as torch stores it: a
compressed one could grow without bound. Numbers of NumPy, which training records often hold beside
the tensors, are let through by functions of ours that read a number and nothing else.
"""

import re
import struct
import warnings
import zipfile
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from corelib.errors import CheckpointError
from corelib.files import printable
from corelib.training.checkpoint import read_tensors

LARGEST = 2**29
"""Bytes of the largest file that is read."""
MOST_ENTRIES = 20_000
MOST_AXES = 8
WRAPPED = ("model", "model_state_dict", "state_dict")
"""Under which of these a file may hold its state dict, beside records of the training."""
_GLOBAL = re.compile(r"GLOBAL (\S+)")


class Content(NamedTuple):
    """``state`` the tensors by name, ``more`` what stands beside them."""

    state: dict[str, Tensor]
    more: Mapping[str, Any]


def read(file: Path) -> Content:
    """The state dict of a ``.pt``, ``.pth``, ``.tar`` or ``.safetensors`` file, bare or wrapped.

    Raises ``CheckpointError`` for a file that is too large, damaged, holds more than tensors and
    plain values, or whose tensors are not finite numbers.
    """
    shown = printable(file.name)
    try:
        size = file.stat().st_size
    except OSError as error:
        raise CheckpointError(f"{shown} cannot be read: {error.strerror}.") from None
    if size > LARGEST:
        raise CheckpointError(
            f"{shown} has {size / 2**20:,.0f} MB, but should have at most {LARGEST >> 20:,}."
        )
    if file.suffix.lower() == ".safetensors":
        return Content(_checked(shown, read_tensors(file)), {})
    _check_archive(shown, file)
    whole = _load(shown, file)
    if not isinstance(whole, dict):
        raise CheckpointError(
            f"{shown} holds {type(whole).__name__}, but should hold a state dict: "
            "torch.save(model.state_dict(), FILE)."
        )
    for name in WRAPPED:
        if isinstance(whole.get(name), dict):
            more = {key: value for key, value in whole.items() if key != name}
            return Content(_checked(shown, whole[name]), more)
    return Content(_checked(shown, whole), {})


def _check_archive(shown: str, file: Path) -> None:
    """Whether the file is an archive as torch writes it, no larger unpacked than allowed."""
    start = b""
    try:
        with file.open("rb") as opened:
            start = opened.read(4)
        with zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, struct.error):
        if start[:1] == b"\x80":
            raise CheckpointError(
                f"{shown} is in the format of torch before 1.6; load it there and save it anew."
            ) from None
        raise CheckpointError(
            f"{shown} is no checkpoint of torch, or it is damaged: its archive cannot be opened."
        ) from None
    if any(entry.compress_type != zipfile.ZIP_STORED for entry in entries):
        raise CheckpointError(f"{shown} is compressed, which torch never does; save it anew.")
    if len(entries) > MOST_ENTRIES or sum(entry.file_size for entry in entries) > LARGEST:
        raise CheckpointError(
            f"{shown} holds more than {LARGEST >> 20:,} MB or {MOST_ENTRIES:,} tensors."
        )


def _load(shown: str, file: Path) -> Any:
    numbers: list[Any] = [
        (function, f"numpy.{name}")
        for function, names in (
            (_number, ("core.multiarray.scalar", "_core.multiarray.scalar")),
            (_Kind, ("dtype",)),
            (_Named, ("dtypes.Float64DType", "dtypes.Float32DType", "dtypes.Int64DType")),
        )
        for name in names
    ]
    try:
        with ExitStack() as stack:
            stack.enter_context(warnings.catch_warnings())
            warnings.simplefilter("ignore")
            stack.enter_context(torch.serialization.safe_globals(numbers))
            return torch.load(file, map_location="cpu", weights_only=True)
    except Exception as error:  # a hostile pickle can make torch raise anything
        named = _GLOBAL.search(str(error))
        if named:
            raise CheckpointError(
                f"{shown} holds more than tensors and plain values ({printable(named[1][:80])}), "
                "which could run a program, so it was not opened. Ask its author for the state "
                "dict alone: torch.save(model.state_dict(), FILE)."
            ) from None
        reason = printable(" ".join(str(error).split())[:160])
        raise CheckpointError(f"{shown} is damaged or no checkpoint of torch: {reason}.") from None


class _Kind:
    """In place of ``numpy.dtype``: only the letters that say how a number is stored."""

    def __init__(self, letters: object = "", *rest: object) -> None:
        self.letters = letters if isinstance(letters, str) else ""

    def __setstate__(self, state: object) -> None:
        """What NumPy keeps beside the letters is of no use here."""


class _Named(_Kind):
    """In place of one of NumPy's named kinds."""


def _number(kind: object = None, content: object = b"") -> float:
    """In place of NumPy's scalar: the number, or NaN if it is of another kind."""
    forms = {"f8": "<d", "f4": "<f", "i8": "<q", "i4": "<i", "b1": "<?"}
    form = forms.get(kind.letters.lstrip("<=|")) if isinstance(kind, _Kind) else None
    stored = content.encode("latin-1") if isinstance(content, str) else content
    if form is None or not isinstance(stored, bytes) or len(stored) != struct.calcsize(form):
        return float("nan")
    return struct.unpack(form, stored)[0]


def _checked(shown: str, state: Mapping[Any, Any]) -> dict[str, Tensor]:
    """The tensors, each of which is what it says and holds finite numbers."""
    checked: dict[str, Tensor] = {}
    for name, value in state.items():
        key = printable(str(name)[:100])
        if not isinstance(name, str) or type(value) not in (Tensor, nn.Parameter):
            raise CheckpointError(
                f"{shown} holds {type(value).__name__} as {key}, but should hold a tensor."
            )
        problem = _problem(value)
        if problem:
            raise CheckpointError(f"{key} in {shown} {problem}.")
        checked[name] = value.detach()
    if not checked:
        raise CheckpointError(f"{shown} holds no tensors.")
    return checked


def _problem(tensor: Tensor) -> str:
    """What is wrong with a tensor; nothing is computed before its memory is known to be there."""
    if tensor.layout != torch.strided or tensor.device.type != "cpu" or tensor.is_quantized:
        return "is no plain tensor"
    if tensor.dim() > MOST_AXES:
        return f"has {tensor.dim()} axes"
    if tensor.numel() * tensor.element_size() > tensor.untyped_storage().nbytes():
        return f"says that it has {tensor.numel():,} numbers, but the file does not hold so many"
    if tensor.is_complex() or (tensor.dtype.itemsize < 2 and tensor.is_floating_point()):
        return f"holds {tensor.dtype}, but should hold torch.float32"
    if tensor.is_floating_point() and not tensor.isfinite().all():
        return "holds numbers that are not finite"
    return ""
