"""What people call their runs: their own names where they have one, and never the same twice."""

import time
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corelib.errors import RunError
from corelib.files import printable
from corelib.runs import offered, registry
from corelib.runs.store import Run, create_run, find_run
from corelib.runs.titles import Named, begun, own_titles
from tests.runs.conftest import tiny
from tests.runs.test_registry import store

FEW = ("lab1", "lab2", "none", "bpan-mnist", "lab1, seed 0", "a\0b", " ", "")
IDS = st.from_regex(r"20261126-1438[01][0-5]-x[a-f]{2}", fullmatch=True) | st.text(min_size=1)


def local(stamp: str, form: str) -> str:
    return datetime.strptime(stamp, "%Y%m%d-%H%M%S").replace(tzinfo=UTC).astimezone().strftime(form)


@given(
    st.lists(
        st.builds(
            Named,
            IDS,
            st.sampled_from(FEW) | st.text(max_size=3),
            st.sampled_from(("bpan-mnist", "mlp-mnist", "")),
            st.integers(0, 2),
        ),
        unique_by=lambda run: run.id,
        max_size=8,
    ),
    st.booleans(),
)
def test_no_two_titles_are_the_same_and_none_is_taken(runs, odd):
    if odd and runs:
        # Somebody has given a run the id of another as its name.
        runs = [*runs[1:], runs[0]._replace(variant=runs[-1].id)]
    titles = own_titles(runs, ("bpan-mnist", "none"))
    assert list(titles) == [run.id for run in runs]
    assert len(set(titles.values())) == len(runs)
    own = {run.id for run in runs}
    assert {"bpan-mnist", "none"} & set(titles.values()) <= own
    for run in runs:
        named = run.variant and " ".join(printable(run.variant).split())
        assert titles[run.id] == run.id or titles[run.id].startswith(named)


def test_a_name_is_the_title_and_seed_or_time_are_added_where_names_are_the_same():
    early, late = "20261126-143816-bpan-x", "20261127-091500-bpan-x"
    day = local("20261126-143816", "%H:%M")
    assert own_titles([Named(early, "lab1", "bpan-lab1-mnist", 3)]) == {early: "lab1"}
    two = [Named(early, "lab1", "b", 0), Named(late, "lab1", "b", 1), Named("other", "lab2")]
    assert list(own_titles(two).values()) == ["lab1, seed 0", "lab1, seed 1", "lab2"]
    same = [Named(early, "lab1", "b", 0), Named(late, "lab1", "b", 0)]
    first, second = own_titles(same).values()
    assert first == f"lab1, seed 0, {begun(early).day} Nov {day}"
    assert second.startswith("lab1, seed 0, ")
    nameless = own_titles([Named(early, "", "bpan-mnist", 0)], ("bpan-mnist",))
    assert nameless == {early: f"bpan-mnist, {begun(early).day} Nov {day}"}
    seconds = [Named("20261126-143816-a", "", "m"), Named("20261126-143817-b", "", "m")]
    assert [title[-3:] for title in own_titles(seconds).values()] == [":16", ":17"]
    twins = [Named("20261126-143816-a", "", "m"), Named("20261126-143816-b", "", "m")]
    assert own_titles(twins) == {run.id: run.id for run in twins}


@pytest.mark.parametrize("id", ["", "x", "20261399-143816-x", "2026", "00010101-000000-x"])
def test_an_id_need_not_say_when_the_run_began(id):
    begun(id)
    assert own_titles([Named(id or "x", "", "bpan-mnist")], ("bpan-mnist",))


def test_a_run_began_when_its_id_says_in_the_time_zone_of_this_machine(monkeypatch):
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        assert f"{begun('20261126-143800-abc'):%d %H:%M}" == "26 23:38"
    finally:
        monkeypatch.undo()
        time.tzset()


def test_checkpoints_of_runs_have_their_own_names(runs_root):
    runs = [create_run(tiny(variant="lab1", seed=seed)) for seed in (1, 2)]
    runs.append(create_run(tiny(variant="other")))
    for run in runs:
        store(run, 110, 0.5)
    own = {item.name: item.title for item in offered.available() if item.own}
    assert (
        own
        == dict(zip((r.id for r in runs), ("lab1, seed 1", "lab1, seed 2", "other"), strict=True))
        == (offered.titles())
    )
    assert all(item.title == item.name for item in registry.shipped())
    assert registry.find(runs[2].id).title == runs[2].id


def test_a_run_that_cannot_be_read_is_called_by_its_id(runs_root):
    run = create_run(tiny(variant="lab1"))
    (run.folder / "spec.json").write_text("{", encoding="utf-8")
    assert offered.titles() == {run.id: run.id}


def test_a_name_that_only_one_run_has_finds_it(runs_root):
    first = create_run(tiny(variant="lab1"))
    assert find_run("lab1").id == first.id
    second = create_run(tiny(variant="lab1", seed=9))
    with pytest.raises(RunError, match="2 runs are named lab1") as caught:
        find_run("lab1")
    assert first.id in str(caught.value)
    assert second.id in str(caught.value)
    # An id comes before a name.
    renamed = Run(first.folder.rename(first.folder.with_name("lab1")))
    assert find_run("lab1").id == renamed.id
