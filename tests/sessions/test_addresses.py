"""Raw addresses at a real server: three hundred a page, as a browser or a mistake would send."""

import random
from urllib.parse import quote

import pytest

from tests.browser import driver
from tests.pages.addresses import HOSTILE, PREFIX, bound_keys
from tests.sessions.client import Session

EACH = 300
DEBRIS = ("%", "%%", "%zz", "%ed%a0%80", "%f0%28%8c%28", "+", "=", "&&", ";", "#", "%00", "%c0%af")


def raw(keys: tuple[str, ...], chance: random.Random) -> str:
    """A query string: some keys, some twice, with values as they are or percent-encoded."""
    parts = []
    for key in chance.choices(keys, k=chance.randint(1, 6)):
        value = chance.choice(HOSTILE[:-1])
        written = quote(value, safe="") if chance.random() < 0.7 else value
        parts.append(f"{key}={written}{chance.choice(DEBRIS) if chance.random() < 0.3 else ''}")
    return "&".join(parts)


@pytest.mark.slow
@pytest.mark.parametrize("page", PREFIX)
def test_three_hundred_addresses(page, tmp_path, runs_root):
    chance, keys = random.Random(page), bound_keys(page)
    with driver.server(tmp_path / "runs") as address:
        for _ in range(EACH):
            query = raw(keys, chance)
            session = Session(address)
            session.open(page, query)
            found = [item.proto for item in session.items if item.kind == "exception"]
            session.close()
            assert found == [], query
            assert not session.missing
