"""Docstrings as Markdown: examples become blocks of code, lists get the line that they need before
them, and a class of settings gets the table of its settings."""

import importlib
import re

import griffe

from corelib.settings import Settings

EXAMPLE = re.compile(r"^>>> .*(?:\n(?!\s*$).+)*", re.M)
LIST = re.compile(r"(?<=[^\n])\n(?=- )")
ELSEWHERE = "; see the module."


class Readable(griffe.Extension):
    """Changes docstrings after they were collected; signatures stay."""

    def on_object(self, *, obj, loader, **_):
        if obj.docstring:
            text = obj.docstring.value
            if ELSEWHERE in text and obj.module.docstring:
                text = text.replace(ELSEWHERE, f".\n\n{obj.module.docstring.value}")
            fenced = EXAMPLE.sub(lambda found: f"```pycon\n{found[0]}\n```", text)
            obj.docstring.value = LIST.sub("\n\n", fenced)

    def on_class(self, *, cls, loader, **_):
        if not cls.path.endswith(("Config", "Training")):
            return
        made = getattr(importlib.import_module(cls.module.path), cls.name)
        if not issubclass(made, Settings) or not made.model_fields:
            return
        for name in made.model_fields:
            cls.members.pop(name, None)
        text = cls.docstring.value if cls.docstring else ""
        cls.docstring = griffe.Docstring(f"{text}\n\n{table(made)}", parent=cls)


def table(settings: type[Settings]) -> str:
    """The settings of a class as a table of Markdown."""
    rows = ["| setting | default | values | |", "|---|---|---|---|"]
    for info in settings.infos():
        allowed = ", ".join(info.choices) or " ".join(filter(None, (info.limits, info.unit)))
        notes = [info.help, f"({info.symbol})" if info.symbol else ""]
        notes.append("Set by the data." if info.from_data else "")
        notes.append(f"Default: {info.source}." if info.source else "")
        about = " ".join(filter(None, notes))
        cells = (f"`{info.name}`", f"`{info.default!r}`", allowed, about)
        rows.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(rows)
