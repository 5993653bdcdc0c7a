"""Every system that reads a set of one's own trains on it and is measured, corrupted or not."""

import numpy as np
import pytest
import torch

from corelib.catalog import SYSTEMS
from corelib.data import load_dataset, own
from corelib.data.corruptions import Corruption, corrupt
from corelib.data.own_asked import Asked
from corelib.data.own_reading import add
from corelib.errors import CheckpointError
from corelib.runs import index, offered, registry
from corelib.runs.spec import make_spec, resolve
from corelib.runs.store import create_run
from corelib.training.card import read_card, write_card
from tests.data.shapes import make_npz, shapes
from tests.runs.test_registry import store
from tests.test_catalog_laws import SMALL

GREY = [name for name, system in SYSTEMS.items() if "image" in (system.data, *system.also)]


@pytest.fixture
def mine(tmp_path, monkeypatch):
    monkeypatch.setenv("SYNAPTARIUM_DATA", str(tmp_path / "data"))
    return add(make_npz(tmp_path / "shapes.npz"), "mine")


@pytest.mark.parametrize("name", GREY)
def test_a_step_on_20_by_20_pixels_of_3_classes(mine, name):
    spec = make_spec(name, dataset="mine", config=SMALL[name], training={"device": "cpu"})
    resolved = resolve(spec)
    assert resolved.config.input_dim == 400
    data = load_dataset("mine")
    torch.manual_seed(0)
    model = resolved.system.make_model(resolved.config)
    learner = resolved.system.make_learner(model, resolved.training, data)
    before = [value.clone() for value in model.parameters()]
    learner.step(data.batch(data.train, 0, 32, 0))
    assert any(not a.equal(b) for a, b in zip(before, model.parameters(), strict=True))
    clean = learner.evaluate(data.test)
    assert np.isfinite(clean[learner.score])
    unchanged = corrupt(data.test.pixels, Corruption("occlusion", 0.0), data.mean, data.std)
    assert learner.evaluate(data.test._replace(pixels=unchanged)) == pytest.approx(clean)
    noisy = corrupt(data.test.pixels, Corruption("gaussian", 1.0), data.mean, data.std)
    assert learner.evaluate(data.test._replace(pixels=noisy)) != pytest.approx(clean)


def test_colour_trains_what_reads_pictures(tmp_path, monkeypatch):
    monkeypatch.setenv("SYNAPTARIUM_DATA", str(tmp_path / "data"))
    images, labels = shapes()
    colour = images[..., None] // np.array([1, 2, 3], np.uint8)
    add(make_npz(tmp_path / "colour.npz", images=colour, labels=labels), "colour", Asked())
    resolved = resolve(make_spec("counter-hebb", dataset="colour", config={"hidden": 30}))
    data = load_dataset("colour")
    learner = resolved.system.make_learner(
        resolved.system.make_model(resolved.config), resolved.training, data
    )
    learner.step(data.batch(data.train, 0, 32, 0))
    assert 0 <= learner.evaluate(data.test)["accuracy"] <= 1


def only_row() -> index.Row:
    (row,) = index.rows(fresh=True)
    return row


def test_a_network_whose_images_were_removed_is_left_out_with_a_sentence(mine, tmp_path, runs_root):
    run = create_run(make_spec("bpan", dataset="mine", config=SMALL["bpan"]))
    store(run, 10, 0.5)
    (folder,) = run.checkpoints()
    # As a worker writes it.
    write_card(folder, read_card(folder).model_copy(update={"versions": run.spec.versions}))
    assert [item.card.dataset for item in offered.available() if item.own] == ["mine"]
    state = offered.registry_state()
    own.remove("mine")
    assert offered.registry_state() != state
    assert not [item for item in offered.available() if item.own]
    assert "trained on 'mine', which is not known here" in only_row().said
    with pytest.raises(CheckpointError, match="add them again"):
        registry.find(run.id)
    images, labels = shapes()
    add(make_npz(tmp_path / "other.npz", images=255 - images, labels=labels), "mine")
    assert "trained on other images that were named 'mine'" in only_row().said
