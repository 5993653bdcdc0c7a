"""One zip of a page: figures, data, settings, link, versions, citation."""

import io
import json
from collections.abc import Mapping, Sequence
from zipfile import ZIP_DEFLATED, ZipFile

from corelib.runs.spec import RunSpec, as_command


def bundle(
    svgs: Mapping[str, str],
    tables: Mapping[str, bytes],
    settings: Mapping[str, object],
    specs: Mapping[str, RunSpec],
    link: str,
    versions: Mapping[str, str],
    citation: str,
) -> bytes:
    """A zip; ``README.txt`` in it lists every other file."""
    commands = [f"# {name}\n{as_command(spec)}" for name, spec in specs.items()]
    of_networks = {name: spec.model_dump() for name, spec in specs.items()}
    files: dict[str, str | bytes] = {
        **{f"figures/{name}.svg": svg for name, svg in svgs.items()},
        **{f"data/{name}.csv": csv for name, csv in tables.items()},
        "settings.json": json.dumps({"view": settings, "networks": of_networks}, indent=1),
        "commands.txt": "\n\n".join(commands) + "\n",
        "link.txt": link + "\n",
        "versions.json": json.dumps(versions, indent=1),
        "citation.bib": citation,
    }
    buffer = io.BytesIO()
    with ZipFile(buffer, "w", ZIP_DEFLATED) as file:
        file.writestr("README.txt", _readme(list(files)))
        for name, content in files.items():
            file.writestr(name, content)
    return buffer.getvalue()


def _readme(names: Sequence[str]) -> str:
    return "\n".join(
        (
            "A page of Synaptarium: its figures, their data, its settings, the link that opens it",
            "again, the versions, and what to cite.",
            "",
            *names,
            "",
        )
    )
