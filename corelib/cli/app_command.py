"""Opening the laboratory in a browser."""

# The type of an option is made by a function that adds its help.
# pyright: reportInvalidTypeForm=false

import dataclasses
import os
import runpy
import sys
from importlib.util import find_spec
from pathlib import Path

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

    def __call__(self) -> None:
        words = self.words()
        if self.runs:
            os.environ["SYNAPTARIUM_RUNS"] = self.runs
        sys.argv = ["streamlit", "run", *words]
        runpy.run_module("streamlit", run_name="__main__")

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
        return words
