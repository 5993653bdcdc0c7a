"""Comparing networks: against computing it another way, and on the page."""

import numpy as np
import pandas as pd
import pytest
import torch

import corelib
from corelib.errors import CheckpointError, SettingsError
from corelib.measures.comparison import bootstrap, compare, grouped
from corelib.runs.registry import find
from corelib.runs.store import create_run
from dashboard.lab.compare import sentence
from dashboard.rooms import ROOMS
from dashboard.shell.opens import query_for, rooms_of
from tests.pages.app import open_page, sentences
from tests.runs.conftest import tiny
from tests.runs.test_registry import store


def correct(name: str, images: int) -> np.ndarray:
    """By the network itself, without what measures."""
    data = corelib.load_dataset("mnist")
    x = data.inputs(data.test.pixels[:images])
    with torch.no_grad():
        logits = corelib.load(name)(x)  # (image, step, class)
    return (logits[:, -1].argmax(-1) == data.test.labels[:images]).numpy()


@pytest.fixture
def seeds(runs_root):
    """Two runs that differ in their seed alone, and one of another learning rate."""
    made = []
    for seed, more in ((0, {}), (1, {}), (0, {"batch_size": 250})):
        run = create_run(tiny(seed=seed, **more))
        store(run, 110, 0.5)
        run.set_status("completed")
        made.append(run.id)
    return made


def test_accuracies_and_differences_are_those_of_the_networks_themselves():
    names = ["bpan-mnist", "mlp-mnist"]
    found = compare(names, images=1500)
    by_hand = [correct(name, 1500) for name in names]
    assert found.scores["accuracy"].tolist() == [pytest.approx(c.mean()) for c in by_hand]
    (row,) = found.differences.to_dict("records")
    differences = by_hand[1].astype(float) - by_hand[0]
    assert row["difference"] == pytest.approx(differences.mean())
    # Many images: the bootstrap's interval is near that of the normal distribution.
    reach = 1.96 * differences.std(ddof=1) / 1500**0.5
    assert row["low"] == pytest.approx(row["difference"] - reach, abs=0.15 * reach)
    assert row["high"] == pytest.approx(row["difference"] + reach, abs=0.15 * reach)


def test_the_interval_is_that_of_resampling_by_hand():
    draw = np.random.default_rng(1)
    differences = draw.choice([-1.0, 0.0, 1.0], 400, p=[0.05, 0.8, 0.15])
    low, high = bootstrap(differences)
    means = [draw.choice(differences, 400).mean() for _ in range(4000)]
    assert (low, high) == pytest.approx(np.quantile(means, [0.025, 0.975]), abs=0.006)
    assert bootstrap(np.full(10, 0.25)) == (0.25, 0.25)


def test_intervals_hold_the_truth_as_often_as_they_say():
    draw = np.random.default_rng(2)
    held = [
        bootstrap(draw.choice([-1.0, 0.0, 1.0], 120, p=[0.1, 0.7, 0.2]), 400).holds(0.1)
        for _ in range(150)
    ]
    assert 0.88 <= np.mean(held) <= 0.995


def test_networks_that_differ_in_the_seed_alone_are_one_group(seeds):
    found = compare(seeds, images=200)
    assert found.scores["group"].nunique() == 2
    first = found.groups.iloc[0]
    of_group = found.scores[found.scores["group"] == first["group"]]["accuracy"]
    assert first["seeds"] == 2
    assert first["accuracy"] == pytest.approx(np.mean(of_group))
    assert first["accuracy, sd"] == pytest.approx(np.std(of_group, ddof=1))
    assert found.settings["setting"].tolist() == ["batch_size"]
    assert found.settings.iloc[0, 1:].tolist() == ["500", "250"]


def test_differences_are_paired_by_seed_where_both_have_the_same(runs_root):
    ids = []
    for seed in (0, 1, 2):
        for more in ({}, {"batch_size": 250}):
            run = create_run(tiny(seed=seed, **more))
            store(run, 110, 0.5)
            ids.append(run.id)
    found = compare(ids, images=300)
    (row,) = found.differences.to_dict("records")
    table = found.scores.pivot_table(index="seed", columns="group", values="accuracy")
    paired = table[row["group"]] - table[row["less"]]
    assert row["pairs"] == 3
    assert row["paired by seed"] == pytest.approx(paired.mean())
    assert row["sd"] == pytest.approx(paired.std(ddof=1))
    assert row["difference"] == pytest.approx(paired.mean())


def test_what_cannot_be_compared_is_said():
    found = compare(["bpan-mnist", "ipvae-natural-16"], images=50)
    assert found.differences.empty
    assert any("does not answer after each step" in note for note in found.notes)
    assert found.groups["R²"].notna().tolist() == [False, True]
    found = compare(["bpan-mnist", "bpan-sequence-ct-mnist"], images=50)
    assert found.differences.empty
    assert any("other images" in note for note in found.notes)
    with pytest.raises(SettingsError, match="2 to 8 networks"):
        compare(["bpan-mnist"])
    with pytest.raises(CheckpointError, match="no checkpoint named 'nosuch'"):
        compare(["bpan-mnist", "nosuch"])


def test_the_table_holds_every_value_once(seeds):
    found = compare([*seeds, "mlp-mnist"], images=100)
    table = found.table()
    for part in ("scores", "groups", "settings", "differences"):
        frame: pd.DataFrame = getattr(found, part)
        assert (table["part"] == part).sum() == int(frame.iloc[:, 1:].notna().sum().sum())


def test_no_two_groups_have_the_same_name(seeds):
    items = [find(name) for name in seeds]
    names = [group.name for group in grouped([*items, items[2]._replace(titled=items[2].title)])]
    assert len(set(names)) == len(names)


def test_the_page_says_what_the_library_found(seeds):
    app = open_page("compare")
    app.multiselect(key="compare_runs").set_value(["bpan-mnist", seeds[0]]).run()
    assert not app.exception
    from dashboard.shell import cache

    items = {item.name: item for item in cache.checkpoints()}
    found = compare([items["bpan-mnist"], items[seeds[0]]])
    assert sentence(found) in sentences(app)
    assert "points less" in sentence(found)
    assert len(app.get("iframe")) == 2


def test_an_address_chooses_runs_by_their_ids(seeds):
    app = open_page("compare", compare_runs=seeds[:2])
    assert not app.exception
    assert app.multiselect(key="compare_runs").value == seeds[:2]
    app = open_page("compare", compare_runs="bpan-mnist")
    assert "Choose 2 to 8 networks" in app.info[0].value


@pytest.mark.parametrize(
    "name",
    ["bpan-mnist", "bpan-sequence-ct-mnist", "bpc-mnist", "butd-shared-multi-mnist", "ipvae-mnist"],
)
def test_a_network_opens_in_each_experiment_that_takes_it(name):
    item = find(name)
    rooms = rooms_of(item)
    assert rooms
    assert set(rooms) <= set(ROOMS)
    for room in rooms:
        asked = query_for(room, item)
        app = open_page(room.file.removesuffix(".py"), **asked)
        assert not app.exception
        for key, value in asked.items():
            now = app.session_state[key]
            assert value in (now if isinstance(now, list) else [now])
