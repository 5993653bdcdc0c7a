"""Where Optuna keeps a study's trials: a journal in its folder, or a database. Imports no torch."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from corelib.errors import SettingsError
from corelib.sweeps.settings import StudySettings

if TYPE_CHECKING:
    from optuna.storages import BaseStorage, RDBStorage

JOURNAL = "journal.log"
PATIENCE_S = 30
"""How long SQLite waits while another process writes."""


def storage_of(settings: StudySettings, folder: Path) -> BaseStorage:
    """The storage of a study in this folder. Raises ``SettingsError`` if it cannot be read."""
    import optuna
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    if settings.storage:
        return _database(settings.storage)
    journal = folder / JOURNAL
    try:
        backend = JournalFileBackend(str(journal), lock_obj=JournalFileOpenLock(str(journal)))
        return JournalStorage(backend)
    except (ValueError, KeyError, TypeError, AssertionError) as error:
        # What replaying a line that is no entry ends in.
        raise SettingsError(f"{journal} is damaged: {type(error).__name__}, {error}.") from None


@lru_cache(maxsize=8)
def _database(url: str) -> RDBStorage:
    """A connection of this process, kept, since to open one takes several queries."""
    from optuna.storages import RDBStorage
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import SQLAlchemyError

    try:
        address = make_url(url)
        waits = {"timeout": PATIENCE_S} if address.get_backend_name() == "sqlite" else {}
        return RDBStorage(url, engine_kwargs={"connect_args": waits})
    except (SQLAlchemyError, ImportError) as error:
        reason = str(error).splitlines()[0].rstrip(".")
        raise SettingsError(f"The database of storage cannot be opened: {reason}.") from None


def new_trials(settings: StudySettings, folder: Path, choices: Sequence[dict[str, Any]]) -> None:
    """Begin a study in its storage, with the choices that are known. Raises ``SettingsError`` if
    the database has one of this name."""
    import optuna

    try:
        new = optuna.create_study(
            study_name=settings.name, storage=storage_of(settings, folder), direction="maximize"
        )
    except optuna.exceptions.DuplicatedStudyError:
        raise SettingsError(
            f"The database holds a study named {settings.name!r} already; give this one another "
            "name."
        ) from None
    for chosen in choices:
        new.enqueue_trial(chosen)


def trials_missing(settings: StudySettings, folder: Path) -> SettingsError:
    """The error of a study whose storage holds no trials of it."""
    place = "its database" if settings.storage else folder / JOURNAL
    return SettingsError(f"The trials of {settings.name} are gone: {place} does not hold them.")
