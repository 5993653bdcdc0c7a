"""What menus offer: which runs have changed, and the names that runs had before."""

import pytest

from corelib.runs import offered
from corelib.runs.deleted import remove_run
from corelib.runs.index import Index
from corelib.runs.marks import MOST_FORMER, mark, marks_of
from corelib.runs.scan import Scan
from corelib.runs.store import create_run
from corelib.training.events import Stepped
from tests.runs.conftest import tiny
from tests.runs.test_registry import store


def test_a_former_name_finds_the_one_run_that_had_it(runs_root):
    run = create_run(tiny(variant="lab1"))
    for name in ("first", "second"):
        mark(run, name=name)
    assert marks_of(run).former == ("first",)
    for name in ("lab1", "first", "second"):
        assert offered.formerly(name) == run.id
    assert offered.formerly("third") == ""
    other = create_run(tiny(seed=9))
    mark(other, name="first")
    assert offered.formerly("first") == "", "two runs had it"
    assert offered.formerly("second") == run.id


def test_the_last_names_are_remembered_the_newest_first(runs_root):
    run = create_run(tiny())
    for number in range(MOST_FORMER + 3):
        mark(run, name=f"n{number}")
        mark(run, note="the name stays")
    assert marks_of(run).name == f"n{MOST_FORMER + 2}"
    assert marks_of(run).former == tuple(f"n{k}" for k in range(MOST_FORMER + 1, 1, -1))


def test_the_state_changes_with_all_that_is_offered_and_not_with_each_event(runs_root):
    looked = Scan(runs_root)

    def state() -> tuple[int, int]:
        looked.stamps(fresh=True)
        return looked.state()

    run = create_run(tiny())
    seen = [state()]
    happenings = (
        lambda: run.set_status("failed", "why"),
        lambda: mark(run, name="lab1"),
        lambda: store(run, 110, 0.5),
        lambda: store(run, 220, 0.75),
        lambda: create_run(tiny(seed=9)),
        lambda: remove_run(run),
    )
    for happening in happenings:
        happening()
        seen.append(state())
    assert len(set(seen)) == len(seen)
    assert [n for n, _ in seen] == [1, 1, 1, 1, 1, 2, 1]


def test_an_event_alone_changes_no_state(runs_root):
    run = create_run(tiny())
    looked = Scan(runs_root)
    before, stamps = looked.state(), looked.stamps(fresh=True)
    run.append(Stepped(step=1, count=1, seconds=1.0, metrics={"loss": 1.0}))
    assert looked.stamps(fresh=True) != stamps
    assert looked.state() == before


def test_who_waits_for_a_long_list_sees_how_far_it_is_read(runs_root):
    for seed in range(3):
        create_run(tiny(seed=seed)).set_status("cancelled")
    kept, seen = Index(runs_root), []

    def see(read: int, of: int) -> None:
        seen.append((read, of))

    kept.rows(fresh=True, see=see)
    assert seen == [(1, 3), (2, 3), (3, 3)]
    kept.rows(fresh=True, see=see)
    assert len(seen) == 3, "nothing was read again"
    create_run(tiny(seed=7)).set_status("cancelled")
    kept.rows(fresh=True, see=see)
    assert [of for _, of in seen[3:]] == [4]


@pytest.mark.parametrize("newest", [0, 1, 2, None])
def test_only_the_newest_runs_are_looked_at(runs_root, newest):
    runs = []
    for name in ("20260101-000000-a", "20260102-000000-b", "20260103-000000-c"):
        run = create_run(tiny())
        store(run, 110, 0.5)
        run.folder.rename(runs_root / name)
        runs.insert(0, name)
    own = [item.name for item in offered.available(newest) if item.own]
    assert own == runs[:newest]
