"""What the component of figures is sent."""

import json

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.shell.plotly import PLOTLY, plotly_address
from tests.charts import charts, trigger_id


def two_figures() -> None:
    import streamlit as st

    from dashboard.figures.figure import Figure
    from dashboard.shell.chart import clicked, draw_chart

    def chosen() -> None:
        point = clicked("heard")
        st.session_state["points"] = [*st.session_state.get("points", []), point["point_index"]]

    nan = Figure([{"type": "scatter", "y": [1.0, float("nan")]}], {"height": 200})
    draw_chart(nan, "quiet", alt="two points, one of them missing", config={"displaylogo": False})
    draw_chart(nan, "heard", alt="the same", config={}, on_click=chosen)


@pytest.fixture
def app() -> AppTest:
    return AppTest.from_function(two_figures, default_timeout=30).run()


def test_a_figure_is_sent_whole_with_what_it_says(app):
    quiet, heard = charts(app)
    spec = json.loads(quiet.spec)
    assert spec["data"] == [{"type": "scatter", "y": [1.0, None]}]
    assert spec["layout"]["height"] == 200
    assert quiet.key == "quiet"
    assert quiet.alt == "two points, one of them missing"
    assert quiet.config == {"displaylogo": False}
    assert (quiet.clicks, heard.clicks) == (False, True)


def test_a_click_is_heard_each_time(app):
    from streamlit.proto.WidgetStates_pb2 import WidgetState, WidgetStates

    proto = app.get("bidi_component")[1].proto
    for index in (3, 3, 5):
        event = {"event": "point", "value": {"x": 1, "point_index": index}}
        state = WidgetState(id=trigger_id(proto), json_trigger_value=json.dumps(event))
        app._run(WidgetStates(widgets=[state]))
        assert not app.exception
    assert app.session_state["points"] == [3, 3, 5]


def test_plotly_is_where_the_server_serves_it(app):
    """Below the app's own address, whatever path a proxy adds."""
    assert plotly_address().startswith("component/dashboard.shell.plotly.")
    assert f"/{PLOTLY.name}?" in plotly_address()
    assert PLOTLY.is_file()
