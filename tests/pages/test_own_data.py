"""The page Data, and what becomes of pages when images of one's own are removed."""

import pytest

from corelib.data import own
from corelib.data.own_asked import Asked
from corelib.data.own_reading import add
from tests.data.shapes import CLASSES, make_npz
from tests.pages.app import open_page, sentences


@pytest.fixture
def mine(tmp_path, monkeypatch):
    monkeypatch.setenv("SYNAPTARIUM_DATA", str(tmp_path / "data"))
    return add(make_npz(tmp_path / "shapes.npz"), "mine", Asked(licence="*mine*"))


def test_without_images_it_says_how_to_add_some(tmp_path, monkeypatch, runs_root):
    monkeypatch.setenv("SYNAPTARIUM_DATA", str(tmp_path / "data"))
    app = open_page("data")
    assert not app.exception
    assert "You have added no images yet" in sentences(app)
    app.button(key="data_add").click().run()
    assert app.error[0].value == "Choose an npz to upload first."
    app.segmented_control(key="data_way").set_value("A file or folder on this machine").run()
    app.text_input(key="data_path").set_value(str(make_npz(tmp_path / "s.npz")))
    app.text_input(key="data_name").set_value("Mine!")
    app.button(key="data_add").click().run()
    assert "small letters, digits and hyphens" in app.error[0].value
    app.text_input(key="data_name").set_value("mine")
    app.button(key="data_add").click().run()
    assert not app.exception
    assert not app.error
    assert app.success[0].value.startswith("Added mine: 90 images of your own")
    assert list(own.sets()) == ["mine"]


def test_a_set_is_shown_and_removed(mine, runs_root):
    app = open_page("data")
    assert not app.exception
    assert "**1** set of your own with **90** images" in sentences(app)
    counts = app.dataframe[0].value
    assert list(counts["class"]) == list(CLASSES)
    assert list(counts["images"]) == [30] * 3
    captions = [caption.value for caption in app.caption]
    assert "72 train, 9 validate and 9 test, drawn within each class with seed 0." in captions
    assert r"Licence: \*mine\*." in captions
    app.button(key="data_remove").click().run()
    assert app.success[0].value == "Removed mine."
    assert own.sets() == {}
