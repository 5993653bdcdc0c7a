"""Currents, answers and balance under controls, against the slow reference and closed forms."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from corelib.errors import SettingsError
from corelib.models.bpan import BPAN
from corelib.models.bpan.analysis import (
    Controls,
    answers,
    balance_at_end,
    balance_index,
    currents,
    drive_of,
    lesion_mask,
    loop_gain,
    net_densities,
    over_units,
    populations,
    summary,
)
from tests.reference import bpan as reference

SIZES = {"input_dim": 9, "n_excitatory": 7, "n_inhibitory": 3, "n_classes": 4, "n_steps": 5}
CONTROLS = (
    Controls(5, 0.2),
    Controls(9, 0.6, 0.0),
    Controls(4, 0.3, 2.5, lesioned_e=3, lesioned_i=1, lesion_seed=5),
)


@pytest.fixture
def model():
    torch.manual_seed(3)
    model = BPAN(**SIZES)
    with torch.no_grad():
        model.theta.add_(torch.randn_like(model.theta))
        model.bias.normal_()
    return model


def slow(model: BPAN, x: torch.Tensor, controls: Controls) -> reference.Moment:
    flat = {name: p.detach().numpy() for name, p in model.named_parameters()}
    parameters = reference.from_flat(flat, model.n_excitatory)
    return reference.run(
        x.numpy().astype(float),
        parameters,
        controls.n_steps,
        controls.alpha,
        inhibition_gain=controls.inhibition_gain,
        lesioned=lesion_mask(model, controls).numpy(),
    )


@pytest.mark.parametrize("controls", CONTROLS)
def test_one_digit_matches_the_reference(model, controls):
    x = torch.randn(1, 9)
    seen, truth = currents(model, x, controls), slow(model, x, controls)
    for name in ("excitation", "inhibition", "drive", "net", "rate"):
        np.testing.assert_allclose(getattr(seen, name), getattr(truth, name)[0], atol=2e-5)
    expected = np.array([reference.softmax(row) for row in truth.logits[0]])
    np.testing.assert_allclose(seen.probability, expected, atol=1e-5)


@pytest.mark.parametrize("controls", CONTROLS)
def test_the_currents_of_every_unit_add_up_to_its_net_current(model, controls):
    seen = currents(model, torch.randn(1, 9), controls)
    for units, _ in populations(seen):
        assert np.abs(seen.bias[:, units]).min() > 0, "the bias takes part"
        total = seen.excitation + seen.inhibition + seen.drive + seen.bias
        np.testing.assert_allclose(total[:, units], seen.net[:, units], atol=1e-5)
    assert (seen.bias[:, seen.lesioned] == 0).all()


def test_the_balance_at_the_end_is_the_mean_index_of_the_intact_units(model):
    controls = CONTROLS[2]
    seen = currents(model, torch.randn(1, 9), controls)
    halves: tuple[list[float], list[float]] = [], []
    for unit in np.flatnonzero(~seen.lesioned):
        exc, inh = float(seen.excitation[-1, unit]), float(seen.inhibition[-1, unit])
        halves[int(unit >= 7)].append(1 - abs(exc + inh) / (abs(exc) + abs(inh)))
    expected = [np.mean(half) for half in halves]
    np.testing.assert_allclose(balance_at_end(seen), expected, rtol=1e-5)
    # The first update starts from silence.
    still = balance_at_end(currents(model, torch.randn(1, 9), Controls(1, 0.2)))
    assert np.isnan(still).all()


@pytest.mark.parametrize("controls", CONTROLS)
def test_the_answers_to_a_set_match_the_reference(model, controls):
    x = torch.randn(30, 9)
    computed, truth = answers(model, drive_of(model, x), controls), slow(model, x, controls)
    probability = np.exp(truth.logits - truth.logits.max(-1, keepdims=True))
    probability /= probability.sum(-1, keepdims=True)
    np.testing.assert_allclose(computed.confidence, probability.max(-1), atol=1e-5)
    assert (computed.predicted == probability.argmax(-1)).all()


@pytest.mark.parametrize("controls", CONTROLS)
def test_the_density_of_net_currents_matches_a_histogram_of_the_reference(model, controls):
    x = torch.randn(1500, 9)  # more than a chunk
    truth = slow(model, x[:200], controls)
    kept = ~lesion_mask(model, controls).numpy()
    densities = net_densities(model, drive_of(model, x[:200]), controls)
    for density, half in zip(densities, (np.arange(10) < 7, np.arange(10) >= 7), strict=True):
        values = truth.net[:, :, half & kept]
        for t in range(controls.n_steps):
            counts, _ = np.histogram(values[:, t], density.edges)
            # A value on an edge may fall to either side of it.
            assert np.abs(density.density[t] - counts / values[:, t].size).sum() < 0.01
        np.testing.assert_allclose(density.mean, values.mean((0, 2)), atol=1e-4)
        np.testing.assert_allclose(density.sd, values.std((0, 2)), atol=1e-3)
    whole = net_densities(model, drive_of(model, x), controls)
    assert all(0.98 < d.density[0].sum() + d.density[-1].sum() <= 2.0 for d in whole)


def test_lesioning_all_units_silences_the_network(model):
    controls = Controls(3, 0.2, lesioned_e=7, lesioned_i=3)
    view = currents(model, torch.randn(1, 9), controls)
    assert not view.net.any()
    assert not view.rate.any()
    empty = net_densities(model, drive_of(model, torch.randn(5, 9)), controls)
    assert all(not d.density.any() and not d.mean.any() for d in empty)


def test_larger_lesions_include_smaller_ones(model):
    few = lesion_mask(model, Controls(5, 0.2, lesioned_e=2, lesioned_i=1, lesion_seed=4))
    more = lesion_mask(model, Controls(5, 0.2, lesioned_e=5, lesioned_i=2, lesion_seed=4))
    assert few.sum() == 3
    assert more.sum() == 7
    assert (more | ~few).all()
    assert few[:7].sum() == 2


finite = st.floats(0, 1e6)


@given(arrays(float, 5, elements=finite), arrays(float, 5, elements=finite))
def test_the_balance_index_lies_between_its_bounds(excitation, inhibition):
    index = balance_index(excitation, -inhibition)
    silent = (excitation == 0) & (inhibition == 0)
    assert (np.isnan(index) == silent).all()
    assert ((index[~silent] >= -1e-12) & (index[~silent] <= 1 + 1e-12)).all()


def test_the_balance_index_in_closed_form():
    exc, inh = np.array([1.0, 2.0, 3.0, 0.0]), np.array([-1.0, 0.0, -1.0, 0.0])
    np.testing.assert_allclose(balance_index(exc, inh), [1.0, 0.0, 0.5, np.nan])
    # An input of -2 is inhibition, one of +2 is excitation.
    np.testing.assert_allclose(
        balance_index(exc, inh, np.array([-2.0, -2.0, 2.0, 0.0])), [0.5, 1.0, 1 / 3, np.nan]
    )


@pytest.mark.parametrize("controls", CONTROLS)
@pytest.mark.parametrize("threshold", [0.3, 0.6, 1.0])
def test_a_summary_matches_counting_image_by_image(model, controls, threshold):
    x, images = torch.randn(1, 9), torch.randn(25, 9)
    labels = np.random.default_rng(0).integers(0, 4, 25)

    def answer(logits: np.ndarray) -> tuple[int, float, int]:
        """The first step that reaches the threshold, else the last: (time, class)."""
        probability = [reference.softmax(row) for row in logits]
        last = len(logits) - 1
        at = next((t for t, row in enumerate(probability) if row.max() >= threshold), last)
        return int(probability[at].argmax()), float(probability[at].max()), at + 1

    tested = answers(model, drive_of(model, images), controls)
    shown = summary(currents(model, x, controls), tested, labels, threshold)
    assert shown[:3] == pytest.approx(answer(slow(model, x, controls).logits[0]), abs=1e-5)
    all_answers = [answer(logits) for logits in slow(model, images, controls).logits]
    assert shown.mean_steps == pytest.approx(np.mean([steps for _, _, steps in all_answers]))
    correct = [k == label for (k, _, _), label in zip(all_answers, labels, strict=True)]
    assert shown.accuracy == pytest.approx(np.mean(correct))


def test_populations_are_the_intact_units(model):
    view = currents(model, torch.randn(1, 9), CONTROLS[2])
    silenced = [unit for unit in range(10) if view.lesioned[unit]]
    for population, half in zip(populations(view), (range(7), range(7, 10)), strict=True):
        assert list(population.units) == [unit for unit in half if unit not in silenced]
        assert population.silenced == sum(unit in silenced for unit in half)


def test_means_over_units_leave_out_what_is_undefined():
    values = np.array([[1.0, 3.0, np.nan], [np.nan, np.nan, np.nan], [2.0, 4.0, 9.0]])
    mean, sd = over_units(values)
    np.testing.assert_allclose(mean, [2, np.nan, 5])
    np.testing.assert_allclose(sd, [1, np.nan, np.sqrt((9 + 1 + 16) / 3)])
    nobody = over_units(np.zeros((3, 0)))
    assert not nobody.mean.any()
    assert not nobody.sd.any()


def test_activity_diverges_exactly_above_a_loop_gain_of_one():
    """Without inhibition the E units are a positive linear system: its spectral radius decides."""
    torch.manual_seed(0)
    model = BPAN(**SIZES)
    n_e = model.n_excitatory
    with torch.no_grad():
        model.drive.bias.fill_(1.0)
        model.drive.weight.zero_()
    for wanted, runs_away in ((0.9, False), (1.1, True)):
        weights = torch.full((n_e, n_e), wanted / n_e)
        with torch.no_grad():
            model.theta[:n_e, :n_e] = torch.log(torch.expm1(weights * n_e))
        assert loop_gain(model, 0.0).excitatory == pytest.approx(wanted, rel=1e-5)
        assert loop_gain(model, 0.0).whole == pytest.approx(wanted, rel=1e-5)
        rate = currents(model, torch.zeros(1, 9), Controls(400, 0.5, 0.0)).rate[:, :n_e].mean(1)
        # At its fixed point it is 1 / (1 - gain).
        if runs_away:
            assert rate[-1] > 1e6
        else:
            assert rate[-1] == pytest.approx(1 / (1 - wanted), rel=1e-3)


WRONG = {
    "n_steps": (0, -3, 10_001, 10**30, 2.5, math.nan, None, "six", True),
    "alpha": (0, -0.1, 1.01, math.nan, math.inf, None, "slow", True),
    "inhibition_gain": (-0.1, 1001, math.nan, -math.inf, None, "none", True),
    "lesioned_e": (-1, 8, 10**30, 1.5, math.nan, None, "all", True),
    "lesioned_i": (-1, 4, 10**30, 1.5, math.nan, None, "all", True),
    "lesion_seed": (-1, 2**32, 10**30, 1.5, math.nan, None, "first", True),
}


@pytest.mark.parametrize(
    ("field", "value"), [(field, value) for field, values in WRONG.items() for value in values]
)
def test_wrong_controls_are_named_with_their_value_and_their_limit(model, field, value):
    wrong = Controls(5, 0.2)._replace(**{field: value})
    x = torch.randn(1, 9)
    drive = drive_of(model, x)
    calls = [
        lambda: currents(model, x, wrong),
        lambda: answers(model, drive, wrong),
        lambda: net_densities(model, drive, wrong),
        lambda: lesion_mask(model, wrong),
    ]
    if field == "inhibition_gain":
        calls.append(lambda: loop_gain(model, value))
    for call in calls:
        with pytest.raises(SettingsError, match=rf"^{field} is .+, but should be .+\.$") as caught:
            call()
        assert len(str(caught.value)) < 200


def test_controls_may_be_at_their_limits(model):
    least = Controls(1, 1e-9, 0.0)
    most = Controls(50, 1.0, 1000.0, 7, 3, 2**32 - 1)
    for controls in (least, most):
        assert len(currents(model, torch.randn(1, 9), controls).rate) == controls.n_steps
    # NumPy's numbers are numbers.
    ours = lesion_mask(model, Controls(np.int64(5), np.float32(0.5), lesioned_e=np.int64(2)))
    assert torch.equal(ours, lesion_mask(model, Controls(5, 0.5, lesioned_e=2)))
