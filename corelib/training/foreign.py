"""What the maps between the authors' checkpoints and ours have in common.

A map knows one form of file: the names of its tensors, their shapes, and which of our networks they
are. It reads no file itself: ``corelib.runs.foreign`` does.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from torch import Tensor

from corelib import words
from corelib.errors import CheckpointError
from corelib.files import printable
from corelib.settings import Settings

State = Mapping[str, Tensor]
Found = Mapping[str, Any]
"""The settings that stand beside the tensors, by the authors' names."""
SHOWN = 20
"""Keys that one sentence names at most."""


class Imported(NamedTuple):
    """A network as our classes hold it. ``config`` are the settings of ``system``, ``tensors`` its
    state dict, ``training`` the training settings that are known. ``dataset`` is our name of the
    data it was trained on, ``trained_on`` the authors'; both are empty if nothing says so.
    ``assumed`` are the settings that neither file nor shapes tell, as they were taken."""

    system: str
    config: Settings
    tensors: dict[str, Tensor]
    training: Mapping[str, Any]
    dataset: str = ""
    trained_on: str = ""
    assumed: tuple[str, ...] = ()


class Written(NamedTuple):
    """A network in the authors' form: ``content`` is what ``torch.save`` takes, ``settings`` what
    stands in the JSON file called ``settings_file`` beside it; empty: like the file of weights."""

    content: dict[str, Any]
    settings: dict[str, Any]
    settings_file: str = ""


class Described(NamedTuple):
    """Our network that is to be written: ``config`` and ``training`` of ``system``, the name of its
    data set, and what the authors call the data it was trained on, if it came from them."""

    system: str
    config: Mapping[str, Any]
    training: Mapping[str, Any]
    dataset: str
    trained_on: str = ""


class Form(NamedTuple):
    """One form of the authors' files: the ``systems`` that it may hold, in one line what it is,
    whether a state dict looks like it, how it is read as one of the systems ("": whichever it is),
    and, where that is possible, how ours is written."""

    systems: tuple[str, ...]
    about: str
    matches: Callable[[State], bool]
    read: Callable[[State, Found, str], Imported]
    write: Callable[[State, Described], Written] | None = None


def check_names(state: State, expected: Iterable[str], optional: Iterable[str] = ()) -> None:
    """Raise ``CheckpointError`` naming each key that is missing or that nothing corresponds to."""
    known = list(expected)
    missing = [f"{name} is missing" for name in known if name not in state]
    extra = sorted(state.keys() - {*known, *optional})
    refuse([*missing, *(f"{printable(name[:100])} is not known" for name in extra)])


def check_shapes(state: State, expected: Mapping[str, tuple[int, ...]]) -> None:
    """Raise ``CheckpointError`` naming each tensor of another shape, or whose numbers are no
    floating-point numbers; ``expected`` names tensors that are there."""
    wrong: list[str] = []
    for name, shape in expected.items():
        tensor = state[name]
        if tuple(tensor.shape) != shape:
            wrong.append(f"{name} is {_shape(tuple(tensor.shape))}, but should be {_shape(shape)}")
        elif not tensor.is_floating_point():
            wrong.append(f"{name} holds {tensor.dtype}, but should hold torch.float32")
    refuse(wrong)


def refuse(problems: list[str]) -> None:
    """Raise ``CheckpointError`` with these problems, if there are any."""
    if not problems:
        return
    more = f"; and {len(problems) - SHOWN} more" if len(problems) > SHOWN else ""
    raise CheckpointError(
        f"The tensors do not fit this network: {'; '.join(problems[:SHOWN])}{more}."
    )


def sizes(state: State, name: str, axes: int) -> tuple[int, ...]:
    """The shape of a tensor with so many axes. Raises ``CheckpointError`` for another number."""
    shape = tuple(state[name].shape)
    if len(shape) != axes:
        raise CheckpointError(f"{name} has {len(shape)} axes, but should have {axes}.")
    return shape


def _shape(shape: tuple[int, ...]) -> str:
    return words.shape(shape) if shape else "a single number"
