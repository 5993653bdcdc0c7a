"""How long a run will take, from made histories whose right answers are sums done by hand."""

import pytest

from corelib.catalog import SYSTEMS
from corelib.errors import SettingsError
from corelib.runs.expected import (
    Expected,
    demand,
    duration,
    expected_of_all,
    expected_seconds,
    measured_here,
)
from corelib.runs.slots import thread_count
from corelib.runs.spec import RunSpec, make_spec
from corelib.runs.store import Run, create_run
from corelib.training.events import Began, Finished, Stepped, Validated

IMAGES = 55_000


def spec(epochs: int = 2, batch: int = 500, seed: int = 0, max_steps: int = 0, **config) -> RunSpec:
    training = {"epochs": epochs, "batch_size": batch, "max_steps": max_steps}
    return make_spec("bpan", config=config, training=training, seed=seed)


def ran(
    of: RunSpec,
    per_update: float,
    per_validation: float = 0.0,
    test: float = 0.0,
    state: str = "completed",
    threads: int | None = None,
    updates: int = 20,
) -> Run:
    """A run that was as fast as this."""
    run = create_run(of)
    batch = of.training["batch_size"]
    run.append(
        Began(
            step=0,
            total_steps=updates,
            steps_per_epoch=-(-IMAGES // batch),
            device="cpu",
            threads=threads or thread_count(),
            parameters=1,
        )
    )
    half = updates // 2
    for step, count in ((half, half), (updates, updates - half)):
        seconds = per_update * count
        run.append(Stepped(step=step, count=count, seconds=seconds, metrics={"loss": 1.0}))
    done = {"step": updates, "metrics": {}}
    run.append(Validated(epoch=1, score=0.5, best=True, seconds=per_validation, **done))
    if state == "completed":
        run.append(Finished(best_step=updates, seconds=test, **done))
    run.set_status(state)
    return run


def test_nothing_is_known_before_the_first_run(runs_root):
    assert expected_seconds(spec()) == Expected(None, 0, scaled=False, unknown=1)
    assert not expected_seconds(spec()).is_long
    assert "unknown until it has run for a minute" in expected_seconds(spec()).words


def test_a_run_like_it_gives_its_updates_validations_and_test(runs_root):
    ran(spec(), per_update=0.1, per_validation=3.0, test=5.0)
    # 110 updates an epoch.
    assert expected_seconds(spec()) == (pytest.approx(2 * (110 * 0.1 + 3) + 5), 1, False, 0, 1)
    assert expected_seconds(spec(epochs=7)).seconds == pytest.approx(7 * (110 * 0.1 + 3) + 5)
    assert expected_seconds(spec(epochs=7, max_steps=120)).seconds == pytest.approx(12 + 6 + 5)
    assert expected_seconds(spec(seed=9)).runs == 1


def test_runs_like_it_are_averaged_and_their_number_is_said(runs_root):
    for seed, per_update in enumerate((0.1, 0.2, 0.6)):
        ran(spec(seed=seed), per_update)
    assert expected_seconds(spec()) == (pytest.approx(220 * 0.3), 3, False, 0, 1)
    assert expected_seconds(spec()).words == "about 1 minute (from 3 runs here)"


def test_the_nearest_size_is_scaled_with_batch_steps_and_units(runs_root):
    # Standard: 128 E and 32 I units, 6 steps.
    ran(spec(batch=500), per_update=0.1, per_validation=1.0)
    ran(spec(batch=500, n_excitatory=1000, n_inhibitory=1000), per_update=9.0)
    seconds, runs, scaled, unknown, _ = expected_seconds(spec(batch=500, n_steps=12))
    assert (runs, scaled, unknown) == (1, True, 0)
    assert seconds == pytest.approx(2 * (220 * 0.1 + 2 * 1.0))
    more_units = expected_seconds(spec(n_excitatory=192, n_inhibitory=48))
    assert more_units.seconds == pytest.approx(1.5 * (220 * 0.1 + 2))
    assert "from 1 run here of other sizes" in more_units.words
    # Half the batch: twice as many updates of half the time; a validation is the same.
    assert expected_seconds(spec(batch=250)).seconds == pytest.approx(440 * 0.05 + 2 * 1.0)
    near_the_large = expected_seconds(spec(n_excitatory=1024, n_inhibitory=976))
    assert near_the_large.seconds == pytest.approx(220 * 9.0)


def test_a_run_of_the_same_sizes_comes_before_a_nearer_one(runs_root):
    ran(spec(n_steps=3), per_update=0.5)
    ran(spec(), per_update=0.1)
    assert expected_seconds(spec()) == (pytest.approx(22.0), 1, False, 0, 1)


@pytest.mark.parametrize(
    "other",
    [
        make_spec("bpan", dataset="fashion-mnist"),
        make_spec("mlp"),
        make_spec("bpan", config={"dale": False}),
        make_spec("bpan", training={"device": "cuda"}),
        make_spec("bpan", training={"ce": "final"}),
    ],
    ids=lambda other: other.title,
)
def test_runs_of_another_kind_say_nothing(other, runs_root):
    ran(other, per_update=0.1)
    assert len(measured_here()) == 1
    assert expected_seconds(make_spec("bpan")).seconds is None


def test_runs_that_say_too_little_do_not_count(runs_root):
    ran(spec(), 0.1, state="running")
    ran(spec(), 0.1, threads=thread_count() + 1)
    ran(spec(), 0.1, updates=3)
    damaged = ran(spec(), 0.1)
    damaged.events.write_text("{}\n" * 9, encoding="utf-8")
    create_run(spec()).set_status("failed")
    odd = ran(spec(), 0.1)
    odd.events.unlink()
    odd.events.mkdir()
    # What runs holds its lock; without one it counts as died. Runs of one second have no order.
    threads = sorted(speed.threads for speed in measured_here())
    assert threads == [thread_count(), thread_count() + 1]
    assert expected_seconds(spec()).runs == 1


def test_a_cancelled_run_counts_too(runs_root):
    ran(spec(), per_update=0.1, per_validation=2.0, state="cancelled")
    assert expected_seconds(spec()).seconds == pytest.approx(22 + 3 * 2.0)


def test_a_history_that_goes_on_is_read_again(runs_root):
    run = ran(spec(), per_update=0.1)
    assert expected_seconds(spec()).seconds == pytest.approx(22.0)
    run.append(Stepped(step=40, count=20, seconds=6.0, metrics={"loss": 1.0}))
    assert expected_seconds(spec()).seconds == pytest.approx(220 * 0.2)


def test_several_specs_are_summed_and_what_is_unknown_is_counted(runs_root):
    ran(spec(), per_update=0.1)
    found = expected_of_all([spec(), spec(epochs=60, seed=1), make_spec("mlp"), make_spec("gru")])
    assert found == (pytest.approx(22 + 660), 1, False, 2, 2)
    assert found.is_long
    assert found.words == (
        "about 11 minutes for 2 of 4 networks (from 1 run here); the other 2 have not run here yet"
    )
    assert expected_of_all([]).words == "nothing is left to train"


def test_a_wrong_spec_is_refused(runs_root):
    with pytest.raises(SettingsError, match="n_steps is 0"):
        expected_seconds(RunSpec(system="bpan", config={"n_steps": 0}))


@pytest.mark.parametrize("name", SYSTEMS)
def test_every_system_has_work_that_grows_with_its_batch(name):
    one, two = (demand(make_spec(name, training={"batch_size": size})) for size in (10, 20))
    assert two.work == 2 * one.work > 0
    assert one.kind == two.kind
    assert one.sizes != two.sizes


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "less than a minute"),
        (44, "less than a minute"),
        (46, "about 1 minute"),
        (240, "about 4 minutes"),
        (5000, "about 83 minutes"),
        (7200, "about 2 hours"),
        (9000, "about 2.5 hours"),
    ],
)
def test_times_are_as_exact_as_an_estimate(seconds, words):
    assert duration(seconds) == words
