"""Claims: the verdict follows from the two figures, every figure is one that a table holds, and the
text that ships is the one that is computed."""

import csv
from collections import Counter
from math import isclose, sqrt
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from corelib.__main__ import main
from corelib.analysis.anytime import Spread, t_interval
from corelib.errors import DataError, SettingsError
from corelib.reproduce import REPRODUCTIONS, claims, results
from corelib.reproduce.claim import PARAMETERS, RULE, Claim, View
from corelib.reproduce.claims_read import summary_of
from corelib.words import PER_CENT

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
    assert interval.high - mean == pytest.approx(stats.t.ppf(0.975, 19) * 1.6 / sqrt(20))
    assert claim(published, ours, unit="points", paired=True).verdict == verdict


def by_hand(published, mean, sd, n, unit, better, paired) -> str:
    """The rule once more, in the order in which it is told."""
    if published is None or mean is None:
        return "cannot be tested here"
    if paired and n > 1:
        half = stats.t.ppf(0.975, n - 1) * sd / sqrt(n)
        low, high = mean - half, mean + half
        same = low <= published <= high
    else:
        spread = 2 * sd if n > 1 else 0
        same = abs(mean - published) <= max(spread, 0.5 if unit == "%" else 0.02 * abs(published))
        low = high = 0
    if same:
        return "reproduced"
    if {"more": mean > published, "less": mean < published, "neither": False}[better]:
        return "exceeded"
    if paired and n > 1 and low * high > 0 and mean * published > 0:
        return "reproduced in part"
    return "not reproduced"


def test_every_verdict_follows_from_the_two_figures():
    for item in claims.claims():
        mean, sd, n = item.ours or (None, None, 0)
        expected = by_hand(item.published, mean, sd, n, item.unit, item.better, item.paired)
        assert item.verdict == expected, item


@given(
    published=st.floats(-100, 100),
    mean=st.floats(-100, 100),
    sd=st.floats(0, 10),
    n=st.integers(1, 30),
    unit=st.sampled_from(["%", "", "points"]),
    better=st.sampled_from(["more", "less", "neither"]),
    paired=st.booleans(),
)
def test_the_verdict_is_that_of_the_rule_and_of_the_distance(
    published, mean, sd, n, unit, better, paired
):
    item = Claim("it", "anytime", unit, published, Spread(mean, sd, n), better, paired)
    # Where a bound is met up to rounding, both ways of computing it are right.
    if item.allowed and isclose(abs(mean - published), item.allowed, rel_tol=1e-9):
        return
    assert item.verdict == by_hand(published, mean, sd, n, unit, better, paired)
    assert (abs(item.distance) <= 1) == (item.verdict == "reproduced")


def test_what_no_table_speaks_to_cannot_be_tested():
    item = Claim("a network, accuracy", "anytime", "%", 90.0, None, untested="there is none.")
    assert (item.verdict, item.distance, item.ours_text) == ("cannot be tested here", None, "–")
    assert item.sentence == f"a network, accuracy, published 90{PER_CENT}: there is none."


def test_counts_and_angles_are_written_as_one_says_them():
    count = Claim("it", "anytime", PARAMETERS, 152_650, Spread(152_650, 0.0, 3))
    assert count.sentence == "it: published 152,650, ours 152,650 (3 seeds): reproduced."
    angle = Claim("it", "butd", "°", 0.0, Spread(0.0, 0.0, 3), "less")
    assert angle.sentence == "it: published 0°, ours 0.00 ± 0.00° (3 seeds): reproduced."
    assert angle._replace(ours=Spread(1.0, 0.0, 3)).verdict == "not reproduced"


def test_every_claim_holds_figures_of_the_table_that_it_names():
    found = claims.claims()
    assert len(found) > 100
    assert len({item.what for item in found}) == len(found)
    for item in found:
        assert REPRODUCTIONS[item.table].over_seeds
    # The published figure and ours are cells of one row of that table: but for differences, LCA,
    # whose published point has a row of its own, and an equality, which no table holds.
    for item in found:
        if item.paired or item.ours is None or item.published is None or item.unit == "°":
            continue
        cells = [list(row) for row in summary_of(item.table).itertuples(index=False)]
        known = [[cell.mean if isinstance(cell, Spread) else cell for cell in row] for row in cells]
        if item.table == "lca":
            assert any(item.published in row for row in known)
            assert any(item.ours.mean in row for row in known)
        else:
            assert any(item.published in row and item.ours.mean in row for row in known), item


def test_lca_is_read_where_it_is_at_least_as_sparse_as_published():
    raw = results.shipped("lca")
    own = raw[(raw["neurons"] == 512) & (raw["learned at"] == raw["threshold"])]
    means = (
        own[own["dictionary"] == "own"].groupby(["activity", "threshold"])[["zeros", "R²"]].mean()
    )
    for sign in ("signed", "non-negative"):
        sparse = means.loc[sign]
        first = sparse[100 * sparse["zeros"] >= 77.8].iloc[0]
        item = claims.find(f"LCA, {sign} activity, R² at the published share of zeros or more")
        assert item.ours is not None
        assert item.ours.mean == pytest.approx(100 * first["R²"])
        assert item.published == 82.6


def test_all_families_and_every_topic_are_there():
    assert {topic.family for topic in claims.TOPICS} == {"bpan", "bpc", "butd", "ipvae"}
    for topic in claims.TOPICS:
        assert list(topic.claims()), topic.name
        for reason in topic.why():
            assert reason.endswith((".", ")"))


def test_every_claim_says_who_made_it_and_how_to_check_it():
    for topic, item in claims.listed():
        assert topic.source
        assert item.command == f"python -m corelib reproduce {item.table} --train"
        assert bool(item.untested) == (item.verdict == "cannot be tested here")
        assert item.control or item.untested, item.what
        assert item.control == "" or item.control.endswith("."), item.control
        address = urlsplit(item.view.address)
        assert address.path == item.view.page != "home"
        assert dict(parse_qsl(address.query)) == dict(item.view.controls)


def test_a_view_is_an_address():
    assert View("data").address == "data"
    assert View.of("halting", halting_theta="0.9", halting_tab="By class").address == (
        "halting?halting_theta=0.9&halting_tab=By+class"
    )


def test_a_control_is_of_the_same_measure():
    item = claims.find("BPAN on ct-mnist, accuracy at the last step")
    raw = results.shipped("sequential")
    own = (
        100 * raw[(raw["task"] == "ct-mnist") & (raw["model"] == "GRU of 75")]["accuracy at step 6"]
    )
    assert item.control == (
        f"GRU of 75, as large as BPAN: accuracy at the last step ({own.mean():.2f} ± "
        f"{own.std():.2f}{PER_CENT})."
    )


def test_the_sentence_counts_the_verdicts():
    every = claims.listed()
    counted = Counter(item.claim.verdict for item in every)
    assert claims.sentence(every) == (
        f"Of {len(every)} claims {counted['reproduced']} reproduced, {counted['exceeded']} came "
        f"out better than published, {counted['reproduced in part']} reproduced in part, "
        f"{counted['not reproduced']} did not reproduce and "
        f"{counted['cannot be tested here']} cannot be tested here."
    )
    in_part = claims.chosen(verdicts=["reproduced in part"])
    assert claims.sentence(in_part) == "One claim, which reproduced in part."
    assert claims.sentence(claims.chosen(words="selectivity")) == "All 4 claims did not reproduce."
    assert claims.sentence([]) == "There is no such claim."


def test_claims_are_chosen_by_family_verdict_and_words():
    every = claims.listed()
    for family in ("bpan", "bpc", "butd", "ipvae"):
        own = claims.chosen(family)
        assert own == [item for item in every if item.topic.family == family] != []
    failed = claims.chosen("bpan", ["not reproduced"], "pondernet STEPS")
    assert [item.claim.what for item in failed] == [
        "PonderNet, mean steps by its own rule",
        "PonderNet, speed-up by steps by its own rule",
    ]
    # Words are also sought in the source.
    assert {item.topic.family for item in claims.chosen(words="2410.19315")} == {"ipvae"}


def test_an_unknown_claim_is_refused_with_a_way_on():
    with pytest.raises(SettingsError, match=r"no claim 'x'.*reproduce claims"):
        claims.find("x")


def test_the_gain_under_occlusion_is_the_one_that_balance_excludes():
    gain = next(item for item in claims.claims() if item.paired and item.unit == "points")
    assert gain.published == 6.5
    assert gain.verdict == "reproduced in part"
    assert any("+6.5 is excluded" in note for note in claims.summary().attrs["notes"])


def test_a_table_that_changes_changes_the_verdict(monkeypatch, tmp_path):
    for file in results.SHIPPED.glob("*.csv"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    what = "PonderNet, mean steps by its own rule"
    assert claims.find(what).verdict == "not reproduced"
    monkeypatch.setattr(results, "SHIPPED", tmp_path)
    rows = results.shipped("anytime")
    rows.loc[rows["model"] == "PonderNet", "mean steps by own rule"] = [5.9, 5.95, 6.0]
    results.write(rows, tmp_path / "anytime.csv", "a test")
    assert claims.find(what).verdict == "reproduced"


def test_a_missing_table_is_told_with_what_makes_it(monkeypatch, tmp_path):
    monkeypatch.setattr(results, "SHIPPED", tmp_path)
    with pytest.raises(DataError, match="reproduce anytime --ship"):
        claims.claims()


def test_the_command_prints_and_saves_the_same_rows(tmp_path, capsys, runs_root):
    file = tmp_path / "claims.csv"
    assert main(["reproduce", "claims", "--csv", str(file)]) in (0, None)
    printed = capsys.readouterr().out
    with file.open(encoding="utf-8", newline="") as lines:
        saved = list(csv.DictReader(lines))
    assert [row["claim"] for row in saved] == [item.what for item in claims.claims()]
    for row, (topic, item) in zip(saved, claims.listed(), strict=True):
        assert row["topic"] == topic.name
        assert row["claimed in"] == topic.source
        assert row["verdict"] == item.verdict
        assert row["view"] == item.view.address
        assert float(row["published"] or "nan") == pytest.approx(
            float("nan") if item.published is None else item.published, nan_ok=True
        )
        if item.ours is not None:
            assert float(row["ours"]) == pytest.approx(item.ours.mean, abs=5e-5)
            assert int(row["seeds"]) == item.ours.n
        assert item.what in printed
    assert claims.sentence(claims.listed()) in printed


def test_a_cost_counts_the_networks_of_a_table(runs_root):
    assert claims.cost("selectivity").startswith("9 networks; no run of this kind here yet")
    assert claims.cost("lca").startswith("3 seeds; it trains without runs")


def test_the_shipped_text_is_the_computed_one():
    assert TEXT.read_text(encoding="utf-8") == claims.text(), (
        "write it again: python -m corelib.reproduce.claims > docs/what-did-not-reproduce.md"
    )


def test_the_table_has_a_row_for_each_claim_and_says_its_rule():
    frame = claims.summary()
    assert len(frame) == len(claims.claims())
    assert RULE in frame.attrs["notes"][1]
