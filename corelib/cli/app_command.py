"""Opening the laboratory in a browser."""

# The type of an option is made by a function that adds its help.
# pyright: reportInvalidTypeForm=false

import dataclasses
import os
import runpy
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import tyro

from corelib import environment
from corelib.cli.parse import UsageError, flag, text
from corelib.errors import SettingsError

APP = Path(__file__).parents[2] / "app.py"
PORTS = range(1, 65_536)


def installed() -> None:
    """Raise ``SettingsError`` where the app is not installed."""
    if find_spec("streamlit") is None or not APP.is_file():
        raise SettingsError(
            "The app is not installed; install it with: pip install 'synaptarium[app]'"
        )


@dataclasses.dataclass(frozen=True)
class App:
    """Open the laboratory in a browser; Ctrl-C ends it."""

    port: text("Port to listen on", "PORT", "default: 8501") = ""
    runs: text("Folder of the runs", "FOLDER", "default: ./runs, or SYNAPTARIUM_RUNS") = ""
    no_browser: flag("Only print the address") = False
    for_class: Annotated[
        bool,
        tyro.conf.FlagCreatePairsOff,
        tyro.conf.arg(
            name="class",
            help="Each person who opens it has runs of their own, which nobody else can change",
            help_behavior_hint="",
        ),
    ] = False
    read_only: flag("Nothing can be trained, added or changed") = False
    waiting: text("Trainings that a person of a class may have at once", "N", "default: 2") = ""
    base_path: text("Path under which a proxy serves it", "PATH", "default: none") = ""

    def __call__(self) -> None:
        words = self.words()
        for variable, value in self.variables().items():
            os.environ[variable] = value
        environment.check()
        sys.argv = ["streamlit", "run", *words]
        runpy.run_module("streamlit", run_name="__main__")

    def variables(self) -> dict[str, str]:
        """What the server reads from its environment."""
        asked = {
            "SYNAPTARIUM_RUNS": self.runs,
            "SYNAPTARIUM_CLASS": "1" if self.for_class else "",
            "SYNAPTARIUM_READ_ONLY": "1" if self.read_only else "",
            "SYNAPTARIUM_WAITING": self.waiting,
        }
        return {variable: value for variable, value in asked.items() if value}

    def words(self) -> list[str]:
        """What follows ``streamlit run``. Raises ``SettingsError`` where the app is not installed,
        ``UsageError`` for a wrong port."""
        installed()
        words = [str(APP), f"--server.headless={str(self.no_browser).lower()}"]
        # Streamlit would ask a person's e-mail address before it opens a browser.
        words.append("--server.showEmailPrompt=false")
        if self.port:
            if not self.port.isdecimal() or int(self.port) not in PORTS:
                raise UsageError(
                    f"port is {self.port[:20]!r}, but should be a whole number from 1 to 65,535."
                )
            words.append(f"--server.port={int(self.port)}")
        if self.base_path:
            words.append(f"--server.baseUrlPath={self.base_path}")
        return words
