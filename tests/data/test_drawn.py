"""Drawings and uploads are converted to the format of MNIST."""

import io
import math
import struct
import zlib

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFile

from corelib.data import drawn, mnist
from corelib.data.drawn import from_image, from_strokes
from corelib.errors import DataError

CANVAS = 1000.0
EXAMPLES = np.random.default_rng(0).choice(10_000, 150, replace=False)


@pytest.fixture(scope="module")
def digits() -> np.ndarray:
    """All test images of MNIST, uint8 (image, row, column)."""
    return mnist.read_arrays()[2]


def on_canvas(digit: np.ndarray, times: int = 10, row: int = 35, column: int = 90) -> np.ndarray:
    """The digit, each pixel ``times`` as large, somewhere on a larger black canvas."""
    canvas = np.zeros((28 * times + 110, 28 * times + 200), np.uint8)
    big = np.kron(digit, np.ones((times, times), np.uint8))
    canvas[row : row + 28 * times, column : column + 28 * times] = big
    return canvas


def encoded(image: np.ndarray | Image.Image, kind: str = "PNG", **options) -> bytes:
    file = io.BytesIO()
    if isinstance(image, np.ndarray):
        image = Image.fromarray(image)
    image.save(file, kind, **options)
    return file.getvalue()


def header(width: int, height: int) -> bytes:
    """A PNG that claims a size but holds next to nothing."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        crc = struct.pack(">I", zlib.crc32(kind + body))
        return struct.pack(">I", len(body)) + kind + body + crc

    ihdr = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    image = chunk(b"IHDR", ihdr) + chunk(b"IDAT", zlib.compress(bytes(100))) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + image


def ink_size(image: np.ndarray) -> tuple[int, int]:
    rows, columns = image.any(1).nonzero()[0], image.any(0).nonzero()[0]
    return int(rows[-1] - rows[0] + 1), int(columns[-1] - columns[0] + 1)


def centre_of_mass(image: np.ndarray) -> np.ndarray:
    grid = np.indices(image.shape)
    return (grid * image).sum((1, 2)) / image.sum(dtype=float)


points = st.tuples(st.integers(0, 1000), st.integers(0, 1000)).map(list)
drawings = st.lists(st.lists(points, min_size=1, max_size=8), min_size=1, max_size=4)


def extent(strokes: list) -> float:
    every = np.concatenate([np.array(stroke) for stroke in strokes])
    return float(np.ptp(every, axis=0).max())


# Strokes


@given(drawings, st.floats(0.2, 1.0), st.floats(0, 1), st.floats(0, 1))
def test_size_and_place_of_a_drawing_do_not_matter(strokes, scale, right, down):
    assume(extent(strokes) * scale > drawn.SMALLEST * CANVAS)
    margin = CANVAS * (1 - scale)
    moved = [
        [[x * scale + right * margin, y * scale + down * margin] for x, y in s] for s in strokes
    ]
    first = from_strokes(strokes, CANVAS).astype(int)
    second = from_strokes(moved, CANVAS).astype(int)
    # Rounding may move an edge by a sixteenth of a pixel, here and there.
    assert np.abs(first - second).max() <= 32
    assert np.abs(first - second).sum() <= 0.01 * first.sum()


@given(drawings)
def test_a_drawing_fills_a_box_of_20_pixels_and_is_centred_as_in_mnist(strokes):
    assume(extent(strokes) > drawn.SMALLEST * CANVAS)
    image = from_strokes(strokes, CANVAS)
    assert image.shape == (28, 28)
    assert image.dtype == np.uint8
    assert max(ink_size(image)) == drawn.BOX
    for axis, centre in enumerate(centre_of_mass(image)):
        along = image.any(1 - axis)
        cut_off_otherwise = along[0] or along[-1]
        assert 13.5 <= centre < 14.5 or cut_off_otherwise


def test_mnist_itself_is_centred_the_same_way(digits):
    centres = np.array([centre_of_mass(digit) for digit in digits[EXAMPLES]])
    assert centres.min() >= 13.5
    assert centres.max() < 14.5
    assert np.mean([max(ink_size(digit)) == drawn.BOX for digit in digits]) > 0.999


def test_the_pen_covers_the_area_given_by_geometry():
    """A stroke of length l and width w with round ends covers l w + pi w^2 / 4 pixels."""
    pen = drawn.PEN
    dot = math.pi * pen**2 / 4
    # Drawn sixteen times as fine: the edge is off by at most half a fine pixel all around.
    off = 0.5 / drawn.FINE
    inked = from_strokes([[[300, 500]]], CANVAS).sum() / 255
    assert inked == pytest.approx(dot, abs=off * math.pi * pen)
    for line in ([[500, 100], [500, 800]], [[200, 300], [230, 300]]):
        scale = (drawn.BOX - pen) / max(abs(line[1][0] - line[0][0]), 80, line[1][1] - line[0][1])
        length = math.dist(*line) * scale
        inked = from_strokes([line], CANVAS).sum() / 255
        assert inked == pytest.approx(length * pen + dot, abs=off * (2 * length + math.pi * pen))


def test_the_pen_is_as_wide_as_in_mnist_and_no_digit_counts_as_thin(digits):
    widths = []
    for digit in digits:
        ink = drawn._cropped(digit)
        widths.append(drawn._stroke_width(ink) * drawn.BOX / max(ink.shape))
    tenth, half = np.quantile(widths, [0.1, 0.5])
    assert tenth < drawn.PEN < half
    assert min(widths) >= drawn.THIN


def test_y_points_down_and_x_to_the_right():
    image = from_strokes([[[100, 100], [100, 900], [700, 900]]], CANVAS)  # an L
    rows, columns = image.sum(1, dtype=int), image.sum(0, dtype=int)
    assert rows.argmax() > 14
    assert columns.argmax() < 14


@pytest.mark.parametrize("strokes", [[], [[]], [[], []], ()])
def test_an_empty_drawing_gives_no_image(strokes):
    assert from_strokes(strokes, CANVAS) is None


def test_points_beyond_the_canvas_are_moved_to_its_edge():
    beyond = from_strokes([[[-500, 200], [400, 5e8]]], CANVAS)
    at_edge = from_strokes([[[0, 200], [400, 1000]]], CANVAS)
    np.testing.assert_array_equal(beyond, at_edge)


@pytest.mark.parametrize(
    "strokes",
    [
        None,
        "a drawing",
        {"0": [[1, 2]]},
        [None],
        ["ab"],
        [[5]],
        [[[1, 2, 3]]],
        [[[1]]],
        [[["1", "2"]]],
        [[[1, None]]],
        [[[True, 2]]],
        [[[1, math.nan]]],
        [[[math.inf, 2]]],
        [[[10**400, 2]]],
        [[[1, 2], {"x": 1, "y": 2}]],
        [[[[1, 2], 3]]],
    ],
)
def test_malformed_strokes_are_refused(strokes):
    with pytest.raises(DataError, match=r"^The drawing cannot be read; clear it and draw again\.$"):
        from_strokes(strokes, CANVAS)


def test_the_number_of_points_is_limited():
    most = [[[i % 900, i % 700] for i in range(drawn.MAX_POINTS)]]
    assert from_strokes(most, CANVAS) is not None
    for strokes in ([*most, [[1, 1]]], [[]] * (drawn.MAX_POINTS + 1)):
        with pytest.raises(DataError, match="more than 10,000 points; clear it"):
            from_strokes(strokes, CANVAS)


# Pictures


def test_enlarged_mnist_is_recovered_to_one_grey_level(digits):
    rng = np.random.default_rng(1)
    for digit in digits[EXAMPLES]:
        canvas = on_canvas(digit, 10, *rng.integers(0, 110, 2))
        assert np.abs(from_image(encoded(canvas)).astype(int) - digit).max() <= 1


def test_dark_on_light_gives_the_same_as_light_on_dark(digits):
    for digit in digits[EXAMPLES[:30]]:
        canvas = on_canvas(digit)
        np.testing.assert_array_equal(
            from_image(encoded(canvas)), from_image(encoded(255 - canvas))
        )


@pytest.mark.parametrize("light", [False, True])
def test_jpeg_and_webp_lose_little(digits, light):
    """Ripples are taken away; a digit whose centre lies on an edge may still move by a pixel."""
    for kind in ("JPEG", "WEBP"):
        errors = []
        for digit in digits[EXAMPLES[:60]]:
            canvas = on_canvas(digit)
            back = from_image(encoded(255 - canvas if light else canvas, kind, quality=75))
            errors.append(np.abs(back.astype(int) - digit).mean())
        assert np.quantile(errors, 0.9) < 2.0


def test_a_28_by_28_picture_on_black_is_kept_unchanged(digits):
    shifted = np.roll(digits[2], (3, -4), (0, 1))  # a narrow 1
    np.testing.assert_array_equal(from_image(encoded(shifted)), shifted)
    # On white it is none of MNIST's: inverted, and centred again.
    back = from_image(encoded(255 - shifted)).astype(int)
    assert np.abs(back - digits[2]).max() <= 1


def test_colours_palettes_depths_and_transparency_give_the_same_digit(digits):
    canvas = on_canvas(digits[0])
    expected = from_image(encoded(canvas)).astype(int)
    grey = Image.fromarray(canvas)
    clear = Image.new("RGBA", grey.size, (0, 0, 0, 0))
    clear.putalpha(grey)  # black ink on nothing
    deep = Image.fromarray(canvas.astype(np.uint16) * 257)
    dull = Image.fromarray((canvas * 0.4 + 60).astype(np.uint8))  # from 60 to 162
    turned = grey.transpose(Image.Transpose.ROTATE_90)
    exif = Image.Exif()
    exif[0x0112] = 6  # to be shown turned by 90 degrees clockwise
    for picture, options in (
        (grey.convert("RGB"), {}),
        (grey.convert("P"), {}),
        (clear, {}),
        (deep, {}),
        (dull, {}),
        (turned, {"exif": exif}),
    ):
        back = from_image(encoded(picture, **options)).astype(int)
        assert np.abs(back - expected).max() <= 4, picture.mode


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP"])
def test_the_first_frame_of_an_animation_is_used(digits, kind):
    frames = [Image.fromarray(on_canvas(digit)) for digit in digits[:3]]
    moving = encoded(frames[0], kind, save_all=True, append_images=frames[1:], lossless=True)
    assert Image.open(io.BytesIO(moving)).n_frames == 3
    back = from_image(moving).astype(int)
    assert np.abs(back - digits[0]).mean() < 2
    assert np.abs(back - digits[1]).mean() > 20


def photograph(width: int, shade: float, grain: float) -> np.ndarray:
    """A zero in pencil on paper that darkens to the right, with grain; uint8 (row, column)."""
    ink = Image.new("L", (900, 900))
    ImageDraw.Draw(ink).ellipse((280, 180, 620, 720), outline=255, width=width)
    paper = 230 - shade * np.linspace(0, 1, 900)
    noise = np.random.default_rng(0).normal(0, grain, (900, 900))
    return (paper - np.asarray(ink) / 255 * (paper - 50) + noise).clip(0, 255).astype(np.uint8)


def test_shading_and_grain_of_a_photograph_are_removed():
    clean = from_image(encoded(photograph(60, 0, 0))).astype(int)
    taken = from_image(encoded(photograph(60, 70, 6), "JPEG", quality=85)).astype(int)
    assert np.abs(clean - taken).mean() < 4
    assert taken[(clean == 0)].max() <= 64


def test_specks_on_a_photograph_are_removed():
    taken = photograph(60, 30, 4)
    rng = np.random.default_rng(2)
    taken[rng.integers(0, 900, 60), rng.integers(0, 900, 60)] = 20
    clean = from_image(encoded(photograph(60, 0, 0))).astype(int)
    # The centre of this symmetric zero lies on the edge of a pixel: it may move by one.
    taken = from_image(encoded(taken)).astype(int)
    assert min(np.abs(clean - np.roll(taken, move, 0)).mean() for move in (-1, 0, 1)) < 4


@pytest.mark.parametrize("turns", range(4))
def test_centring_does_not_cut_off_ink(turns):
    """A blot with a long hair: centred, the hair's end would lie outside."""
    canvas = np.zeros((240, 240), np.uint8)
    canvas[20:100, 60:180] = 255
    canvas[100:220, 118:122] = 255
    image = np.rot90(from_image(encoded(np.rot90(canvas, turns))), -turns)
    assert ink_size(image) == (20, 12)
    assert image[8:].any(1).all()  # moved up to the edge, and no further


def test_a_thin_pen_is_widened_to_that_of_drawings():
    thick = from_image(encoded(photograph(64, 0, 0)))
    for width in (3, 8, 20):
        thin = from_image(encoded(photograph(width, 0, 0)))
        assert max(ink_size(thin)) == drawn.BOX
        assert 0.75 < thin.sum(dtype=float) / thick.sum(dtype=float) < 1.25


# Uploads that are refused


def blank(*size_and_grey: int) -> bytes:
    height, width, grey = size_and_grey
    return encoded(np.full((height, width), grey, np.uint8))


NOT_A_PICTURE = "The file is not a readable picture; choose a PNG, JPEG, GIF, BMP or WebP."
BLANK = "The picture looks blank; choose one that shows a digit, dark on light or light on dark."
DAMAGED = "The picture is truncated or damaged; save it again or choose another."


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", NOT_A_PICTURE),
        (b"just words, named digit.png", NOT_A_PICTURE),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\nshowpage", NOT_A_PICTURE),
        (b'<svg xmlns="http://www.w3.org/2000/svg"/>', NOT_A_PICTURE),
        (blank(50, 50, 255), BLANK),
        (blank(28, 28, 0), BLANK),
        (blank(40, 60, 128), BLANK),
        (encoded(Image.new("RGBA", (40, 40))), BLANK),
        (header(28, 28), DAMAGED),
    ],
)
def test_a_bad_upload_is_refused_with_a_sentence(data, sentence):
    with pytest.raises(DataError) as error:
        from_image(data)
    assert str(error.value) == sentence


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "BMP", "WEBP"])
def test_a_file_that_was_cut_short_is_refused(digits, kind):
    whole = encoded(on_canvas(digits[0]), kind)
    from_image(whole)
    with pytest.raises(DataError, match=r"truncated or damaged|not a readable picture"):
        from_image(whole[: len(whole) // 2])


def test_a_file_that_is_too_large_is_refused_unread(monkeypatch):
    monkeypatch.setattr(Image, "open", lambda *_, **__: pytest.fail("it was opened"))
    with pytest.raises(DataError, match=r"^The file is 6\.0 MB; choose one of at most 5 MB\.$"):
        from_image(bytes(6 * 2**20))


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
# The first is below Pillow's own limit, the second makes it warn, the third makes it refuse.
@pytest.mark.parametrize("side", [4001, 10_000, 60_000])
def test_an_image_bomb_is_refused_by_its_header(side, monkeypatch):
    monkeypatch.setattr(ImageFile.ImageFile, "load", lambda _: pytest.fail("it was decoded"))
    with pytest.raises(DataError, match=r"too many pixels.*; choose one of at most 16 million\.$"):
        from_image(header(side, side))


def test_the_largest_picture_allowed_is_read():
    canvas = np.full((4000, 4000), 255, np.uint8)
    canvas[1000:3000, 1900:2100] = 0
    image = from_image(encoded(canvas))
    assert ink_size(image) == (20, 2)


FILES = [
    encoded(on_canvas(np.eye(28, dtype=np.uint8) * 255, 3), kind)
    for kind in ("PNG", "JPEG", "GIF", "BMP", "WEBP")
]


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@given(
    st.sampled_from(FILES),
    st.lists(st.tuples(st.floats(0, 0.999), st.integers(0, 255)), min_size=1, max_size=6),
    st.floats(0.3, 1),
)
def test_damage_anywhere_gives_an_image_or_an_error_sentence(file, changes, part):
    damaged = bytearray(file[: max(1, int(len(file) * part))])
    for place, value in changes:
        damaged[int(place**2 * len(damaged))] = value  # headers are hit more often
    try:
        image = from_image(bytes(damaged))
    except DataError:
        return
    assert image.shape == (28, 28)
    assert image.dtype == np.uint8
    assert image.any()
