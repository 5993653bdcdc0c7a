"""Images of one's own: what is kept, what is refused and in which words."""

import io
import json
import re
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from corelib.catalog import SYSTEMS
from corelib.data import DATASETS, is_here, load_dataset, own
from corelib.data.own_asked import LUMINANCE, Asked, fit, own_text
from corelib.data.own_reading import add, add_file
from corelib.errors import DataError, SettingsError
from corelib.runs.spec import make_spec, resolve
from tests.data.shapes import CLASSES, make_folder, make_npz, shapes


@pytest.fixture(autouse=True)
def data_root(tmp_path, monkeypatch):
    root = tmp_path / "data"
    monkeypatch.setenv("SYNAPTARIUM_DATA", str(root))
    return root


@pytest.fixture
def mine(tmp_path):
    return add(make_npz(tmp_path / "shapes.npz"), "mine", Asked(licence="CC0, drawn here"))


def test_an_added_set_is_among_the_data_sets_at_once(tmp_path):
    assert "mine" not in DATASETS
    assert "mine" not in SYSTEMS["bpan"].datasets
    item = add(make_npz(tmp_path / "shapes.npz"), "mine")
    # The last is the scenes of two of these images each.
    assert list(DATASETS)[-2:] == ["mine", "multi-mine"]
    scenes, images = load_dataset("multi-mine"), load_dataset("mine")
    assert (DATASETS["multi-mine"].kind, DATASETS["multi-mine"].n_tasks) == ("scene", 2)
    assert scenes.train.pixels.shape == images.train.pixels.shape
    assert torch.equal(scenes.test.labels[:, 0], images.test.labels)
    assert scenes.class_names == CLASSES
    assert is_here("mine")
    source = DATASETS["mine"]
    assert (source.kind, source.input_dim, source.n_classes) == ("image", 400, 3)
    assert item.class_names == CLASSES
    assert item.counts == (30, 30, 30)
    readers = {name for name, s in SYSTEMS.items() if "mine" in s.datasets}
    assert {"bpan", "act", "pondernet", "multi-exit", "gru", "mlp"} <= readers
    assert {"bpc", "gpc", "dpc", "hybrid-pc", "backprop", "counter-hebb", "ipvae"} <= readers
    own.remove("mine")
    assert "mine" not in DATASETS
    assert own.sets() == {}
    with pytest.raises(DataError, match="no data set named 'mine'"):
        load_dataset("mine")


def test_the_split_of_a_seed_never_changes():
    """Results from different days can be compared only if it does not."""
    train, validation, test = own.split(np.array([0, 1] * 6 + [2] * 3), 5)
    assert train.tolist() == [11, 1, 9, 4, 6, 0, 13, 5, 8]
    assert (validation.tolist(), test.tolist()) == ([3, 2, 12], [7, 14, 10])


@pytest.mark.parametrize(("n", "held"), [(10, 1), (14, 1), (16, 2), (27, 3), (34, 3)])
def test_a_tenth_of_each_class_validates_and_a_tenth_tests(n, held):
    parts = own.split(np.repeat([0, 1], [n, 100]), 0)
    assert [sum(part < n) for part in parts] == [n - 2 * held, held, held]
    assert [sum(part >= n) for part in parts] == [80, 10, 10]


def test_the_split_is_stratified_fixed_and_without_overlap(mine):
    data = load_dataset("mine")
    for part, n in ((data.train, 24), (data.validation, 3), (data.test, 3)):
        assert np.bincount(part.labels.numpy()).tolist() == [n] * 3
        assert part.pixels.shape[1:] == (20, 20)
    images, _ = shapes()
    known = {image.tobytes(): k for k, image in enumerate(images)}
    parts = (data.train, data.validation, data.test)
    places = [known[p.numpy().tobytes()] for part in parts for p in part.pixels]
    assert sorted(places) == list(range(len(images)))
    labels = own.contents("mine").labels
    assert all(
        np.array_equal(a, b)
        for a, b in zip(own.split(labels, 0), own.split(labels, 0), strict=True)
    )
    assert not np.array_equal(own.split(labels, 0)[0], own.split(labels, 1)[0])
    unit = data.train.pixels.double() / 255
    assert data.mean == pytest.approx(unit.mean().item())
    assert data.std == pytest.approx(unit.std(correction=0).item())


def test_floats_and_whole_numbers_give_the_same_images(tmp_path):
    images, labels = shapes()
    ways = {"shares": images / 255, "parts": images.astype(float), "ints": images.astype(np.int64)}
    for name, values in ways.items():
        item = add(make_npz(tmp_path / f"{name}.npz", images=values, labels=labels), name)
        assert np.array_equal(own.contents(name).images, images)
        assert item.class_names == ("0", "1", "2")
        assert item.values.startswith(f"from {values.min():g} to {values.max():g}, ")


def object_array():
    return np.array([[1, 2], [3]], dtype=object)


BAD = {
    "no labels": ({"labels": None}, "no array named labels; it holds: images."),
    "NaN": ({"images": np.full((90, 20, 20), np.nan)}, "Some pixels are NaN or infinite"),
    "below zero": ({"images": shapes()[0] / 127.5 - 1}, "but should be from 0 to 1 as floats"),
    "too bright": ({"images": shapes()[0] * 300.0}, "but should be from 0 to 1 as floats"),
    "almost black": ({"images": shapes()[0] // 200}, "almost black; multiply them by 255"),
    "of one value": ({"images": np.full((90, 20, 20), 9, np.uint8)}, "All pixels have the same"),
    "flat": ({"images": shapes()[0].reshape(90, -1)}, "images have shape (90, 400), but should be"),
    "channels first": ({"images": np.zeros((90, 3, 20, 20))}, "Put the channels last."),
    "grey channel first": ({"images": np.zeros((90, 1, 20, 20))}, "Put the channels last."),
    "not square": (
        {"images": np.full((90, 20, 30), 9, np.uint8)},
        "20 x 30 pixels, but should be sq",
    ),
    "too large": ({"images": np.full((90, 80, 80), 9, np.uint8)}, "give a side, such as 64"),
    "fewer labels": (
        {"labels": np.arange(89) % 3},
        "labels have shape (89), but should be one for",
    ),
    "labels of parts": ({"labels": np.arange(90) / 7}, "should be whole numbers or names"),
    "one class": ({"labels": np.zeros(90, int)}, "The number of classes is 1"),
    "few of a class": ({"labels": np.r_[np.zeros(85, int), np.ones(5, int)]}, "1 (5)."),
    "objects": ({"labels": np.array([{}] * 90)}, "labels holds Python objects, which are never"),
    "complex": ({"images": np.zeros((90, 20, 20), complex)}, "of type complex128"),
    "none": ({"images": np.zeros((0, 20, 20)), "labels": np.zeros(0)}, "there are none"),
    "names for too few": (
        {"labels": np.arange(90) % 3, "class_names": np.array(["a", "b"])},
        "There are 2 class_names, so labels should be from 0 to 1, but are from 0 to 2.",
    ),
    "names alike": (
        {"labels": np.arange(90) % 2, "class_names": np.array(["a*", "a"])},
        "Several classes would be called 'a'",
    ),
}


@pytest.mark.parametrize(("changed", "words"), BAD.values(), ids=BAD)
def test_what_is_wrong_is_a_sentence(changed, words, tmp_path):
    images, labels = shapes()
    arrays = {"images": images, "labels": labels, **changed}
    path = tmp_path / "bad.npz"
    np.savez(path, **{k: v for k, v in arrays.items() if v is not None})
    with pytest.raises(DataError) as caught:
        add(path, "bad")
    assert words in str(caught.value)
    assert own.sets() == {}
    assert own.unreadable() == []


def test_an_array_that_claims_to_be_huge_is_not_read(tmp_path):
    head = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        head, {"descr": "|u1", "fortran_order": False, "shape": (100_000, 1000, 1000)}
    )
    path = tmp_path / "bomb.npz"
    np.savez(path, labels=np.zeros(100_000, int))
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("images.npy", head.getvalue())
    with pytest.raises(DataError, match="takes 95,367 MB; at most 512 MB"):
        add(path, "bomb")


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04 broken"])
def test_a_file_that_is_no_npz_is_a_sentence(content):
    with pytest.raises(DataError, match=r"cannot be read as an npz .*numpy\.savez"):
        add_file(io.BytesIO(content), "mine", Asked())


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("", "should hold up to 30"),
        ("My_Images", "small letters, digits and hyphens"),
        ("../out", "small letters"),
        ("add", "has another meaning"),
        ("multi-x", "has another meaning"),
        ("mnist", "There is a data set named 'mnist' already"),
        ("mine", "You have images named 'mine' already"),
    ],
)
def test_a_name_is_checked(mine, name, words, tmp_path):
    with pytest.raises(DataError, match=words):
        add(tmp_path / "shapes.npz", name, taken=("mnist",))


def test_a_changed_file_is_refused_and_a_foreign_one_left_out(mine, data_root):
    file = own.file_of("mine")
    with np.load(file) as opened:
        arrays = dict(opened)
    arrays["images"][0, 0, 0] ^= 1
    np.savez(file, **arrays)
    with pytest.raises(DataError, match="has changed since it was checked"):
        own.load("mine")
    np.savez(data_root / "own" / "other.npz", images=np.zeros(3))
    (data_root / "own" / "junk.npz").write_bytes(b"junk")
    assert list(own.sets()) == ["mine"]
    assert [problem.split()[0] for problem in own.unreadable()] == ["junk.npz", "other.npz"]


def test_what_the_file_says_is_all_that_is_known_of_it(mine):
    with np.load(own.file_of("mine"), allow_pickle=False) as opened:
        assert set(opened.files) == {"images", "labels", "about"}
        about = json.loads(str(opened["about"]))
    assert about["licence"] == "CC0, drawn here"
    assert about["checksum"] == mine.checksum
    assert mine.checksum == own.digest(list(own.contents("mine")))


def test_a_run_is_not_continued_on_other_images_of_the_same_name(mine, tmp_path):
    spec = make_spec("bpan", dataset="mine")
    assert (spec.config["input_dim"], spec.config["n_classes"]) == (400, 3)
    assert spec.versions["data"] == mine.checksum
    resolve(spec)
    own.remove("mine")
    with pytest.raises(SettingsError, match="should be 'mnist'"):
        resolve(spec)
    images, labels = shapes()
    add(make_npz(tmp_path / "others.npz", images=255 - images, labels=labels), "mine")
    with pytest.raises(SettingsError, match="trained on other images that were named 'mine'"):
        resolve(spec)
    assert load_dataset("mine").train.pixels.float().mean() > 127


def test_a_folder_of_pictures_for_each_class(tmp_path):
    item = add(make_folder(tmp_path / "pictures"), "drawn")
    assert item.class_names == CLASSES
    assert item.counts == (12, 12, 12)
    images, labels = shapes(36)
    kept = own.contents("drawn")
    for k, name in enumerate(CLASSES):
        assert np.array_equal(kept.images[kept.labels == k], images[labels == k]), name


def test_colour_is_kept_for_those_that_read_it_or_made_grey(tmp_path):
    rng = np.random.default_rng(0)
    images, labels = rng.integers(0, 256, (40, 8, 8, 3), np.uint8), np.arange(40) % 2
    path = make_npz(tmp_path / "colour.npz", images=images, labels=labels)
    assert add(path, "colour").kind == "picture"
    assert DATASETS["colour"].input_dim == 192
    assert load_dataset("colour").train.pixels.shape == (32, 3, 8, 8)
    assert "colour" in SYSTEMS["counter-hebb"].datasets
    assert "colour" not in SYSTEMS["bpan"].datasets
    assert add(path, "grey", Asked(grey=True)).kind == "image"
    expected = np.rint(images @ LUMINANCE).astype(np.uint8)
    assert np.array_equal(own.contents("grey").images, expected)


def test_pictures_of_other_sizes_are_named_or_fitted(tmp_path):
    folder = make_folder(tmp_path / "pictures")
    odd = folder / "ring" / "odd.png"
    Image.fromarray(np.full((10, 40), 200, np.uint8)).save(odd)
    with pytest.raises(DataError, match=r"odd.png has 40 x 10 pixels, but others have 20 x 20"):
        add(folder, "drawn")
    item = add(folder, "drawn", Asked(side=16))
    assert item.side == 16
    assert "fitted into a square" in item.values
    odd.write_bytes(b"no picture")
    with pytest.raises(DataError, match=r"odd\.png cannot be read as a picture .*take it out"):
        add(folder, "again")


def test_fitting_keeps_the_aspect_ratio_and_adds_black():
    fitted = fit(np.full((10, 40), 200, np.uint8), 20)
    assert (fitted[7:12] == 200).all()
    assert fitted.sum() == 200 * 5 * 20
    assert fit(np.full((20, 20, 3), 7, np.uint8), 20).shape == (20, 20, 3)


def test_photographs_become_patches(tmp_path):
    rng = np.random.default_rng(0)
    folder = tmp_path / "photographs"
    folder.mkdir()
    for k in range(2):
        Image.fromarray(rng.integers(0, 256, (240, 320, 3), np.uint8)).save(folder / f"p{k}.png")
    item = add(folder, "woods", Asked(side=12))
    assert item.kind == "fragment"
    assert item.class_names == ("1 p0", "2 p1")
    assert "woods" in SYSTEMS["ipvae"].datasets
    assert DATASETS["woods"].input_dim == 144
    data = load_dataset("woods")
    assert data.train.pixels.shape == (40_000, 12, 12)
    assert set(data.test.labels.tolist()) == {0, 1}
    assert data.train.pixels.std((1, 2)).sub(1).abs().max() < 0.05
    with pytest.raises(DataError, match="holds photographs"):
        own.contents("woods")


def make_photographs(path: Path) -> Path:
    path.mkdir()
    for name in "abc":
        Image.fromarray(shapes(1, 200)[0][0]).save(path / f"{name}.png")
    return path


MAKE = {"npz": make_npz, "folder": make_folder, "photographs": make_photographs}


@pytest.mark.parametrize(
    ("kind", "place", "limit", "there", "words"),
    [
        ("npz", "own_npz.MOST_IMAGES", 1, 90, "There are 90 images; at most 88 can be read."),
        ("npz", "own_asked.MOST_CLASSES", 1, 3, "The number of classes is 3, but should be from 2"),
        ("folder", "own_folder.MOST_IMAGES", 1, 36, "There are 36 pictures; at most 34 can be"),
        ("folder", "own_folder.MOST_CLASSES", 1, 3, "holds 3 folders; at most 1"),
        ("folder", "own_folder.MOST_BYTES", 400, 36 * 400, "more than 0 MB"),
        ("photographs", "photographs.MOST_FILES", 1, 3, "holds 3 photographs; at most 1 are read"),
        ("photographs", "own_folder.MOST_BYTES", 1, 3 * 200**2, "take more than 0 MB; give fewer"),
    ],
)
def test_as_many_as_can_be_read_are_and_more_are_refused(
    kind, place, limit, there, words, tmp_path, monkeypatch
):
    path = MAKE[kind](tmp_path / "mine.npz")
    monkeypatch.setattr(f"corelib.data.{place}", there - 2 * limit)
    with pytest.raises(DataError, match=re.escape(words)):
        add(path, "mine")
    monkeypatch.setattr(f"corelib.data.{place}", there)
    assert sum(add(path, "mine").counts) == {"npz": 90, "folder": 36, "photographs": 3}[kind]


def test_an_empty_folder_and_a_missing_one_are_sentences(tmp_path):
    with pytest.raises(DataError, match="holds no pictures"):
        add(tmp_path, "empty")
    with pytest.raises(DataError, match="There is no file or folder"):
        add(tmp_path / "gone", "gone")


@pytest.mark.parametrize(
    "text", ["a_b*c", "<b>", "[x](http://y.z)", "`$x$`", ":red[a]", "1. a", "-a"]
)
def test_names_of_classes_are_no_markup(text):
    assert not set(own_text(text)) & set("_*<>[]`$:.#|~\\")
    assert not own_text(text).startswith(("-", "+"))
