"""Selectivity against contrast: the bootstrap against known quantiles, and where a curve meets a
figure."""

import numpy as np
import pytest
from scipy.stats import binom

from corelib.errors import SettingsError
from corelib.models.ipvae.contrast import ContrastCurve, bootstrap_median, selectivity_by_contrast
from corelib.models.ipvae.experiment import Experiment, all_directions, sweep_directions
from corelib.models.ipvae.network import IGVAE
from corelib.models.ipvae.stimuli import Stimulus
from corelib.models.ipvae.tuning import median_orientation


def curve(median, reach=0.01):
    median = np.array(median, float)
    contrasts = 2.0 ** np.arange(len(median))
    return ContrastCurve(contrasts, median, median - reach, median + reach, np.full(len(median), 9))


def test_the_interval_is_that_of_the_order_statistics():
    """The bootstrap distribution of a median has a closed form: the median of n draws is at most
    the k-th smallest value when more than half of the draws are, each with probability k / n."""
    n = 101
    values = np.random.default_rng(0).permutation(np.arange(1, n + 1, dtype=float))
    median, (low, high) = bootstrap_median(values, resamples=20_000)
    assert median == 51
    at_most = binom.sf(n // 2, n, np.arange(n + 1) / n)
    # The values are whole, and a quantile of the resamples may fall to the next.
    assert low == pytest.approx(np.searchsorted(at_most, 0.025), abs=1)
    assert high == pytest.approx(np.searchsorted(at_most, 0.975), abs=1)


def test_a_true_median_is_inside_19_intervals_of_20():
    rng = np.random.default_rng(1)
    inside = 0
    for k in range(600):
        interval = bootstrap_median(rng.exponential(size=80), 400, seed=k).interval
        inside += interval.holds(np.log(2))
    # Three standard errors of a share of 600.
    assert inside / 600 == pytest.approx(0.95, abs=3 * np.sqrt(0.95 * 0.05 / 600))


def test_neurons_without_a_value_do_not_count():
    values = np.array([0.1, np.nan, 0.3, 0.2, np.nan])
    assert bootstrap_median(values) == bootstrap_median(np.array([0.1, 0.3, 0.2]))
    assert np.isnan(bootstrap_median(np.array([np.nan])).median)
    assert bootstrap_median(values, seed=3) == bootstrap_median(values, seed=3)


def test_a_curve_meets_a_figure_between_two_contrasts():
    # From 0.8 at 1 to 0.4 at 2: half-way on a logarithmic axis is the square root of 2.
    assert curve([0.8, 0.4, 0.2]).equal_to(0.6) == pytest.approx((2**0.5,))
    assert curve([0.8, 0.4, 0.8]).equal_to(0.6) == pytest.approx((2**0.5, 2**1.5))
    assert curve([0.8, 0.4]).equal_to(0.8) == (1.0,)
    assert curve([0.8, 0.4]).equal_to(0.4) == (2.0,)
    assert curve([0.8, 0.4, 0.2]).equal_to(0.2) == (4.0,)
    assert curve([0.8, 0.4]).equal_to(0.9) == ()
    assert curve([0.8, np.nan]).equal_to(0.9) == ()


def test_a_curve_agrees_where_its_interval_contains_the_figure():
    assert curve([0.5, 0.505, 0.6]).agrees(0.51).tolist() == [True, True, False]


@pytest.mark.parametrize("contrasts", [(), (0.0, 1.0), (-1.0,), (1.0, 1.0), (2.0, 1.0)])
def test_contrasts_that_cannot_be_are_refused(contrasts):
    bar = Stimulus("moving bar", 3, 6, 0.5, 2.0)
    with pytest.raises(SettingsError, match="contrasts should be above 0"):
        selectivity_by_contrast(
            IGVAE(input_dim=64, n_latents=4), Experiment(bar), contrasts, all_directions(4)
        )


@pytest.mark.parametrize("magnitude", [False, True])
def test_each_point_is_a_sweep_of_its_own(magnitude):
    import torch

    torch.manual_seed(0)
    model = IGVAE(input_dim=64, n_latents=12)
    experiment = Experiment(Stimulus("moving bar", 4, 10, 0.6, 2.0), trials=1, seed=2)
    found = selectivity_by_contrast(
        model, experiment, (0.5, 2.0), all_directions(6), magnitude=magnitude
    )
    for k, contrast in enumerate((0.5, 2.0)):
        shown = experiment._replace(stimulus=experiment.stimulus._replace(contrast=contrast))
        tuning = sweep_directions(model, shown, all_directions(6)).tuning(magnitude=magnitude)
        assert found.median[k] == pytest.approx(median_orientation(tuning))
        assert found.low[k] <= found.median[k] <= found.high[k]
