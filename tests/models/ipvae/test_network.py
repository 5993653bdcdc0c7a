"""The iterative VAEs against their slow NumPy reference: all steps, and every gradient."""

from functools import partial

import numpy as np
import pytest
import torch

from corelib.models.ipvae.config import IGVAETraining, IPVAETraining
from corelib.models.ipvae.dynamics import INTACT, Controls, stimulus
from corelib.models.ipvae.network import Objective
from tests.finite_differences import assert_gradients, precise_slopes
from tests.models.ipvae.small import (
    BATCH,
    KINDS,
    PIXELS,
    UNITS,
    Injected,
    images,
    make,
    noise_for,
    parameters_of,
    setting_of,
)
from tests.reference import ipvae as reference

EXACT = {"rtol": 1e-9, "atol": 1e-10}
CORRECTED = "variance-corrected"
CASES = [("iP", "straight-through"), ("iP", "relaxed"), ("iG", "normal"), ("iG-relu", "normal")]
TEMPERATURE = 0.6
BETA = 3.0


def training_of(kind, **settings):
    return (IPVAETraining if kind == "iP" else IGVAETraining)(**settings)


def own_loss(model, kind, sampling, noise, kl="true"):
    settings = training_of(kind, **({"kl": kl, "sampling": sampling} if kind == "iP" else {}))
    drawn = "straight-through" if sampling == CORRECTED else sampling
    objective = model.objective(settings)._replace(draw=Injected(drawn, noise, TEMPERATURE))
    unrolled = model.unroll(images(), objective, model.weights())
    return (unrolled.likelihood + BETA * unrolled.divergence).mean() * 256 / PIXELS


@pytest.mark.parametrize(("kind", "sampling"), [*CASES, ("iP", "hard")])
@pytest.mark.parametrize("n_inner", [1, 2])
@pytest.mark.parametrize(
    "controls",
    [
        {},
        {"explaining_away": 0.0},
        {"leak": 0.3},
        {"lesioned": (1, 4)},
        {"explaining_away": 0.5, "leak": 0.1, "lesioned": (0,)},
    ],
    ids=str,
)
def test_every_step_matches_the_reference(kind, sampling, n_inner, controls):
    model = make(kind, n_inner=n_inner)
    noise = noise_for(sampling, 1 + 4 * n_inner)
    truth = [
        reference.run_image(
            row,
            parameters_of(model),
            setting_of(model, sampling=sampling, temperature=TEMPERATURE, **controls),
            [n.take(k, 1 if sampling == "relaxed" else 0) for n in noise],
        )
        for k, row in enumerate(images().numpy())
    ]
    mask = None
    if "lesioned" in controls:
        mask = torch.zeros(UNITS, dtype=torch.bool)
        mask[list(controls["lesioned"])] = True
    own = Controls(**{**controls, "lesioned": mask})
    weights, draw = model.weights(), Injected(sampling, noise, TEMPERATURE)
    seen = stimulus(images(), weights)
    state = model.begin(BATCH, weights, draw, own)
    for t in range(4):
        state, drives = model.step(seen, state, weights, draw, own)
        for name in ("stimulus", "explaining_away", "threshold", "leak"):
            got = getattr(drives, name)
            got = torch.zeros(BATCH, UNITS) if got is None else got.expand(BATCH, UNITS)
            expected = np.stack([getattr(moments[t], name) for moments in truth])
            np.testing.assert_allclose(got.detach().numpy(), expected, **EXACT, err_msg=name)
        pairs = {"u": state[0], "activity": state.activity}
        if kind != "iP":
            pairs["xi"] = state.xi
        for name, got in pairs.items():
            expected = np.stack([getattr(moments[t], name) for moments in truth])
            np.testing.assert_allclose(got.detach().numpy(), expected, **EXACT, err_msg=name)


@pytest.mark.parametrize(
    ("kind", "sampling", "kl"),
    [
        *((*case, "true") for case in CASES),
        ("iP", CORRECTED, "true"),
        ("iP", "straight-through", "published"),
    ],
)
@pytest.mark.parametrize("n_inner", [1, 2])
def test_loss_and_gradients_match_the_reference(kind, sampling, kl, n_inner):
    """The reference's gradient by central differences of its loss, parameter by parameter."""
    model = make(kind, n_inner=n_inner)
    hard = sampling in ("straight-through", CORRECTED)
    drawn = "straight-through" if hard else sampling
    noise = noise_for(drawn, 1 + 4 * n_inner)
    setting = setting_of(model, sampling=drawn, temperature=TEMPERATURE)
    if sampling == CORRECTED:
        setting = setting._replace(curvature=model.weights().gram.diagonal().detach().numpy())
    anchors = rates_met(model, noise) if hard else None
    p, x = parameters_of(model), images().numpy()

    def truth() -> float:
        return reference.loss(x, p, setting, noise, BETA, kl, anchors)

    loss = own_loss(model, kind, sampling, noise, kl)
    assert loss.item() == pytest.approx(truth(), rel=1e-10)
    loss.backward()
    by = partial(precise_slopes, width=1e-4)
    assert_gradients(model, p._asdict(), truth, by, least=1e-3, rtol=1e-5, atol=1e-5)


def rates_met(model, noise):
    """e^u at each draw of hard counts, in the order of the draws."""
    met, left = [], iter(noise)

    def draw(u):
        met.append(u.detach().exp().expand(BATCH, UNITS).numpy().copy())
        return torch.from_numpy(next(left))

    objective = Objective(draw, lambda after, before: after.u * 0)
    with torch.no_grad():
        model.unroll(images(), objective, model.weights())
    return met


@pytest.mark.parametrize("kind", ["iP", "iG", "iG-relu"])
def test_limits_hold_under_strong_drive(kind):
    """Steps so large that potentials reach their limits, below and above."""
    model = make(kind)
    with torch.no_grad():
        model.log_step.add_(5)
    sampling = "hard" if kind == "iP" else "normal"
    noise = noise_for(sampling, 5)
    p, setting = parameters_of(model), setting_of(model)
    weights, draw = model.weights(), Injected(sampling, noise)
    seen, state = stimulus(images(), weights), model.begin(BATCH, weights, draw)
    met = []
    for t in range(4):
        state, _ = model.step(seen, state, weights, draw, INTACT)
        met.append(state[0].detach().numpy())
        truth = [
            reference.run_image(row, p, setting, [n[k] for n in noise])[t].u
            for k, row in enumerate(images().numpy())
        ]
        np.testing.assert_allclose(met[-1], np.stack(truth), **EXACT)
    c = model.limits.u
    low = -8.01 if kind == "iP" else -c
    assert low <= np.min(met) < 0.95 * low
    assert np.max(met) <= c
    assert kind != "iP" or np.max(met) > 0.95 * c


@pytest.mark.parametrize("kind", list(KINDS))
def test_forward_returns_the_mean_activity_after_all_steps(kind, monkeypatch):
    model, noise = make(kind), []
    draw = model.fixed_noise()

    def noted(at):
        noise.append(draw(at))
        return noise[-1]

    monkeypatch.setattr(model, "fixed_noise", lambda: noted)
    got = model(images()).detach().numpy()
    met = [part.detach().numpy() for part in noise]
    assert len(met) == 5
    p, setting = parameters_of(model), setting_of(model)
    truth = [
        reference.run_image(row, p, setting, [n[k] for n in met])[-1].u
        for k, row in enumerate(images().numpy())
    ]
    mean = {
        "iP": np.exp,
        "iG": lambda mu: mu,
        "iG-relu": lambda mu: np.exp(p.log_gain) * np.maximum(mu, 0),
    }[kind]
    np.testing.assert_allclose(got, mean(np.stack(truth)), **EXACT)


@pytest.mark.parametrize("kind", list(KINDS))
def test_truncated_unrolling_continues_from_the_last_state(kind):
    """Twice two steps are four, the weights being the same; only the gradient is cut."""
    sampling = "hard" if kind == "iP" else "normal"
    noise = noise_for(sampling, 5)
    whole, parts = make(kind, 4), make(kind, 2)
    settings = training_of(kind)
    draw = Injected(sampling, noise)
    objective = whole.objective(settings)._replace(draw=draw)
    expected = whole.unroll(images(), objective, whole.weights())
    # Going on draws the same moment's noise once more.
    objective = parts.objective(settings)._replace(
        draw=Injected(sampling, [*noise[:3], *noise[2:]])
    )
    weights = parts.weights()
    first = parts.unroll(images(), objective, weights)
    second = parts.unroll(
        images(), objective, weights, parts.go_on(first.state, weights, objective.draw)
    )
    likelihood = torch.cat([first.likelihood, second.likelihood])
    torch.testing.assert_close(likelihood, expected.likelihood)
    torch.testing.assert_close(second.state[0], expected.state[0])
    prior = next(p for name, p in parts.named_parameters() if name in ("u_init", "mu_init"))
    (slope,) = torch.autograd.grad(second.state[0].sum(), prior)
    assert slope.abs().max() > 0


def test_parameter_counts_match_the_paper():
    """W, pixel noise, threshold, step size, and the prior where it is learned."""
    for kind, sizes, priors, gains in (("iP", 1, 1, 0), ("iG", 2, 2, 0), ("iG-relu", 2, 2, 1)):
        model = KINDS[kind](input_dim=256, n_latents=512, fit_prior=True)
        n = sum(p.numel() for p in model.parameters())
        assert n == 256 * 512 + 256 + 512 + sizes + 512 * (priors + gains)
        fixed = KINDS[kind](
            input_dim=256, n_latents=512, fit_prior=False, clamp_u=4.0, clamp_du=4.0
        )
        assert n - sum(p.numel() for p in fixed.parameters()) == 512 * priors
        assert fixed.state_dict().keys() == model.state_dict().keys()


def test_each_setting_takes_effect():
    iterations = {"n_iters_inner": 3, "beta_inner": 0.5, "t_train": 7, "log_step": -1.0}
    limits = {"clamp_u": 5.0, "clamp_du": 6.0}
    models = [KINDS["iP"](**iterations, **limits, prior_low=-7.0, prior_high=-6.5)]
    assert models[0].limits == (5.0, 6.0, 0.0, 0.0)
    assert -7 <= models[0].u_init.min() < models[0].u_init.max() <= -6.5
    for kind in ("iG", "iG-relu"):
        models.append(KINDS[kind](**iterations, **limits, clamp_xi=1.5, clamp_dxi=2.5))
        assert models[-1].limits == (5.0, 6.0, 1.5, 2.5)
    for model in models:
        assert (model.inner, model.t_train) == ((3, 0.5), 7)
        assert (model.log_step == -1).all()
