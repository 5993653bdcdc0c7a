"""Experiments against slow ones, trial by trial and frame by frame."""

import torch

from corelib.models.ipvae.experiment import Intervention, controls
from corelib.models.ipvae.network import IPVAE


def test_an_intervention_is_what_the_dynamics_take():
    torch.manual_seed(0)
    model = IPVAE(input_dim=9, n_latents=6)
    untouched = controls(model, Intervention())
    assert (untouched.explaining_away, untouched.leak, untouched.lesioned) == (1.0, 0.0, None)
    changed = controls(model, Intervention(False, 0.25, (1, 4)))
    assert (changed.explaining_away, changed.leak) == (0.0, 0.25)
    assert changed.lesioned.tolist() == [k in (1, 4) for k in range(6)]
