"""Units on a sheet."""

import numpy as np
import pytest

from corelib.models.butd.populations import sheet


def test_a_sheet_holds_each_channel_whole():
    maps = np.arange(6 * 3 * 2, dtype=float).reshape(6, 3, 2)
    layout = sheet(maps, 1.5)
    assert layout.across == 3 or 6 % layout.across == 0
    high, wide = layout.high, maps.shape[2] + 2
    for k, one in enumerate(maps):
        top, left = k // layout.across * high, k % layout.across * wide
        np.testing.assert_array_equal(layout.values[top : top + 3, left : left + 2], one)
    assert np.isnan(layout.values).sum() == layout.values.size - maps.size
    units = sheet(np.arange(12.0), 3.0)
    np.testing.assert_array_equal(units.values.ravel(), np.arange(12))


@pytest.mark.parametrize("wide", [0.5, 1.0, 2.0, 4.0])
@pytest.mark.parametrize("n", [36, 64, 97, 240])
@pytest.mark.parametrize("shape", [(), (8, 8), (4, 12)])
def test_a_sheet_is_about_as_much_wider_than_high_as_it_should_be(wide, n, shape):
    """As near as whole numbers allow, or less near with a full last row."""
    maps = np.zeros((n, *shape))
    layout = sheet(maps, wide)
    rows, columns = shape or (1, 1)
    gap = 2 if rows > 1 else 0

    def ratio(across: int) -> float:
        down = -(-n // across)
        return across * (columns + gap) / (down * (rows + gap)) / wide

    full = [k for k in range(1, n + 1) if n % k == 0]
    found = ratio(layout.across)
    if layout.across in full:
        # Both sides change with the number across, which may be 0.7 to 1.5 times the best.
        assert 0.7**2 < found < 1.5**2
    else:
        assert not any(0.7**2 < ratio(k) < 1.5**2 for k in full)
        # The number across is off by at most a half, and the last row need not be full.
        down = -(-n // layout.across)
        most = 2 * np.log1p(0.5 / layout.across) + np.log1p(1 / down)
        assert abs(np.log(found)) <= most
