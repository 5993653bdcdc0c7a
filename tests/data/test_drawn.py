"""Drawings and pictures become digits as MNIST makes them; bad ones get a sentence."""

import io
import struct
import zlib
from functools import lru_cache

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from PIL import Image

from corelib.data.drawn import BOX, MAX_BYTES, MAX_POINTS, PEN, from_image, from_strokes
from corelib.data.mnist import read_arrays
from corelib.errors import DataError

SEVEN = [[[0.2, 0.2], [0.8, 0.2], [0.4, 0.9]]]
coordinate = st.floats(0.05, 0.95).map(lambda v: round(v, 3))
strokes = st.lists(
    st.lists(st.tuples(coordinate, coordinate).map(list), min_size=2, max_size=8),
    min_size=1,
    max_size=3,
)


def centre_of_mass(image: np.ndarray) -> np.ndarray:
    return np.array([(image.sum(1 - axis) @ np.arange(28)) / image.sum() for axis in (0, 1)])


def ink_size(image: np.ndarray) -> tuple[int, int]:
    rows, columns = np.nonzero(image.any(1))[0], np.nonzero(image.any(0))[0]
    return rows[-1] - rows[0] + 1, columns[-1] - columns[0] + 1


def extent(drawing) -> float:
    points = np.concatenate([np.array(stroke) for stroke in drawing])
    return float((points.max(0) - points.min(0)).max())


@given(strokes)
def test_a_drawing_fits_the_box_and_is_centred_by_mass(drawing):
    image = from_strokes(drawing, 1.0)
    assert image.shape == (28, 28)
    assert image.dtype == np.uint8
    size = ink_size(image)
    assert max(size) <= BOX
    if extent(drawing) > 0.2:
        assert max(size) >= BOX - 1
    # Whole pixels, and never cut: the shift stops where the ink meets the border.
    rows, columns = np.nonzero(image.any(1))[0], np.nonzero(image.any(0))[0]
    for centre, along in zip(centre_of_mass(image), (rows, columns), strict=True):
        free = along[0] > 0 and along[-1] < 27
        if free:
            assert 13.5 - 1e-6 <= centre <= 14.5 + 1e-6


@given(strokes, st.floats(0.3, 1.0), st.floats(0, 1), st.floats(0, 1))
def test_size_and_place_of_a_drawing_do_not_matter(drawing, scale, x, y):
    assume(extent(drawing) * scale > 0.15)
    room = 1 - scale
    moved = [[[px * scale + x * room, py * scale + y * room] for px, py in s] for s in drawing]
    one = from_strokes(drawing, 1.0).astype(int)
    other = from_strokes(moved, 1.0).astype(int)
    # Rounding may move a pixel's border, not the picture.
    shifted = [
        np.abs(one - np.roll(other, (dy, dx), (0, 1))).mean()
        for dy in (-1, 0, 1)
        for dx in (-1, 0, 1)
    ]
    assert min(shifted) < 3


def test_strokes_are_as_wide_as_those_of_mnist():
    bar = from_strokes([[[0.5, 0.1], [0.5, 0.9]]], 1.0)
    assert ink_size(bar) == (20, 3)
    assert bar.sum() / 255 == pytest.approx(BOX * PEN, rel=0.05)


def test_the_canvas_size_only_sets_the_unit():
    large = [[[280 * x, 280 * y] for x, y in stroke] for stroke in SEVEN]
    assert (from_strokes(large, 280) == from_strokes(SEVEN, 1.0)).all()


def test_nothing_drawn_is_nothing():
    assert from_strokes([], 1.0) is None
    assert from_strokes([[]], 1.0) is None


def test_a_dot_is_a_drawing():
    dot = from_strokes([[[0.1, 0.9]]], 1.0)
    assert 2 <= max(ink_size(dot)) <= 3
    assert np.abs(centre_of_mass(dot) - 14).max() <= 0.5 + 1e-6


@pytest.mark.parametrize(
    "bad",
    [
        "abc", {"a": 1}, [1, 2], [["ab"]], [[[1]]], [[[1, 2, 3]]], [[["1", "2"]]],
        [[[float("nan"), 0]]], [[[float("inf"), 0]]], [[[True, False]]], [[[10**400, 0]]], 7,
    ],
)  # fmt: skip
def test_a_malformed_drawing_gets_a_sentence(bad):
    with pytest.raises(DataError, match=r"^The drawing cannot be read; clear it and draw again\.$"):
        from_strokes(bad, 1.0)


def test_a_huge_drawing_is_refused():
    with pytest.raises(DataError, match="10,000 points"):
        from_strokes([[[0.1, 0.1]] * (MAX_POINTS + 1)], 1.0)


# Pictures.


def encoded(array: np.ndarray, kind: str = "PNG", **options) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(array).save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.fixture(scope="module")
def digits():
    return read_arrays()[2][:60]


def on_page(digit: np.ndarray, factor: int, offset: tuple[int, int]) -> np.ndarray:
    """A digit enlarged and put somewhere on a black page."""
    page = np.zeros((28 * factor + 120, 28 * factor + 160), np.uint8)
    large = np.kron(digit, np.ones((factor, factor), np.uint8))
    y, x = offset
    page[y : y + large.shape[0], x : x + large.shape[1]] = large
    return page


def test_test_digits_come_back_from_a_picture_of_themselves(digits):
    """MNIST's digits are already fitted and centred, so a picture of one must give it back."""
    differences = []
    for i, digit in enumerate(digits):
        back = from_image(encoded(on_page(digit, 8, (7 * i % 100, 11 * i % 150))))
        assert np.abs(centre_of_mass(back) - 14).max() <= 0.5 + 1e-6
        differences.append(np.abs(back.astype(int) - digit).mean())
    # Faint pixels at the rim may be cut and shift the fit; the ink itself has a mean of about 33.
    assert np.median(differences) < 2
    assert max(differences) < 14


@pytest.mark.parametrize("kind", ["PNG", "BMP", "GIF", "JPEG", "WEBP"])
def test_the_kind_of_file_does_not_matter(digits, kind):
    page = on_page(digits[0], 8, (20, 60))
    options = {"quality": 90} if kind in ("JPEG", "WEBP") else {}
    back = from_image(encoded(page, kind, **options)).astype(int)
    assert np.abs(back - from_image(encoded(page)).astype(int)).mean() < 4


def test_dark_ink_on_light_paper_is_the_same_digit(digits):
    for digit in digits[:10]:
        page = on_page(digit, 6, (30, 30))
        dark = from_image(encoded(255 - page)).astype(int)
        assert np.abs(dark - from_image(encoded(page))).max() <= 2
        # Paper is grey, ink is not black.
        faded = (200 - page * (140 / 255)).astype(np.uint8)
        assert np.abs(from_image(encoded(faded)).astype(int) - dark).mean() < 2


def test_transparent_paper_counts_as_white(digits):
    page = on_page(digits[3], 6, (30, 30))
    rgba = np.zeros((*page.shape, 4), np.uint8)
    rgba[..., 3] = page
    assert (
        np.abs(from_image(encoded(rgba)).astype(int) - from_image(encoded(255 - page))).max() <= 1
    )


def test_a_picture_of_28_by_28_on_black_is_kept(digits):
    assert (from_image(encoded(digits[5])) == digits[5]).all()


def test_of_an_animation_the_first_frame_is_taken(digits):
    frames = [Image.fromarray(on_page(d, 4, (10, 10))) for d in digits[:3]]
    buffer = io.BytesIO()
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:])
    first = from_image(encoded(np.asarray(frames[0])))
    assert np.abs(from_image(buffer.getvalue()).astype(int) - first).mean() < 2


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few bytes whose header promises a huge picture."""

    def chunk(name: bytes, data: bytes) -> bytes:
        body = name + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0"))


@pytest.mark.parametrize("side", [5_000, 12_000, 60_000])
def test_an_image_bomb_is_refused_by_its_header(side, monkeypatch):
    def decoded(*_):
        raise AssertionError("it was decoded")

    monkeypatch.setattr(Image.Image, "load", decoded)
    with pytest.raises(DataError, match=r"too many pixels.*at most 16 million"):
        from_image(bomb(side, side))


def test_bad_uploads_get_their_sentences(digits):
    page = encoded(on_page(digits[0], 8, (20, 60)))
    for data, sentence in (
        (b"", "not a picture"),
        (b"%PDF-1.7 hello", "not a picture"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not a picture"),
        (page[: len(page) // 2], "cut short or damaged"),
        (b"\0" * (MAX_BYTES + 1), "at most 5 MB"),
        (encoded(np.full((50, 50), 255, np.uint8)), "looks blank"),
        (encoded(np.zeros((28, 28), np.uint8)), "looks blank"),
    ):
        with pytest.raises(DataError, match=sentence) as caught:
            from_image(data)
        assert "\n" not in str(caught.value)


@lru_cache
def first_digit() -> np.ndarray:
    return read_arrays()[2][0]


@given(st.data())
def test_a_damaged_file_gives_a_digit_or_a_sentence(data):
    page = bytearray(encoded(on_page(first_digit(), 4, (20, 60))))
    for _ in range(data.draw(st.integers(1, 6))):
        page[data.draw(st.integers(0, len(page) - 1))] = data.draw(st.integers(0, 255))
    try:
        image = from_image(bytes(page))
    except DataError:
        return
    assert image.shape == (28, 28)
    assert image.any()
