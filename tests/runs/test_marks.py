"""Names, tags and notes: kept as they were said, beside the spec."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corelib.errors import SettingsError
from corelib.runs import index
from corelib.runs.experiment import Experiment
from corelib.runs.marks import MOST_TAGS, NAME_CHARS, TAG_CHARS, Marks, mark, marks_of
from corelib.runs.offered import titles
from corelib.runs.store import Run, create_run, find_run
from corelib.runs.written import next_seed
from tests.runs.conftest import tiny

words = st.text(max_size=TAG_CHARS)


@given(name=words, tags=st.lists(words, max_size=MOST_TAGS), note=words)
def test_what_is_said_is_read_again(tmp_path, name, tags, note):
    run = Run(tmp_path)
    mark(run, name=name, tags=tags, note=note)
    read = marks_of(run)
    assert read.name == " ".join(name.split())
    assert read.note == note.strip()
    assert set(read.tags) == {" ".join(tag.split()) for tag in tags} - {""}
    assert len(set(read.tags)) == len(read.tags)


def test_what_is_not_given_stays(runs_root):
    run = create_run(tiny(), owner="ada")
    mark(run, name="first", tags=["a", "b"])
    mark(run, note="wide")
    assert marks_of(run) == Marks("first", ("a", "b"), "wide", "ada")
    mark(run, tags=[])
    assert marks_of(run) == Marks("first", (), "wide", "ada")


def test_what_is_too_long_is_refused_and_changes_nothing(runs_root):
    run = create_run(tiny())
    mark(run, name="kept")
    with pytest.raises(SettingsError, match=f"61 characters, but should have at most {NAME_CHARS}"):
        mark(run, name="x" * 61)
    with pytest.raises(SettingsError, match="The tag has 31"):
        mark(run, tags=["x" * 31])
    with pytest.raises(SettingsError, match="11 tags"):
        mark(run, tags=map(str, range(11)))
    assert marks_of(run) == Marks("kept")


@pytest.mark.parametrize("text", ["", "{", "[]", '{"tags": 3}', '{"name": null}', "\0"])
def test_damaged_marks_are_said_and_mended_by_naming_the_run(runs_root, text):
    run = create_run(tiny(variant="lab1"))
    (run.folder / "marks.json").write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match=r"marks\.json is damaged"):
        marks_of(run)
    (row,) = index.rows(fresh=True)
    assert "marks.json is damaged" in row.said
    assert row.called == "lab1"
    assert titles()[run.id] == "lab1"
    mark(run, name="mended")
    assert titles()[run.id] == "mended"
    assert find_run("mended").id == run.id


def test_a_name_replaces_the_word_it_began_with_and_leaves_the_spec(runs_root):
    run = create_run(tiny(variant="lab1"))
    before = (run.folder / "spec.json").read_bytes()
    Experiment.of("lab1").mark(name="Tuesday")
    assert (run.folder / "spec.json").read_bytes() == before
    assert Experiment.of("Tuesday").id == run.id
    assert titles() == {run.id: "Tuesday"}
    # The name that it has already is no former one.
    mark(run, name=" Tuesday ")
    assert marks_of(run).former == ()


def test_again_takes_the_lowest_seed_that_no_such_run_has(runs_root):
    runs = [create_run(tiny(seed=seed)) for seed in (3, 0, 1)]
    create_run(tiny(seed=2, batch_size=250))
    experiment = Experiment.of(runs[0].id)
    assert next_seed(experiment.spec) == 2
    again = experiment.again()
    assert again.spec == tiny(seed=2)
    changed = experiment.again(seed=3, n_steps=5).spec
    assert changed.config["n_steps"] == 5
    assert {**changed.config, "n_steps": 2} == experiment.spec.config
    assert (changed.training, changed.seed) == (experiment.spec.training, 3)
    with pytest.raises(SettingsError, match="no setting named 'n_step'; the nearest is n_steps"):
        experiment.again(n_step=3)


def test_the_owner_is_written_once_and_never_by_marking(runs_root):
    run = create_run(tiny(), owner="ada")
    mark(run, name="x", shared=True)
    stored = json.loads((run.folder / "marks.json").read_text(encoding="utf-8"))
    assert (stored["owner"], stored["shared"]) == ("ada", True)
