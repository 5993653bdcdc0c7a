"""What the environment says: all variables that Synaptarium reads.

========================  ==================================================================
``SYNAPTARIUM_RUNS``      the folder of runs; ``./runs`` if it is unset or empty
``SYNAPTARIUM_DATA``      the folder of your own data; ``./data`` if it is unset or empty
``SYNAPTARIUM_SLOTS``     how many runs train at once; one for every two cores if it is unset,
                          empty or ``auto``
========================  ==================================================================

``~`` stands for the home folder. A value that cannot be understood raises ``SettingsError``, which
names the variable.
"""

import os
from pathlib import Path

from corelib.errors import SettingsError

MOST_SLOTS = 1024


def runs_root() -> Path:
    """The folder in which runs live; it need not exist yet."""
    return _folder("SYNAPTARIUM_RUNS", "runs")


def data_root() -> Path:
    """The folder of your own data; it need not exist."""
    return _folder("SYNAPTARIUM_DATA", "data")


def slots(default: int) -> int:
    """How many runs may train at once."""
    text = os.environ.get("SYNAPTARIUM_SLOTS", "").strip()
    if text.lower() in ("", "auto"):
        return default
    try:
        number = int(text)
    except ValueError:
        number = 0
    if not 1 <= number <= MOST_SLOTS:
        raise SettingsError(
            f"SYNAPTARIUM_SLOTS is {text[:60]!r}, but should be auto or a whole number from 1 to "
            f"{MOST_SLOTS:,}."
        )
    return number


def check() -> None:
    """Raise ``SettingsError`` for the first variable that cannot be understood."""
    runs_root()
    data_root()
    slots(1)


def _folder(variable: str, default: str) -> Path:
    text = os.environ.get(variable, "").strip() or default
    try:
        folder = Path(text).expanduser().absolute()
        usable = folder.is_dir() or not folder.exists()
    except (OSError, RuntimeError, ValueError) as error:  # too long; a user without a home
        raise SettingsError(f"{variable} is {text[:60]!r}, which is no folder ({error}).") from None
    if not usable:
        raise SettingsError(f"{variable} is {text[:60]!r}, but should be a folder, not a file.")
    return folder
