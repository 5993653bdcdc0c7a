"""The main figure of each page is described by what it shows now."""

import pytest

from tests.charts import charts
from tests.pages.app import open_page

MOVES = {
    "balance": {"balance_gain": "0"},
    "halting": {"halting_theta": "0.5"},
    "robustness": {"robust_kind": "rotation"},
    "evidence": {"evidence_index": "7"},
    "bpc": {"bpc_model": "backprop-mnist"},
    "subnetworks": {"sub_shift": "0"},
    "learning": {"learn_target": "3"},
    "sparse": {"sparse_sort": "orientation"},
    "bars": {"bars_direction": "90"},
}
"""A control of each page that changes its main figure."""


def alts(page: str, **query: str) -> list[str]:
    """The text alternatives of all charts and pictures of a page."""
    app = open_page(page, **query)
    figures = [chart.alt for chart in charts(app)]
    pictures = [image.alt for item in app.get("imgs") for image in item.proto.imgs]
    assert all(figures), "a chart without a description"
    return figures + pictures


@pytest.mark.slow
@pytest.mark.parametrize(("page", "query"), MOVES.items())
def test_the_description_follows_the_controls(page, query, runs_root):
    assert alts(page)[:1] != alts(page, **query)[:1]
