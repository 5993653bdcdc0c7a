"""Deleting loses nothing until the deleted runs are emptied."""

import shutil

import pytest

from corelib.errors import RunError
from corelib.runs.deleted import deleted_runs, empty_deleted, remove_run, restore_run
from corelib.runs.index import rows
from corelib.runs.offered import available, registry_state
from corelib.runs.store import Run, create_run, list_runs
from tests.runs.conftest import tiny
from tests.runs.test_registry import store


def ended(**more):
    run = create_run(tiny(**more))
    store(run, 110, 0.5)
    run.set_status("completed")
    return run


def contents(folder) -> dict:
    return {f.relative_to(folder): f.read_bytes() for f in folder.rglob("*") if f.is_file()}


def test_a_deleted_run_comes_back_as_it_was(runs_root):
    run, other = ended(), ended(seed=4)
    before, state = contents(run.folder), registry_state()
    remove_run(run)
    assert [r.id for r in list_runs()] == [r.id for r in (other,)]
    assert [row.id for row in rows(fresh=True)] == [other.id]
    assert run.id not in {item.name for item in available()}
    assert registry_state() != state
    assert [r.id for r in deleted_runs()] == [run.id]
    back = restore_run(run.id)
    assert contents(back.folder) == before
    assert run.id in {item.name for item in available()}
    assert deleted_runs() == []


def test_deleting_twice_keeps_what_was_deleted(runs_root):
    run = create_run(tiny())
    run.set_status("completed")
    remove_run(run)
    with pytest.raises(RunError, match="not there any more"):
        remove_run(run)
    assert [known.id for known in deleted_runs()] == [run.id]
    assert restore_run(run.id).spec == tiny()


def test_restoring_never_overwrites_a_run(runs_root):
    run = ended()
    remove_run(run)
    run.folder.mkdir()
    with pytest.raises(RunError, match="there is a run of this id"):
        restore_run(run.id)
    assert [r.id for r in deleted_runs()] == [run.id]


@pytest.mark.parametrize("id", ["", "nosuch", "../outside", "."])
def test_what_was_not_deleted_is_not_restored(runs_root, id):
    remove_run(ended())
    with pytest.raises(RunError, match="no deleted run"):
        restore_run(id)


def test_a_beginning_that_several_have_is_refused(runs_root):
    for seed in (3, 4):
        remove_run(ended(seed=seed))
    with pytest.raises(RunError, match="2 deleted runs begin with 2"):
        restore_run("2")


def test_emptying_deletes_what_was_deleted_alone(runs_root):
    first, second, kept = ended(), ended(seed=4), ended(seed=5)
    remove_run(first)
    remove_run(second)
    assert empty_deleted(first.id) == 1
    assert [r.id for r in deleted_runs()] == [second.id]
    assert empty_deleted() == 1
    assert deleted_runs() == []
    assert [r.id for r in list_runs()] == [kept.id]
    assert list((runs_root / ".deleted").iterdir()) == []


def test_the_newest_run_comes_first_and_a_whole_id_before_the_beginning_of_another(runs_root):
    names = ("20260101-000000-a", "20260102-000000-b", "20260102-000000-b-more")
    for name in names:
        run = ended()
        remove_run(Run(run.folder.rename(runs_root / name)))
    assert [run.id for run in deleted_runs()] == list(reversed(names))
    assert restore_run("20260102-000000-b").id == "20260102-000000-b"
    assert [run.id for run in deleted_runs()] == [names[2], names[0]]


def test_a_run_that_was_copied_back_by_hand_is_deleted_again(runs_root):
    run = ended()
    remove_run(run)
    shutil.copytree(deleted_runs()[0].folder, run.folder)
    run.set_status("failed", "later")
    remove_run(run)
    assert [(r.id, r.status.message) for r in deleted_runs()] == [(run.id, "later")]
