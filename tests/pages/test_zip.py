"""The zip of a page has the figures of all its tabs."""

import pytest

from dashboard.rooms import ROOMS
from dashboard.shell import drawer, drawn
from tests.charts import charts
from tests.pages.app import open_page


@pytest.fixture
def saved(monkeypatch):
    kept = []
    monkeypatch.setattr(drawer, "save_all", lambda *what: kept.append(what))
    return kept


def test_a_press_collects_tabs_that_were_never_opened(runs_root, saved):
    app = open_page("balance", balance_tab="Export")
    above = set(app.session_state[drawn.FIGURES])
    app.button(key="balance_zip").click().run()
    assert not app.exception
    ((figures, texts, name),) = saved
    assert name == "bpan-mnist_balance"
    keys = set(app.session_state[drawn.FIGURES])
    assert keys > above
    assert len(figures) == len(keys)
    assert {f"data/{stem}.csv" for stem in figures} <= set(texts)
    assert "could not be drawn" not in texts["README.txt"]
    # What the tabs are set to is among the settings, and nothing of them is shown.
    assert not app.session_state[drawn.QUIET]
    assert len(charts(app)) == len(above)


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.file.removesuffix(".py"))
def test_every_page_can_be_saved_whole(runs_root, saved, room):
    name = room.file.removesuffix(".py")
    prefix = {"robustness": "robust", "subnetworks": "sub", "learning": "learn"}.get(name, name)
    app = open_page(name, **{f"{prefix}_tab": "Export"})
    app.button(key=f"{prefix}_zip").click().run()
    assert not app.exception
    ((figures, texts, _),) = saved
    assert figures
    assert "could not be drawn" not in texts["README.txt"]


def test_a_tab_that_fails_is_named_in_the_readme(runs_root, saved, monkeypatch):
    from corelib.errors import DataError
    from dashboard.bpan.balance import tabs

    def fails(*args, **kwargs):
        raise DataError("no weights here")

    monkeypatch.setattr(tabs, "chart", fails)
    app = open_page("balance", balance_tab="Export")
    app.button(key="balance_zip").click().run()
    assert not app.exception
    ((_, texts, _),) = saved
    assert "no weights here" in texts["README.txt"]


def test_the_link_names_every_network_of_a_list(runs_root, saved):
    chosen = ["bpan-mnist", "mlp-mnist"]
    app = open_page("halting", halting_tab="Export", halting_models=chosen)
    assert app.session_state["halting_models"] == chosen
    app.button(key="halting_zip").click().run()
    ((_, texts, _),) = saved
    assert "halting_models=bpan-mnist&halting_models=mlp-mnist" in texts["link.txt"]
