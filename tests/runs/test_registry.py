"""Checkpoints by name: shipped ones, those of runs, and folders."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

import corelib
from corelib.catalog import system
from corelib.data import Split, load_dataset
from corelib.errors import CheckpointError, SettingsError
from corelib.models.bpan import BPAN
from corelib.runs import registry
from corelib.runs.store import Run, create_run
from corelib.training import checkpoint
from corelib.training.card import Card, read_card
from corelib.training.events import Validated
from tests.runs.conftest import TINY, tiny


def make(seed: int) -> BPAN:
    torch.manual_seed(seed)
    return BPAN(**TINY)


def store(run: Run, step: int, score: float | None) -> BPAN:
    """A checkpoint of the run as its worker writes them; the model's seed is the step."""
    spec, model = run.spec, make(step)
    card = Card(
        **spec.model_dump(exclude={"versions"}),
        step=step,
        epoch=step / 110,
        score=score,
        metrics={"accuracy": score} if score is not None else {},
    )
    checkpoint.save(run.checkpoint(step), card, model.state_dict(), {"x": torch.zeros(1)})
    return model


@pytest.fixture
def run(runs_root) -> Run:
    """A run whose second checkpoint is its best."""
    run = create_run(tiny())
    store(run, 110, 0.5)
    store(run, 220, 0.9)
    store(run, 330, 0.7)
    return run


def same_logits(model: torch.nn.Module, seed: int) -> bool:
    x = torch.randn(5, 784, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        return torch.equal(model(x), make(seed)(x))


def test_a_runs_name_means_its_best_checkpoint(run):
    for name in (run.id, run.id[:-2]):
        model = registry.load(name)
        assert isinstance(model, BPAN)
        assert not model.training
        assert same_logits(model, 220)
        assert not same_logits(model, 330)
    item = registry.find(run.id)
    assert (item.name, item.own, item.card.step) == (run.id, True, 220)


def test_a_folder_means_itself(run, tmp_path):
    assert same_logits(registry.load(str(run.checkpoint(330))), 330)
    assert same_logits(corelib.load(str(run.checkpoint(110))), 110)


def test_the_first_of_equally_good_checkpoints_is_the_best(runs_root):
    run = create_run(tiny())
    for step in (110, 220, 1000):
        store(run, step, 0.8)
    assert registry.best_checkpoint(run).name == "step-110"


def test_without_a_validation_the_last_checkpoint_stands(runs_root):
    run = create_run(tiny())
    assert registry.best_checkpoint(run) is None
    with pytest.raises(CheckpointError, match="has no checkpoint yet"):
        registry.load(run.id)
    store(run, 90, None)
    store(run, 100, None)
    assert registry.best_checkpoint(run).name == "step-100"
    store(run, 95, 0.1)
    assert registry.best_checkpoint(run).name == "step-95"


@pytest.mark.parametrize("name", ["nothing", "", "..", "../runs", "a/b", "a\0b", "x" * 5000, "é"])
def test_an_unknown_name_is_answered_with_the_available_ones(run, name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CheckpointError) as caught:
        registry.load(name)
    assert "There is no checkpoint named" in str(caught.value)
    assert "bpan-mnist" in str(caught.value)


def test_shipped_and_own_are_available_and_the_unreadable_are_left_out(run):
    empty = create_run(tiny(seed=9))
    damaged = create_run(tiny(seed=8))
    store(damaged, 10, 0.5)
    (damaged.checkpoint(10) / "checkpoint.json").write_text("{")
    items = registry.available()
    own = [item for item in items if item.own]
    assert [(item.name, item.card.step) for item in own] == [(run.id, 220)]
    shipped = [item.name for item in items if not item.own]
    assert shipped == [item.name for item in registry.shipped()]
    assert empty.id not in shipped


def test_an_export_is_a_checkpoint_without_the_optimiser(run, tmp_path):
    target = tmp_path / "exported" / "network"
    run.append(Validated(step=220, epoch=2, metrics={"accuracy": 0.8}, score=0.8, best=True))
    registry.export(registry.find(run.id), target)
    files = ["checkpoint.json", "history.jsonl", "weights.safetensors"]
    assert sorted(f.name for f in target.iterdir()) == files
    assert read_card(target) == read_card(run.checkpoint(220))
    assert registry.history(registry.find(str(target))).validations == run.history().validations
    assert same_logits(registry.load(str(target)), 220)
    with pytest.raises(CheckpointError, match="already exists; choose another name"):
        registry.export(registry.find(run.id), target)


def test_an_export_without_validations_can_be_exported_again_from_a_folder(
    run, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    registry.export(registry.find(run.id), Path("out"))
    assert not registry.history(registry.find("out")).validations
    registry.export(registry.find("out"), Path("again"))
    assert read_card(Path("again")) == read_card(run.checkpoint(220))


def test_foreign_weights_are_refused(run):
    file = run.checkpoint(220) / "weights.safetensors"
    save_file({"model.embed_tokens.weight": torch.zeros(4, 4)}, file)
    with pytest.raises(CheckpointError, match="does not fit this network"):
        registry.load(run.id)


def test_foreign_cards_are_refused(run):
    folder = run.checkpoint(220)
    card = read_card(folder).model_dump()
    for change, error, sentence in (
        ({"system": "resnet"}, SettingsError, "no system named 'resnet'"),
        ({"config": {**TINY, "n_steps": 10**9}}, SettingsError, "n_steps is 1000000000"),
        ({"config": {**TINY, "layers": 3}}, SettingsError, "no setting named layers"),
        ({"config": {**TINY, "n_excitatory": 9}}, CheckpointError, "does not fit"),
    ):
        changed = Card(**{**card, **change})
        (folder / "checkpoint.json").write_text(changed.model_dump_json())
        with pytest.raises(error, match=sentence):
            registry.load(str(folder))


def test_an_absent_device_is_reported_in_a_sentence(run):
    assert next(registry.load(run.id, "auto").parameters()).device.type in ("cpu", "cuda")
    if torch.cuda.is_available():
        pytest.skip("This machine has a CUDA device, so its absence is not tested here.")
    with pytest.raises(SettingsError, match="no CUDA device; use 'auto'"):
        registry.load(run.id, "cuda")


@pytest.mark.parametrize("item", registry.shipped(), ids=lambda item: item.name)
def test_shipped_checkpoints_load_and_are_as_accurate_as_their_cards_say(item):
    assert not item.own
    weights = load_file(item.folder / "weights.safetensors")
    assert all(tensor.isfinite().all() for tensor in weights.values())
    data, chosen = load_dataset(item.card.dataset), system(item.card.system)
    learner = chosen.make_learner(
        registry.load(item.name), chosen.training_type(**item.card.training), data
    )
    fifth = Split(*(part[::5] for part in data.test))
    metrics = learner.evaluate(fifth)
    if "accuracy" in metrics:
        expected = item.card.test["accuracy"]
        # A fifth of the images: four standard errors of what the card says of all.
        error = (expected * (1 - expected) / len(fifth.labels)) ** 0.5
        assert metrics["accuracy"] == pytest.approx(expected, abs=4 * error)
    else:
        assert metrics["R²"] == pytest.approx(item.card.test["R²"], abs=0.02)
        assert metrics["zeros"] == pytest.approx(item.card.test["zeros"], abs=0.02)


def test_shipped_checkpoints_are_small_and_hold_no_optimiser():
    files = [f for item in registry.shipped() for f in item.folder.iterdir()]
    ours = {"checkpoint.json", "weights.safetensors", "history.jsonl", "gates.npz"}
    assert {f.name for f in files} <= ours
    assert sum(f.stat().st_size for f in files) < 25e6
