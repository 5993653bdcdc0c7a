"""What the environment says: all variables that Synaptarium reads.

========================  ==================================================================
``SYNAPTARIUM_RUNS``      the folder of runs; ``./runs`` if it is unset or empty
``SYNAPTARIUM_DATA``      the folder of your own data; ``./data`` if it is unset or empty
``SYNAPTARIUM_SLOTS``     how many runs train at once; one for every two cores if it is unset,
                          empty or ``auto``
``SYNAPTARIUM_CLASS``     ``1``: each person who opens the app has runs of their own
``SYNAPTARIUM_READ_ONLY`` ``1``: nothing can be trained, added, changed or removed in the app
``SYNAPTARIUM_WAITING``   how many trainings a person of a class may have that have not ended;
                          2 if it is unset or empty
========================  ==================================================================

``~`` stands for the home folder. A value that cannot be understood raises ``SettingsError``, which
names the variable.
"""

import os
from pathlib import Path

from corelib.errors import SettingsError

MOST_SLOTS = 1024
WAITING = 2


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
    return _number("SYNAPTARIUM_SLOTS", "auto or a whole number")


def is_class() -> bool:
    """Whether each person who opens the app has runs of their own."""
    return _switch("SYNAPTARIUM_CLASS")


def is_read_only() -> bool:
    """Whether nothing can be changed in the app."""
    return _switch("SYNAPTARIUM_READ_ONLY")


def most_waiting() -> int:
    """How many trainings a person of a class may have that have not ended."""
    if not os.environ.get("SYNAPTARIUM_WAITING", "").strip():
        return WAITING
    return _number("SYNAPTARIUM_WAITING", "a whole number")


def _switch(variable: str) -> bool:
    text = os.environ.get(variable, "").strip()
    if text not in ("", "0", "1"):
        raise SettingsError(f"{variable} is {text[:60]!r}, but should be 1, 0 or empty.")
    return text == "1"


def _number(variable: str, what: str) -> int:
    text = os.environ.get(variable, "").strip()
    try:
        number = int(text)
    except ValueError:
        number = 0
    if not 1 <= number <= MOST_SLOTS:
        raise SettingsError(
            f"{variable} is {text[:60]!r}, but should be {what} from 1 to {MOST_SLOTS:,}."
        )
    return number


def check() -> None:
    """Raise ``SettingsError`` for the first variable that cannot be understood."""
    runs_root()
    data_root()
    slots(1)
    is_class()
    is_read_only()
    most_waiting()


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
