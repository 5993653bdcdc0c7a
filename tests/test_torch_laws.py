"""Every network behaves as users of torch expect; one suite over the catalogue."""

import copy
import math
import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from corelib import load
from corelib.errors import CheckpointError, SettingsError
from corelib.models.bpan.anytime import AnytimeClassifier
from tests.test_catalog_laws import Setup, setup  # noqa: F401

ROOT = Path(__file__).parents[1]
LOW = {torch.bfloat16: 0.06, torch.float16: 0.02}
"""How far answers of networks this small may lie from those in float32: some rounding errors of
2^-9 and 2^-12 for each of their few steps, on logits of about 1."""


@pytest.fixture
def network(setup: Setup):  # noqa: F811
    torch.manual_seed(0)
    model = setup.system.make_model(setup.config).eval()
    return model, setup.dataset.inputs(setup.dataset.test.pixels[:5])


@torch.no_grad()
def answer(model: torch.nn.Module, x: Tensor) -> Tensor:
    """What the network returns; noise, where it has any, comes from a fixed seed."""
    torch.manual_seed(1)
    return model(x)


@pytest.fixture
def in_float64():
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def test_a_default_of_float64_is_that_of_networks_and_data(setup, in_float64):  # noqa: F811
    torch.manual_seed(0)
    model = setup.system.make_model(setup.config)
    x = setup.dataset.inputs(setup.dataset.test.pixels[:3])
    assert {p.dtype for p in model.parameters()} == {torch.float64} == {x.dtype}
    assert answer(model, x).dtype == torch.float64


def test_a_shipped_network_follows_the_default_too(in_float64):
    model = load(ROOT / "assets" / "checkpoints" / "mlp-mnist")
    assert next(model.parameters()).dtype == torch.float64


def test_double_agrees_to_single_precision(network):
    model, x = network
    double = answer(copy.deepcopy(model).double(), x.double())
    torch.testing.assert_close(answer(model, x).double(), double, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("kind", list(LOW))
def test_lower_precision_is_near(network, kind):
    model, x = network
    if "VAE" in type(model).__name__:
        pytest.skip("spike counts and clamps amplify rounding; its shape is checked below")
    low = answer(copy.deepcopy(model).to(kind), x.to(kind))
    assert low.dtype == kind
    assert (low.float() - answer(model, x)).abs().max() < LOW[kind]


def test_autocast_runs_and_is_near(network):
    model, x = network
    with torch.autocast("cpu", dtype=torch.bfloat16):
        low = answer(model, x)
    assert (low.float() - answer(model, x)).abs().max() < LOW[torch.bfloat16]


@pytest.mark.parametrize("kind", list(LOW))
def test_lower_precision_is_kept(network, kind):
    model, x = network
    low = answer(copy.deepcopy(model).to(kind), x.to(kind))
    assert low.dtype == kind
    assert low.isfinite().all()


def test_an_empty_batch_gives_empty_answers(network):
    model, x = network
    assert answer(model, x[:0]).shape == (0, *answer(model, x).shape[1:])


def test_one_image_without_its_batch_axis_is_a_sentence(network):
    model, x = network
    *_, n = x.shape
    wanted = f"(batch, time, {n})" if x.ndim == 3 else f"(batch, {n})"
    for wrong in (x[0], x[..., :-1]):
        with pytest.raises(SettingsError) as caught:
            answer(model, wrong)
        assert wanted in str(caught.value)
        assert "\n" not in str(caught.value)


def test_whole_numbers_are_a_sentence(network):
    model, x = network
    with pytest.raises(SettingsError, match="normalised"):
        answer(model, x.to(torch.uint8))


def test_one_image_that_is_no_number_leaves_the_others_as_they_were(network):
    model, x = network
    spoilt, kept = x.clone(), [0, 1, 3, 4]
    spoilt[2] = math.nan
    before, after = answer(model, x), answer(model, spoilt)
    assert torch.equal(before[kept], after[kept])
    assert after[2].isnan().any(), "it must show"
    if isinstance(model, AnytimeClassifier):
        before, after = model.forward_anytime(x, 0.3), model.forward_anytime(spoilt, 0.3)
        assert torch.equal(before.steps[kept], after.steps[kept])
        assert torch.equal(before.logits[kept], after.logits[kept])


@pytest.mark.parametrize("threshold", [-0.01, 1.01, math.nan, math.inf])
def test_a_threshold_that_is_no_probability_is_a_sentence(network, threshold):
    model, x = network
    if isinstance(model, AnytimeClassifier):
        with pytest.raises(SettingsError, match="from 0 to 1"):
            model.forward_anytime(x, threshold)


def test_copies_pickles_and_state_dicts_answer_alike(network, setup):  # noqa: F811
    model, x = network
    own = answer(model, x)
    rebuilt = setup.system.make_model(setup.config).eval()
    rebuilt.load_state_dict(model.state_dict())
    for other in (copy.deepcopy(model), pickle.loads(pickle.dumps(model)), rebuilt):
        assert torch.equal(answer(other, x), own)


def test_compilation_captures_it(network):
    model, x = network
    torch._dynamo.reset()
    compiled = torch.compile(copy.deepcopy(model), backend="eager")
    torch.testing.assert_close(answer(compiled, x), answer(model, x), rtol=1e-5, atol=1e-5)


def test_load_takes_paths_and_torchs_names_of_devices():
    folder = ROOT / "assets" / "checkpoints" / "mlp-mnist"
    by_path, by_name = load(folder), load("mlp-mnist", device="cpu:0")
    for a, b in zip(by_path.parameters(), by_name.parameters(), strict=True):
        assert torch.equal(a, b)
    with pytest.raises(CheckpointError):
        load(folder.parent / "nothing")
    for missing in ("cuda:99", "tpu", "cpu:7"):
        with pytest.raises(SettingsError, match="device is"):
            load(folder, device=missing)


def test_counts_of_a_row_do_not_depend_on_what_others_hold():
    from corelib.models.ipvae.distributions import shared_poisson

    u = torch.tensor([[0.5, 1.0], [math.nan, 2.0], [3.0, -1.0]])

    def drawn(rows: Tensor) -> np.ndarray:
        return shared_poisson(torch.Generator().manual_seed(3))(rows).numpy()

    together = drawn(u)
    for k in (0, 2):
        np.testing.assert_array_equal(together[k], drawn(u[k : k + 1])[0])
    assert np.isnan(together[1]).tolist() == [True, False]
