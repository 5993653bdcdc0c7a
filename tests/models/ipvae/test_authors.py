"""The authors' files of the iterative VAEs against the update in their code, written out slowly."""

import numpy as np
import pytest
import torch

from corelib.errors import CheckpointError, SettingsError
from corelib.models.ipvae import authors
from corelib.training.foreign import Described
from tests.models.imported import network

M, K, T, BATCH = 9, 5, 4, 3
KINDS = ("poisson", "gaussian", "gaussian+relu")
(FORM,) = authors.FORMS


def drawn(kind: str, dtype: torch.dtype = torch.float64) -> dict[str, torch.Tensor]:
    """As ``_IterativeVAE.state_dict()`` of the authors' code names it, with its buffers."""
    generator = torch.Generator().manual_seed(len(kind))

    def some(*shape: int, middle: float = 0.0) -> torch.Tensor:
        values = torch.randn(shape, generator=generator, dtype=torch.float64)
        return (middle + 0.3 * values).to(dtype)

    parts = range(1 if kind == "poisson" else 2)
    state = {
        "layer.phi.weight": some(M, K),
        "layer.dec_log_sigma": some(1, M),
        "layer.log_bias": some(1, K, middle=-0.5),
        "layer.temp": torch.tensor(0.01),
        "layer.beta_inner": torch.tensor(0.7),
        "layer.eps": torch.tensor(1.0),
        **{f"layer.log_lr.{k}": some(1, middle=-1.0) for k in parts},
        **{f"layer.u_init.{k}": some(1, K, middle=-0.7) for k in parts},
    }
    if kind == "poisson":
        state["layer.n_exp"] = torch.full((T,), 10, dtype=torch.int32)
    if kind == "gaussian+relu":
        state["layer.activation.log_gain"] = some(1, K)
    return state


def settings(kind: str, **more) -> dict:
    """Their ConfigPoisVAE.json or ConfigGausVAE.json."""
    found = {
        "dataset": "vH16-wht",
        "t_train": T,
        "n_iters_outer": 1,
        "n_iters_inner": 1,
        "beta_outer": 24.0,
        "beta_inner": 1.0,
        "n_latents": [K],
        "inf_type": "grad",
        "dec_type": "lin",
        "fit_prior": True,
        "stochastic": True,
        "init_dist": "normal",
        "init_scale": 0.0001,
        "seed": 0,
        "track_stats": False,
    }
    if kind == "poisson":
        own = {"clamp_prior": -4, "prior_log_dist": "uniform", "clamp_u": 3.0, "clamp_du": 2.0}
    else:
        own = {"latent_act": "relu" if "relu" in kind else None}
        own |= {"clamp_u": [3.0, 1.5], "clamp_du": [2.0, 1.2]}
    return {**found, **own, **more}


def softclamp_upper(x, c):
    return c - np.log1p(np.exp(c - np.maximum(x, -8.0)))


def softclamp_sym(x, c):
    return c * np.tanh(x / c)


def their_states(kind: str, found: dict, p: dict, x: np.ndarray, noise: np.ndarray) -> list:
    """u, or mu and xi, after each step: ``infer_grad`` of the authors' layers.py, line by line.

    ``noise`` (step, inner, batch, unit) are counts, or normal numbers.
    """
    is_poisson = kind == "poisson"
    u = [np.repeat(p[f"layer.u_init.{k}"], len(x), 0) for k in range(1 if is_poisson else 2)]
    variance = np.exp(2 * softclamp_sym(p["layer.dec_log_sigma"], 3.45))
    phi, states = p["layer.phi.weight"], []
    for step in noise:
        prior = list(u)
        for eps in step:
            samples = eps if is_poisson else u[0] + np.exp(u[1]) * eps
            z, slope = samples, 1.0
            if "layer.activation.log_gain" in p:
                gain = np.exp(p["layer.activation.log_gain"])
                z, slope = np.maximum(samples, 0) * gain, (samples > 0) * gain
            grad = -slope * (((x - z @ phi.T) / variance) @ phi)
            if is_poisson:
                grads = [grad]
                if found["n_iters_inner"] > 1:
                    grads[0] = grads[0] + (u[0] - prior[0]) * p["layer.beta_inner"]
            else:
                sigma = np.exp(u[1])
                grads = [grad, grad * eps * sigma]
                if found["n_iters_inner"] > 1:
                    beta = p["layer.beta_inner"]
                    grads[0] = grads[0] + beta * (u[0] - prior[0]) / np.exp(2 * prior[1])
                    grads[1] = grads[1] + beta * (np.exp(2 * (u[1] - prior[1])) - 1)
                grads = [grads[0] * sigma**2, 0.5 * grads[1]]
            grads[0] = grads[0] + np.exp(p["layer.log_bias"])
            for k, grad_k in enumerate(grads):
                change = -np.exp(p[f"layer.log_lr.{k}"]) * grad_k
                if is_poisson:
                    change = softclamp_upper(change, found["clamp_du"])
                    u[k] = softclamp_upper(u[k] + change, found["clamp_u"])
                else:
                    change = softclamp_sym(change, found["clamp_du"][k])
                    u[k] = softclamp_sym(u[k] + change, found["clamp_u"][k])
        states.append(list(u))
    return states


@pytest.mark.parametrize("n_inner", [1, 3])
@pytest.mark.parametrize("kind", KINDS)
def test_inference_is_that_of_the_authors_code(kind, n_inner):
    state, found = drawn(kind), settings(kind, n_iters_inner=n_inner)
    model = network(FORM.read(state, found, ""))
    rng = np.random.default_rng(3)
    x = rng.normal(size=(BATCH, M))
    shape = (T, n_inner, BATCH, K)
    noise = rng.poisson(0.8, shape).astype(float) if kind == "poisson" else rng.normal(size=shape)
    theirs = their_states(kind, found, {n: t.numpy() for n, t in state.items()}, x, noise)

    # Ours draws at the end of an update what the next one uses.
    draws = iter([*noise.reshape(-1, BATCH, K), np.zeros((BATCH, K))])
    weights = model.weights()

    def draw(at):
        return torch.from_numpy(next(draws))

    from corelib.models.ipvae.dynamics import INTACT, stimulus

    now = model.begin(BATCH, weights, draw)
    seen = stimulus(torch.from_numpy(x), weights)
    for expected in theirs:
        now, _ = model.step(seen, now, weights, draw, INTACT)
        for ours, their in zip(now, expected, strict=False):
            assert np.abs(ours.detach().numpy() - their).max() < 1e-10
    assert np.ptp(theirs[-1][0]) > 0.1


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_written_is_what_was_read(kind):
    state, found = drawn(kind, torch.float32), settings(kind)
    found["beta_inner"] = float(state["layer.beta_inner"])
    imported = FORM.read(state, found, "")
    described = Described(
        imported.system, imported.config.model_dump(), imported.training, "natural-16", "vH16-wht"
    )
    written = FORM.write(imported.tensors, described)
    assert written.content["model"].keys() == state.keys()
    for name in state.keys() - {"layer.temp"}:
        assert torch.equal(written.content["model"][name], state[name]), name
    ours = {k: v for k, v in written.settings.items() if k != "init_scale"}
    # What only the start of a training or its records need is not said again.
    assert ours == {k: v for k, v in found.items() if k in ours}
    assert found.keys() - ours.keys() == {"init_scale", "seed", "stochastic", "track_stats"}
    assert written.settings["init_scale"] == pytest.approx(found["init_scale"])
    again = FORM.read(written.content["model"], written.settings, "")
    assert (again.config, again.system) == (imported.config, imported.system)


def test_settings_come_from_the_file_beside_it():
    imported = FORM.read(drawn("poisson"), settings("poisson"), "")
    config = imported.config.model_dump()
    assert (config["t_train"], config["clamp_u"], config["clamp_du"]) == (T, 3.0, 2.0)
    assert (config["n_latents"], config["input_dim"], config["fit_prior"]) == (K, M, True)
    assert config["beta_inner"] == pytest.approx(0.7)  # the buffer, which is what infers
    assert imported.training["beta_outer"] == 24.0
    assert (imported.dataset, imported.trained_on) == ("doves", "vH16-wht")
    silent = FORM.read(drawn("gaussian"), {}, "")
    assert silent.config.clamp_xi == 2.0
    assert silent.assumed == ("t_train = 16", "clamp_u = (7.0, 2.0)", "clamp_du = (7.0, 3.0)")


def test_a_fixed_prior_is_read_with_any_limits():
    found = settings("poisson", fit_prior=False, clamp_u=10.0, clamp_du=10.0)
    config = FORM.read(drawn("poisson"), found, "").config.model_dump()
    assert (config["fit_prior"], config["clamp_u"]) == (False, 10.0)


def test_limits_stand_where_training_had_moved_them():
    state = {**drawn("gaussian"), "layer.eps": torch.tensor(0.5)}
    config = FORM.read(state, settings("gaussian"), "").config
    assert (config.clamp_u, config.clamp_xi) == (2.0, 1.25)


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"inf_type": "leapfrog"}, "inf_type is 'leapfrog' in the settings, but only 'grad'"),
        ({"dec_type": "conv"}, "dec_type is 'conv'"),
        ({"latent_act": "softplus"}, "latent_act is 'softplus'"),
        ({"latent_act": "relu"}, "latent_act is 'relu' in the settings, which does not fit"),
        ({"n_latents": [512]}, r"n_latents is \[512\] in the settings, but layer.phi.weight has 5"),
        ({"clamp_u": "wide"}, "clamp_u is wide in the settings, but should be a number"),
    ],
)
def test_what_cannot_be_represented_is_refused_by_name(changed, sentence):
    with pytest.raises(CheckpointError, match=sentence):
        FORM.read(drawn("poisson"), {**settings("poisson"), **changed}, "")


def test_a_setting_out_of_bounds_is_refused_by_name():
    with pytest.raises(SettingsError, match="t_train is 9000, but should be"):
        FORM.read(drawn("poisson"), settings("poisson", t_train=9000), "")


def test_each_key_that_does_not_fit_is_named():
    state = drawn("gaussian")
    del state["layer.log_lr.1"]
    with pytest.raises(CheckpointError) as caught:
        FORM.read({**state, "layer.phi2.weight": torch.zeros(2)}, {}, "")
    assert "layer.log_lr.1 is missing" in str(caught.value)
    assert "layer.phi2.weight is not known" in str(caught.value)
    state = {**drawn("gaussian"), "layer.log_bias": torch.zeros(K)}
    with pytest.raises(CheckpointError, match=r"layer.log_bias is \(5\), but should be \(1, 5\)"):
        FORM.read(state, {}, "")
