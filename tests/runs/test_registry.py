"""Checkpoints by name: shipped ones, those of runs, and folders."""

import json
import os
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

import corelib
from corelib.catalog import system
from corelib.data import Split, load_dataset
from corelib.errors import CheckpointError, SettingsError
from corelib.models.bpan import BPAN
from corelib.runs import offered, registry
from corelib.runs.index import rows
from corelib.runs.store import Run, create_run
from corelib.training import checkpoint
from corelib.training.card import Card, read_card, write_card
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
    assert registry.best_checkpoint(run).folder.name == "step-110"


def test_without_a_validation_the_last_checkpoint_stands(runs_root):
    run = create_run(tiny())
    assert registry.best_checkpoint(run) is None
    with pytest.raises(CheckpointError, match="has no checkpoint yet"):
        registry.load(run.id)
    store(run, 90, None)
    store(run, 100, None)
    assert registry.best_checkpoint(run).folder.name == "step-100"
    store(run, 95, 0.1)
    assert registry.best_checkpoint(run).folder.name == "step-95"


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
    (damaged.checkpoint(10) / "checkpoint.json").write_text("{", encoding="utf-8")
    items = offered.available()
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
    card = read_card(run.checkpoint(220))
    kept = {"weights.safetensors": card.checksums["weights.safetensors"]}
    assert read_card(target) == card.model_copy(update={"checksums": kept})
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
    assert read_card(Path("again")) == read_card(Path("out"))


def test_a_damaged_checkpoint_is_not_exported(run, tmp_path):
    file = run.checkpoint(220) / "weights.safetensors"
    file.write_bytes(file.read_bytes()[:-1] + b"?")
    with pytest.raises(CheckpointError, match="has changed since it was saved"):
        registry.export(registry.find(run.id), tmp_path / "out")
    assert list(tmp_path.glob("*out*")) == []


@pytest.mark.parametrize("kind", [torch.float8_e4m3fn, torch.int64, torch.bool, torch.complex64])
def test_weights_of_another_kind_are_refused(run, kind):
    folder = run.checkpoint(220)
    weights = {name: t.to(kind) for name, t in load_file(folder / "weights.safetensors").items()}
    save_file(weights, folder / "weights.safetensors")
    write_card(folder, read_card(folder).model_copy(update={"checksums": {}}))
    with pytest.raises(CheckpointError, match=r"does not fit this network: .* should be"):
        registry.load(run.id)


def test_what_load_takes(run):
    assert same_logits(registry.load(run.checkpoint(330)), 330)
    for name in (None, 5):
        with pytest.raises(CheckpointError, match="There is no checkpoint named"):
            registry.load(name)
    with pytest.raises(SettingsError, match="device is 'tpu', but should be"):
        registry.load(run.id, "tpu")


def test_foreign_weights_are_refused(run):
    folder = run.checkpoint(220)
    save_file({"model.embed_tokens.weight": torch.zeros(4, 4)}, folder / "weights.safetensors")
    with pytest.raises(CheckpointError, match="has changed since it was saved"):
        registry.load(run.id)
    write_card(folder, read_card(folder).model_copy(update={"checksums": {}}))
    with pytest.raises(CheckpointError, match="does not fit this network"):
        registry.load(run.id)


def test_foreign_cards_are_refused(run):
    folder = run.checkpoint(220)
    card = read_card(folder).model_dump()
    for change, sentence in (
        ({"system": "resnet"}, "no system named 'resnet'"),
        ({"config": {**TINY, "n_steps": 10**9}}, "n_steps is 1000000000"),
        ({"config": {**TINY, "layers": 3}}, "no setting named layers"),
        ({"config": {**TINY, "n_excitatory": 9}}, "does not fit"),
        ({"training": {"pace": 1}}, "no setting named pace"),
        ({"dataset": "letters"}, "'letters', which is not known here"),
    ):
        write_card(folder, Card(**{**card, **change}))
        with pytest.raises(CheckpointError, match=sentence):
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
        # The same fifth and the same noise each time: none of them is further off than 0.003.
        assert metrics["R²"] == pytest.approx(item.card.test["R²"], abs=0.005)
        assert metrics["zeros"] == pytest.approx(item.card.test["zeros"], abs=0.005)


def test_shipped_checkpoints_are_small_and_hold_no_optimiser():
    files = [f for item in registry.shipped() for f in item.folder.iterdir()]
    ours = {"checkpoint.json", "weights.safetensors", "history.jsonl", "gates.npz"}
    assert {f.name for f in files} <= ours
    # What the design allows for assets/checkpoints.
    assert sum(f.stat().st_size for f in files) < 40e6


# -- odd folders


def spoil_card(run: Run, **changes) -> None:
    folder = run.checkpoint(110)
    text = json.dumps({**read_card(folder).model_dump(), **changes})
    (folder / "checkpoint.json").write_text(text, encoding="utf-8")


DEEP = "[" * 100_000
SPEC_STATUS_EVENTS = ("spec.json", "status.json", "events.jsonl")

ODDITIES = {
    "a copied checkpoint": lambda run: shutil.copytree(
        run.checkpoint(110), run.folder / "checkpoints" / "step-33 (copy)"
    ),
    "full-width digits": lambda run: (run.folder / "checkpoints" / "step-３３").mkdir(),
    "an empty checkpoint": lambda run: run.checkpoint(120).mkdir(),
    "a file for a checkpoint": lambda run: run.checkpoint(120).write_bytes(b""),
    "no weights": lambda run: (run.checkpoint(110) / "weights.safetensors").unlink(),
    "an unknown system on the card": lambda run: spoil_card(run, system="resnet"),
    "an unknown setting on the card": lambda run: spoil_card(run, config={"layers": 3}),
    "an unknown data set on the card": lambda run: spoil_card(run, dataset="letters"),
    "a list for settings": lambda run: spoil_card(run, config=[1]),
    "a nested card": lambda run: write(run.checkpoint(110) / "checkpoint.json", DEEP),
    "a nested spec": lambda run: write(run.folder / "spec.json", DEEP),
    "a nested status": lambda run: write(run.folder / "status.json", DEEP),
    "a nested event": lambda run: write(run.folder / "events.jsonl", DEEP + "\n"),
    "launched x": lambda run: write(
        run.folder / "status.json", '{"state": "starting", "launched": "x"}'
    ),
    "an unknown system": lambda run: write(run.folder / "spec.json", '{"system": "resnet"}'),
    "an unknown setting": lambda run: write(
        run.folder / "spec.json", '{"system": "bpan", "config": {"layers": 3}}'
    ),
    "no spec": lambda run: (run.folder / "spec.json").unlink(),
    "a folder for a spec": lambda run: replace_by_folder(run.folder / "spec.json"),
    "a folder for a status": lambda run: replace_by_folder(run.folder / "status.json"),
    "a folder for events": lambda run: (run.folder / "events.jsonl").mkdir(),
    "a folder for a lock": lambda run: (run.folder / "worker.lock").mkdir(),
    "total_steps 0": lambda run: write(
        run.folder / "events.jsonl",
        '{"kind": "began", "step": 0, "total_steps": 0, "steps_per_epoch": 0, "device": "cpu", '
        '"threads": 1, "parameters": 1}\n',
    ),
    "binary everywhere": lambda run: [
        write(run.folder / name, "\0\udcff")
        for name in ("spec.json", "status.json", "events.jsonl")
    ],
    "a name that is no text": lambda run: os.rename(
        run.folder, os.path.join(os.fsencode(run.folder.parent), b"\xff\xfe")
    ),
    "a step beyond counting": lambda run: append(run, step=10**25),
    "a negative step": lambda run: append(run, step=-5),
    "a count beyond counting": lambda run: append(run, count=10**400),
    "half a character": lambda run: write(
        run.folder / "status.json", '{"state": "failed", "message": "a\\ud800c"}'
    ),
    "a folder for a log": lambda run: (run.folder / "log.txt").mkdir(),
    "a name in two lines": lambda run: run.folder.rename(run.folder.with_name("a\nb")),
    "a strange name": lambda run: run.folder.rename(run.folder.with_name("my run (copy) ![x](y)")),
}
HARMLESS = {
    "a copied checkpoint",
    "full-width digits",
    "a strange name",
    "a name that is no text",
    "a folder for a lock",
    "a folder for a log",
    "a name in two lines",
}
"""After these, the run's own checkpoint is still usable and nothing is to be reported."""


def write(file: Path, text: str) -> None:
    file.write_text(text, encoding="utf-8", errors="surrogateescape")


def append(run: Run, **changes) -> None:
    event = {"kind": "stepped", "step": 1, "count": 1, "seconds": 1, "metrics": {"loss": 1}}
    with run.events.open("a", encoding="utf-8") as file:
        file.write(json.dumps(event | changes) + "\n")


def replace_by_folder(file: Path) -> None:
    file.unlink(missing_ok=True)
    file.mkdir()


@pytest.mark.parametrize("oddity", ODDITIES)
def test_an_odd_folder_is_reported_and_matters_nowhere_else(runs_root, oddity):
    whole, odd = create_run(tiny()), create_run(tiny(seed=9))
    for run in (whole, odd):
        store(run, 110, 0.5)
        run.set_status("completed")
    ODDITIES[oddity](odd)
    names = [item.name for item in offered.available() if item.own]
    assert whole.id in names
    assert same_logits(registry.load(whole.id), 110)
    listed = {row.id: row for row in rows(fresh=True)}
    assert len(listed) == 2
    assert listed[whole.id].said == ""
    del listed[whole.id]
    (line,) = listed.values()
    assert bool(line.said) == (oddity not in HARMLESS)
    offered.registry_state()
    for name in names:
        registry.load(name)


def test_an_odd_shipped_folder_leaves_out_only_itself(tmp_path, monkeypatch):
    copied = tmp_path / "shipped"
    names = ("bpan-mnist", "bpc-mnist", "mlp-mnist")
    for name in names:
        shutil.copytree(registry.SHIPPED / name, copied / name)
    monkeypatch.setattr(registry, "SHIPPED", copied)
    assert [item.name for item in registry.shipped()] == sorted(names)
    assert offered.unreadable() == []
    write(copied / "bpc-mnist" / "checkpoint.json", DEEP)
    (copied / "mlp-mnist" / "weights.safetensors").unlink()
    assert [item.name for item in registry.shipped()] == ["bpan-mnist"]
    reasons = {item.folder.name: item.reason for item in offered.unreadable()}
    assert "cannot be read" in reasons["bpc-mnist"]
    assert "weights.safetensors is missing" in reasons["mlp-mnist"]
    for name, reason in reasons.items():
        with pytest.raises(CheckpointError) as caught:
            registry.load(name)
        assert str(caught.value) == reason


def test_a_run_with_a_shipped_name_is_loaded_as_itself(run):
    run.folder.rename(run.folder.with_name("bpan-mnist"))
    assert not registry.find("bpan-mnist").own
    (own,) = [item for item in offered.available() if item.own]
    assert own.name == "run:bpan-mnist"
    assert same_logits(registry.load(own.name), 220)
    assert same_logits(registry.load(own), 220)
    assert len({item.name for item in offered.available()}) == len(offered.available())
