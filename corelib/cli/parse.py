"""Parsing words into a command's options with tyro; every error is one sentence.

tyro reports errors in boxes of several lines, so it is given only what it cannot reject: the
command is chosen here, numbers stay strings until pydantic checks them (its sentence names field,
value and limit), and tyro returns unknown words.
"""

import dataclasses
import difflib
import itertools
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Annotated, Any, NamedTuple, get_args, get_origin, get_type_hints

import tyro

from corelib.errors import SynaptariumError
from corelib.settings import SettingInfo
from corelib.words import PROGRAM

HELP = ("-h", "--help")
CONFIG = (tyro.conf.OmitArgPrefixes, tyro.conf.PositionalMetavarFromFieldName)


class UsageError(SynaptariumError):
    """Words that are not a valid command; the text names the wrong one and says what is valid."""


class Late(NamedTuple):
    """A command whose options are made only when it is used, from the words that follow it."""

    about: str
    make: Callable[[Sequence[str]], type]


class Group(NamedTuple):
    """Commands under one word; ``otherwise`` is the command of an option that comes first.

    A command is a dataclass: its fields are the options, its docstring the help.
    """

    about: str
    noun: str
    commands: "Mapping[str, Group | Late | type]"
    otherwise: type | None = None


def parse(group: Group, words: list[str], said: tuple[str, ...] = ()) -> Any:
    """The command that the words name, as an instance of its dataclass.

    Raises ``UsageError``; on a request for help, prints it and raises ``SystemExit``.
    """
    where = " ".join((PROGRAM, *said))
    known = " and ".join((", ".join(group.commands)).rsplit(", ", 1))
    if not words:
        raise UsageError(f"{where} needs the name of a {group.noun}; there are: {known}.")
    word, *rest = words
    if word in HELP:
        return _print_group_help(group, where)
    if word in group.commands:
        command = group.commands[word]
        if isinstance(command, Group):
            return parse(command, rest, (*said, word))
        made = command.make(rest) if isinstance(command, Late) else command
        return _options(made, rest, said, word)
    options = _flags(group.otherwise) if group.otherwise else {}
    if group.otherwise and word.partition("=")[0] in options:
        return _options(group.otherwise, words, said[:-1], said[-1])
    nearest = _nearest(word, [*group.commands, *options])
    if word.startswith("-"):
        raise UsageError(
            f"{where} has no option {word}{nearest}; name a {group.noun} before options: {known}."
        )
    raise UsageError(f"There is no {group.noun} named {word!r}{nearest}; there are: {known}.")


def _print_group_help(group: Group, where: str) -> None:
    def described(about: str) -> Callable[[], None]:
        def command() -> None: ...

        command.__doc__ = about
        return command

    abouts = {
        name: (c.__doc__ or "").splitlines()[0] if isinstance(c, type) else c.about
        for name, c in group.commands.items()
    }
    tyro.extras.subcommand_cli_from_dict(
        {name: described(about) for name, about in abouts.items()},
        prog=where,
        description=group.about,
        args=["--help"],
    )


def _options(command: type, words: list[str], said: tuple[str, ...], last: str) -> Any:
    name = " ".join((*said, last))
    see = f"see: {PROGRAM} {name} --help"
    wants_help = any(word in HELP for word in words)
    try:
        options, unknown = tyro.cli(
            command,
            prog=f"{PROGRAM} {name}",
            args=["--help"] if wants_help else words,
            return_unknown_args=True,
            console_outputs=wants_help,
            config=CONFIG,
        )
    except SystemExit as end:
        if not end.code:
            raise
        raise UsageError(f"{name} {_lack(command, words)}; {see}") from None
    if not unknown:
        return options
    word = unknown[0]
    if not word.startswith("-"):
        raise UsageError(f"{name} does not take the word {word!r}; {see}")
    option = word.partition("=")[0]
    raise UsageError(f"{name} has no option {option}{_nearest(option, _flags(command))}; {see}")


def _lack(command: type, words: list[str]) -> str:
    """Why tyro failed: an option without its value, or a missing name."""
    flags = _flags(command)
    for word, following in itertools.pairwise([*words, "--"]):
        if following.startswith("-") and flags.get(word.replace("_", "-"), False):
            return f"needs a value after {word}"
    needed = [
        f"--{field.name}" if f"--{field.name}" in flags else field.name.upper()
        for field in dataclasses.fields(command)
        if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    ]
    return f"needs {' and '.join(needed)}" if needed else "cannot read these words"


def _nearest(word: str, known: Iterable[str]) -> str:
    # Without the dashes, which would make all options look alike.
    bare = {name.lstrip("-"): name for name in known}
    near = difflib.get_close_matches(word.lstrip("-").replace("_", "-"), bare, n=1)
    return f", the nearest is {bare[near[0]]}" if near else ""


def _flags(command: type) -> dict[str, bool]:
    """The options of a command; True for those that take a value."""
    flags = {"--help": False}
    hints = get_type_hints(command, include_extras=True)
    for field in dataclasses.fields(command):
        hint = hints[field.name]
        kind, *notes = get_args(hint) if get_origin(hint) is Annotated else (hint,)
        name = field.name.replace("_", "-")
        if isinstance(kind, type) and dataclasses.is_dataclass(kind):
            flags |= _flags(kind)
        elif tyro.conf.Positional not in notes:
            flags[f"--{name}"] = kind is not bool
            if kind is bool and tyro.conf.FlagCreatePairsOff not in notes:
                flags[f"--no-{name}"] = False
    return flags


def name(help: str) -> Any:
    """The type of a positional word."""
    return Annotated[str, tyro.conf.Positional, tyro.conf.arg(help=help)]


def text(help: str, metavar: str, unset: str = "") -> Any:
    """The type of an option that takes a word; ``unset`` says what happens without it."""
    return Annotated[
        str, tyro.conf.arg(help=help, metavar=metavar, help_behavior_hint=unset and f"({unset})")
    ]


def flag(help: str) -> Any:
    """The type of an option that is present or absent."""
    return Annotated[
        bool, tyro.conf.FlagCreatePairsOff, tyro.conf.arg(help=help, help_behavior_hint="")
    ]


def number(name: str, word: str) -> float:
    """The number that an option says; raises ``UsageError`` for anything else."""
    try:
        value = float(word)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise UsageError(f"{name} is {word[:60]!r}, but should be a number.")
    return value


def whole(name: str, word: str) -> int:
    """The whole number that an option says; raises ``UsageError`` for anything else."""
    try:
        return int(word)
    except ValueError:
        raise UsageError(f"{name} is {word[:60]!r}, but should be a whole number.") from None


def value_of(option: str, words: Sequence[str]) -> str:
    """The value that the words give an option, last; empty without it."""
    found = ""
    for word, following in itertools.pairwise([*words, ""]):
        name, equals, value = word.partition("=")
        if name == option:
            found = value if equals else following
    return found


def options_of(title: str, about: str, infos: Iterable[SettingInfo]) -> type:
    """A dataclass with one field per setting; values that do not convert stay strings.

    It checks nothing: the settings class checks the values.
    """
    fields = [(i.name, _kind(i), dataclasses.field(default=i.default)) for i in infos]
    made = dataclasses.make_dataclass(title, fields, kw_only=True)
    made.__doc__ = about
    return made


def _kind(info: SettingInfo) -> Any:
    note = tyro.conf.arg(help=_help(info))
    if info.kind == "bool":
        return Annotated[bool, note]
    convert = {"int": int, "float": float}.get(info.kind, str)
    metavar = "{" + ",".join(info.choices) + "}" if info.choices else info.kind.upper()

    def read(words: list[str]) -> Any:
        try:
            return convert(words[0])
        except ValueError:
            return words[0]

    taken = tyro.constructors.PrimitiveConstructorSpec(
        nargs=1,
        metavar=metavar,
        instance_from_str=read,
        is_instance=lambda value: True,
        str_from_instance=lambda value: [str(value)],
    )
    return Annotated[convert, taken, note]


def _help(info: SettingInfo) -> str:
    """Help, symbol, bounds, unit and source of a setting in one line."""
    facts = [fact for fact in (info.symbol, info.limits, info.unit, info.source) if fact]
    return f"{info.help} [{'; '.join(facts)}]" if facts else info.help
