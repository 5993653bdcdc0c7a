"""The film shows the field, the bar over it, and the activity up to each frame."""

import io

import numpy as np
from PIL import Image

from corelib.models.ipvae import movie


def test_frames_show_the_receptive_field_the_bar_and_the_activity_so_far():
    field = np.array([[1.0, -1.0], [0.0, 0.5]])
    film = np.zeros((3, 4), np.float32)
    film[1, 1], film[2, 2] = 2.0, -1.0
    made = movie.frames(field, film, np.array([0, 1, 2]))
    side = 2 * movie.SCALE
    assert made.shape == (3, side + movie.STRIP, side, 3)
    left, right = made[0, 0, 0], made[0, 0, -1]
    assert tuple(left) == movie.POSITIVE
    assert tuple(right) == movie.NEGATIVE
    assert tuple(made[0, side - 1, 0]) == movie.MIDDLE
    np.testing.assert_allclose(
        made[1, 0, -1], 0.4 * np.array(movie.NEGATIVE) + 0.6 * np.array(movie.BRIGHT), atol=1
    )
    # Half as bright as the bar at its brightest: covered half as much, and by grey.
    np.testing.assert_allclose(
        made[2, side - 1, 0], 0.7 * np.array(movie.MIDDLE) + 0.3 * np.array(movie.DARK), atol=1
    )
    below = made[:, side:, :, 0] == 0
    assert not below[0].any()
    assert below[1].any()
    assert below[2].sum() > below[1].sum()
    assert not below[1][:, 2 * side // 3 + 1 :].any()


def test_the_gif_keeps_frames_and_timing():
    pictures = np.zeros((4, 6, 6, 3), np.uint8)
    pictures[np.arange(4), np.arange(4)] = 255
    file = io.BytesIO()
    movie.write_gif(file, pictures, 0.025)
    read = Image.open(io.BytesIO(file.getvalue()))
    assert read.n_frames == 4
    read.seek(2)
    np.testing.assert_array_equal(np.asarray(read.convert("RGB")), pictures[2])
    assert lasts(file) == 100
    fast = io.BytesIO()
    movie.write_gif(fast, pictures, 0.01)
    assert Image.open(io.BytesIO(fast.getvalue())).n_frames == 2
    assert lasts(fast) == 40


def lasts(file: io.BytesIO) -> int:
    """Duration of a GIF in milliseconds."""
    read = Image.open(io.BytesIO(file.getvalue()))
    total = 0
    for k in range(read.n_frames):
        read.seek(k)
        total += read.info["duration"]
    return total
