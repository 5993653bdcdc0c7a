"""Importing the authors' checkpoints: what comes in, by what name, and what is refused."""

import json
import pickle
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

import corelib
from corelib.__main__ import main
from corelib.errors import CheckpointError, SettingsError, SynaptariumError
from corelib.measures.evaluation import measure
from corelib.runs import foreign, imported, offered, registry
from corelib.runs.store import create_run
from tests.models.ipvae import test_authors as vaes
from tests.runs.conftest import tiny


def bpan(n_inputs: int = 784, n_classes: int = 10) -> dict[str, torch.Tensor]:
    """``BPANClassifier.state_dict()`` of the authors' code, small."""
    shapes = {"E": 6, "I": 3}
    generator = torch.Generator().manual_seed(0)

    def some(*shape: int) -> torch.Tensor:
        return 0.2 * torch.randn(shape, generator=generator)

    state = {}
    for to, n in shapes.items():
        for source, m in shapes.items():
            state[f"ei_layer.theta_{to}{source}"] = some(n, m)
        state |= {f"ei_layer.W_X{to}.weight": some(n, n_inputs), f"ei_layer.W_X{to}.bias": some(n)}
        state[f"ei_layer.b_{to.lower()}"] = some(n)
    return {**state, "readout.weight": some(n_classes, 6), "readout.bias": some(n_classes)}


@pytest.fixture
def file(runs_root, tmp_path) -> Path:
    torch.save(bpan(), tmp_path / "theirs.pt")
    return tmp_path / "theirs.pt"


def test_an_imported_network_is_found_loaded_measured_and_listed(file):
    before = offered.registry_state()
    (item,) = foreign.import_checkpoint(file, name="mine")
    assert offered.registry_state() != before
    assert registry.find("mine") == item
    assert (item.own, item.card.system, item.card.dataset) == (True, "bpan", "mnist")
    assert (item.card.score, item.card.test) == (None, {})
    assert item.card.origin.file == "theirs.pt"
    assert len(item.card.origin.checksum) == 64
    own = [other.name for other in offered.available() if other.own]
    assert own == ["mine"]
    model = corelib.load("mine")
    assert torch.equal(model.readout.weight, bpan()["readout.weight"])
    assert measure(item, "mnist", "test", 200).images == 200
    assert not registry.history(item).validations
    imported.remove("mine")
    with pytest.raises(CheckpointError, match="no checkpoint named 'mine'"):
        registry.find("mine")


def test_as_many_as_can_be_read_at_once_are_and_more_are_refused(file, monkeypatch):
    for name in ("second.pt", "third.pt"):
        shutil.copy(file, file.parent / name)
    monkeypatch.setattr(foreign, "MOST_FILES", 1)
    with pytest.raises(CheckpointError, match="holds 3 checkpoints, but at most 1 are read"):
        foreign.import_checkpoint(file.parent)
    monkeypatch.setattr(foreign, "MOST_FILES", 3)
    assert len(foreign.import_checkpoint(file.parent)) == 3


def test_a_name_is_given_once(file):
    foreign.import_checkpoint(file, name="mine")
    run = create_run(tiny(variant="lab"))
    for taken in ("mine", "lab", run.id[:8], registry.NOTHING):
        with pytest.raises(CheckpointError, match="already a network or a run named"):
            foreign.import_checkpoint(file, name=taken)
    for wrong in ("../up", "a b", "bpan-mnist", "é", "run:x"):
        with pytest.raises(SettingsError, match="should hold only letters"):
            foreign.import_checkpoint(file, name=wrong)
    with pytest.raises(SettingsError, match="name has 61 letters"):
        foreign.import_checkpoint(file, name="x" * 61)
    assert foreign.import_checkpoint(file, name="x" * 60)[0].name == "x" * 60
    names = [foreign.import_checkpoint(file)[0].name for _ in range(2)]
    assert names == ["imported_bpan", "imported_bpan_2"]


def test_a_run_of_the_same_name_is_called_otherwise(file):
    foreign.import_checkpoint(file, name="lab")
    run = create_run(tiny(variant="lab"))
    assert offered.titles()[run.id] != "lab"
    assert registry.find("lab").card.origin is not None


def test_a_folder_of_three_iterative_vaes_opens_as_three_networks(runs_root, tmp_path, capsys):
    for kind in vaes.KINDS:
        folder = tmp_path / "checkpoints" / f"{kind}_<grad|lin>_vH16-wht"
        folder.mkdir(parents=True)
        records = {"eval/kl": {5: np.float64(0.5), 6: np.float32(2.0)}, "grad": {3: 1.5}}
        metadata = {"timestamp": "2025", "checkpoint": 300, "global_step": 9000}
        whole = {
            "metadata": {**metadata, "stats_trainer": records, "stats_model": {}},
            "model": vaes.drawn(kind, torch.float32),
            "model_ema": None,
        }
        # 16 x 16 pixels, as the data set has.
        whole["model"] |= {
            "layer.phi.weight": torch.randn(256, vaes.K),
            "layer.dec_log_sigma": torch.zeros(1, 256),
        }
        torch.save(whole, folder / "VAE+Trainer-0300_(2025_05_13,12:47).pt")
        kind_of = "Pois" if kind == "poisson" else "Gaus"
        (folder / f"Config{kind_of}VAE.json").write_text(
            json.dumps(vaes.settings(kind)), encoding="utf-8"
        )
        (folder / "ConfigTrain.json").write_text('{"lr": 0.005, "epochs": 300}', encoding="utf-8")
    kept = foreign.import_checkpoint(tmp_path / "checkpoints", name="hadi")
    assert {item.card.system for item in kept} == {"ipvae", "igvae", "igvae-relu"}
    assert {item.name for item in kept} == {"hadi_ipvae", "hadi_igvae", "hadi_igvae_relu"}
    for item in kept:
        assert (item.card.step, item.card.epoch, item.card.config["t_train"]) == (9000, 300, vaes.T)
        assert item.card.training["learning_rate"] == 0.005
        assert item.card.dataset == "natural-16"
        assert item.card.origin.trained_on == "vH16-wht"
        assert measure(item, "natural-16", "test", 20).images == 20
    capsys.readouterr()
    assert main(["import", str(tmp_path / "checkpoints"), "--name", "again"]) == 0
    said = capsys.readouterr().out
    assert said.count("  trained on: vH16-wht\n") == said.count(", tested on natural-16;") == 3


@pytest.mark.parametrize("how", ["bare", "model_state_dict", "safetensors", "json"])
def test_a_state_dict_may_be_bare_or_wrapped(runs_root, tmp_path, how):
    file = tmp_path / "net.pth"
    if how == "safetensors":
        file = tmp_path / "net.safetensors"
        save_file(bpan(), file)
    else:
        torch.save({"epoch": 4, how: bpan()} if how == "model_state_dict" else bpan(), file)
    if how == "json":
        file.with_suffix(".json").write_text('{"T": 11}', encoding="utf-8")
    (item,) = foreign.import_checkpoint(file)
    assert item.card.config["n_steps"] == (11 if how == "json" else 6)
    assert item.card.epoch == (4 if how == "model_state_dict" else 0)


def test_the_data_set_must_fit(runs_root, tmp_path):
    torch.save(bpan(), tmp_path / "a.pt")
    (item,) = foreign.import_checkpoint(tmp_path / "a.pt", dataset="fashion-mnist")
    assert item.card.dataset == "fashion-mnist"
    with pytest.raises(
        SettingsError, match=r"dataset is 'natural-16', but should be one that fits"
    ):
        foreign.import_checkpoint(tmp_path / "a.pt", dataset="natural-16")
    torch.save(bpan(n_inputs=300), tmp_path / "b.pt")
    with pytest.raises(CheckpointError, match="No data set of the system 'bpan' fits"):
        foreign.import_checkpoint(tmp_path / "b.pt")
    with pytest.raises(CheckpointError, match=r"act_cell.rnn_cell.weight_ih is missing"):
        foreign.import_checkpoint(tmp_path / "a.pt", system="act")
    with pytest.raises(SettingsError, match="system is 'resnet', but should be one of"):
        foreign.import_checkpoint(tmp_path / "a.pt", system="resnet")


def test_nothing_is_kept_of_a_folder_with_a_bad_file(file):
    (file.parent / "zzz.pt").write_bytes(b"nothing")
    with pytest.raises(CheckpointError):
        foreign.import_checkpoint(file.parent)
    assert registry.imported().usable == []


class Runs:
    """Would run a program if it were unpickled."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self):
        return (Path.touch, (self.target,))


def hostile(tmp_path: Path) -> dict[str, bytes | dict]:
    whole = tmp_path / "whole.pt"
    torch.save(bpan(), whole)
    content = whole.read_bytes()
    squeezed = tmp_path / "squeezed.pt"
    with zipfile.ZipFile(whole) as old, zipfile.ZipFile(squeezed, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, old.read(name))
    old_form = tmp_path / "old.pt"
    torch.save(bpan(), old_form, _use_new_zipfile_serialization=False)
    return {
        "empty": b"",
        "text": b"no archive",
        "cut off": content[: len(content) // 2],
        "compressed": squeezed.read_bytes(),
        "old form": old_form.read_bytes(),
        "bare pickle": pickle.dumps(Runs(tmp_path / "ran")),
        "program": {**bpan(), "x": Runs(tmp_path / "ran")},
        "a list": [1, 2],
        "no tensors": {},
        "a number": {**bpan(), "readout.bias": 3},
        "a numbered key": {**bpan(), 3: torch.zeros(1)},
        "huge shape": {**bpan(), "readout.bias": torch.zeros(1).expand(10**12)},
        "huge square": {"ei_layer.theta_EE": torch.zeros(1).expand(10**6, 10**6)},
        "NaN": {**bpan(), "readout.bias": torch.full((10,), float("nan"))},
        "infinite": {**bpan(), "readout.bias": torch.full((10,), float("inf"))},
        "integers": {**bpan(), "readout.bias": torch.zeros(10, dtype=torch.int64)},
        "complex": {**bpan(), "readout.bias": torch.zeros(10, dtype=torch.complex64)},
        "sparse": {**bpan(), "readout.bias": torch.zeros(10).to_sparse()},
        "meta": {**bpan(), "readout.bias": torch.zeros(10, device="meta")},
        "other": {"embed.weight": torch.zeros(4, 4)},
        "too many units": {**bpan(), "ei_layer.W_XE.weight": torch.zeros(5000, 784)},
    }


HOSTILE = {
    "empty": "no checkpoint of torch",
    "text": "no checkpoint of torch",
    "cut off": "no checkpoint of torch",
    "compressed": "is compressed, which torch never does",
    "old form": "format of torch before 1.6",
    "bare pickle": "format of torch before 1.6",
    "program": "holds more than tensors and plain values",
    "a list": "holds list, but should hold a state dict",
    "no tensors": "holds no tensors",
    "a number": "holds int as readout.bias, but should hold a tensor",
    "a numbered key": "holds Tensor as 3, but should hold a tensor",
    "huge shape": "but the file does not hold so many",
    "huge square": "but the file does not hold so many",
    "NaN": "readout.bias in bad.pt holds numbers that are not finite",
    "infinite": "readout.bias in bad.pt holds numbers that are not finite",
    "integers": "readout.bias holds torch.int64, but should hold torch.float32",
    "complex": "holds torch.complex64, but should hold torch.float32",
    "sparse": "is no plain tensor",
    "meta": "is no plain tensor",
    "other": r"The tensors \(embed.weight, ...\) are of no form that is known here",
    "too many units": "n_excitatory is 5000, but should be",
}


@pytest.mark.parametrize("kind", list(HOSTILE))
def test_a_hostile_file_is_refused_with_a_sentence(runs_root, tmp_path, kind):
    content, file = hostile(tmp_path)[kind], tmp_path / "bad.pt"
    if isinstance(content, bytes):
        file.write_bytes(content)
    else:
        torch.save(content, file)
    with pytest.raises(SynaptariumError, match=HOSTILE[kind]) as caught:
        foreign.import_checkpoint(file)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "ran").exists()
    assert registry.imported().usable == []


def test_a_large_file_is_refused_before_it_is_read(file, monkeypatch):
    monkeypatch.setattr(foreign.torch_file, "LARGEST", 1000)
    with pytest.raises(CheckpointError, match="should have at most"):
        foreign.import_checkpoint(file)


@pytest.mark.parametrize("text", ["{", "[1]", '{"T": "many"}', '{"pace": 1}', '{"T": 1e999}'])
def test_bad_settings_are_refused_with_a_sentence(file, text):
    file.with_suffix(".json").write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError):
        foreign.import_checkpoint(file)


def test_the_commands_import_and_export(file, tmp_path, capsys):
    assert main(["import", str(file), "--name", "mine", "--system", "bpan"]) == 0
    said = capsys.readouterr().out
    assert "mine: bpan, tested on mnist" in said
    assert "trained on" not in said.replace("tested on", ""), "their file does not tell"
    assert "assumed, as no file tells: n_steps = 6, alpha = 0.2, dale = True" in said
    out = tmp_path / "out" / "back.pt"
    assert main(["export", "mine", str(out), "--authors"]) == 0
    back = torch.load(out, weights_only=True)
    assert back.keys() == bpan().keys()
    assert all(torch.equal(back[name], tensor) for name, tensor in bpan().items())
    assert json.loads(out.with_suffix(".json").read_text(encoding="utf-8"))["T"] == 6
    assert main(["export", "mine", str(out), "--authors"]) == 2
    assert "already exists" in capsys.readouterr().err
    assert main(["export", "act-mnist", str(tmp_path / "act.pt"), "--authors"]) == 2
    assert "cannot be written under its authors' names" in capsys.readouterr().err
    assert main(["export", "mine", str(tmp_path / "ours")]) == 0
    assert registry.find(str(tmp_path / "ours")).card.origin.file == "theirs.pt"
    assert main(["import", str(tmp_path / "nothing.pt")]) == 2
    assert "There is no file or folder" in capsys.readouterr().err
    assert main(["checkpoints", "list"]) == 0
    listed = capsys.readouterr().out.splitlines()
    assert [line.split()[:3] for line in listed if line.startswith("mine")] == [
        ["mine", "bpan", "mnist"]
    ]
    assert "97.64" in next(line for line in listed if line.startswith("bpan-mnist "))
    assert main(["checkpoints", "remove", "mine"]) == 0
    assert registry.imported().usable == []
    assert main(["checkpoints", "remove", "bpan-mnist"]) == 2
    assert "was not imported, and is not removed" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["bpan-mnist", "bpan-nodale-mnist", "ipvae-natural-16"])
def test_a_shipped_network_goes_out_and_comes_back(runs_root, tmp_path, name):
    foreign.export_authors(name, tmp_path / "net.pt")
    (item,) = foreign.import_checkpoint(tmp_path / "net.pt", name="back")
    card = registry.find(name).card
    # Theirs begins a training with other step sizes and priors; it says nothing of ours.
    begun = {"log_step": 0, "prior_low": 0}
    assert item.card.config | begun == card.config | begun
    ours, theirs = (corelib.load(n).state_dict() for n in (name, "back"))
    for key, tensor in ours.items():
        assert torch.allclose(theirs[key], tensor, rtol=1e-6, atol=0), key
