"""Claims: the verdict follows from the two figures, every figure is one that a table holds, and the
text that ships is the one that is computed."""

from pathlib import Path

import pytest

from corelib.analysis.anytime import Spread, t_interval
from corelib.reproduce import REPRODUCTIONS, claims, results
from corelib.reproduce.claim import RULE, Claim

TEXT = Path(__file__).parents[1] / "docs" / "what-did-not-reproduce.md"


def claim(published, ours, better="more", unit="%", paired=False):
    return Claim("a network, accuracy", "anytime", unit, published, ours, better, paired)


@pytest.mark.parametrize(
    ("published", "ours", "better", "verdict"),
    [
        (98.0, Spread(97.6, 0.1, 3), "more", "reproduced"),  # within half a point
        (98.0, Spread(97.2, 0.4, 3), "more", "reproduced"),  # within two deviations
        (98.0, Spread(97.2, 0.1, 3), "more", "not reproduced"),
        (98.0, Spread(98.8, 0.1, 3), "more", "exceeded"),
        (98.0, Spread(98.8, 0.1, 3), "less", "not reproduced"),
        (98.0, Spread(97.2, 0.1, 3), "less", "exceeded"),
        (98.0, Spread(98.8, 0.1, 3), "neither", "not reproduced"),
        (98.0, Spread(98.3, float("nan"), 1), "more", "reproduced"),
        (98.0, Spread(98.8, float("nan"), 1), "more", "exceeded"),
    ],
)
def test_the_verdict_on_a_percentage(published, ours, better, verdict):
    assert claim(published, ours, better).verdict == verdict


def test_a_figure_that_is_no_percentage_may_be_two_per_cent_off():
    assert claim(300.0, Spread(305.0, 0.1, 3), unit="").verdict == "reproduced"
    assert claim(300.0, Spread(307.0, 0.1, 3), "neither", "").verdict == "not reproduced"
    # In points the first would be far off.
    assert claim(300.0, Spread(305.0, 0.1, 3), "neither").verdict == "not reproduced"


@pytest.mark.parametrize(
    ("published", "mean", "verdict"),
    [
        (6.5, 6.4, "reproduced"),
        (6.5, 1.3, "reproduced in part"),
        (6.5, 0.1, "not reproduced"),  # zero is not excluded
        (6.5, -1.3, "not reproduced"),  # the other sign
        (6.5, 8.0, "exceeded"),
    ],
)
def test_the_verdict_on_a_paired_difference_goes_by_its_interval(published, mean, verdict):
    ours = Spread(mean, 1.6, 20)
    interval = t_interval(ours)
    assert interval is not None
    assert interval.high - mean == pytest.approx(0.75, abs=0.01)
    assert claim(published, ours, unit="points", paired=True).verdict == verdict


def test_every_claim_holds_figures_of_the_table_that_it_names():
    found = claims.claims()
    assert len(found) > 60
    assert len({item.what for item in found}) == len(found)
    for item in found:
        assert REPRODUCTIONS[item.table].over_seeds
    # The published figure and ours are cells of one row of that table.
    for item in found:
        if item.paired:
            continue
        frame = claims.summary_of(item.table)
        cells = [list(row) for row in frame.itertuples(index=False)]
        known = [[cell.mean if isinstance(cell, Spread) else cell for cell in row] for row in cells]
        assert any(item.published in row and item.ours.mean in row for row in known), item


def test_all_families_and_every_topic_are_there():
    for topic in claims.TOPICS:
        assert list(topic.claims()), topic.name
        for reason in topic.why():
            assert reason.endswith((".", ")"))


def test_the_gain_under_occlusion_is_the_one_that_balance_excludes():
    gain = next(item for item in claims.claims() if item.paired and item.unit == "points")
    assert gain.published == 6.5
    assert gain.verdict == "reproduced in part"
    assert any("+6.5 is excluded" in note for note in claims.summary().attrs["notes"])


def test_a_table_that_changes_changes_the_verdict(monkeypatch):
    rows = results.shipped("anytime")
    rows.loc[rows["model"] == "PonderNet", "mean steps by own rule"] = [5.9, 5.95, 6.0]
    shipped = results.shipped

    def changed(name):
        return rows if name == "anytime" else shipped(name)

    before = next(c for c in claims.claims() if c.what.startswith("PonderNet, mean steps"))
    monkeypatch.setattr(results, "shipped", changed)
    after = next(c for c in claims.claims() if c.what.startswith("PonderNet, mean steps"))
    assert (before.verdict, after.verdict) == ("not reproduced", "reproduced")


def test_the_shipped_text_is_the_computed_one():
    assert TEXT.read_text(encoding="utf-8") == claims.text(), (
        "write it again: python -m corelib.reproduce.claims > docs/what-did-not-reproduce.md"
    )


def test_the_table_has_a_row_for_each_claim_and_says_its_rule():
    frame = claims.summary()
    assert len(frame) == len(claims.claims())
    assert RULE in frame.attrs["notes"][0]
