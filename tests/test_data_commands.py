"""The commands under data: what is asked for is what is kept, and it is listed as it is."""

import json

import numpy as np
import pytest

from corelib.__main__ import main
from corelib.data import DATASETS, own
from tests.data.shapes import make_npz, shapes


@pytest.fixture(autouse=True)
def _own_data(tmp_path, monkeypatch):
    monkeypatch.setenv("SYNAPTARIUM_DATA", str(tmp_path / "data"))


def printed(capsys, *words: object) -> list[str]:
    assert main([str(word) for word in words]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    return out.splitlines()


def test_images_are_added_as_asked_shown_and_removed(tmp_path, capsys):
    words = ("--name", "mine", "--side", "24", "--licence", "CC0", "--seed", "3")
    added = printed(capsys, "data", "add", make_npz(tmp_path / "a.npz"), *words)
    item = own.get("mine")
    assert (item.side, item.licence, item.seed) == (24, "CC0", 3)
    assert added == [
        "Added mine: 90 images of your own, 24 x 24 pixels, 3 classes.",
        f"Kept in {own.file_of('mine')}.",
        "Train on it with: python -m corelib train bpan --dataset mine",
    ]
    shown = printed(capsys, "data", "show", "mine")
    assert shown[0] == "mine: 90 images of your own, 24 x 24 pixels, 3 classes."
    assert shown[1].startswith("Values: ")
    assert shown[2:4] == [
        "Licence: CC0.",
        "Split with seed 3: 72 to train, 9 to validate, 9 to test.",
    ]
    assert [line.split() for line in shown[4:]] == [
        ["class", "images"],
        ["bar", "30"],
        ["ring", "30"],
        ["stick", "30"],
    ]
    main(["data", "show", "mine", "--json"])
    assert own.OwnSet(**json.loads(capsys.readouterr().out)) == item
    (removed,) = printed(capsys, "data", "remove", "mine")
    assert removed.startswith("Removed mine.")
    assert "mine" not in DATASETS


def test_colour_is_kept_unless_grey_is_asked_for(tmp_path, capsys):
    images, _ = shapes()
    colour = images[..., None] // np.array([1, 2, 3], np.uint8)
    file = make_npz(tmp_path / "colour.npz", images=colour)
    for name, kind, options in (("colours", "picture", []), ("greys", "image", ["--grey"])):
        lines = printed(capsys, "data", "add", file, "--name", name, *options)
        item = own.get(name)
        assert (item.kind, item.side, item.seed, item.licence) == (kind, 20, 0, "")
        assert lines[-1].endswith(
            f"train {'counter-hebb' if kind == 'picture' else 'bpan'} --dataset {name}"
        )
        assert printed(capsys, "data", "show", name)[2] == "Licence: nothing noted."


def test_all_data_sets_are_listed_with_what_they_hold(tmp_path, capsys):
    printed(capsys, "data", "add", make_npz(tmp_path / "a.npz"), "--name", "mine")
    main(["data", "list", "--json"])
    listed = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert list(listed) == list(DATASETS)
    for name, source in DATASETS.items():
        assert listed[name] == {
            "name": name,
            "kind": source.kind,
            "inputs": source.input_dim,
            "classes": source.n_classes,
            "here": source.here(),
            "title": source.title,
        }
    head, *rows = printed(capsys, "data", "list")
    assert head.split() == ["name", "kind", "inputs", "classes", "here", "title"]
    by_name = {row.split()[0]: row.split() for row in rows}
    assert by_name["mnist"][:5] == ["mnist", "image", "784", "10", "yes"]
    assert by_name["mine"][:5] == ["mine", "image", "400", "3", "yes"]
    for name, source in DATASETS.items():
        assert by_name[name][4] == ("yes" if source.here() else "no")


def test_a_damaged_set_is_named_below_the_list(tmp_path, capsys):
    printed(capsys, "data", "add", make_npz(tmp_path / "a.npz"), "--name", "mine")
    own.file_of("mine").write_bytes(b"nothing")
    assert "mine" in printed(capsys, "data", "list")[-1]


@pytest.mark.parametrize("option", ["--side x", "--seed 1.5"])
def test_a_number_that_is_none_is_refused(tmp_path, capsys, option):
    words = ["data", "add", str(make_npz(tmp_path / "a.npz")), "--name", "mine", *option.split()]
    assert main(words) == 2
    assert "should be a whole number" in capsys.readouterr().err
    assert "mine" not in DATASETS
