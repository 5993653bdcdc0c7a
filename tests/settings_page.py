"""The reference of all settings: ``python -m tests.settings_page`` writes it anew."""

import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path

from pydantic_core import PydanticUndefined

import corelib
from corelib.catalog import SYSTEMS, system
from corelib.data.corruption_kinds import CORRUPTIONS
from corelib.settings import SettingInfo, Settings

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "settings.md"
HEAD = """# Settings

Every setting, with its default and its bounds. The command line, the forms of the app and
`train(...)` take the same ones. A value outside its bounds is refused with a sentence that names
the setting, the value and the limit; so is a text that cannot be read, such as that of `widths`,
and a combination that makes no sense. `LCATraining` and `Sampling` belong to functions in Python
and to no system.

The marks: with **m** a larger value takes more memory; with **d** it can make training diverge;
**data** is set by the data set; **more** is found under "More" in a form.

"""


def settings_types() -> list[type[Settings]]:
    """Those of the systems in the catalogue's order, then every other public class all of whose
    settings have a default and are explained, by module and name."""
    for module in pkgutil.walk_packages(corelib.__path__, f"{corelib.__name__}."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    return sorted(
        {
            kind
            for kind in _subclasses(Settings)
            if kind.__module__.startswith(f"{corelib.__name__}.")
            and not kind.__name__.startswith("_")
            and (not kind.__subclasses__() or any(_uses(name, kind) for name in SYSTEMS))
            and all(info.help and info.default is not PydanticUndefined for info in kind.infos())
        },
        key=_place,
    )


def _place(kind: type[Settings]) -> tuple[int, bool, str, str]:
    users = [at for at, name in enumerate(SYSTEMS) if _uses(name, kind)]
    is_training = bool(users) and system(list(SYSTEMS)[users[0]]).training_type is kind
    return min(users, default=len(SYSTEMS)), is_training, kind.__module__, kind.__name__


def _subclasses(kind: type[Settings]) -> Iterator[type[Settings]]:
    for below in kind.__subclasses__():
        yield below
        yield from _subclasses(below)


def page() -> str:
    """The page in Markdown."""
    return HEAD + "\n".join([_corruptions(), *map(_section, settings_types())])


def _corruptions() -> str:
    head = "## Corruptions\n\nOf `corrupt` and `python -m corelib evaluate`.\n\n"
    table = "| corruption | severity | what it is |\n| --- | --- | --- |\n"
    rows = (
        f"| `{name}` | 0 to {kind.severities[-1]:g} ({kind.unit}) | {kind.about} |\n"
        for name, kind in CORRUPTIONS.items()
    )
    return head + table + "".join(rows)


def _section(kind: type[Settings]) -> str:
    users = [name for name in SYSTEMS if _uses(name, kind)]
    of = f"Of {', '.join(f'`{name}`' for name in users)}. " if users else ""
    head = f"## {kind.__name__}\n\n{of}`from {kind.__module__} import {kind.__name__}`\n\n"
    table = "| setting | default | bounds | what it is | marks |\n"
    return head + table + "| --- | --- | --- | --- | --- |\n" + "".join(map(_row, kind.infos()))


def _uses(name: str, kind: type[Settings]) -> bool:
    return kind in (system(name).config_type, system(name).training_type)


def _row(info: SettingInfo) -> str:
    symbol = f" {info.symbol}" if info.symbol else ""
    standard = f"{info.default!r}".strip("'") or "none"
    unit = f" {info.unit}" if info.unit else ""
    source = f" ({info.source})" if info.source else ""
    marks = {
        "m": info.takes_memory,
        "d": info.destabilises,
        "data": info.from_data,
        "more": info.more,
    }
    cells = (
        f"`{info.name}`{symbol}",
        f"{standard}{unit}",
        info.limits or ", ".join(info.choices),
        f"{info.help}{source}",
        ", ".join(mark for mark, holds in marks.items() if holds),
    )
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
