"""Small grey images for the page."""

from base64 import b64encode
from io import BytesIO

import numpy as np
from PIL import Image


def png(pixels: np.ndarray, times: int) -> str:
    """A PNG inside its own address, from uint8 (row, column): no second request for it.

    Each pixel is drawn ``times`` as large, so that a browser leaves its edges sharp.
    """
    file = BytesIO()
    Image.fromarray(pixels.repeat(times, 0).repeat(times, 1)).save(file, "PNG", compress_level=1)
    return "data:image/png;base64," + b64encode(file.getvalue()).decode()
