"""The film of the three passes shows each moment's values from that moment on, and nothing
before."""

import numpy as np
import pytest

from corelib.errors import SettingsError
from corelib.films import passes, passes_film
from corelib.films.canvas import Canvas
from corelib.films.colours import OKABE_ITO, TEXT, grey, rgb, scale, signed
from corelib.films.panel import Panel, draw_classes
from corelib.films.passes import Grid
from corelib.films.sheet import HEIGHT, WIDTH
from corelib.models.butd.analysis import ThreePasses
from tests.films.decoded import of_gif
from tests.films.test_experiments import height_of, of_a_pixel

CLASSES = [str(k) for k in range(10)]
LABEL = 3
IMAGE = np.random.default_rng(1).normal(size=(28, 28))
CONV = np.add.outer([0, 6], np.arange(4))
"""Two channels of 4 by 4 units, one below the other with a gap of 2 rows: their rows."""


def passed(instructed: bool) -> ThreePasses:
    rng = np.random.default_rng(2)

    def drawn(low: float) -> tuple[np.ndarray, ...]:
        return tuple(rng.uniform(low, 1, size) for size in ((2, 4, 4), (6,)))

    first = (drawn(0), ()) if instructed else ((), ())
    probability = rng.dirichlet(np.ones(10))
    error = probability - np.eye(10)[LABEL]
    return ThreePasses(("conv", "fc"), *first, drawn(0), drawn(-1), probability, error)


def middles(box: tuple[float, ...], rows: int, columns: int) -> tuple[np.ndarray, np.ndarray]:
    """The pixels in the middle of each cell of a map in the middle of its box, (row, 1) and
    (1, column)."""
    left, top, right, bottom = box
    side = min((right - left) / columns, (bottom - top) / rows)
    y = (top + bottom - side * rows) / 2 + side * (np.arange(rows) + 0.5)
    x = (left + right - side * columns) / 2 + side * (np.arange(columns) + 0.5)
    return y.astype(int)[:, None], x.astype(int)[None]


def seen(picture: np.ndarray, box: tuple[float, ...], name: str) -> np.ndarray:
    """The colours of the units of conv, (channel, row, column, 3), or of fc, (unit, 3)."""
    if name == "conv":
        return picture[middles(box, 10, 4)][CONV].astype(int)
    # Six units in three rows of two.
    return picture[middles(box, 3, 2)].reshape(6, 3).astype(int)


def expected(values: np.ndarray, either_sign: bool) -> np.ndarray:
    most = np.abs(values).max()
    return signed(values, most) if either_sign else scale(values, 0, most)


@pytest.mark.parametrize(("rows", "columns"), [(1, 1), (2, 3), (3, 2)])
def test_maps_fill_their_place_with_equal_gaps(rows, columns):
    boxes = np.array(
        [[Grid(rows, columns).box(row, column) for column in range(columns)] for row in range(rows)]
    )
    assert boxes[0, 0, :2] == pytest.approx((passes.MAPS_FROM, passes.TOP))
    assert boxes[-1, -1, 2:] == pytest.approx((passes.MAPS_TO, passes.MAPS_BOTTOM))
    assert boxes[:, 1:, 0] - boxes[:, :-1, 2] == pytest.approx(12)
    assert boxes[1:, :, 1] - boxes[:-1, :, 3] == pytest.approx(24)


@pytest.mark.parametrize("instructed", [False, True])
def test_units_have_their_colours_from_their_moment_on(instructed):
    view, up = passed(instructed), int(instructed)
    film = passes_film(view, IMAGE, (0, 1), CLASSES, LABEL, "net", "about")
    grid = Grid(2 + instructed, 3)
    # Row, column, population, values, and the moment.
    first = [(0, 2, 1, view.instruction, 0), (0, 1, 0, view.instruction, 1)] * instructed
    last = 6 + 2 * up
    cells = [
        *first,
        (up, 1, 0, view.activity, 1 + 2 * up),
        (up, 2, 1, view.activity, 2 + 2 * up),
        (up + 1, 2, 1, view.error, last - 1),
        (up + 1, 1, 0, view.error, last),
    ]
    for t in range(last + 1):
        picture = film.frames[7 * t]
        for row, column, k, values, moment in cells:
            colours = seen(picture, grid.box(row, column), view.names[k])
            shade = expected(values[k], values is view.error) if t >= moment else 255
            assert np.abs(colours - shade).max() <= 1, (t, row, column)
        image = picture[middles(grid.box(up, 0), 28, 28)]
        shade = grey(255 * (IMAGE - IMAGE.min()) / np.ptp(IMAGE)) if t >= 2 * up else 255
        assert np.abs(image - shade).max() <= 1, t


@pytest.mark.parametrize("instructed", [False, True])
def test_each_moment_stands_still_for_as_long_as_on_the_page(instructed):
    film = passes_film(passed(instructed), IMAGE, (0, 1), CLASSES, LABEL)
    n = 7 + 2 * instructed
    assert len(film.frames) == 7 * (n - 1) + 24
    assert film.sound is None
    read = of_gif(film.encode("gif"))
    assert read.pictures.shape == (n, HEIGHT, WIDTH, 3)
    np.testing.assert_allclose(read.times, [*(0.7 * np.arange(n)), 0.7 * (n - 1) + 2.4])


def test_bars_are_as_high_as_the_answer_and_its_error_and_the_target_is_framed():
    view = passed(False)
    film = passes_film(view, IMAGE, (0, 1), CLASSES, LABEL)
    grid = Grid(2, 3)
    rows = ((0, view.probability, OKABE_ITO[1], 3), (1, view.output_error, OKABE_ITO[5], 4))
    for t in range(7):
        picture = film.frames[7 * t]
        for row, values, colour, moment in rows:
            panel = grid.panel(row, values)
            for c, value in enumerate(values):
                height = abs(value) if t >= moment else 0
                measured = height_of(picture, panel, c, rgb(colour))
                assert measured == pytest.approx(height, abs=2 * of_a_pixel(panel)), (t, row, c)
                # The left edge of each bar, half way up.
                x, y = panel.at(c - 0.36, value / 2)
                edge = picture[int(y), int(x + 1)].astype(int)
                framed = np.abs(edge - rgb(TEXT)).max() < 40
                assert framed == (t >= moment and c == LABEL), (t, row, c)


def test_the_newest_alone_is_marked():
    view = passed(True)
    film = passes_film(view, IMAGE, (0, 1), CLASSES, LABEL)
    orange = rgb(OKABE_ITO[0])
    places = []
    for t in range(9):
        marked = np.abs(film.frames[7 * t].astype(int) - orange).max(2) < 8
        rows, columns = np.nonzero(marked)
        places.append(((columns.min() + columns.max()) / 2, (rows.min() + rows.max()) / 2))
    grid = Grid(3, 3)
    bars = [grid.panel(1, view.probability), grid.panel(2, view.output_error)]
    up = [grid.box(1, column) for column in range(3)]
    down = [grid.box(row, column) for row in (0, 2) for column in (2, 1)]
    order = [*down[:2], *up, *(panel[:4] for panel in bars), *down[2:]]
    for at, (left, top, right, bottom) in zip(places, order, strict=True):
        # To a pixel: frames are drawn on whole ones.
        np.testing.assert_allclose(at, [(left + right) / 2, (top + bottom) / 2], atol=1)


def test_only_the_chosen_populations_are_shown():
    view = passed(True)
    film = passes_film(view, IMAGE, (1,), CLASSES, LABEL)
    assert film.seconds == pytest.approx(5 * 0.7 + 2.4)
    last = film.frames[-1]
    colours = seen(last, Grid(3, 2).box(2, 1), "fc")
    assert np.abs(colours - expected(view.error[1], True)).max() <= 1


def test_an_image_of_one_shade_is_drawn():
    with np.errstate(all="raise"):
        film = passes_film(passed(False), np.ones((28, 28)), (0,), CLASSES, LABEL)
    assert (film.frames[0][middles(Grid(2, 2).box(0, 0), 28, 28)] == 0).all()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"image": IMAGE[None]}, r"image is \(1, 28, 28\), but should be \(row, column\)"),
        ({"shown": ()}, "shown is .., but should be one or more numbers from 0 to 1"),
        ({"shown": (0, 2)}, r"shown is \[0, 2\].*from 0 to 1: the places of conv, fc"),
        ({"class_names": CLASSES[:9]}, "class_names has 9 names, but the network has 10 classes"),
        ({"label": 10}, "label is 10, but should be from 0 to 9"),
    ],
)
def test_what_does_not_fit_is_a_sentence(changes, sentence):
    given = {"image": IMAGE, "shown": (0, 1), "class_names": CLASSES, "label": LABEL}
    with pytest.raises(SettingsError, match=sentence):
        passes_film(passed(False), **given | changes)


def test_a_picture_fits_its_box_in_the_middle():
    canvas = Canvas(60, 40)
    colours = np.zeros((2, 4, 3))
    colours[1] = 200
    assert canvas.picture_within((10, 0, 50, 40), colours) == (10, 10, 50, 30)
    drawn = canvas.pixels().copy()
    assert (drawn[10:20, 10:50] == 0).all()
    assert (drawn[20:30, 10:50] == 200).all()
    drawn[10:30, 10:50] = 255
    assert (drawn == 255).all()


def test_a_picture_of_too_many_pixels_shows_the_means_of_neighbours():
    canvas = Canvas(40, 40)
    colours = np.zeros((320, 320, 3))
    colours[::2] = 100
    assert canvas.picture_within((0, 0, 40, 40), colours) == (0, 0, 40, 40)
    np.testing.assert_array_equal(canvas.pixels(), 50)


class Heard(Canvas):
    """Notes what is written on it."""

    def text(self, place, text, size=15, colour=TEXT, **rest):
        self.written = [*getattr(self, "written", []), (place[0], text)]


@pytest.mark.parametrize("framed", [None, 0, 13, 25])
def test_classes_without_room_are_numbered_as_far_as_there_is_room(framed):
    canvas, names = Heard(300, 100), [f"a long name {k}" for k in range(26)]
    panel = Panel(0, 0, 164, 80, (-0.6, 25.4), (0, 1))
    draw_classes(canvas, panel, np.ones(26), names, OKABE_ITO[1], framed)
    x, numbers = zip(*canvas.written, strict=True)
    assert min(np.diff(x)) > canvas.width_of("25", 13)
    np.testing.assert_allclose(x, panel.at([int(k) for k in numbers], 0)[:, 0])
    assert framed is None or str(framed) in numbers
    canvas.written = []
    draw_classes(canvas, panel._replace(x=(-0.6, 3.4)), np.ones(3), ["a", "b", "c"], TEXT, framed)
    assert [text for _, text in canvas.written] == ["a", "b", "c"]
