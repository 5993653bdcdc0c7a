"""Rows of CIFAR-10 and CelebA of the table butd, from folders in their formats to the table, and
their cost."""

import pytest

from corelib.data import DATASETS, sources
from corelib.models.butd import config
from corelib.models.butd.rules import DECAYING, REFERENCE
from corelib.reproduce import butd, butd_cost, reproduce, results
from corelib.runs import launch, worker
from corelib.runs.offered import available
from tests.data.made import COUNTS, allow_other_sums, make_faces, make_objects

ROWS = (
    butd.Row("cifar-10", REFERENCE),
    butd.Row("cifar-10", DECAYING),
    butd.Row("celeba", REFERENCE),
)
ROUNDED = 0.00501
"""Per cent by which an accuracy may be off that is stored with four decimals."""


@pytest.fixture
def pictures(tmp_path, runs_root, monkeypatch):
    """Both folders, the published networks made narrow, a worker in this process."""
    monkeypatch.setenv("SYNAPTARIUM_DATA", str(tmp_path))
    allow_other_sums(monkeypatch)
    make_faces(tmp_path)
    make_objects(tmp_path, 20)
    monkeypatch.setattr(sources, "_load", lambda name: DATASETS[name].load())
    for name, narrow in (("celeb_a", {"width": 4, "embedding": 6}), ("cifar", {"hidden": 20})):
        preset = config.PRESETS[name]
        small = preset._replace(config={**preset.config, **narrow})
        monkeypatch.setitem(config.PRESETS, name, small)
    monkeypatch.setattr(butd, "EPOCHS", {"cifar-10": 2, "celeba": 1})
    monkeypatch.setattr(butd, "ROWS", ROWS)
    monkeypatch.setattr(worker.signal, "signal", lambda *_: None)
    monkeypatch.setattr(worker, "thread_count", lambda: 1)
    monkeypatch.setattr(launch, "_launch", lambda run: worker.main(str(run.folder)))


def test_rows_of_both_are_trained_measured_and_tabled(pictures):
    assert all(sources.is_here(row.dataset) for row in ROWS)
    table = reproduce("butd", train=True, n_seeds=1).set_index(["data", "rule"])
    assert list(table.index) == [(DATASETS[row.dataset].title, row.rule) for row in ROWS]
    cards = {(item.card.dataset, item.card.variant): item.card for item in available() if item.own}
    assert {card.system for card in cards.values()} == {"butd", "counter-hebb"}
    for row, variant in zip(ROWS, ("bp", "decay", "bp"), strict=True):
        card = cards[row.dataset, variant]
        cells = table.loc[DATASETS[row.dataset].title, row.rule]
        assert cells["accuracy / %"].mean == pytest.approx(100 * card.test["accuracy"], abs=ROUNDED)
        assert cells["epochs"] == butd.EPOCHS[row.dataset]
        assert cells["task's step / 10⁻⁶"].mean > 0
    faces = table.loc["CelebA", REFERENCE]
    # The mean over all attributes of all pictures that test.
    answers = 40 * COUNTS[2] * faces["accuracy / %"].mean / 100
    assert answers == pytest.approx(round(answers), abs=40 * COUNTS[2] * ROUNDED / 100)
    decaying, exact = (table.loc["CIFAR-10", rule] for rule in (DECAYING, REFERENCE))
    less = decaying["less back-propagation's / points"]
    assert less.mean == decaying["accuracy / %"].mean - exact["accuracy / %"].mean
    assert 10 < decaying["angle / °"].mean < 170
    assert exact["angle / °"] is None
    # What is computed here is kept, and gives the same table.
    again = butd.summary(results.own("butd")).set_index(["data", "rule"])
    assert again["accuracy / %"].map(str).to_dict() == table["accuracy / %"].map(str).to_dict()


@pytest.mark.parametrize("name", butd_cost.TRAINING_IMAGES)
def test_the_cost_is_that_of_all_updates_of_the_published_training(name, monkeypatch):
    """A clock that moves by 2.5 s whenever it is read, twice an update; the first update, which
    reserves memory and does not count, takes longer."""
    rate = 2.5
    now = iter([-1000.0, *(k * rate for k in range(100))])
    monkeypatch.setattr("corelib.training.loop.time.perf_counter", lambda: next(now))
    for preset, narrow in (("celeb_a", {"width": 4, "embedding": 6}), ("cifar", {"hidden": 20})):
        own = config.PRESETS[preset]
        small = own._replace(config={**own.config, **narrow}, training=own.training)
        monkeypatch.setitem(config.PRESETS, preset, small)
    row = butd.Row(name, REFERENCE)
    cost = butd_cost.cost(row, measured=1)
    # 45,000 / 20 and 162,770 / 64 batches, the last of CelebA smaller.
    updates = {"cifar-10": 6 * 2250, "celeba": 50 * 2544}[name]
    assert cost == (rate, updates)
    assert cost.hours == pytest.approx(rate * updates / 3600)
    assert f"{updates:,} updates" in butd_cost.in_words(row, cost)
