"""The moments of the three passes are in the order in which the network computes them."""

import numpy as np
import pytest

from corelib.models.butd.moments import moments_of
from tests.models.butd.small import signals

IMAGE = np.arange(12.0).reshape(3, 4)


@pytest.mark.parametrize("instructed", [False, True])
def test_each_moment_has_its_values_and_its_place(instructed):
    view, up = signals(instructed), int(instructed)
    moments = moments_of(view, IMAGE, (0, 1))
    assert moments.rows == ("instruction h̄",) * instructed + ("activity h", "error δ")
    assert moments.columns == ("image", "conv", "fc", "answer")
    first = [("h̄ of fc", 0, 2), ("h̄ of conv", 0, 1)] * instructed
    assert [(m.name, m.row, m.column) for m in moments.order] == [
        *first,
        ("the image", up, 0),
        ("h of conv", up, 1),
        ("h of fc", up, 2),
        ("the answer", up, 3),
        ("its error", up + 1, 3),
        ("δ of fc", up + 1, 2),
        ("δ of conv", up + 1, 1),
    ]
    values = [*view.instruction[::-1], IMAGE, *view.activity, view.probability]
    values += [view.output_error, *view.error[::-1]]
    for moment, expected in zip(moments.order, values, strict=True):
        np.testing.assert_array_equal(moment.values, expected)
        assert moment.most == np.abs(expected).max()
        assert moment.signed == (moment.name.startswith("δ") or moment.name == "its error")


def test_only_the_chosen_populations_have_moments():
    moments = moments_of(signals(True), IMAGE, (1,))
    assert moments.columns == ("image", "fc", "answer")
    named = [m.name for m in moments.order]
    assert named == ["h̄ of fc", "the image", "h of fc", "the answer", "its error", "δ of fc"]


def test_where_all_is_zero_colours_end_at_one():
    view = signals(False)._replace(error=(np.zeros((2, 4, 4)), np.zeros(6)))
    assert moments_of(view, IMAGE, (0, 1)).order[-1].most == 1
