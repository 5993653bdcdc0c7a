"""The figures that a page sends, read from the component that draws them."""

import json
from typing import Any, NamedTuple

from streamlit.components.v2.bidi_component.constants import EVENT_DELIM
from streamlit.runtime.state.common import user_key_from_element_id
from streamlit.runtime.state.session_state import STREAMLIT_INTERNAL_KEY_PREFIX
from streamlit.testing.v1 import AppTest

NAME = "synaptarium_chart"


class Chart(NamedTuple):
    """A figure as it is sent: ``spec`` is JSON, what plotly.js draws."""

    key: str
    spec: str
    alt: str
    config: dict[str, Any]
    clicks: bool


def chart_of(proto: Any) -> Chart | None:
    """The figure in a component's message, None in that of another component."""
    if getattr(proto, "component_name", None) != NAME:
        return None
    sent = json.loads(proto.bytes)
    key = user_key_from_element_id(proto.id) or ""
    return Chart(key, json.dumps(sent["spec"]), sent["alt"], sent["config"], sent["clicks"])


def trigger_id(proto: Any) -> str:
    """The id under which a browser tells of a click in a component."""
    return f"{STREAMLIT_INTERNAL_KEY_PREFIX}_{proto.id}{EVENT_DELIM}events"


def charts(app: AppTest) -> list[Chart]:
    """The figures of a page, in their order."""
    found = [chart_of(item.proto) for item in app.get("bidi_component")]
    return [chart for chart in found if chart is not None]
