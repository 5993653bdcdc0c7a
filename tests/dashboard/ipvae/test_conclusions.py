"""The sentences above the figures of the Sparse code and Moving bars pages."""

import numpy as np
import pytest

from corelib.models.ipvae.coding import CodePoint, Sparsity
from corelib.models.ipvae.inference import Convergence
from corelib.models.ipvae.tuning import Tuning
from dashboard.ipvae.bars import conclusions as bars
from dashboard.ipvae.bars.figures.tuning import Series
from dashboard.ipvae.sparse import conclusions as sparse


def convergence(r2, zeros=0.5, rate=()):
    r2 = np.array(r2)
    return Convergence(r2, 0 * r2 + zeros, 0 * r2, np.array([rate]), np.array([r2[-1]]))


def test_an_image_is_there_once_r2_is_near_its_end():
    found = convergence([0.1, 0.5, 0.795, 0.8], rate=[9, 1] + [0.0] * 10 + [10 / 9] * 9)
    said = sparse.of_image(found)
    assert "its last value, 0.80, after **3** of 4 steps" in said
    # 9 and nine times 10/9, of 20.
    assert "The 10 most active of 21 neurons account for **95\N{NO-BREAK SPACE}%**" in said


def test_the_best_and_the_sparsest_are_named():
    curves = {"a": convergence([0.2, 0.7], 0.5), "b": convergence([0.6, 0.6], 0.75)}
    said = sparse.of_convergence(curves)
    assert "After 2 steps **a** reconstructs best, with an R² of **0.70**" in said
    assert "within 0.01 of that after 2; **b** has the most zeros, 75\N{NO-BREAK SPACE}%." in said
    assert "most zeros" not in sparse.of_convergence({"a": curves["a"]})


def test_one_network_is_ahead_in_both_or_none_is():
    a, b = CodePoint(0.5, 0.7), CodePoint(0.75, 0.6)
    assert sparse.of_rate_and_distortion({"a": a, "b": b}).startswith("No network is ahead in both")
    assert sparse.of_rate_and_distortion({"a": a, "b": CodePoint(0.4, 0.6)}).startswith(
        "**a** is ahead in both"
    )


def test_the_sparsest_code_is_that_of_the_largest_median():
    codes = {
        name: Sparsity(np.zeros(1), np.zeros(1), median, 0.5, CodePoint(0, 0))
        for name, median in (("a", 0.4), ("b", 0.9))
    }
    said = sparse.of_sparsity(codes)
    assert said.startswith("**b** has the sparsest code")
    assert "**0.90**, that of **a** 0.40." in said


def test_the_best_direction_is_beside_the_opposite_and_those_across():
    mean = np.array([[2.0, 5.0, 4.0, 3.0]]).T
    curves = Tuning(np.arange(4) * 90.0, mean, 0 * mean, np.array([1.0]))
    said = bars.of_tuning(curves, 0, "spikes")
    assert "most at **90°**, by **4.00** spikes above its baseline of 1.00" in said
    assert "opposite direction by 2.00, and at right angles to it by 2.00" in said


def test_drives_that_oppose_each_other():
    said = bars.of_drives(np.array([1.0, 1, -1, 2]), np.array([-1.0, 1, 1, -1]), 3)
    assert "by **1** per frame on average, the stimulus by **1.25**" in said
    assert "in **75\N{NO-BREAK SPACE}%** of the frames" in said
    assert "switched off" in bars.of_drives(np.ones(2), np.zeros(2), 3)


def test_the_largest_response_of_each_curve():
    contrast = Series("contrast", np.array([1, 2.0]), np.array([[1, 1], [3, 0]]))
    width = Series("width / pixels", np.array([0.5, 4]), np.array([[1, 1], [0, 1]]))
    said = bars.of_curves([contrast, width], 7)
    assert said == ("Neuron 7 responds most at a contrast of **2** and a width of **0.5** pixels.")


@pytest.mark.parametrize(
    ("medians", "order"),
    [({"a": 0.2, "b": 0.6}, "the paper's order"), ({"a": 0.7, "b": 0.6}, "in the paper b > a")],
)
def test_the_order_of_networks_is_compared_with_the_papers(medians, order):
    assert order in bars.of_networks(medians, {"a": 0.4, "b": 0.5})
