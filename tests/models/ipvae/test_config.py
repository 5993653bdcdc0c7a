"""Presets are valid settings, and the paper preset matches the paper."""

import subprocess
import sys

import pytest

from corelib.errors import SettingsError
from corelib.models.ipvae.config import (
    PRESETS,
    IGVAEConfig,
    IGVAETraining,
    IPVAEConfig,
    IPVAETraining,
)
from corelib.runs.registry import find
from corelib.runs.spec import make_spec

SETTINGS = {
    "ipvae": (IPVAEConfig, IPVAETraining),
    "igvae": (IGVAEConfig, IGVAETraining),
    "igvae-relu": (IGVAEConfig, IGVAETraining),
}


def resolved(system: str, preset: str):
    chosen = PRESETS[system][preset]
    config, training = SETTINGS[system]
    return config(**chosen.config), training(**chosen.training)


@pytest.mark.parametrize(("system", "beta"), [("ipvae", 24), ("igvae", 8), ("igvae-relu", 8)])
def test_the_paper_preset_has_the_settings_of_the_paper(system, beta):
    config, training = resolved(system, "paper")
    assert (config.n_latents, config.t_train) == (512, 16)
    assert (config.n_iters_inner, config.beta_inner) == (1, 1)
    assert (training.n_iters_outer, training.beta_outer) == (1, beta)
    assert (training.learning_rate, training.batch_size, training.clip_norm) == (0.005, 200, 300)


@pytest.mark.parametrize("system", list(PRESETS))
def test_the_quick_preset_is_the_standard_settings(system):
    config, training = resolved(system, "quick")
    assert config == SETTINGS[system][0]()
    assert training == SETTINGS[system][1]()
    assert training.epochs * -(-40_000 // training.batch_size) == 600


@pytest.mark.parametrize("system", list(PRESETS))
def test_what_ships_has_the_sizes_and_the_divergences_weight_of_the_paper(system):
    config, training = resolved(system, "shipped")
    paper = resolved(system, "paper")
    assert (config.n_latents, config.t_train) == (paper[0].n_latents, paper[0].t_train)
    assert training.beta_outer == paper[1].beta_outer
    card = find(f"{system}-natural-16").card
    assert card.config == config.model_dump()
    assert card.training == training.model_dump()


def test_the_digits_that_ship_have_their_preset():
    config, training = resolved("ipvae", "digits")
    card = find("ipvae-mnist").card
    assert card.config == {**config.model_dump(), "input_dim": 784}
    assert card.training == training.model_dump()


def test_a_fixed_prior_is_not_trained_with_large_limits():
    """Rates would run away from it. Networks that others trained so can be built, and read."""
    small = {"fit_prior": False, "clamp_u": 4, "clamp_du": 4}
    make_spec("ipvae", dataset="natural-16", config=small)
    for name in ("clamp_u", "clamp_du"):
        large = {**small, name: 10}
        assert not IPVAEConfig(**large).fit_prior
        with pytest.raises(SettingsError, match=f"{name} is 10, but should be at most 4 where fit"):
            make_spec("ipvae", dataset="natural-16", config=large)


def test_settings_do_not_import_torch():
    code = "import sys; import corelib.models.ipvae.config; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
