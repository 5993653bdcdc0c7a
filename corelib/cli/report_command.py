"""``report``: a view of the app as one HTML file, without a browser."""

# The type of an option is made by a function that adds its help.
# pyright: reportInvalidTypeForm=false

import dataclasses
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from corelib.cli.app_command import APP, NOT_INSTALLED
from corelib.cli.parse import UsageError, flag, name
from corelib.errors import SettingsError


@dataclasses.dataclass(frozen=True)
class Report:
    """Save a view of an experiment as one HTML file, which opens without a network."""

    view: name('A link to the view, or its page and controls: "halting?halting_theta=0.8"')
    file: name("The new file, ending in .html")
    force: flag("Replace the file if it exists") = False

    def __call__(self) -> None:
        file = Path(self.file)
        if file.suffix.lower() != ".html":
            raise UsageError(f"file is {self.file!r}, but should end in .html.")
        if file.exists() and not self.force:
            raise UsageError(f"{file} already exists; give another name, or --force.")
        if not file.parent.is_dir():
            raise UsageError(f"There is no folder {file.parent}.")
        if find_spec("streamlit") is None or not APP.is_file():
            raise SettingsError(NOT_INSTALLED)
        # The app is not part of the library: it may be missing.
        import_module("dashboard.without_browser").save_report(self.view, file)
        print(f"The report is in {file}.")
