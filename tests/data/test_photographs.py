"""Photographs from a folder: which are found, how they are read, and what is refused."""

import numpy as np
import pytest
import torch
from PIL import Image

from corelib.data import load_dataset, patches, photographs
from corelib.errors import DataError

RNG = np.random.default_rng(0)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("SYNAPTARIUM_DATA", str(tmp_path))
    monkeypatch.setattr(photographs, "DEBIAN_FOLDER", tmp_path / "none")
    own = tmp_path / "photographs"
    own.mkdir()
    return own


def scene(rows: int, columns: int) -> np.ndarray:
    """Correlated noise: summed along both axes, as a picture's amplitude falls with frequency."""
    walk = np.cumsum(np.cumsum(RNG.normal(size=(rows, columns)), 0), 1)
    return ((walk - walk.min()) / (walk.max() - walk.min()) * 255).astype(np.uint8)


def save(folder, name: str, pixels: np.ndarray) -> None:
    Image.fromarray(pixels).save(folder / name)


def test_patches_come_from_strips_of_every_photograph(folder):
    for name, shape in (("b.png", (200, 300)), ("a.jpg", (240, 220))):
        save(folder, name, scene(*shape))
    (folder / "notes.txt").write_text("no image", encoding="utf-8")
    data = photographs.load()
    assert data.class_names == ("a", "b")
    assert [len(s.labels) for s in (data.train, data.validation, data.test)] == [40000, 5000, 5000]
    for split in (data.train, data.validation, data.test):
        assert set(split.labels.tolist()) == {0, 1}
        deviation = split.pixels.std((1, 2), correction=0)
        torch.testing.assert_close(deviation, torch.ones(len(deviation)), rtol=1e-4, atol=1e-4)
    image = patches.whiten(photographs.read(folder / "b.png"))
    windows = np.lib.stride_tricks.sliding_window_view(image, (16, 16))
    (own,) = np.nonzero(data.test.labels.numpy() == 1)
    flat = windows.reshape(-1, 256)
    fit = flat @ data.test.pixels[own[0]].numpy().ravel() / (256 * flat.std(1))
    assert fit.max() > 1 - 1e-4
    assert int(fit.argmax()) % windows.shape[1] >= 240


def test_a_large_photograph_is_shrunk_by_averaging(folder):
    fine = scene(700, 3200)
    save(folder, "large.png", fine)
    found = photographs.read(folder / "large.png")
    averaged = fine[:, :3198].reshape(-1, 3198)[:699].reshape(233, 3, 1066, 3).mean((1, 3)) / 255
    assert found.shape == (234, 1067)  # the last, smaller blocks are kept
    np.testing.assert_allclose(found[:233, :1066], averaged, atol=0.6 / 255)


def test_colour_becomes_luminance(folder):
    red = np.zeros((200, 200, 3), np.uint8)
    red[:, :100, 0], red[:, 100:, 1] = 255, 255
    save(folder, "two.png", red)
    found = photographs.read(folder / "two.png")
    assert found[0, 0] == pytest.approx(0.2125)
    assert found[0, 199] == pytest.approx(0.7154)


def test_a_camera_held_upright_is_turned(folder):
    tags = Image.Exif()
    tags[0x0112] = 6  # turned by a quarter
    Image.fromarray(scene(180, 260)).save(folder / "turned.jpg", exif=tags)
    assert photographs.read(folder / "turned.jpg").shape == (260, 180)


def test_nothing_there_is_a_sentence_that_says_what_to_do(folder):
    assert photographs.find() == ()
    with pytest.raises(DataError, match=r"Put some .* into .*photographs, or install Debian's"):
        photographs.load()


def test_debians_are_found_when_they_are_installed(folder, tmp_path, monkeypatch):
    there = tmp_path / "backgrounds"
    there.mkdir()
    monkeypatch.setattr(photographs, "DEBIAN_FOLDER", there)
    for name in photographs.DEBIAN[:2]:
        save(there, name, scene(200, 200))
    save(there, "another.jpg", scene(200, 200))
    assert [f.name for f in photographs.find()] == list(photographs.DEBIAN[:2])
    save(folder, "mine.png", scene(200, 200))
    assert [f.name for f in photographs.find()] == ["mine.png"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"no image", "cannot be read as an image"),
        (scene(100, 400), "400 x 100 pixels; each side should have at least 160"),
        (np.full((200, 200), 9, np.uint8), "of one brightness"),
    ],
)
def test_what_cannot_be_used_is_named(folder, content, said):
    file = folder / "odd.png"
    if isinstance(content, bytes):
        file.write_bytes(content)
    else:
        save(folder, "odd.png", content)
    with pytest.raises(DataError, match=said) as caught:
        photographs.load()
    assert str(file) in str(caught.value)


def test_a_bomb_is_refused_before_it_is_decoded(folder, monkeypatch):
    monkeypatch.setattr(photographs, "MOST_PIXELS", 10_000)
    save(folder, "bomb.png", scene(200, 200))
    with pytest.raises(DataError, match="200 x 200 pixels; take one of at most 10,000"):
        photographs.load()


def test_it_is_a_data_set_by_name(folder):
    save(folder, "one.png", scene(200, 260))
    load_dataset.__globals__["_loaded"].cache_clear()
    try:
        assert load_dataset("photographs-16").class_names == ("one",)
    finally:
        load_dataset.__globals__["_loaded"].cache_clear()
