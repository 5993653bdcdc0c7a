"""What the zip of a page holds: figures, data, settings, link, versions, citation."""

import json
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from corelib.runs.registry import Checkpoint
from corelib.runs.spec import RunSpec, as_command


class Contents(NamedTuple):
    """A page: its ``tables`` (CSV) and ``captions`` by the names of its figures, what its controls
    say, the ``specs`` of its networks, the ``link`` that opens it again, versions and BibTeX; and
    the ``problems`` of the tabs that could not be drawn, by tab."""

    tables: Mapping[str, str]
    captions: Mapping[str, str]
    settings: Mapping[str, object]
    specs: Mapping[str, RunSpec]
    link: str
    versions: Mapping[str, str]
    citation: str
    problems: Mapping[str, str]


def files_of(page: Contents) -> dict[str, str]:
    """The text of each file by its path, but for ``figures/NAME.svg``, which the browser draws;
    ``README.txt`` lists them all."""
    commands = [f"# {name}\n{as_command(spec)}" for name, spec in page.specs.items()]
    of_networks = {name: spec.model_dump() for name, spec in page.specs.items()}
    files = {
        **{f"data/{name}.csv": csv for name, csv in page.tables.items()},
        "settings.json": json.dumps({"view": page.settings, "networks": of_networks}, indent=1),
        "commands.txt": "\n\n".join(commands) + "\n",
        "link.txt": page.link + "\n",
        "versions.json": json.dumps(page.versions, indent=1),
        "citation.bib": page.citation,
    }
    return {"README.txt": _readme(page, list(files)), **files}


def _readme(page: Contents, names: Sequence[str]) -> str:
    drawn = [f"figures/{name}.svg\n    {caption}" for name, caption in page.captions.items()]
    lacking = [f"{tab}: {problem}" for tab, problem in page.problems.items()]
    return "\n".join(
        (
            "A page of Synaptarium: the figures of all its tabs, their data, its settings, the",
            "link that opens it again, the versions, and what to cite. What a page measures only",
            "after a button was pressed is here if it was pressed; training and published tables",
            "are not.",
            "",
            *drawn,
            *names,
            "",
            *(("Tabs that could not be drawn:", *lacking, "") if lacking else ()),
        )
    )


def spec_of(item: Checkpoint) -> RunSpec:
    """How the network was trained."""
    return RunSpec(**{name: getattr(item.card, name) for name in RunSpec.model_fields})
