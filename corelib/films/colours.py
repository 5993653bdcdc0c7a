"""The colours of figures and films: Okabe and Ito's, which colour-blind people tell apart."""

import numpy as np

EXCITATORY, INHIBITORY = "#0072B2", "#D55E00"
OKABE_ITO = ("#E69F00", "#56B4E9", "#009E73", "#CC79A7", "#0072B2", "#D55E00", "#F0E442")
TEXT, MUTED, GRID, BACKGROUND = "#1b2733", "#6b7a88", "#e3e9ee", "#ffffff"
RED_TO_BLUE = np.array(
    [
        *((103, 0, 31), (178, 24, 43), (214, 96, 77), (244, 165, 130), (253, 219, 199)),
        (247, 247, 247),
        *((209, 229, 240), (146, 197, 222), (67, 147, 195), (33, 102, 172), (5, 48, 97)),
    ],
    float,
)
"""ColorBrewer's RdBu, from the most negative to the most positive value."""

CIVIDIS = np.array(
    [
        *((0, 32, 76), (0, 42, 102), (0, 52, 110), (39, 63, 108), (60, 74, 107), (76, 85, 107)),
        *((91, 95, 109), (104, 106, 112), (117, 117, 117), (131, 129, 120), (146, 140, 120)),
        *((161, 152, 118), (176, 165, 114), (192, 177, 109), (209, 191, 102), (225, 204, 92)),
        *((243, 219, 79), (255, 233, 69)),
    ],
    float,
)
"""Cividis, from the least to the most."""


def rgb(colour: str) -> np.ndarray:
    """The three numbers of a colour written as #rrggbb, (3,) float."""
    return np.array([int(colour[k : k + 2], 16) for k in (1, 3, 5)], float)


def faded(colour: str, share: float) -> str:
    """A colour of which only a ``share`` is left on white."""
    mixed = share * rgb(colour) + (1 - share) * rgb(BACKGROUND)
    return "#" + "".join(f"{round(part):02x}" for part in mixed)


def signed(values: np.ndarray, most: float = 0.0) -> np.ndarray:
    """Values of any shape as colours (..., 3), float: blue where positive, red where negative,
    darkest at ``most`` (without it, the largest magnitude). NaN is the background."""
    bound = most or float(np.nanmax(np.abs(values), initial=0.0)) or 1.0
    unit = np.nan_to_num(np.clip(values / bound, -1, 1))
    return _mapped(unit, np.isnan(values), RED_TO_BLUE)


def scale(values: np.ndarray, low: float, high: float) -> np.ndarray:
    """Values of any shape as colours (..., 3), float: from dark blue at ``low`` to yellow at
    ``high``. NaN is the background."""
    unit = 2 * np.nan_to_num(np.clip((values - low) / (high - low or 1.0), 0, 1)) - 1
    return _mapped(unit, np.isnan(values), CIVIDIS)


def _mapped(unit: np.ndarray, missing: np.ndarray, colours: np.ndarray) -> np.ndarray:
    """The colours of numbers from -1 to 1; white where they are ``missing``."""
    stops = np.linspace(-1, 1, len(colours))
    mapped = np.stack([np.interp(unit, stops, colours[:, k]) for k in range(3)], -1)
    return np.where(missing[..., None], rgb(BACKGROUND), mapped)


def grey(values: np.ndarray) -> np.ndarray:
    """Brightness from 0 to 255, of any shape, as colours (..., 3), float."""
    return np.repeat(np.asarray(values, float)[..., None], 3, -1)
