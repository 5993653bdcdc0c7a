"""Runs over seeds: reused, resumed, and computed by one process at a time."""

from contextlib import ExitStack, suppress
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch

from corelib.errors import RunError, SettingsError
from corelib.reproduce import anytime, reproduce, results, seeds
from corelib.runs.launch import spawn
from corelib.runs.spec import make_spec
from corelib.runs.store import Run, create_run

TINY = {"n_excitatory": 8, "n_inhibitory": 2, "n_steps": 2}


def tiny(seed: int = 0, epochs: int = 1, variant: str = "", **config):
    """A run that takes about a second."""
    training = {"epochs": epochs, "batch_size": 500, "device": "cpu"}
    return make_spec(
        "bpan", config={**TINY, **config}, training=training, seed=seed, variant=variant
    )


def stands(spec, state):
    run = create_run(spec)
    run.set_status(state)
    return run


def ids(specs):
    return [item and item.run.id for item in seeds.stored(specs)]


def test_a_completed_run_is_reused_whatever_its_name_and_versions(runs_root):
    done = stands(
        tiny(variant="mine").model_copy(update={"versions": {"torch": "0.1"}}), "completed"
    )
    assert ids([tiny(), tiny(seed=1), tiny(epochs=2), tiny(n_steps=3)]) == [done.id, *[None] * 3]


@pytest.mark.parametrize("state", ["completed", "running", "cancelled"])
def test_of_equal_runs_the_newest_is_used(state, runs_root):
    """Folders begin with the second in which they were made, which is here made to differ."""
    made = [stands(tiny(variant=name), state) for name in ("a", "b", "c")]
    order = ["20250103-000000-a", "20250105-000000-b", "20250104-000000-c"]
    for run, name in zip(made, order, strict=True):
        run.folder.rename(runs_root / name)
    if state == "running":
        with ExitStack() as held:
            for name in order:
                held.enter_context(Run(runs_root / name).lock.acquire())
            assert ids([tiny()]) == [order[1]]
        return
    assert ids([tiny()]) == [order[1]]
    # One that is newer, but of another rank, does not count.
    stands(tiny(), "completed" if state == "cancelled" else "cancelled")
    used = ids([tiny()])
    assert (used == [order[1]]) == (state == "completed")


def test_what_has_no_completed_run_is_incomplete(runs_root):
    specs = [tiny(seed=k) for k in range(3)]
    stands(specs[0], "completed")
    stands(specs[1], "cancelled")
    assert seeds.incomplete(specs) == specs[1:]


@pytest.mark.parametrize("fails", [False, True])
def test_one_thread_is_used_inside_and_as_many_as_before_afterwards(fails):
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        with suppress(ZeroDivisionError), seeds.one_thread():
            assert torch.get_num_threads() == 1
            assert not fails or 1 / 0
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


def test_rows_computed_here_come_before_those_that_ship(runs_root, tmp_path, monkeypatch):
    monkeypatch.setattr(results, "SHIPPED", tmp_path)
    assert not results.is_here("toy")
    results.write(pd.DataFrame({"x": [1]}), tmp_path / "toy.csv", "a test")
    assert results.is_here("toy")
    shipped = results.newest("toy")
    assert (shipped.rows["x"].tolist(), shipped.own) == ([1], False)
    results.write(pd.DataFrame({"x": [2]}), results.own_file("toy"), "a test")
    own = results.newest("toy")
    assert (own.rows["x"].tolist(), own.own) == ([2], True)


def test_settings_that_a_run_leaves_out_are_the_defaults(runs_root):
    full = tiny()
    brief = full.model_copy(update={"config": TINY})
    assert brief.config != full.config
    run = stands(brief, "completed")
    assert ids([full]) == [run.id]


def test_completed_comes_before_alive_and_alive_before_resumable(runs_root):
    cancelled = stands(tiny(), "cancelled")
    assert ids([tiny()]) == [cancelled.id]
    alive = stands(tiny(), "running")
    with alive.lock.acquire():
        assert ids([tiny()]) == [alive.id]
        progress = seeds.progress([tiny(), tiny(seed=1)])
        assert (progress.done, progress.total, progress.running.id) == (0, 2, alive.id)
        done = stands(tiny(), "completed")
        stands(tiny(), "cancelled")
        assert ids([tiny()]) == [done.id]
        assert seeds.progress([tiny(), tiny(seed=1)]) == (1, 2, None)


def test_only_a_run_of_the_same_versions_is_resumed(runs_root):
    stands(tiny().model_copy(update={"versions": {"torch": "0.1"}}), "cancelled")
    assert ids([tiny()]) == [None]


def test_a_damaged_run_is_skipped(runs_root):
    run = stands(tiny(), "completed")
    (run.folder / "spec.json").write_text("{", encoding="utf-8")
    assert ids([tiny()]) == [None]


def test_interrupted_runs_are_resumed_and_completed_ones_reused(runs_root, monkeypatch):
    """Real workers; Ctrl-C comes while the second of two trains."""
    specs = [tiny(seed=0), tiny(seed=1, epochs=12)]
    lines = []

    def interrupted(line):
        lines.append(line)
        if "seed 1, running" in line:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        seeds.train(specs, interrupted)
    first, second = (item.run for item in seeds.stored(specs))
    assert (first.status.state, second.status.state) == ("completed", "cancelled")
    assert not second.is_alive()
    assert "continues from here" in lines[-1]
    assert lines[0].startswith("1 of 2: bpan-mnist, seed 0, ")
    # Once one is done, what is left is known; how much, is tested below.
    assert "min left for all" in next(line for line in lines if "seed 1" in line)

    before = (first.folder / "events.jsonl").read_bytes()
    runs = seeds.train(specs, lines.append)
    assert [run.id for run in runs] == [first.id, second.id]
    assert second.status.state == "completed"
    assert (first.folder / "events.jsonl").read_bytes() == before

    # Nothing is left to train.
    monkeypatch.setattr("corelib.runs.launch.spawn", None)
    lines.clear()
    assert [run.id for run in seeds.train(specs, lines.append)] == [first.id, second.id]
    assert not lines


def test_a_failed_run_is_reported(runs_root, tmp_path, monkeypatch):
    monkeypatch.setenv("SYNAPTARIUM_DATA", str(tmp_path / "nothing"))
    with pytest.raises(RunError, match="is failed: Van Hateren's patches are not here"):
        seeds.train([make_spec("ipvae", dataset="doves")], lambda line: None)


def test_train_measures_writes_and_reads_back(runs_root, tmp_path, monkeypatch):
    rows = pd.DataFrame({"seed": [0, 1], "accuracy": [0.1234, np.nan]})
    asked = []
    what = results.OverSeeds(
        "toy",
        seeds=2,
        specs=lambda seed: [tiny(seed)],
        measure=lambda specs, runs: asked.append((specs, runs)) or rows,
        summary=lambda rows: rows.assign(seen=len(rows)),
    )
    monkeypatch.setattr(results, "SHIPPED", tmp_path)
    monkeypatch.setattr(seeds, "train", lambda specs: [f"run {s.seed}" for s in specs])
    table = results.table(what, train=True)
    assert [spec.seed for spec in asked[0][0]] == [0, 1]
    assert asked[0][1] == ["run 0", "run 1"]
    assert table.attrs["notes"] == ["Computed now on this machine."]
    pd.testing.assert_frame_equal(results.own("toy"), rows)
    assert not list(tmp_path.glob("*.csv"))

    results.table(what, n_seeds=1, ship=True)
    assert len(asked[1][0]) == 1
    first = (tmp_path / "toy.csv").read_text(encoding="utf-8").splitlines()[0]
    assert first.startswith("# python -m corelib reproduce toy --ship --seeds 1 (python ")
    table = results.table(what)
    assert table["seen"].tolist() == [2, 2]
    assert table.attrs["notes"] == ["From assets/results/toy.csv; --train recomputes it."]


def test_only_one_process_computes_a_table(runs_root):
    assert not results.is_computing("anytime")
    with results.computing("anytime"):
        assert results.is_computing("anytime")
        assert not results.is_computing("classification")
        with pytest.raises(RunError, match="already being computed"):
            results.start_in_background("anytime")
        with pytest.raises(RunError, match="already being computed"):
            reproduce("anytime", train=True)
    assert not results.is_computing("anytime")


def test_the_background_process_is_the_command_and_keeps_a_log(runs_root, monkeypatch):
    asked = []
    monkeypatch.setattr(results, "spawn", lambda words, log: asked.append((words, log)))
    results.start_in_background("anytime")
    assert asked == [(["corelib", "reproduce", "anytime", "--train"], results.log_file("anytime"))]
    # A real one, of a command that ends at once.
    log = results.log_file("anytime")
    spawn(["corelib", "reproduce", "bpan", "--train"], log).join(60)
    assert results.last_line("anytime").endswith("; bpan does not.")
    log.write_text("1 of 2: first\n2 of 2: last\n", encoding="utf-8")
    assert results.last_line("anytime") == "2 of 2: last"
    # The next start clears the log.
    results.start_in_background("anytime")
    assert results.last_line("anytime") == ""


def test_a_wrong_number_of_seeds_is_refused_before_anything_is_trained(runs_root):
    with pytest.raises(SettingsError, match="from 1 to 100"):
        results.table(anytime.TABLE, train=True, n_seeds=101)


def test_what_is_left_for_all_is_this_run_and_those_after_it(monkeypatch):
    specs, lines = [tiny(seed=seed) for seed in range(4)], []
    monkeypatch.setattr(seeds, "incomplete", lambda after: [s for s in after if s.seed != 3])

    def expected(some):
        return SimpleNamespace(seconds=300.0 * len(some), unknown=sum(s.seed == 2 for s in some))

    monkeypatch.setattr(seeds, "expected_of_all", expected)
    for place in (1, 2):
        seeds._report(specs, place, lines.append, "running", 61.0)
    assert lines == [
        "2 of 4: bpan-mnist, seed 1, running; more than 7 min left for all",
        "3 of 4: bpan-mnist, seed 2, running; about 2 min left for all",
    ]
