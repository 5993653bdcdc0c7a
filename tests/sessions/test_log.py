"""What the server writes into its log while every page is opened and every preset is pressed."""

import re

import pytest
from streamlit.proto.WidgetStates_pb2 import WidgetState

from tests.browser import driver
from tests.pages.addresses import PREFIX
from tests.sessions.client import Session

TROUBLE = re.compile(r"warning|error|exception|traceback|deprecat", re.IGNORECASE)


def troubles(log: str) -> list[str]:
    """The lines that tell of something that went wrong."""
    return [line for line in log.splitlines() if TROUBLE.search(line)]


def pressed(session: Session) -> list[str]:
    """Press every preset of the page that is open; their keys."""
    found = {item.key: item.proto.id for item in session.items if "_try_" in (item.key or "")}
    for key, number in found.items():
        session.move(WidgetState(id=number, trigger_value=True))
        assert session.errors() == [], key
    return list(found)


@pytest.mark.slow
def test_no_page_and_no_preset_leaves_a_warning_in_the_servers_log(tmp_path):
    log = tmp_path / "server.log"
    seen = []
    with driver.server(tmp_path / "runs", log=log) as address:
        for page in ("", *PREFIX):
            session = Session(address)
            session.open(page)
            assert session.errors() == [], page
            seen += pressed(session)
            session.close()
    assert len(seen) > 30
    assert "server started" in log.read_text(encoding="utf-8")
    assert troubles(log.read_text(encoding="utf-8")) == []


def test_a_warning_is_trouble():
    assert troubles("Uvicorn server started\nA WARNING\nTraceback (most recent call last)") == [
        "A WARNING",
        "Traceback (most recent call last)",
    ]
