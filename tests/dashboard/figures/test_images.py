"""Many small grey images as one picture."""

import numpy as np
import pytest

from dashboard.figures.images import mosaic
from dashboard.figures.style import LIGHT


@pytest.mark.parametrize("n", [1, 20, 23])
def test_every_image_of_the_mosaic_lies_under_its_mark(n):
    pixels = np.random.default_rng(0).integers(1, 255, (n, 28, 28)).astype(np.uint8)
    figure = mosaic(pixels, [str(i) for i in range(n)], 20, LIGHT)
    sheet, marks = np.asarray(figure.data[0].z), figure.data[1]
    for i in range(n):
        x, y = int(marks.x[i]), int(marks.y[i])
        assert (sheet[y - 14 : y + 14, x - 14 : x + 14] == pixels[i]).all()
        assert marks.text[i] == str(i)
