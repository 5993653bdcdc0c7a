"""Experiments against slow ones: trial by trial, direction by direction, frame by frame."""

import doctest

import numpy as np
import pytest
import torch

from corelib.errors import SettingsError
from corelib.models.ipvae import experiment as experiments
from corelib.models.ipvae import stimuli, tuning
from corelib.models.ipvae.experiment import Experiment, Intervention, controls, run
from corelib.models.ipvae.inference import respond, trace
from corelib.models.ipvae.network import IGVAE, IPVAE
from corelib.models.ipvae.stimuli import Stimulus

SIDE, UNITS = 5, 6
MOVING = Stimulus("moving bar", 6, 12, 0.5, 1.5, contrast=3.0)
CHANGED = Intervention(explaining_away=False, leak=0.3, lesioned=(2,))


def network(kind=IPVAE):
    torch.manual_seed(0)
    model = kind(input_dim=SIDE**2, n_latents=UNITS)
    with torch.no_grad():
        model.log_bias += 2
    return model


def slow_film(stimulus: Stimulus, direction: float) -> torch.Tensor:
    """(time, pixel): a bar at each of its places, frame by frame."""
    frames = [
        stimuli.bars(SIDE, [direction], np.array([place]), stimulus.width, stimulus.contrast)[0, 0]
        for place in stimuli.places(stimulus)
    ]
    return torch.from_numpy(np.stack(frames))


def test_an_intervention_becomes_the_controls_of_the_dynamics():
    model = network()
    untouched = controls(model, Intervention())
    assert (untouched.explaining_away, untouched.leak, untouched.lesioned) == (1.0, 0.0, None)
    changed = controls(model, Intervention(False, 0.25, (1, 4)))
    assert (changed.explaining_away, changed.leak) == (0.0, 0.25)
    assert changed.lesioned.tolist() == [k in (1, 4) for k in range(UNITS)]


@pytest.mark.parametrize(
    ("every", "at"), [(0, ()), (5, (6, 11, 16)), (12, (6,)), (40, (6,)), (1, tuple(range(6, 18)))]
)
def test_resets_begin_at_the_onset(every, at):
    assert Experiment(MOVING, reset_every=every).reset_at == at


@pytest.mark.parametrize("kind", [IPVAE, IGVAE])
def test_an_outcome_averages_all_trials(kind):
    """23 trials: in parts of 10, 10 and 3, each with noise of its own."""
    model = network(kind)
    asked = Experiment(MOVING, 30.0, CHANGED, reset_every=5, trials=23, seed=7)
    outcome = run(model, asked)
    film = slow_film(MOVING, 30.0)
    np.testing.assert_array_equal(outcome.film, film)
    np.testing.assert_array_equal(outcome.places, stimuli.places(MOVING))
    parts = [
        trace(model, film.expand(n, -1, -1), None, controls(model, CHANGED), seed, asked.reset_at)
        for n, seed in ((10, 7), (10, 10_007), (3, 20_007))
    ]
    activity = np.concatenate([part.activity for part in parts])
    rate = np.concatenate([part.rate for part in parts])
    np.testing.assert_array_equal(outcome.activity, activity)
    assert not rate[:, :, 2].any(), "a silenced neuron"
    for t in range(18):
        for unit in range(UNITS):
            values = [float(rate[trial, t, unit]) for trial in range(23)]
            mean = sum(values) / 23
            sd = (sum((v - mean) ** 2 for v in values) / 22) ** 0.5
            assert outcome.rate[t, unit] == pytest.approx(mean, rel=1e-5, abs=1e-6)
            assert outcome.error[t, unit] == pytest.approx(sd / 23**0.5, rel=1e-4, abs=1e-6)
    for name, values in outcome.first._asdict().items():
        expected = getattr(parts[0], name)
        np.testing.assert_array_equal(values, expected if name == "threshold" else expected[:1])


def test_counts_and_first_spikes_are_measured_from_the_onset():
    outcome = run(network(), Experiment(MOVING, trials=8, seed=2))
    assert outcome.stimulus == MOVING
    silent = 0
    for trial in range(8):
        for unit in range(UNITS):
            spikes = outcome.activity[trial, 6:, unit].tolist()
            assert outcome.counts[trial, unit] == sum(spikes)
            first = next((t for t, n in enumerate(spikes) if n), None)
            silent += first is None
            expected = np.nan if first is None else first
            np.testing.assert_equal(outcome.first_spike[trial, unit], expected)
    assert 0 < silent < 8 * UNITS, "both cases are tried"


def test_one_trial_has_no_standard_error_and_zero_trials_are_refused():
    outcome = run(network(), Experiment(MOVING, trials=1))
    assert np.isnan(outcome.error).all()
    np.testing.assert_array_equal(outcome.rate, outcome.first.rate[0])


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"trials": 0}, "trials is 0, but an experiment needs at least 1 trial"),
        ({"reset_every": -3}, "reset_every is -3, but should be 0 or more"),
        ({"direction": float("nan")}, "direction is nan"),
        ({"intervention": Intervention(leak=-1.0)}, "leak is -1.0, but should be from 0 to 1"),
        ({"intervention": Intervention(lesioned=(-1,))}, "neuron is -1, but should be from 0 to 5"),
        ({"intervention": Intervention(lesioned=(6,))}, "neuron is 6, but should be from 0 to 5"),
        (
            {"stimulus": MOVING._replace(kind="triangle")},
            "kind is 'triangle', but should be one of",
        ),
        ({"stimulus": MOVING._replace(polarity="brigth")}, "polarity is 'brigth'"),
        ({"stimulus": MOVING._replace(frames=0)}, "frames is 0, but should be 1 or more"),
        ({"stimulus": MOVING._replace(kind="dragged bar")}, "path is empty"),
    ],
)
def test_what_cannot_be_shown_is_refused_by_name(wrong, sentence):
    experiment = Experiment(MOVING, trials=1)._replace(**wrong)
    model, directions = network(), experiments.all_directions(2)
    for show in (
        lambda: run(model, experiment),
        lambda: experiments.sweep_directions(model, experiment, directions),
        lambda: experiments.mean_responses(model, [experiment]),
    ):
        with pytest.raises(SettingsError, match=sentence):
            show()


@pytest.mark.parametrize("baseline", [6, 0])
@pytest.mark.parametrize("kind", [IPVAE, IGVAE])
def test_a_sweep_repeats_the_experiment_in_each_direction(kind, baseline, monkeypatch):
    monkeypatch.setattr(experiments, "FRAMES_KEPT", 6)
    model, directions = network(kind), experiments.all_directions(4)
    assert directions.tolist() == [0, 90, 180, 270]
    stimulus = MOVING._replace(baseline_frames=baseline)
    asked = Experiment(stimulus, 77.0, CHANGED, reset_every=5, trials=3, seed=4)
    sweep = experiments.sweep_directions(model, asked, directions)
    films = torch.stack([slow_film(stimulus, direction) for direction in directions])
    all_rates = []
    for trial in range(3):
        rate, activity = respond(
            model, films, controls(model, CHANGED), 4000 + trial, asked.reset_at
        )
        all_rates.append(rate)
        for d in range(4):
            for unit in range(UNITS):
                values = rate[d, :, unit].tolist()
                before, during = values[:baseline], values[baseline:]
                for k, part in enumerate((before, during)):
                    mean = sum(part) / len(part) if part else 0.0
                    size = sum(abs(v) for v in part) / len(part) if part else 0.0
                    assert sweep.rate[trial, d, k, unit] == pytest.approx(mean, abs=1e-5)
                    assert sweep.magnitude[trial, d, k, unit] == pytest.approx(size, abs=1e-5)
                counts = activity[d, baseline:, unit].sum()
                assert sweep.counts[trial, d, unit] == pytest.approx(counts, abs=1e-5)
    every = 3 if baseline else 2
    assert sweep.every == every
    mean_rate = np.mean(all_rates, 0)
    np.testing.assert_allclose(sweep.over_time, mean_rate[:, ::every], atol=1e-6)
    whole = np.stack(all_rates)
    expected = tuning.tuning(whole, directions, baseline)
    for part, other in zip(sweep.tuning(), expected, strict=True):
        np.testing.assert_allclose(part, other, atol=1e-5)
    sizes = tuning.tuning(np.abs(whole), directions, baseline)
    np.testing.assert_allclose(sweep.tuning(magnitude=True).mean, sizes.mean, atol=1e-5)
    for part, other in zip(sweep.selectivity(), tuning.selectivity(sweep.tuning()), strict=True):
        np.testing.assert_array_equal(part, other)


def test_mean_responses_are_relative_to_the_baseline():
    model = network()
    several = [
        Experiment(MOVING._replace(contrast=contrast), 45.0, trials=3, seed=5)
        for contrast in (0.0, 2.0)
    ]
    several.append(several[0]._replace(stimulus=MOVING._replace(baseline_frames=0)))
    responses = experiments.mean_responses(model, several)
    assert responses.shape == (3, 3, UNITS)
    for of_one, e in zip(responses, several, strict=True):
        onset = e.stimulus.baseline_frames
        film = slow_film(e.stimulus, 45.0)
        rate = respond(model, film.expand(3, -1, -1), seed=5).rate
        for unit in range(UNITS):
            before = [rate[k, t, unit] for k in range(3) for t in range(onset)]
            base = sum(before) / len(before) if before else 0.0
            for trial in range(3):
                during = rate[trial, onset:, unit].tolist()
                mean = sum(during) / len(during)
                assert of_one[trial, unit] == pytest.approx(mean - base, abs=1e-5)


def test_forgetful_networks_differ_only_in_their_memory():
    asked = Experiment(MOVING, 30.0, CHANGED, reset_every=7, trials=3, seed=4)
    several = experiments.forgetful(asked)
    memory = [(e.intervention.leak, e.reset_every) for e in several.values()]
    assert memory == [(0.0, 0), (0.1, 0), (0.5, 0), (0.0, 20), (0.0, 5)]
    for name, e in several.items():
        assert e._replace(intervention=CHANGED, reset_every=7) == asked
        assert e.intervention._replace(leak=0.3) == CHANGED
        assert str(e.intervention.leak or e.reset_every or "no leak") in name


def test_recorded_trials_match_each_film_alone():
    model = network()
    films = np.random.default_rng(0).normal(size=(3, 5, SIDE**2)).astype(np.float32)
    responses = experiments.record(model, films, trials=2, seed=4)
    assert responses.activity.shape == (2, 3, 5, UNITS)
    both = np.concatenate([films, films])
    alone = respond(model, torch.from_numpy(both), seed=4)
    np.testing.assert_array_equal(responses.activity.reshape(6, 5, UNITS), alone.activity)
    assert not np.array_equal(responses.activity[0], responses.activity[1])


def test_the_example_runs():
    ran = doctest.testmod(experiments)
    assert ran.attempted == 5
    assert not ran.failed
