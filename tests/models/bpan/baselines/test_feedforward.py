"""The MLP and the Multi-Exit MLP against their slow references."""

import numpy as np
import pytest
import torch

from corelib.models.bpan.baselines.config import MLPTraining, MultiExitTraining
from tests.models.bpan.baselines.small import draw, make, values
from tests.reference import baselines as reference

EXACT = {"rtol": 1e-10, "atol": 1e-10}


@pytest.mark.parametrize("layers", [1, 2, 4])
def test_mlp_matches_the_reference(layers):
    model = make("mlp", n_hidden_layers=layers)
    x, y = draw(4)
    truth = np.array([reference.mlp_logits(row, values(model), layers) for row in x.numpy()])
    np.testing.assert_allclose(model(x).detach().numpy(), truth, **EXACT)
    loss, last = model.loss_and_logits(x, y, MLPTraining())
    each = [reference.cross_entropy(row[0], label) for row, label in zip(truth, y, strict=True)]
    assert loss.item() == pytest.approx(np.mean(each), rel=1e-12)
    assert torch.equal(last, model(x)[:, -1])


def test_mlp_has_no_second_step():
    model = make("mlp")
    weights = model.weights()
    carry = model.begin(draw(2)[0], weights)
    with pytest.raises(ValueError, match="one step; there is no step 2"):
        model.advance(carry, 2, weights)


@pytest.mark.parametrize("n_steps", [1, 2, 6])
def test_multi_exit_matches_the_reference(n_steps):
    model = make("multi-exit", n_steps=n_steps)
    x, y = draw(4)
    truth = np.array(
        [reference.multi_exit_logits(row, values(model), n_steps) for row in x.numpy()]
    )
    np.testing.assert_allclose(model(x).detach().numpy(), truth, **EXACT)
    loss, last = model.loss_and_logits(x, y, MultiExitTraining())
    each = [
        reference.weighted([reference.cross_entropy(at_t, label) for at_t in row], 0.5)
        for row, label in zip(truth, y, strict=True)
    ]
    assert loss.item() == pytest.approx(np.mean(each), rel=1e-12)
    assert torch.equal(last, model(x)[:, -1])
