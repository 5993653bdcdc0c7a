"""A page of the laboratory as one HTML file, without opening it."""

# The type of an option is made by a function that adds its help.
# pyright: reportInvalidTypeForm=false

import dataclasses
from importlib import import_module
from pathlib import Path

from corelib.cli.app_command import installed
from corelib.cli.parse import UsageError, flag, name
from corelib.files import write_text


@dataclasses.dataclass(frozen=True)
class Report:
    """Write a page of the laboratory to one HTML file that opens without a network.

    The file holds the figures of all tabs, interactive, with captions, settings and commands."""

    address: name('The page and its settings, "halting?halting_theta=0.8", or a link to it')
    file: name("The new file, which ends in .html")
    force: flag("Replace the file if it exists") = False

    def __call__(self) -> None:
        installed()
        file = Path(self.file)
        if file.suffix.lower() not in (".html", ".htm"):
            raise UsageError(f"file is {self.file[-60:]!r}, but should end in .html.")
        if not file.parent.is_dir():
            raise UsageError(f"There is no folder {file.parent}: make it first.")
        if file.exists() and not self.force:
            raise UsageError(f"{file} already exists: name another file, or add --force.")
        # By its name: the library imports nothing of the app.
        html = import_module("dashboard.shell.headless").report(self.address)
        write_text(file, html)
        print(f"The report is in {file} ({file.stat().st_size / 1e6:.1f} MB).")
