"""Whom the server answers: Streamlit's own checks, as .streamlit/config.toml sets them."""

import http.client
import socket
from urllib.parse import urlsplit

import pytest

from tests.browser import driver

UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Protocol": "streamlit",
}
ACCEPTED, REFUSED = 101, 403


@pytest.fixture(scope="module")
def port(tmp_path_factory):
    with driver.server(tmp_path_factory.mktemp("runs")) as address:
        yield urlsplit(address).port


def answer(port: int, host: str, origin: str | None) -> int:
    """The status with which a page's websocket is answered."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    headers = {**UPGRADE, "Host": host} | ({"Origin": origin} if origin else {})
    connection.request("GET", "/_stcore/stream", headers=headers)
    status = connection.getresponse().status
    connection.close()
    return status


@pytest.mark.parametrize(
    ("host", "origin", "status"),
    [
        ("127.0.0.1:{}", "http://127.0.0.1:{}", ACCEPTED),
        ("localhost:{}", "http://localhost:{}", ACCEPTED),
        # A page from elsewhere.
        ("127.0.0.1:{}", "https://elsewhere.example", REFUSED),
        # A page from a name that its owner has pointed to 127.0.0.1 meanwhile.
        ("rebound.example:{}", "http://rebound.example:{}", REFUSED),
        # A proxy that passes Host on, but whose name was not allowed.
        ("lab.example.org", "https://lab.example.org", REFUSED),
        # A proxy that does not pass Host on.
        ("127.0.0.1:{}", "https://lab.example.org", REFUSED),
    ],
)
def test_only_its_own_pages_are_answered(port, host, origin, status):
    assert answer(port, host.format(port), origin.format(port)) == status


def own_addresses() -> set[str]:
    """Addresses of this machine beside 127.0.0.1; on Linux, all of 127.0.0.0/8 is."""
    found = {info[4][0] for info in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)}
    return (found | {"127.0.0.2"}) - {"127.0.0.1"}


def test_it_listens_on_127_0_0_1_alone(port):
    for address in own_addresses():
        with pytest.raises(OSError, match=r"refused|unreachable|timed out"):
            socket.create_connection((address, port), timeout=5).close()
    socket.create_connection(("127.0.0.1", port), timeout=5).close()


def test_no_page_that_embeds_it_may_control_it(port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", "/_stcore/host-config")
    assert b'"allowedOrigins":[]' in connection.getresponse().read()
    connection.close()
