"""What a neuron is worth to a code, against the image made without it."""

import numpy as np

from corelib.models.ipvae.lesions import needed


def r2(x: np.ndarray, y: np.ndarray) -> float:
    return 1 - ((x - y) ** 2).sum() / ((x - x.mean()) ** 2).sum()


def test_the_loss_is_that_of_the_image_without_the_neuron():
    rng = np.random.default_rng(0)
    decoder, rate, x = (
        rng.normal(size=(9, 5)),
        rng.poisson(1.0, 5).astype(float),
        rng.normal(size=9),
    )
    rate[2] = 0
    found = needed(decoder, rate, x)
    for k in range(5):
        without = np.where(np.arange(5) == k, 0, rate)
        np.testing.assert_allclose(found[k], r2(x, decoder @ rate) - r2(x, decoder @ without))
    assert found[2] == 0
