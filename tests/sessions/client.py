"""A session without a browser: it speaks to a Streamlit server as the app's JavaScript does."""

import json
import math
from contextlib import ExitStack
from time import monotonic
from typing import Any, NamedTuple
from urllib.parse import urlencode

from google.protobuf.json_format import MessageToDict
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from streamlit.runtime.state.common import user_key_from_element_id
from websockets.sync.client import connect

from tests.record.elements import VOLATILE

PATIENCE_S = 300.0
PASSING = ("empty", "spinner", "progress")
"""Elements that come and go while others are computed."""


class Item(NamedTuple):
    """An element as the server sent it: its kind, its key if it has one, and the message."""

    kind: str
    key: str | None
    proto: Any


class Session:
    """One connection. ``items`` are the elements of the last run, in order; ``missing`` says
    whether the server called the page unknown."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.held = ExitStack()
        stream = f"{address.replace('http', 'ws')}/_stcore/stream"
        self.socket = self.held.enter_context(
            connect(stream, origin=address, max_size=None, ping_timeout=None)
        )
        self.page, self.query, self.missing = "", "", False
        self.pages: dict[str, str] = {}
        self.nodes: dict[tuple[int, ...], Any] = {}

    def open(self, name: str, query: dict[str, Any] | str = "") -> float:
        """Go to a page by its name in the address; ``query`` may be raw. Returns the seconds."""
        self.query = query if isinstance(query, str) else urlencode(query, doseq=True)
        self.page = self.pages.get(name, "")
        return self._rerun([], "" if self.page else name)

    def move(self, *states: WidgetState) -> float:
        """Set widgets, as a person does. Returns the seconds until the page stands still."""
        return self._rerun(list(states), "")

    def close(self) -> None:
        self.held.close()

    @property
    def items(self) -> list[Item]:
        found = []
        for path in sorted(self.nodes):
            node = self.nodes[path]
            kind = node.WhichOneof("type") or "container"
            proto = getattr(node, kind, None)
            name = getattr(node, "id", "") or getattr(proto, "id", "")
            found.append(Item(kind, user_key_from_element_id(name) if name else None, proto))
        return found

    def errors(self) -> list[str]:
        """Exceptions and red boxes on the page."""
        return [
            item.proto.message if item.kind == "exception" else item.proto.body
            for item in self.items
            if item.kind == "exception" or (item.kind == "alert" and item.proto.format == 1)
        ]

    def view(self) -> list[dict]:
        """All elements as plain values, without what differs between sessions by design."""
        return [
            {"kind": item.kind, "key": item.key, **plain_values(item.proto)}
            for item in self.items
            if item.kind not in PASSING
        ]

    def _rerun(self, states: list[WidgetState], name: str) -> float:
        message = BackMsg()
        wanted = message.rerun_script
        wanted.query_string, wanted.page_script_hash, wanted.page_name = self.query, self.page, name
        wanted.widget_states.widgets.extend(states)
        wanted.context_info.url = f"{self.address}/{name}"
        began = monotonic()
        self.socket.send(message.SerializeToString())
        self.missing = False
        while not self._take(monotonic() - began):
            pass
        return monotonic() - began

    def _take(self, waited: float) -> bool:
        """Take one message; True if it ends the run."""
        if waited > PATIENCE_S:
            raise TimeoutError(f"The page did not stand still within {PATIENCE_S:.0f} s.")
        message = ForwardMsg.FromString(self.socket.recv(PATIENCE_S))
        kind = message.WhichOneof("type")
        if kind == "new_session":
            if not message.metadata.run.fragment_ids:
                self.nodes.clear()
        elif kind == "navigation":
            self.page = message.navigation.page_script_hash
            self.pages = {
                page.url_pathname: page.page_script_hash for page in message.navigation.app_pages
            }
        elif kind == "page_not_found":
            self.missing = True
        elif kind == "page_info_changed":
            self.query = message.page_info_changed.query_string
        elif kind == "delta":
            self._draw(tuple(message.metadata.delta_path), message.delta)
        return kind == "script_finished" and message.script_finished in (
            ForwardMsg.FINISHED_SUCCESSFULLY,
            ForwardMsg.FINISHED_WITH_COMPILE_ERROR,
        )

    def _draw(self, path: tuple[int, ...], delta: Any) -> None:
        if delta.WhichOneof("type") == "new_element":
            for inner in [p for p in self.nodes if len(p) > len(path) and p[: len(path)] == path]:
                del self.nodes[inner]
            self.nodes[path] = delta.new_element
        elif delta.WhichOneof("type") == "add_block":
            self.nodes[path] = delta.add_block


def same(one: Any, other: Any) -> bool:
    """Whether two views agree; numbers up to the rounding of float32, since where an array lies in
    memory decides the order in which it is summed."""
    if isinstance(one, dict):
        return (
            isinstance(other, dict)
            and one.keys() == other.keys()
            and all(same(one[name], other[name]) for name in one)
        )
    if isinstance(one, list):
        return isinstance(other, list) and len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, float) and isinstance(other, int | float):
        return math.isclose(one, other, rel_tol=1e-4, abs_tol=1e-5)
    if isinstance(one, str) and one != other and one[:1] == "{":
        return same(*(cleaned(json.loads(text)) for text in (one, other)))
    return one == other


def cleaned(value: Any) -> Any:
    """Without what differs between sessions by design."""
    if isinstance(value, dict):
        return {k: cleaned(v) for k, v in value.items() if k not in VOLATILE}
    return [cleaned(v) for v in value] if isinstance(value, list) else value


def plain_values(proto: Any) -> dict:
    """A message as plain values, without what differs between sessions by design."""
    if proto is None or not hasattr(proto, "DESCRIPTOR"):
        return {}
    return cleaned(MessageToDict(proto, preserving_proto_field_name=True))
