"""What a neuron contributes to a code, against the image reconstructed without it."""

import numpy as np
import pytest
import torch

from corelib.models.ipvae.analysis import without
from corelib.models.ipvae.inference import run_inference, trace
from corelib.models.ipvae.lesions import lesion_effect, loss_without
from tests.models.ipvae.small import images, make


def r2(x: np.ndarray, y: np.ndarray) -> float:
    return 1 - ((x - y) ** 2).sum() / ((x - x.mean()) ** 2).sum()


def test_the_loss_matches_the_image_reconstructed_without_the_neuron():
    rng = np.random.default_rng(0)
    decoder, rate, x = (
        rng.normal(size=(9, 5)),
        rng.poisson(1.0, 5).astype(float),
        rng.normal(size=9),
    )
    rate[2] = 0
    losses = loss_without(decoder, rate, x)
    for k in range(5):
        rest = np.where(np.arange(5) == k, 0, rate)
        np.testing.assert_allclose(losses[k], r2(x, decoder @ rate) - r2(x, decoder @ rest))
    assert losses[2] == 0


@pytest.mark.parametrize("n_steps", [7, 30])
def test_the_effect_of_a_lesion_compares_two_traces(n_steps):
    torch.manual_seed(0)
    model, x = make("iP"), images()[:1]
    one, decoder = x[0].numpy(), model.decoder.detach().numpy()
    losses = loss_without(decoder, trace(model, x, n_steps, seed=4).rate[0, -1], one)
    lesioned = without(model, [3])
    effect = lesion_effect(
        losses,
        3,
        run_inference(model, x, n_steps, seed=4),
        run_inference(model, x, n_steps, lesioned, seed=4),
    )
    assert effect.n_late == min(20, n_steps)
    for value, traced in (
        (effect.intact, trace(model, x, n_steps, seed=4)),
        (effect.silenced, trace(model, x, n_steps, lesioned, seed=4)),
    ):
        late = [r2(one, y) for y in traced.reconstruction[0]][-effect.n_late :]
        assert value == pytest.approx(sum(late) / len(late), rel=1e-5)
    assert effect.loss == losses[3]
    assert effect.largest_loss == max(losses) == losses[effect.most_needed]
