"""Where a session can go."""

from tests.pages.addresses import PREFIX
from tests.sessions.client import Session

TIMED = ("halting", "Clock")
"""Shows how long things took: no two sessions see the same."""

Place = tuple[str, str]


def places(address: str) -> list[Place]:
    """All pages, and their tabs where they have some."""
    session, found = Session(address), []
    for page in ("", *PREFIX):
        session.open(page)
        tabs = [item.proto.label for item in session.items if item.kind == "tab"]
        found += [(page, tab) for tab in tabs or [""]]
    session.close()
    return [place for place in found if place != TIMED]
