"""Units on a sheet."""

import numpy as np

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
