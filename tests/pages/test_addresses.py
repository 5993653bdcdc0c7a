"""No address takes a page down, and what a page then shows is legal."""

import pytest
from hypothesis import given, settings
from streamlit.testing.v1 import AppTest

from dashboard.shell.registry import Registry
from tests.pages.addresses import HOSTILE, PREFIX, addresses, bound_keys, illegal
from tests.pages.app import ROOT, open_page

QUICK = ("balance", "halting")
"""The others are in the slow tests."""


@pytest.mark.parametrize("value", ["", "1e309"])
@pytest.mark.parametrize("page", QUICK)
def test_no_control_of_a_page_falls_over_what_it_cannot_read(page, value, runs_root):
    assert illegal(open_page(page, **dict.fromkeys(bound_keys(page), value))) == []


@pytest.mark.slow
@pytest.mark.parametrize("page", PREFIX)
def test_every_control_alone_survives_every_hostile_value(page, runs_root):
    for value in HOSTILE:
        assert illegal(open_page(page, **dict.fromkeys(bound_keys(page), value))) == [], value


@pytest.mark.slow
@pytest.mark.parametrize("page", PREFIX)
def test_any_address_shows_a_page(page, runs_root):
    @settings(max_examples=30)
    @given(addresses(page))
    def check(address):
        assert illegal(open_page(page, **address)) == []

    check()


def test_an_address_that_is_dropped_is_also_corrected(runs_root):
    app = open_page("balance", balance_index="1e309", balance_gain="2.0", other="kept")
    assert app.query_params["other"] in ("kept", ["kept"])
    assert "balance_index" not in app.query_params
    assert app.slider(key="balance_gain").value == 2.0


def test_every_run_takes_what_no_control_shows_any_more_out_of_the_address(runs_root):
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    app.session_state["_controls"] = {"page": Registry({"page_gone"}, {}, {}, {})}
    app.query_params["page_gone"] = app.query_params["page_unknown"] = "true"
    app.run()
    assert not app.exception
    assert dict(app.query_params) == {"page_unknown": "true"}
