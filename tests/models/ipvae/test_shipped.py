"""The included network: its features are Gabor functions, and its neurons prefer the bars that
look like them."""

import numpy as np
import pytest

from corelib import load
from corelib.models.ipvae import analysis, gabor, stimuli, tuning
from corelib.models.ipvae.experiment import record

NAME = "ipvae-natural-16"
DIRECTIONS = np.arange(0, 360, 5.0)
RESPONSIVE = 0.05  # spikes a frame above the baseline, in the best direction


@pytest.fixture(scope="module")
def model():
    return load(NAME)


@pytest.fixture(scope="module")
def fits(model):
    return gabor.fit(analysis.features(model))


def test_features_are_gabor_functions(fits):
    assert np.nanmedian(fits.r2) >= 0.8


def test_neurons_are_selective_for_the_orientation_of_their_feature(model, fits):
    stimulus = stimuli.quick_bar(analysis.features(model).shape[1], contrast=4.0)
    films = stimuli.film(stimulus, 16, DIRECTIONS)
    curves = tuning.tuning(record(model, films).rate, DIRECTIONS, stimulus.baseline_frames)
    prefers = tuning.selectivity(curves)
    responsive = curves.raised.max(0) > RESPONSIVE
    assert responsive.mean() > 0.5
    assert (prefers.orientation[responsive] > 0.4).mean() >= 0.5
    apart = tuning.axis_difference(prefers.best_axis, fits.orientation)[responsive]
    assert np.median(apart) <= 10
    # Chance would give 45 degrees.
    assert np.mean(apart < 20) > 0.7
