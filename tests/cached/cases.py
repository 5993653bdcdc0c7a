"""What the law asks of a function that keeps its answers: its inputs, and a change of each."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any, NamedTuple

from dashboard.shell import cache
from tests.cached.digest import digest
from tests.cached.world import World, forget

Moment = Callable[[World], AbstractContextManager[None]]
"""A change of the world for a moment."""


class Alike(NamedTuple):
    """A change that makes no difference, and why."""

    value: Any
    why: str


class Plain(NamedTuple):
    """An input and another value of it, or several."""

    base: Any
    others: tuple[Any, ...]


class Record(NamedTuple):
    """An input that is a record, and another value of each of its fields; of a field that is a
    record again, such values of its own."""

    base: Any
    fields: Mapping[str, Any]


class Network(NamedTuple):
    """An input that is a network's key: another network, and its weights written anew. With
    ``item`` it is the checkpoint."""

    base: str
    other: str
    item: bool = False
    alike: str = ""
    """Why new weights make no difference."""


class Images(NamedTuple):
    """An input that is the name of a data set: another one, and other images under its name."""

    base: str
    other: str


Input = Plain | Record | Network | Images


class Case(NamedTuple):
    """How a function is asked: ``ask`` takes the ``inputs`` in their order. ``files`` are changes
    of what it reads, by what happens; one that makes no difference is ``Alike``.

    ``made`` are those parameters of the function that ``ask`` makes, from the inputs or from the
    state of files. ``constant`` is why a function without inputs and files has always one answer.
    """

    inputs: Mapping[str, Input] = {}
    files: Mapping[str, Moment | Alike] = {}
    ask: Callable[..., Any] | None = None
    made: tuple[str, ...] = ()
    constant: str = ""


def plain(base: Any, *others: Any) -> Plain:
    return Plain(base, others)


def record(base: Any, **fields: Any) -> Record:
    return Record(base, fields)


class Step(NamedTuple):
    """One change: of an input, which has another ``value`` then, or of the world."""

    about: str
    value: Mapping[str, Any]
    moment: Moment
    alike: bool


def _still(world: World) -> AbstractContextManager[None]:
    return nullcontext()


def steps(case: Case) -> Iterator[Step]:
    """Every change, one at a time."""
    for name, given in case.inputs.items():
        if isinstance(given, Network):
            yield Step(f"{name}: another network", {name: given.other}, _still, False)
            yield Step(
                f"{name}: new weights",
                {},
                lambda world, given=given: world.rewritten(given.base),
                bool(given.alike),
            )
        elif isinstance(given, Images):
            yield Step(f"{name}: other images", {name: given.other}, _still, False)
            yield Step(f"{name}: new images", {}, lambda world: world.set_as("images"), False)
        else:
            for about, value, alike in _values(name, given):
                yield Step(about, {name: value}, _still, alike)
    for about, moment in case.files.items():
        if isinstance(moment, Alike):
            yield Step(about, {}, moment.value, True)
        else:
            yield Step(about, {}, moment, False)


def _values(name: str, given: Plain | Record) -> Iterator[tuple[str, Any, bool]]:
    if isinstance(given, Plain):
        for other in given.others:
            alike = isinstance(other, Alike)
            value = other.value if alike else other
            yield f"{name} = {value!r:.200}", value, alike
        return
    missing = set(given.base._fields) ^ set(given.fields)
    assert not missing, f"{name}: each field needs another value: {missing}"
    for field, other in given.fields.items():
        inner = other if isinstance(other, Plain | Record) else Plain(None, (other,))
        for about, value, alike in _values(f"{name}.{field}", inner):
            yield about, given.base._replace(**{field: value}), alike


def asked(case: Case, function: Callable[..., Any], world: World, step: Step | None = None) -> str:
    """The answer to the inputs as they are, or with one changed; what was removed is forgotten
    first, as on every page."""
    cache.checkpoints()
    changed = step.value if step else {}
    given = []
    for name, one in case.inputs.items():
        value = changed.get(name, one.base)
        if isinstance(one, Network):
            value = world.item(value) if one.item else world.key(value)
        given.append(value)
    return digest((case.ask or function)(*given))


def broken(case: Case, function: Callable[..., Any], world: World) -> dict[str, str]:
    """By which changes the law is broken, and how."""
    forget()
    before, found = asked(case, function, world), {}
    answers, every = [], [*steps(case)]
    for step in every:
        with step.moment(world):
            answers.append(asked(case, function, world, step))
        if asked(case, function, world) != before:
            found[step.about] = "with all as it was, the answer is another one"
    for step, answer in zip(every, answers, strict=True):
        forget(registry=getattr(function, "__name__", "") in ("_checkpoints", "_run_titles"))
        with step.moment(world):
            truth = asked(case, function, world, step)
        if answer != truth:
            found[step.about] = "an answer was kept that is not the one to this"
        elif (truth == before) is not step.alike:
            found[step.about] = f"makes {'a' if step.alike else 'no'} difference"
    return found
