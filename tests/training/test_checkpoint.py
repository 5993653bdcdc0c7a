"""Checkpoints: complete or absent, and nothing foreign is loaded."""

import hashlib
import json
import math
import pickle
import resource
import struct

import pytest
import torch
from safetensors.torch import load_file, save_file

from corelib.errors import CheckpointError
from corelib.models.bpan import BPAN
from corelib.training import checkpoint
from corelib.training.card import Card, read_card, write_card
from corelib.training.events import Validated, parse

SIZES = {"input_dim": 6, "n_excitatory": 4, "n_inhibitory": 2, "n_steps": 2}


def make(seed: int = 0, **sizes) -> BPAN:
    torch.manual_seed(seed)
    return BPAN(**{**SIZES, **sizes})


def card(**fields) -> Card:
    return Card(
        **{
            "system": "bpan",
            "dataset": "mnist",
            "config": SIZES,
            "training": {},
            "seed": 0,
            "step": 1,
            "epoch": 0.5,
            **fields,
        }
    )


@pytest.fixture
def folder(tmp_path):
    """A checkpoint of ``make()``."""
    folder = tmp_path / "checkpoints" / "step-1"
    checkpoint.save(folder, card(), make().state_dict(), {"mean.x": torch.arange(3.0)})
    return folder


def contents(folder) -> dict[str, bytes]:
    return {str(f.relative_to(folder)): f.read_bytes() for f in folder.rglob("*") if not f.is_dir()}


def equal(model: torch.nn.Module, other: torch.nn.Module) -> bool:
    pairs = zip(model.state_dict().values(), other.state_dict().values(), strict=True)
    return all(torch.equal(a, b) for a, b in pairs)


def test_round_trip(folder):
    other = make(seed=1)
    assert not equal(other, make())
    checkpoint.load_weights(other, folder / "weights.safetensors")
    assert equal(other, make())
    learner = checkpoint.read_tensors(folder / "learner.safetensors")
    assert torch.equal(learner["mean.x"], torch.arange(3.0))
    written = read_card(folder)
    assert written.model_copy(update={"checksums": {}}) == card()
    assert written.checksums == {
        name: hashlib.sha256((folder / name).read_bytes()).hexdigest()
        for name in ("weights.safetensors", "learner.safetensors")
    }


def test_views_and_other_memory_layouts_are_saved_as_their_values(tmp_path):
    table = torch.arange(12.0).view(3, 4)
    tensors = {"turned": table.T, "part": table[:, 1], "same": table}
    checkpoint.save(tmp_path / "step-1", card(), tensors)
    for name, tensor in checkpoint.read_tensors(tmp_path / "step-1/weights.safetensors").items():
        assert torch.equal(tensor, tensors[name]), name
    assert not (tmp_path / "step-1/learner.safetensors").exists()


@pytest.mark.parametrize(
    ("sizes", "names"),
    [
        ({"n_excitatory": 5}, "bias"),
        ({"input_dim": 7}, "drive.weight"),
        ({"n_classes": 3}, "readout.bias is (10), but should be (3)"),
    ],
    ids=str,
)
def test_mismatched_weights_are_refused_by_name(folder, sizes, names):
    other = make(seed=1, **sizes)
    with pytest.raises(CheckpointError, match="does not fit this network") as caught:
        checkpoint.load_weights(other, folder / "weights.safetensors")
    assert names in str(caught.value)
    assert equal(other, make(seed=1, **sizes)), "a refused checkpoint should change nothing"


def test_missing_and_unknown_names_are_refused(folder):
    file = folder / "weights.safetensors"
    whole = load_file(file)
    for wrong in (
        {k: v for k, v in whole.items() if k != "theta"},
        {**whole, "theta2": torch.zeros(1)},
        {"image_encoder.weight": torch.zeros(2, 2)},
        {},
    ):
        save_file(wrong, file)
        with pytest.raises(CheckpointError, match="does not fit this network"):
            checkpoint.load_weights(make(), file)


def test_a_sentence_names_three_misfits_and_counts_the_others():
    own = {name: torch.zeros(1) for name in "abcdef"}
    for missing, rest in ((3, ""), (4, "; and 1 more"), (5, "; and 2 more")):
        tensors = {name: own[name] for name in "abcdef"[missing:]}
        with pytest.raises(CheckpointError) as caught:
            checkpoint.check_fits("f", tensors, own)
        named = "a is missing; b is missing; c is missing"
        assert str(caught.value) == f"f does not fit this network: {named}{rest}."


class Harm:
    """Would write a file if it were unpickled."""

    def __init__(self, target) -> None:
        self.target = str(target)

    def __reduce__(self):
        return open, (self.target, "w")


def test_pickles_are_refused_and_not_run(folder, tmp_path):
    file, target = folder / "weights.safetensors", tmp_path / "harmed"
    for write in (
        lambda: torch.save(make().state_dict(), file),
        lambda: torch.save({"theta": Harm(target)}, file),
        lambda: file.write_bytes(pickle.dumps({"theta": Harm(target)})),
    ):
        write()
        with pytest.raises(CheckpointError, match="damaged or not a safetensors file"):
            checkpoint.load_weights(make(), file)
    assert not target.exists()
    pickle.loads(file.read_bytes())
    assert target.exists(), "the example should do harm where it is unpickled"


def test_damaged_weights_are_refused(folder):
    file = folder / "weights.safetensors"
    whole = file.read_bytes()
    for wrong in (
        b"",
        whole[:4],
        whole[:60],
        whole[:-1],
        struct.pack("<Q", 2**40) + whole[8:],
        whole[:8] + b"[" + whole[9:],
        b"\xff" * 100,
    ):
        file.write_bytes(wrong)
        model = make(seed=1)
        with pytest.raises(CheckpointError, match="damaged or not a safetensors file"):
            checkpoint.load_weights(model, file)
        assert equal(model, make(seed=1))
    file.unlink()
    with pytest.raises(CheckpointError, match=r"weights\.safetensors is missing in"):
        checkpoint.load_weights(make(), file)
    file.mkdir()
    with pytest.raises(CheckpointError):
        checkpoint.load_weights(make(), file)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[1, 2]",
        "null",
        '{"system": "bpan"}',
        '{"format": 2}',
        "\udcff",
        json.dumps({**card().model_dump(), "seed": -1}),
        json.dumps({**card().model_dump(), "note": "from elsewhere"}),
        json.dumps({**card().model_dump(), "format": 99}),
    ],
)
def test_unknown_and_damaged_cards_are_refused(folder, text):
    (folder / "checkpoint.json").write_text(text, errors="surrogateescape", encoding="utf-8")
    with pytest.raises(CheckpointError, match="cannot be read"):
        read_card(folder)


def test_a_folder_without_a_card_is_not_a_checkpoint(tmp_path):
    with pytest.raises(CheckpointError, match="There is no checkpoint in"):
        read_card(tmp_path)


def test_a_card_is_replaced_atomically(folder, monkeypatch):
    write_card(folder, card(test={"accuracy": 0.5}))
    assert read_card(folder).test == {"accuracy": 0.5}
    assert sorted(contents(folder)) == [
        "checkpoint.json",
        "learner.safetensors",
        "weights.safetensors",
    ]


def failing_card(*_):
    raise OSError(28, "No space left on device")


def test_a_failed_write_leaves_only_the_old_checkpoint(folder, monkeypatch):
    before = contents(folder.parent)
    monkeypatch.setattr(checkpoint, "write_card", failing_card)
    for target in (folder, folder.with_name("step-2")):
        with pytest.raises(CheckpointError, match="could not be written") as caught:
            checkpoint.save(target, card(), make(seed=3).state_dict())
        assert "No space left on device" in str(caught.value)
        assert contents(folder.parent) == before
        assert list(folder.parent.iterdir()) == [folder]


def test_a_full_disk_while_writing_the_weights(folder):
    """The system itself refuses to let a file grow past a size, as a full disk would."""
    before = contents(folder.parent)
    big = {"theta": torch.zeros(200_000)}
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        with pytest.raises(CheckpointError, match="could not be written"):
            checkpoint.save(folder.with_name("step-2"), card(), big)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert contents(folder.parent) == before
    assert list(folder.parent.iterdir()) == [folder]


def test_a_partly_written_checkpoint_is_never_visible(folder, monkeypatch):
    """While a checkpoint is being written, its folder has not appeared yet."""
    target = folder.with_name("step-2")
    seen = []

    def looking(scratch, card, real=write_card):
        real(scratch, card)
        seen.append((target.exists(), [f.name for f in folder.parent.glob("step-*")]))

    monkeypatch.setattr(checkpoint, "write_card", looking)
    checkpoint.save(target, card(), make().state_dict(), {})
    assert seen == [(False, ["step-1"])]
    assert (target / "checkpoint.json").exists()
    assert sorted(f.name for f in folder.parent.iterdir()) == ["step-1", "step-2"]


def test_saving_again_replaces_the_whole_checkpoint(folder):
    checkpoint.save(folder, card(step=2), make(seed=4).state_dict())
    assert read_card(folder).step == 2
    assert sorted(contents(folder)) == ["checkpoint.json", "weights.safetensors"]
    other = make()
    checkpoint.load_weights(other, folder / "weights.safetensors")
    assert equal(other, make(seed=4))


def test_leftovers_of_a_killed_writer_do_not_interfere(folder):
    scratch = folder.with_name(".step-2.1-abcd.part")
    scratch.mkdir()
    (scratch / "weights.safetensors").write_bytes(b"half")
    checkpoint.save(folder.with_name("step-2"), card(), make().state_dict())
    checkpoint.load_weights(make(), folder.with_name("step-2") / "weights.safetensors")


def test_any_flipped_bit_is_found(folder):
    assert checkpoint.check(folder) == read_card(folder)
    for name in ("weights.safetensors", "learner.safetensors"):
        whole = (folder / name).read_bytes()
        for place in range(0, len(whole), max(1, len(whole) // 40)):
            flipped = bytearray(whole)
            flipped[place] ^= 1 << place % 8
            (folder / name).write_bytes(flipped)
            with pytest.raises(CheckpointError, match=f"{name} is damaged: it has changed since"):
                checkpoint.check(folder)
        (folder / name).unlink()
        with pytest.raises(CheckpointError, match=f"{name} is missing in"):
            checkpoint.check(folder)
        (folder / name).write_bytes(whole)
    checkpoint.check(folder)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_weights_that_are_not_finite_are_refused(folder, value):
    weights = make().state_dict()
    weights["theta"][1, 2] = value
    checkpoint.save(folder.with_name("step-2"), card(), weights)
    model = make(seed=1)
    with pytest.raises(CheckpointError, match="not finite numbers, in theta"):
        checkpoint.load_weights(model, folder.with_name("step-2") / "weights.safetensors")
    assert equal(model, make(seed=1))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), 0.5])
def test_numbers_that_are_not_finite_are_spelled_in_one_way_and_read_back(tmp_path, value):
    metrics = {"loss": value}
    write_card(tmp_path, card(metrics=metrics, test=metrics))
    text = (tmp_path / "checkpoint.json").read_text(encoding="utf-8")
    json.loads(text, parse_constant=pytest.fail)  # strict JSON has no such constants
    read = read_card(tmp_path)
    event = Validated(step=1, epoch=1, metrics=metrics, score=value, best=False)
    line = event.model_dump_json()
    json.loads(line, parse_constant=pytest.fail)
    for back in (read.metrics["loss"], read.test["loss"], parse(line).score):
        assert back == value or (math.isnan(back) and math.isnan(value))


def test_null_as_once_written_reads_as_not_a_number():
    line = '{"kind":"stepped","step":1,"count":1,"seconds":1.0,"metrics":{"loss":null}}'
    assert math.isnan(parse(line).metrics["loss"])


def test_weights_alone_are_replaced_whole_or_not_at_all(tmp_path):
    """A writer that is stopped half way, as by a full disk, leaves what was there."""
    file = tmp_path / "live.safetensors"
    checksum = checkpoint.save_weights(file, make().state_dict())
    assert checksum == hashlib.sha256(file.read_bytes()).hexdigest()
    before = file.read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        with pytest.raises(OSError, match="File too large"):
            checkpoint.save_weights(file, {"theta": torch.zeros(200_000)})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert file.read_bytes() == before
    assert list(tmp_path.iterdir()) == [file]
    checkpoint.save_weights(file, make(seed=4).state_dict())
    other = make()
    checkpoint.load_weights(other, file)
    assert equal(other, make(seed=4))


def test_a_reader_sees_the_old_weights_until_the_new_ones_are_whole(tmp_path, monkeypatch):
    file = tmp_path / "live.safetensors"
    checkpoint.save_weights(file, make().state_dict())
    before, seen = file.read_bytes(), []
    write = type(file).write_bytes

    def looking(self, content):
        done = write(self, content)
        seen.append(file.read_bytes())
        return done

    monkeypatch.setattr(type(file), "write_bytes", looking)
    checkpoint.save_weights(file, make(seed=4).state_dict())
    assert seen == [before]
    assert file.read_bytes() != before
