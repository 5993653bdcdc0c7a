"""The same digit in every kind of picture file gives the same image, and the same answer.

A whole-pixel move is allowed where a file loses something: the centre of mass of a digit may lie on
the edge of a pixel, and then the last of its grey levels decides.
"""

import struct
import zlib

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw, ImageFilter

from corelib import load
from corelib.data import load_dataset, mnist
from corelib.data.drawn import from_image
from corelib.errors import DataError
from tests.data.test_drawn import encoded

HEIGHT, WIDTH = 400, 300
DIGITS = np.random.default_rng(0).choice(10_000, 20, replace=False)
PAPER, INK = 235, 40
TURNS = Image.Transpose


@pytest.fixture(scope="module")
def digits() -> np.ndarray:
    return mnist.read_arrays()[2][DIGITS]


def ink_of(digit: np.ndarray, contrast: float = 1) -> np.ndarray:
    """The digit enlarged smoothly, uint8 (row, column), 255 where there is most ink.

    With a larger contrast its edges are as sharp as those of a pen.
    """
    big = Image.fromarray(digit).resize((240, 240), Image.Resampling.BICUBIC)
    ink = np.zeros((HEIGHT, WIDTH))
    ink[80:320, 30:270] = np.asarray(big)
    return ((ink - 127.5) * contrast + 127.5).clip(0, 255).astype(np.uint8)


def mixed(ink: np.ndarray, paper, colour) -> np.ndarray:
    """Ink of one colour or grey level on paper of another."""
    share = ink / 255 if np.ndim(colour) == 0 else ink[..., None] / 255
    mix = np.asarray(paper) * (1 - share) + np.asarray(colour) * share
    return mix.round().clip(0, 255).astype(np.uint8)


def clear(ink: np.ndarray, *colour: int) -> Image.Image:
    """Ink of one colour on nothing."""
    picture = Image.new("RGB", (WIDTH, HEIGHT), colour)
    picture.putalpha(Image.fromarray(ink))
    return picture


def palette(ink: np.ndarray) -> Image.Image:
    """White ink; all else is the palette's first colour."""
    picture = Image.fromarray((ink > 127).astype(np.uint8))
    picture.putpalette([0, 0, 0, 255, 255, 255])
    return picture


def framed(picture: np.ndarray, width: int, grey: int) -> np.ndarray:
    out = np.full_like(picture, grey)
    out[width:-width, width:-width] = picture[width:-width, width:-width]
    return out


def inset(picture: np.ndarray, grey: int, around: int) -> np.ndarray:
    """A frame four pixels wide, within a margin of 20."""
    return np.pad(framed(picture, 4, grey), 20, constant_values=around)


def card(ink: np.ndarray, paper: int, colour: int, margin: int) -> Image.Image:
    """A card with round corners on nothing."""
    picture = Image.fromarray(mixed(ink, paper, colour)).convert("RGB")
    shape = Image.new("L", picture.size)
    box = (margin, margin, WIDTH - 1 - margin, HEIGHT - 1 - margin)
    ImageDraw.Draw(shape).rounded_rectangle(box, 30, fill=255)
    picture.putalpha(shape)
    return picture


def shaded(dark: int, light: int) -> np.ndarray:
    """Paper that darkens to the right and a little downwards."""
    down, right = np.mgrid[0 : 1 : HEIGHT * 1j, 0 : 1 : WIDTH * 1j]
    return light - (light - dark) * (0.8 * right + 0.2 * down)


def grain(picture: np.ndarray, sd: float) -> np.ndarray:
    noise = np.random.default_rng(1).normal(0, sd, picture.shape)
    return (picture + noise).clip(0, 255).astype(np.uint8)


def photograph(ink: np.ndarray) -> np.ndarray:
    return grain(mixed(ink, shaded(180, 230), 50), 6)


def on_table(ink: np.ndarray, left: int, top: int) -> np.ndarray:
    """Paper photographed with a dark table beside it."""
    picture = mixed(ink, PAPER, INK)
    picture[:top] = 60
    picture[:, :left] = 60
    return grain(picture, 3)


def turned(ink: np.ndarray, orientation: int, turn: Image.Transpose) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return encoded(Image.fromarray(255 - ink).transpose(turn), "PNG", exif=exif)


def deep(*channels: np.ndarray) -> bytes:
    """A PNG of 16 bits a channel, grey or coloured, with alpha; Pillow cannot write these."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        crc = struct.pack(">I", zlib.crc32(kind + body))
        return struct.pack(">I", len(body)) + kind + body + crc

    rows = (np.stack(channels, -1).astype(">u2") * 257).astype(">u2").reshape(HEIGHT, -1)
    body = b"".join(b"\0" + row.tobytes() for row in rows)  # each row unfiltered
    colour = {2: 4, 4: 6}[len(channels)]
    parts = {
        b"IHDR": struct.pack(">IIBBBBB", WIDTH, HEIGHT, 16, colour, 0, 0, 0),
        b"IDAT": zlib.compress(body),
        b"IEND": b"",
    }
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts.items())


EXACT = {
    "light on dark": encoded,
    "white on nothing": lambda ink: encoded(clear(ink, 255, 255, 255)),
    "black on nothing": lambda ink: encoded(clear(ink, 0, 0, 0)),
    "grey on nothing": lambda ink: encoded(clear(ink, 128, 128, 128)),
    "yellow on nothing": lambda ink: encoded(clear(ink, 255, 240, 60)),
    "white on nothing, LA": lambda ink: encoded(clear(ink, 255, 255, 255).convert("LA")),
    "black on nothing, LA": lambda ink: encoded(clear(ink, 0, 0, 0).convert("LA")),
    "16 bits": lambda ink: encoded((255 - ink).astype(np.uint16) * 257),
    "16 bits, light on dark": lambda ink: encoded(ink.astype(np.uint16) * 257),
    "white on nothing, 16 bits": lambda ink: deep(np.full_like(ink, 255), ink),
    "black on nothing, 16 bits": lambda ink: deep(np.zeros_like(ink), ink),
    "white on nothing, 16 bits RGBA": lambda ink: deep(*[np.full_like(ink, 255)] * 3, ink),
    "16 bits, opaque": lambda ink: deep(255 - ink, np.full_like(ink, 255)),
    "light on grey": lambda ink: encoded(mixed(ink, 110, 255)),
    "blue on yellow": lambda ink: encoded(mixed(ink, (250, 220, 120), (20, 40, 160))),
    "turned by 180°": lambda ink: turned(ink, 3, TURNS.ROTATE_180),
    "turned by 90°": lambda ink: turned(ink, 6, TURNS.ROTATE_90),
    "turned by 270°": lambda ink: turned(ink, 8, TURNS.ROTATE_270),
    "mirrored": lambda ink: turned(ink, 2, TURNS.FLIP_LEFT_RIGHT),
    "transposed": lambda ink: turned(ink, 5, TURNS.TRANSPOSE),
    **{
        f"frame of {width} pixels, grey level {grey}": lambda ink, width=width, grey=grey: encoded(
            framed(255 - ink, width, grey)
        )
        for width in (1, 2, 6, 15, 28)
        for grey in (0, 60, 128)
    },
    **{
        f"light on dark, frame of grey level {grey}": lambda ink, grey=grey: encoded(
            framed(ink, 6, grey)
        )
        for grey in (128, 255)
    },
    "thick frame": lambda ink: encoded(np.pad(255 - ink, 120)),
    "uneven frame": lambda ink: encoded(np.pad(255 - ink, ((5, 40), (12, 3)))),
    "frame within a margin": lambda ink: encoded(inset(255 - ink, 0, 255)),
    "frame within a dark margin": lambda ink: encoded(inset(ink, 255, 0)),
    "two frames": lambda ink: encoded(inset(inset(255 - ink, 0, 255), 90, 255)),
    "bars on both sides": lambda ink: encoded(np.pad(255 - ink, ((0, 0), (100, 100)))),
    "narrow bars": lambda ink: encoded(np.pad(255 - ink, ((0, 0), (30, 30)))),
}
"""Files that lose nothing of the digit."""

LOSSY = {
    "JPEG": lambda ink: encoded(255 - ink, "JPEG", quality=75),
    "poor JPEG": lambda ink: encoded(255 - ink, "JPEG", quality=30),
    "WebP": lambda ink: encoded(255 - ink, "WEBP", quality=40),
    "CMYK": lambda ink: encoded(Image.fromarray(255 - ink).convert("CMYK"), "JPEG", quality=90),
    "CMYK, light": lambda ink: encoded(Image.fromarray(ink).convert("CMYK"), "JPEG", quality=90),
    "white on nothing, WebP": lambda ink: encoded(clear(ink, 255, 255, 255), "WEBP", quality=60),
    "yellow on nothing, WebP": lambda ink: encoded(clear(ink, 255, 240, 60), "WEBP", quality=60),
    "1 bit": lambda ink: encoded(Image.fromarray(ink > 127)),
    "1 bit, dithered": lambda ink: encoded(Image.fromarray(255 - ink).convert("1")),
    "1 bit, BMP": lambda ink: encoded(Image.fromarray(ink < 128), "BMP"),
    "palette, white on nothing": lambda ink: encoded(palette(ink), transparency=0),
    "GIF, white on nothing": lambda ink: encoded(palette(ink), "GIF", transparency=0),
    "dark on grey": lambda ink: encoded(mixed(ink, 140, 20)),
    "shade": lambda ink: encoded(mixed(ink, shaded(110, 240), 30)),
    "shade, light ink": lambda ink: encoded(mixed(ink, shaded(20, 90), 240)),
    "photograph": lambda ink: encoded(photograph(ink), "JPEG", quality=85),
    "negative": lambda ink: encoded(255 - photograph(ink), "JPEG", quality=85),
    "blackboard": lambda ink: encoded(grain(mixed(ink, shaded(40, 70), 220), 8), "JPEG"),
    "photograph, thin frame": lambda ink: encoded(framed(photograph(ink), 6, 0), "JPEG"),
    "photograph, wide grey frame": lambda ink: encoded(framed(photograph(ink), 28, 90), "JPEG"),
    "JPEG, thin frame": lambda ink: encoded(framed(255 - ink, 1, 0), "JPEG", quality=70),
    "JPEG, frame": lambda ink: encoded(framed(255 - ink, 15, 0), "JPEG", quality=70),
    "JPEG, frame within a margin": lambda ink: encoded(inset(255 - ink, 0, 255), "JPEG"),
    "blurred frame": lambda ink: encoded(
        Image.fromarray(framed(255 - ink, 12, 0)).filter(ImageFilter.GaussianBlur(2))
    ),
    "white card on nothing": lambda ink: encoded(card(ink, 255, 0, 0)),
    "black card on nothing": lambda ink: encoded(card(ink, 0, 255, 0)),
    "white card, clear margin": lambda ink: encoded(card(ink, 255, 0, 20)),
    "black card, clear margin": lambda ink: encoded(card(ink, 0, 255, 20)),
    "bars above and below": lambda ink: encoded(np.pad(255 - ink, ((50, 50), (0, 0)))),
    "a bar on one side": lambda ink: encoded(np.pad(255 - ink, ((0, 0), (40, 0)))),
    "pale frame": lambda ink: encoded(framed(255 - ink, 6, 200)),
    "dim frame": lambda ink: encoded(framed(ink, 6, 60)),
    "table on the left": lambda ink: encoded(on_table(ink, 25, 0), "JPEG", quality=90),
    "table on two sides": lambda ink: encoded(on_table(ink, 25, 30), "JPEG", quality=90),
}


def likeness(image: np.ndarray, plain: np.ndarray, moves: int) -> float:
    """The correlation, the best among moves by so many pixels."""
    steps = range(-moves, moves + 1)
    moved = [np.roll(image, (down, right), (0, 1)) for down in steps for right in steps]
    return max(np.corrcoef(plain.ravel(), each.ravel())[0, 1] for each in moved)


@pytest.fixture(scope="module")
def answers():
    model, data = load("bpan-mnist"), load_dataset("mnist")

    def of(images: list[np.ndarray]) -> list[int]:
        with torch.no_grad():
            x = data.inputs(torch.as_tensor(np.stack(images)))
            return model(x)[:, -1].argmax(1).tolist()

    return of


@pytest.mark.parametrize("kind", EXACT)
def test_a_file_that_loses_nothing_gives_the_image_of_the_plain_one(kind, digits, answers):
    inks = [ink_of(digit) for digit in digits]
    plain = [from_image(encoded(255 - ink)) for ink in inks]
    images = [from_image(EXACT[kind](ink)) for ink in inks]
    assert min(likeness(*pair, moves=0) for pair in zip(images, plain, strict=True)) > 0.99
    assert answers(images) == answers(plain)


@pytest.mark.parametrize("kind", LOSSY)
def test_other_files_give_nearly_that_image_and_the_same_answer(kind, digits, answers):
    inks = [ink_of(digit, contrast=8) for digit in digits]
    plain = [from_image(encoded(255 - ink)) for ink in inks]
    images = [from_image(LOSSY[kind](ink)) for ink in inks]
    assert min(likeness(*pair, moves=1) for pair in zip(images, plain, strict=True)) > 0.95
    assert answers(images) == answers(plain)


def test_plain_pictures_are_recognised(digits, answers):
    """The law above would mean little if the plain pictures gave something else than the digits."""
    labels = mnist.read_arrays()[3][DIGITS]
    for contrast in (1, 8):
        images = [from_image(encoded(255 - ink_of(digit, contrast))) for digit in digits]
        assert (np.array(answers(images)) == labels).mean() >= 0.9


BLOCKS = {
    "0": ((0, 0, 2, 10), (18, 0, 20, 10), (0, 0, 20, 2), (0, 8, 20, 10)),
    "1": ((0, 0, 20, 2),),
    "6": ((0, 0, 2, 10), (8, 0, 10, 10), (18, 0, 20, 10), (0, 0, 20, 2), (8, 8, 20, 10)),
    "8": ((0, 0, 2, 10), (8, 0, 10, 10), (18, 0, 20, 10), (0, 0, 20, 2), (0, 8, 20, 10)),
}
"""Rectangles (top, left, bottom, right) in pixels of the 20-pixel box."""


def block(name: str) -> tuple[np.ndarray, np.ndarray]:
    """A block digit in the box of 20 x 20 pixels, and black on a white picture."""
    box = np.zeros((20, max(right for *_, right in BLOCKS[name])), np.uint8)
    for top, left, bottom, right in BLOCKS[name]:
        box[top:bottom, left:right] = 255
    picture = np.full((HEIGHT, WIDTH), 255, np.uint8)
    picture[40:360, 70 : 70 + 16 * box.shape[1]] = 255 - np.kron(box, np.ones((16, 16), np.uint8))
    return box, picture


@pytest.mark.parametrize("negative", [False, True])
@pytest.mark.parametrize("name", BLOCKS)
def test_block_digits_are_not_taken_for_frames(name, negative):
    box, picture = block(name)
    image = from_image(encoded(255 - picture if negative else picture))
    rows, columns = image.any(1).nonzero()[0], image.any(0).nonzero()[0]
    seen = image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    np.testing.assert_array_equal(seen, box)


def test_a_straight_stroke_in_a_frame_is_a_digit():
    _, plain = block("1")
    np.testing.assert_array_equal(
        from_image(encoded(framed(plain, 6, 0))), from_image(encoded(plain))
    )


def test_a_small_picture_in_a_frame_is_not_one_of_mnist(digits):
    """A picture of 28 x 28 with a dark frame has a dark border, as MNIST's have; one with a white
    frame shows a light digit on black within."""
    clear_of_it = [digit for digit in digits if not digit[[1, -2]].any()]
    assert len(clear_of_it) > 15
    for digit in clear_of_it:
        for picture in (framed(255 - digit, 1, 0), framed(digit, 1, 255)):
            image = from_image(encoded(picture)).astype(int)
            assert np.abs(image - digit).max() <= 1


def test_white_ink_on_nothing_of_28_by_28_is_kept_unchanged(digits):
    for digit in digits:
        picture = Image.new("RGB", (28, 28), "white")
        picture.putalpha(Image.fromarray(digit))
        np.testing.assert_array_equal(from_image(encoded(picture)), digit)


@pytest.mark.parametrize("colour", ["black", "white", (200, 40, 90)])
@pytest.mark.parametrize("alpha", [0, 90, 255])
def test_one_colour_is_blank_whatever_shines_through(colour, alpha):
    picture = Image.new("RGB", (90, 120), colour)
    picture.putalpha(alpha)
    with pytest.raises(DataError, match=r"^The picture looks blank;"):
        from_image(encoded(picture))
