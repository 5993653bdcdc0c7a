"""What an answer is, to be compared with another: every number, name and pixel of it."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from enum import Enum
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from pydantic import BaseModel
from torch import nn

from dashboard.figures.figure import Figure

PLAIN = (type(None), bool, int, float, complex, str, bytes, range, slice, Path, Enum, np.generic)


def digest(value: Any) -> str:
    """The same for equal answers alone, as they are now: one that is changed later is another."""
    found = hashlib.sha256()
    for part in _parts(value):
        found.update(b"%d:" % len(part) + part)
    return found.hexdigest()


def _parts(value: Any) -> Iterator[bytes]:
    yield type(value).__name__.encode()
    if isinstance(value, PLAIN):
        yield repr(value).encode()
    elif isinstance(value, np.ndarray):
        yield f"{value.dtype} {value.shape}".encode()
        if value.dtype == object:
            yield from _parts(value.tolist())
        else:
            yield np.ascontiguousarray(value).tobytes()
    elif isinstance(value, torch.Tensor):
        yield from _parts(value.detach().cpu().numpy())
    elif isinstance(value, re.Pattern):
        yield from _parts((value.pattern, value.flags))
    elif isinstance(value, set | frozenset):
        yield from _parts(sorted(value, key=repr))
    elif isinstance(value, Mapping):
        yield from _parts([(key, inner) for key, inner in value.items()])
    elif isinstance(value, list | tuple):
        yield b"%d" % len(value)
        for inner in value:
            yield from _parts(inner)
    else:
        yield from _parts(_fields(value))


def _fields(value: Any) -> Any:
    """What a larger thing consists of."""
    if isinstance(value, nn.Module):
        return repr(value), value.state_dict()
    if isinstance(value, pd.DataFrame):
        return [*value.columns], [*value.index], [value[name].tolist() for name in value.columns]
    if isinstance(value, Figure):
        return value.given
    if isinstance(value, BaseModel):
        return value.model_dump()
    if isinstance(value, partial):
        return value.func, value.args, value.keywords
    if hasattr(value, "to_plotly_json"):
        return value.to_plotly_json()
    if callable(value):
        return f"{value.__module__}.{value.__qualname__}"
    return vars(value)
