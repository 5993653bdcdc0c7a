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
def test_the_quick_preset_takes_1000_to_1500_updates_on_40000_patches(system):
    config, training = resolved(system, "quick")
    assert config == SETTINGS[system][0]()
    updates = training.epochs * -(-40_000 // training.batch_size)
    assert 1000 <= updates <= 1500


def test_a_fixed_prior_is_refused_with_large_limits():
    """Rates would run away from it; the limits of earlier networks are still accepted."""
    small = {"clamp_u": 4, "clamp_du": 4}
    assert not IPVAEConfig(fit_prior=False, **small).fit_prior
    for name in small:
        with pytest.raises(SettingsError, match=f"{name} is 10, but should be at most 4 where fit"):
            IPVAEConfig(fit_prior=False, **{**small, name: 10})
    assert IPVAEConfig().clamp_u == IPVAEConfig().clamp_du == 10


def test_settings_do_not_import_torch():
    code = "import sys; import corelib.models.ipvae.config; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
