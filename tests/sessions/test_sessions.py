"""What a session sees does not depend on the other sessions."""

from threading import Thread

import pytest

from tests.browser import driver
from tests.pages.addresses import PREFIX
from tests.sessions.client import Session, same
from tests.sessions.places import Place, places

MANY = 8
View = list[dict]


def visit(address: str, visits: list[Place]) -> dict[Place, View]:
    """What a session sees at each place, each of them opened anew."""
    seen = {}
    for page, tab in visits:
        session = Session(address)
        session.open(page, {f"{PREFIX[page]}_tab": tab} if tab else "")
        assert session.errors() == [], (page, tab)
        seen[page, tab] = session.view()
        session.close()
    return seen


@pytest.mark.slow
def test_eight_sessions_at_once_see_what_one_sees_alone(tmp_path):
    # A server each, so that the eight compute for themselves what the one has computed.
    with driver.server(tmp_path / "alone" / "runs") as address:
        visits = places(address)
        alone = visit(address, visits)
    assert len(visits) > 60
    seen: list[dict[Place, View]] = []

    def go(address: str, number: int) -> None:
        # Each begins elsewhere: at any time they are on different pages, and later on the same.
        turn = number * len(visits) // MANY
        seen.append(visit(address, visits[turn:] + visits[:turn]))

    with driver.server(tmp_path / "together" / "runs") as address:
        threads = [Thread(target=go, args=(address, number)) for number in range(MANY)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(seen) == MANY
    for views in seen:
        differing = [place for place in visits if not same(views[place], alone[place])]
        assert differing == []
