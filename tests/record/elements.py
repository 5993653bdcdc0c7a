"""What a run of a page sent, as plain values: one dictionary an element, in order."""

import base64
import hashlib
import io
import json
import re
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote

import pandas as pd
from google.protobuf.json_format import MessageToDict
from streamlit.runtime.state.common import user_key_from_element_id

from tests.charts import chart_of
from tests.record import still

VOLATILE = {
    "id": "made by Streamlit from all arguments; the user's key in it is kept as key",
    "hash": "made by Streamlit from the message",
    "page_script_hash": "made from the path of the page",
    "deferred_file_id": "drawn anew each time; the file itself is kept",
    "stack_trace": "lines of the code that changes",
    "datarevision": "a checksum of the figure's data, words included; the data are kept",
    "upload_urls": "drawn anew each time",
}
MEDIA = re.compile(r"^/mock/media/([^.]+)(\.\w+)?$")
CODES = ("js_content", "css_content", "html_content")
LABELLED = ("tab", "expandable", "popover")


class Sent(NamedTuple):
    """An element with the message that it came in."""

    kind: str
    key: str | None
    proto: Any
    value: dict
    path: tuple[int, ...] = ()


def sent(messages: list, state: Any, root: Path, whole: bool = True) -> list[Sent]:
    """All elements and containers of a run, as they stand at its end; unless ``whole`` their
    messages only."""
    nodes: dict[tuple, Any] = {}
    routes = {}
    for message in messages:
        kind = message.WhichOneof("type")
        if kind in ("page_config_changed", "navigation"):
            value = {"type": kind, "key": None, "area": "", "inside": []}
            routes[kind] = Sent(kind, None, None, value | _plain(getattr(message, kind)))
        if message.WhichOneof("type") != "delta":
            continue
        path, delta = tuple(message.metadata.delta_path), message.delta
        if delta.WhichOneof("type") == "new_element":
            for inner in [p for p in nodes if len(p) > len(path) and p[: len(path)] == path]:
                del nodes[inner]
            nodes[path] = delta.new_element
        elif delta.WhichOneof("type") == "add_block":
            nodes[path] = delta.add_block
    return list(routes.values()) + [
        found
        for path in sorted(nodes)
        if (found := _element(path, nodes, state, root, whole)) is not None
    ]


def _element(path: tuple, nodes: dict, state: Any, root: Path, whole: bool) -> Sent | None:
    node = nodes[path]
    kind = node.WhichOneof("type")
    block = hasattr(node, "allow_empty")
    if kind in ("empty", None) and not block:
        return None
    proto = getattr(node, kind) if kind else None
    name = getattr(node, "id", "") or getattr(proto, "id", "")
    key = user_key_from_element_id(name) if name else None
    if not whole:
        return Sent(kind or "container", key, proto, {}, path)
    value = {
        "type": f"block {kind or 'container'}" if block else kind,
        "key": key,
        "area": ("main", "sidebar", "event", "bottom")[path[0]],
        "inside": _inside(path, nodes),
        **_plain(node),
    }
    if chart := chart_of(proto):
        # As Streamlit's own chart was recorded.
        kind = value["type"] = "plotly_chart"
        del value["bidi_component"]
        value[kind] = _cleaned(kind, {"spec": json.loads(chart.spec), "alt": chart.alt})
    if kind == "download_button":
        value["file"] = _file(name)
    elif key and not block and kind != "file_uploader":
        value["state"] = _simple(state.get(key))
    words = json.dumps(value, ensure_ascii=False, default=str).replace(str(root), "ROOT")
    return Sent(kind or "container", key, proto, json.loads(words), path)


def _inside(path: tuple, nodes: dict) -> list[str]:
    """Labels of the tabs and expanders around an element."""
    found = []
    for most in range(1, len(path)):
        around = nodes.get(path[:most])
        kind = around.WhichOneof("type") if around is not None else None
        if kind in LABELLED:
            found.append(f"{kind} {getattr(around, kind).label}")
    return found


def _file(name: str) -> dict:
    data, mime, file_name = still.offered[name]
    if mime in still.DEAR and not still.all_files:
        return {"file_name": file_name, "mime": mime}
    try:
        return {"file_name": file_name, **still.described(still.taken(data), mime)}
    except Exception as error:
        return {"file_name": file_name, "mime": mime, "error": repr(error)}


def _simple(value: Any) -> Any:
    """The value of a widget, as far as it is a plain one."""
    if isinstance(value, dict):
        return {str(k): _simple(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_simple(v) for v in value]
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def _plain(proto: Any) -> dict:
    value = MessageToDict(proto, preserving_proto_field_name=True)
    return {k: _cleaned(k, v) for k, v in value.items() if k not in VOLATILE}


def _cleaned(name: str, value: Any) -> Any:
    if isinstance(value, dict):
        if "arrow_data" in value:
            value = value | {"arrow_data": table(base64.b64decode(value["arrow_data"]["data"]))}
        return {k: _cleaned(k, v) for k, v in value.items() if k not in VOLATILE}
    if isinstance(value, list):
        return [_cleaned(name, v) for v in value]
    if isinstance(value, str):
        if name in CODES:
            return hashlib.sha256(value.encode()).hexdigest()
        if name in ("spec", "config", "json", "columns") and value[:1] in ("{", "["):
            return _cleaned("", json.loads(value))
        if match := MEDIA.match(value):
            return still.media.get(match[1], value)
        if value.startswith("data:image/svg+xml"):
            head, body = value.split(",", 1)
            return {"svg": base64.b64decode(body).decode() if "base64" in head else unquote(body)}
    return value


def table(arrow: bytes) -> dict:
    """A data frame as lists."""
    import pyarrow as pa

    frame: pd.DataFrame = pa.ipc.open_stream(io.BytesIO(arrow)).read_pandas()
    return {
        "columns": [str(c) for c in frame.columns],
        "index": [str(i) for i in frame.index],
        "dtypes": [str(t) for t in frame.dtypes],
        "data": [[_cell(c) for c in row] for row in frame.itertuples(index=False, name=None)],
    }


def _cell(value: Any) -> Any:
    if hasattr(value, "item"):
        value = value.item()
    return value if isinstance(value, str | int | float | bool | None) else str(value)
