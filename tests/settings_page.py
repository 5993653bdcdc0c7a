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

Every setting with its standard value and its bounds, as the command line, the forms of the app and
`train(...)` take it. A value beyond its bounds is refused in a sentence. **m**: a larger value
takes more memory. **d**: a larger value can make training diverge. **data**: fixed by the data set,
so nothing asks for it. **more**: under "More" in a form. What a text may say, such as `widths`, and
what two settings may not be together is checked, too, and refused in a sentence. `LCATraining` and
`Sampling` are of functions in Python, and of no system.

"""


def settings_types() -> list[type[Settings]]:
    """Those of the systems, and every other public class all of whose settings have a standard
    value and are explained; in order of module and name."""
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
        key=lambda kind: (kind.__module__, kind.__name__),
    )


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
    table = "| setting | standard | bounds | what it is | marks |\n"
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
