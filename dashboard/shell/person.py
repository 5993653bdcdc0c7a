"""Who uses the app, and what they may change.

In class mode (``synaptarium app --class``) each person has runs of their own. A person is
Streamlit's login where one is configured, else whoever holds a random token that their browser
keeps. Only a hash of it is written to a run: who reads the run's folder cannot pose as its owner.
"""

from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import streamlit as st
from filelock import FileLock
from streamlit.components.v2 import component

from corelib import environment, files
from corelib.environment import runs_root
from corelib.errors import RunError, SettingsError
from corelib.runs import launch
from corelib.runs.index import Row, rows
from corelib.runs.marks import marks_of
from corelib.runs.spec import RunSpec
from corelib.runs.store import ENDED, Run

HERE = Path(__file__).parent
KEY, TOKEN = "person", "_person_token"
NAME_CHARS = 40
READ_ONLY = "This laboratory is read-only: nothing can be trained, added or changed in it."
UNKNOWN = (
    "Your browser keeps nothing, so your runs could not be told from others'; allow this site to "
    "store data, and reload the page."
)

_person = component(
    "synaptarium_person", html="<div></div>", js=(HERE / "person.js").read_text(encoding="utf-8")
)


class Person(NamedTuple):
    """Whose runs are theirs by ``id``; ``name`` is what others see, empty until it is chosen."""

    id: str
    name: str


def watch() -> bool:
    """Find out who this is, at the start of each page; whether the page may be drawn."""
    if not environment.is_class():
        return True
    if st.user.get("is_logged_in") is False:
        st.title("Synaptarium")
        st.markdown("Log in to see your runs.")
        st.button("Log in", key="person_login", type="primary", on_click=st.login)
        return False
    told = (st.session_state.get(KEY) or {}).get("token")
    if told is not None:
        st.session_state[TOKEN] = str(told)
    if not st.user.get("is_logged_in"):
        with st.container(key="person_watch"):
            # It takes no room in the layout.
            st.html("<style>.st-key-person_watch { position: absolute }</style>")
            _person(key=KEY, data={"known": TOKEN in st.session_state}, on_token_change=_heard)
    return True


def _heard() -> None:
    """The page runs again."""


def me() -> Person | None:
    """This person; None outside a class, and until the browser has told."""
    if not environment.is_class():
        return None
    if st.user.get("is_logged_in"):
        user = st.user.to_dict()
        known = str(user.get("sub") or user.get("email") or "")
        return Person(_hashed(f"login {known}"), str(user.get("name") or user.get("email") or ""))
    token = st.session_state.get(TOKEN)
    if not token:
        return None
    id = _hashed(f"token {token}")
    return Person(id, name_of(id))


def _hashed(text: str) -> str:
    return sha256(text.encode()).hexdigest()[:16]


def name_of(id: str) -> str:
    """What a person of the class is called; empty if they have not said."""
    try:
        return (_people() / id).read_text(encoding="utf-8")[:NAME_CHARS] if id.isalnum() else ""
    except (OSError, ValueError):
        return ""


def choose_name(name: str) -> None:
    """Keep what this person wants to be called; raises ``SettingsError`` if it is too long."""
    check()
    person, name = me(), " ".join(name.split())
    if len(name) > NAME_CHARS:
        raise SettingsError(f"A name has at most {NAME_CHARS} characters.")
    if person is not None:
        _people().mkdir(parents=True, exist_ok=True)
        files.write_text(_people() / person.id, name)


def _people() -> Path:
    return runs_root() / ".people"


def may_see(row: Row) -> bool:
    """Whether a run is this person's, the class's, or shared."""
    if not environment.is_class() or not row.owner or row.shared:
        return True
    person = me()
    return person is not None and row.owner == person.id


def refusal(run: Run | None = None) -> str:
    """Why this person may not change a run, or without one, anything of their own; empty if they
    may."""
    if environment.is_read_only():
        return READ_ONLY
    if not environment.is_class():
        return ""
    person = me()
    if person is None:
        return UNKNOWN
    if run is None:
        return ""
    try:
        owner = marks_of(run).owner
    except SettingsError:
        owner = ""
    if owner == person.id:
        return ""
    if not owner:
        return "This run belongs to the class; it is changed from the command line."
    whose = name_of(owner)
    return f"This run is {whose}'s." if whose else "This run is somebody else's."


def check(run: Run | None = None) -> None:
    """Raise ``RunError`` with ``refusal``, if there is one."""
    if reason := refusal(run):
        raise RunError(reason)


def refusal_of_shared() -> str:
    """Why this person may not change what all use, such as images or published tables; empty if
    they may."""
    if environment.is_class() and not environment.is_read_only():
        return "In a class, what all use is changed from the command line."
    return refusal()


def check_shared() -> None:
    """Raise ``RunError`` with ``refusal_of_shared``, if there is one."""
    if reason := refusal_of_shared():
        raise RunError(reason)


def start(spec: RunSpec) -> Run:
    """Start a run of this person's. Raises ``RunError`` where they may not, or have as many
    trainings that have not ended as a person of a class may have."""
    check()
    person = me()
    if person is None:
        return launch.start(spec)
    _people().mkdir(parents=True, exist_ok=True)
    # Two tabs must not both take the last place.
    with FileLock(_people() / f"{person.id}.lock"):
        theirs = [row for row in rows(fresh=True) if row.owner == person.id]
        n, most = sum(row.state not in ENDED for row in theirs), environment.most_waiting()
        if n >= most:
            raise RunError(
                f"You have {n} training{'s' * (n != 1)} that {'have' if n != 1 else 'has'} not "
                f"ended, of {most} that each person may have; wait for one, or cancel it."
            )
        return launch.start(spec, person.id)
