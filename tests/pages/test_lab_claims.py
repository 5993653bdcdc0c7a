"""The page Claims: the list that ships is the one that the tables give, and every link opens what
it says."""

import json
import subprocess
import sys
from collections import Counter
from urllib.parse import parse_qsl

import pytest

from corelib.files import read_json
from corelib.reproduce import claims
from corelib.reproduce.claim import UNTESTED
from dashboard.lab.claims import MARKS
from dashboard.rooms import ROOMS
from tests.pages.app import ROOT, open_page, sentences

VIEWS = sorted(set(claims.table()["view"]))


def test_the_list_that_ships_is_the_one_that_the_tables_give():
    assert read_json(claims.FILE) == json.loads(
        json.dumps({"claims": claims.rows(), "reasons": claims.reasons()})
    )


def test_page_and_command_list_the_same_claims():
    frame = open_page("claims").dataframe[0].value
    printed = claims.summary()
    assert list(frame["claim"]) == list(printed["claim"])
    assert list(frame["verdict"]) == [MARKS[verdict] for verdict in printed["verdict"]]


def test_the_sentence_counts_the_verdicts():
    counts = Counter(claims.table()["verdict"])
    text = sentences(open_page("claims"))
    for verdict, n in counts.items():
        if verdict == UNTESTED:
            assert f"{n} claims cannot be tested here" in text
        else:
            assert f"**{n}** {verdict}" in text
    assert f"Of {len(claims.table()) - counts[UNTESTED]} published" in text


def test_each_verdict_follows_from_the_row_alone():
    """By another implementation of the rule, from what the row holds."""
    frame = claims.table()
    for _, row in frame[frame["verdict"] != UNTESTED].iterrows():
        away = row["mean"] - row["published"]
        if abs(away) <= row["allowed"]:
            expected = "reproduced"
        elif row["better"] != "neither" and (away > 0) == (row["better"] == "more"):
            expected = "exceeded"
        elif (
            row["paired"]
            and abs(row["mean"]) > row["allowed"]
            and row["mean"] * row["published"] > 0
        ):
            expected = "reproduced in part"
        else:
            expected = "not reproduced"
        assert row["verdict"] == expected, row["claim"]


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ({"claims_topic": "Halting"}, lambda row: row["topic"] == "Halting"),
        ({"claims_verdict": "exceeded"}, lambda row: row["verdict"] == "exceeded"),
        (
            {"claims_find": "GRU parameters"},
            lambda row: "GRU" in row["claim"] and "parameters" in row["claim"],
        ),
        ({"claims_find": "nothing of it"}, lambda row: False),
    ],
)
def test_the_filter_is_part_of_the_address(query, kept):
    app = open_page("claims", **query)
    assert not app.exception
    expected = [row["claim"] for _, row in claims.table().iterrows() if kept(row)]
    assert (list(app.dataframe[0].value["claim"]) if app.dataframe else []) == expected


def test_one_claim_in_full():
    frame = claims.table()
    row = frame[frame["verdict"] == "not reproduced"].iloc[0]
    app = open_page("claims", claims_claim=row["claim"])
    text = sentences(app) + "\n".join(c.value for c in app.caption)
    assert f"**{row['claim']}**: {MARKS['not reproduced']}" in text
    for part in (row["source"], row["control"]):
        assert part in text.replace("\\", "")
    assert f"python -m corelib reproduce {row['table']}" in [code.value for code in app.code]
    untested = frame[frame["verdict"] == UNTESTED].iloc[0]
    app = open_page("claims", claims_claim=untested["claim"])
    assert not app.exception
    assert untested["why"][:40] in sentences(app).replace("\\", "")


@pytest.mark.parametrize("view", VIEWS)
def test_each_view_opens_with_its_controls_as_the_link_says(view):
    page, _, query = view.partition("?")
    assert f"{page}.py" in {room.file for room in ROOMS}
    asked = dict(parse_qsl(query, strict_parsing=bool(query)))
    app = open_page(page, **asked)
    assert not app.exception
    assert not app.error
    for key, value in asked.items():
        now = app.session_state[key]
        assert str(now).lower() == value.lower() or float(now) == float(value)


def test_the_page_opens_without_torch():
    script = (
        "import sys\n"
        "from streamlit.testing.v1 import AppTest\n"
        "import dashboard.shell.cache\n"
        "dashboard.shell.cache.warm_up = lambda: None\n"
        "app = AppTest.from_file('app.py', default_timeout=60)\n"
        "app.session_state['_routed'] = True\n"
        "app = app.switch_page('pages/claims.py').run()\n"
        "assert not app.exception and app.title[0].value == 'Claims'\n"
        "print([name for name in ('torch', 'sklearn', 'scipy.stats') if name in sys.modules])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
