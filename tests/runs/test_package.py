"""A checkpoint as a zip: it comes back bit for bit, and whatever is damaged is refused."""

import hashlib
import io
import json
import pickle
import runpy
import shutil
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load as tensors_in
from safetensors.torch import save as as_safetensors

import corelib
from corelib import export_model, import_checkpoint
from corelib.__main__ import main
from corelib.catalog import SYSTEMS
from corelib.errors import CheckpointError, SettingsError, SynaptariumError
from corelib.runs import package, registry
from corelib.runs.imported import remove
from corelib.training.card import CARD, WEIGHTS, Card
from tests.test_catalog_laws import SMALL

NAME = "bpan-sequence-streaming-mnist"
"""A small one."""
KINDS = ("bpan-mnist", "bpan-sequence-ct-mnist", "butd-head-multi-mnist", "ipvae-natural-16")
"""One that reads images, sequences, scenes, patches."""


@pytest.fixture(scope="module")
def zipped(tmp_path_factory) -> bytes:
    return export_model(NAME, tmp_path_factory.mktemp("out") / "model.zip").read_bytes()


def parts_of(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zip_of(parts: dict[str, bytes], kind: int = zipfile.ZIP_DEFLATED) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", kind) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return content.getvalue()


def with_card(parts: dict[str, bytes], **changes) -> dict[str, bytes]:
    return {**parts, CARD: json.dumps({**json.loads(parts[CARD]), **changes}).encode()}


def with_weights(parts: dict[str, bytes], weights: bytes) -> dict[str, bytes]:
    """Other weights under their own checksum."""
    sums = {WEIGHTS: hashlib.sha256(weights).hexdigest()}
    return with_card({**parts, WEIGHTS: weights}, checksums=sums)


def refused(content: bytes, tmp_path: Path, name: str = "model.zip") -> str:
    """The sentence that a file is refused with; nothing of it is kept."""
    file = tmp_path / name
    file.write_bytes(content)
    with pytest.raises(SynaptariumError) as caught:
        import_checkpoint(file)
    root = registry.imported_root()
    assert not root.exists() or list(root.iterdir()) == []
    said = str(caught.value)
    assert "\n" not in said
    assert str(tmp_path) not in said, "a person knows the file by its name"
    return said


@pytest.mark.parametrize("name", KINDS)
def test_a_zip_comes_back_bit_for_bit(runs_root, tmp_path, name):
    file = export_model(name, tmp_path / "deeper" / "model.zip")
    (item,) = import_checkpoint(file, name="back")
    before, after = registry.find(name), registry.find("back")
    assert item == after
    assert (after.folder / WEIGHTS).read_bytes() == (before.folder / WEIGHTS).read_bytes()
    same = {"origin": None, "checksums": {}}
    assert after.card.model_copy(update=same) == before.card.model_copy(update=same)
    assert after.card.origin.file == "model.zip"
    data = corelib.load_dataset(before.card.dataset)
    x = data.inputs(data.test.pixels[:5])
    with torch.no_grad():
        assert torch.equal(corelib.load(name)(x), corelib.load("back")(x))
    # And out again, with the same weights.
    again = parts_of(export_model("back", tmp_path / "again.zip").read_bytes())
    assert again[WEIGHTS] == parts_of(file.read_bytes())[WEIGHTS]
    assert not registry.history(after).validations
    remove("back")
    assert registry.imported().usable == []


@pytest.mark.parametrize("name", KINDS)
def test_the_five_lines_run_in_the_folder_they_lie_in(
    runs_root, tmp_path, monkeypatch, capsys, name
):
    with zipfile.ZipFile(export_model(name, tmp_path / "model.zip")) as archive:
        archive.extractall(tmp_path / "unpacked")
    monkeypatch.chdir(tmp_path / "unpacked")
    example = Path(package.EXAMPLE)
    assert len(example.read_text(encoding="utf-8").splitlines()) == 5
    runpy.run_path(package.EXAMPLE)
    data = corelib.load_dataset(registry.find(name).card.dataset)
    with torch.no_grad():
        shape = corelib.load(name)(data.inputs(data.test.pixels[:8])).shape
    assert capsys.readouterr().out.strip() == str(shape)


def test_a_zip_is_the_same_each_time_and_replaces_nothing(zipped, tmp_path):
    file = export_model(NAME, tmp_path / "model.zip")
    assert file.read_bytes() == zipped
    assert tuple(parts_of(zipped)) == package.NAMES
    for taken, sentence in (("model.zip", "already exists"), ("model.tar", "should end in .zip")):
        with pytest.raises(CheckpointError, match=sentence):
            export_model(NAME, tmp_path / taken)
    with pytest.raises(CheckpointError, match="There is no checkpoint named"):
        export_model("nothing", tmp_path / "nothing.zip")
    assert not (tmp_path / "nothing.zip").exists()


def test_a_folder_and_a_pair_come_in_as_well(runs_root, zipped, tmp_path):
    parts = parts_of(zipped)
    folder = tmp_path / "unpacked"
    folder.mkdir()
    for name in (WEIGHTS, CARD):
        (folder / name).write_bytes(parts[name])
    (tmp_path / "net.safetensors").write_bytes(parts[WEIGHTS])
    (tmp_path / "net.json").write_bytes(parts[CARD])
    for way in (folder, folder / WEIGHTS, tmp_path / "net.safetensors"):
        (item,) = import_checkpoint(way)
        assert (item.folder / WEIGHTS).read_bytes() == parts[WEIGHTS]
    names = [item.name for item in registry.imported().usable]
    assert names == [f"imported_bpan_sequence{k}" for k in ("", "_2", "_3")]
    # The card of another network beside the weights.
    (tmp_path / "net.json").write_bytes((registry.SHIPPED / "mlp-mnist" / CARD).read_bytes())
    with pytest.raises(CheckpointError, match="belongs to another card"):
        import_checkpoint(tmp_path / "net.safetensors")


def test_what_is_asked_for_has_to_be_what_it_is(runs_root, zipped, tmp_path):
    file = tmp_path / "model.zip"
    file.write_bytes(zipped)
    for asked, sentence in (
        ({"system": "mlp"}, "names the system 'bpan-sequence', not 'mlp'"),
        ({"dataset": "mnist"}, "names the data set 'streaming-mnist', not 'mnist'"),
        ({"name": "../up"}, "should hold only letters"),
    ):
        with pytest.raises(SettingsError, match=sentence):
            import_checkpoint(file, **asked)
    (item,) = import_checkpoint(file, "bpan-sequence", "mine", "streaming-mnist")
    assert item.name == "mine"
    with pytest.raises(CheckpointError, match="already a network or a run named 'mine'"):
        import_checkpoint(file, name="mine")


class Harm:
    """Would write a file if it were unpickled."""

    def __reduce__(self):
        return open, ("harm", "w")


def torch_file(tensors: dict) -> bytes:
    content = io.BytesIO()
    torch.save(tensors, content)
    return content.getvalue()


def changed(change: Callable[[dict], object]) -> Callable[[dict], dict]:
    """Weights in which ``change`` did something to the tensors."""

    def apply(parts: dict[str, bytes]) -> dict[str, bytes]:
        tensors = tensors_in(parts[WEIGHTS])
        change(tensors)
        return with_weights(parts, as_safetensors(tensors))

    return apply


def configured(**settings) -> Callable[[dict], dict]:
    def apply(parts: dict[str, bytes]) -> dict[str, bytes]:
        config = {**json.loads(parts[CARD])["config"], **settings}
        return with_card(parts, config={k: v for k, v in config.items() if v is not None})

    return apply


def carded(**changes) -> Callable[[dict], dict]:
    return lambda parts: with_card(parts, **changes)


def weights(content: bytes) -> Callable[[dict], dict]:
    return lambda parts: with_weights(parts, content)


def other(**parts: bytes) -> Callable[[dict], dict]:
    return lambda kept: {**kept, **parts}


def giant_header(parts: dict[str, bytes]) -> dict[str, bytes]:
    return with_weights(parts, struct.pack("<Q", 2**62) + parts[WEIGHTS][8:])


def poisoned(value: float) -> Callable[[dict], dict]:
    return changed(lambda tensors: tensors["theta"][0].fill_(value))


DAMAGED = {
    "a tensor renamed": (
        changed(lambda t: t.update(theta2=t.pop("theta"))),
        "theta is missing; theta2 is not known",
    ),
    "a tensor missing": (changed(lambda t: t.pop("bias")), "bias is missing"),
    "a tensor too many": (changed(lambda t: t.update(extra=t["bias"] + 1)), "extra is not known"),
    "a hostile name": (
        changed(lambda t: t.update({"\x1b[31m\n" + "x" * 500: t["bias"] + 1})),
        "\ufffd[31m\ufffdxxx",
    ),
    "another shape": (
        changed(lambda t: t.update(bias=torch.zeros(3))),
        "bias is (3), but should be (160)",
    ),
    "another type": (
        changed(lambda t: t.update(bias=t["bias"].long())),
        "bias is torch.int64, but should be torch.float32",
    ),
    "eight bits": (
        changed(lambda t: t.update(bias=t["bias"].to(torch.float8_e4m3fn))),
        "bias is torch.float8_e4m3fn",
    ),
    "not a number": (poisoned(torch.nan), "not finite numbers, in theta"),
    "infinite": (poisoned(torch.inf), "not finite numbers, in theta"),
    "a pickle": (weights(pickle.dumps(Harm())), "not a safetensors file"),
    "a file of torch": (weights(torch_file({"a": Harm()})), "not a safetensors file"),
    "no weights at all": (weights(b""), "not a safetensors file"),
    "a giant header": (giant_header, "not a safetensors file"),
    "a bomb": (other(**{WEIGHTS: b"\0" * 2**26}), "a network with these settings has at most"),
    "other weights": (other(**{WEIGHTS: b"\0" * 100}), "its checksum differs"),
    "no weights": (lambda p: {k: p[k] for k in p if k != WEIGHTS}, "holds no weights.safetensors"),
    "no card": (lambda p: {k: p[k] for k in p if k != CARD}, "holds no checkpoint.json"),
    "a path": (other(**{"../../evil.py": b"x"}), "holds '../../evil.py', but a model's zip"),
    "an absolute path": (other(**{"/etc/passwd": b"x"}), "holds '/etc/passwd', but"),
    "a folder": (lambda p: {f"m/{k}": v for k, v in p.items()}, "outside any folder"),
    "more files": (other(**{"notes.txt": b"x"}), "holds 'notes.txt', but"),
    "a card of no JSON": (other(**{CARD: b"{"}), "The card of model.zip cannot be read"),
    "a card of a list": (other(**{CARD: b"[1]"}), "it should hold a JSON object"),
    "a deep card": (other(**{CARD: b"[" * 10**5}), "The card of model.zip cannot be read"),
    "a card of no text": (other(**{CARD: b"\xff\xfe\0"}), "The card of model.zip cannot be read"),
    "a long card": (other(**{CARD: b" " * (2**20 + 1)}), "should have at most 1,048,576"),
    "an unknown field": (carded(pace=1), "has no setting named pace"),
    "no system": (carded(system="resnet"), "names the system 'resnet', which is not known here"),
    "a long system": (carded(system="x" * 10**5), "which is not known here"),
    "unknown images": (carded(dataset="imagenet"), "dataset is 'imagenet'"),
    "images of another kind": (carded(dataset="mnist"), "dataset is 'mnist', but should be"),
    "an unknown setting": (configured(depth=3), "has no setting named depth"),
    "a setting out of bounds": (configured(alpha=7), "alpha is 7, but should be"),
    "a setting that does not fit": (configured(input_dim=5), "input_dim is 5, but should be 98"),
    "another size": (configured(n_excitatory=7), "does not fit this network"),
    "a wrong seed": (carded(seed=2**40), "seed is"),
    "endless updates": (carded(step=10**400), "counts more updates than there can be"),
    "a name that is a path": (carded(variant="../up"), "variant is '../up', but should hold only"),
    "no checksum": (carded(checksums={}), "has no checksum of the weights"),
    "a future format": (carded(format=2), "format is 2, but should be"),
}


@pytest.mark.parametrize("damage", DAMAGED)
def test_what_is_damaged_or_foreign_is_refused(runs_root, zipped, tmp_path, monkeypatch, damage):
    monkeypatch.chdir(tmp_path)
    change, sentence = DAMAGED[damage]
    said = refused(zip_of(change(parts_of(zipped))), tmp_path)
    assert sentence in said
    assert len(said) < 700
    assert said.isprintable()
    assert not (tmp_path / "harm").exists()


def test_what_is_no_zip_is_refused(runs_root, zipped, tmp_path):
    for content in (b"", b"PK", b"no zip", zipped[: len(zipped) // 2], zipped[:-30]):
        assert "it cannot be opened" in refused(content, tmp_path)
    assert "its name ends" not in refused(b"", tmp_path)
    said = refused(torch_file({"a": torch.zeros(2)}), tmp_path)
    assert "a file of torch.save, whose name ends in .pt" in said
    assert "cannot be opened" in refused(b"", tmp_path, "MODEL.ZIP")


def test_two_files_of_one_name_and_a_locked_file_are_refused(runs_root, zipped, tmp_path):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr(CARD, b"{}")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr(CARD, b"{}")
    assert "two files of the same name" in refused(content.getvalue(), tmp_path)
    # The bit that says that a part is encrypted, in both of its headers.
    locked = bytearray(zip_of({CARD: b"{}", WEIGHTS: b""}))
    locked[6] |= 1
    locked[locked.index(b"PK\x01\x02") + 8] |= 1
    assert "checkpoint.json in model.zip is damaged" in refused(bytes(locked), tmp_path)


def test_a_bomb_that_lies_of_its_size_is_never_unpacked_whole(runs_root, zipped, tmp_path):
    parts = parts_of(zipped)
    size = 2**26 + 12_345_678
    bomb = zip_of({**parts, WEIGHTS: b"\0" * size})
    assert len(bomb) < 200_000
    true, said = (struct.pack("<I", size) for size in (size, len(parts[WEIGHTS])))
    assert bomb.count(true) == 2
    assert "weights.safetensors in model.zip is damaged" in refused(
        bomb.replace(true, said), tmp_path
    )


@given(st.data())
def test_no_byte_can_be_changed_unseen(zipped, tmp_path_factory, data):
    """A package with a changed byte is refused in a sentence, or its weights and card are whole:
    the byte was of the two texts, or one that no reader needs."""
    at = data.draw(st.integers(0, len(zipped) - 1))
    broken = bytearray(zipped)
    broken[at] ^= data.draw(st.integers(1, 255))
    file = tmp_path_factory.mktemp("broken") / "model.zip"
    file.write_bytes(broken)
    said, read = "", None
    try:
        read = package.read(file)
    except CheckpointError as error:
        said = str(error)
    if read is None:
        assert said.isprintable()
        return
    card, weights = read
    parts = parts_of(zipped)
    assert weights == parts[WEIGHTS]
    assert card == Card(**json.loads(parts[CARD]))


@given(st.binary(max_size=300), st.sampled_from([CARD, WEIGHTS]))
def test_any_content_is_refused_in_a_sentence(zipped, tmp_path_factory, content, name):
    file = tmp_path_factory.mktemp("any") / "model.zip"
    parts = parts_of(zipped)
    file.write_bytes(
        zip_of({**parts, CARD: content} if name == CARD else with_weights(parts, content))
    )
    with pytest.raises(CheckpointError) as caught:
        package.read(file)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("system", SYSTEMS)
def test_what_a_network_needs_is_known_without_building_it(system):
    """The names, shapes and types that weights are checked against are those of the network."""
    chosen = SYSTEMS[system]
    config = chosen.config_type(**SMALL[system])
    card = Card(
        system=system,
        dataset=chosen.datasets[0],
        config=config.model_dump(),
        training={},
        seed=0,
        step=0,
        epoch=0,
    )
    expected = package._expected("it", card)
    built = chosen.make_model(config).state_dict()
    assert list(expected) == list(built)
    for name, tensor in built.items():
        assert (expected[name].shape, expected[name].dtype) == (tensor.shape, tensor.dtype)
        assert expected[name].device.type == "meta"


def test_a_network_too_large_for_memory_is_refused(runs_root, zipped, tmp_path, monkeypatch):
    monkeypatch.setattr(package, "LARGEST", 42_890 * 4 - 1)
    said = refused(zipped, tmp_path)
    # 42,890 numbers of four bytes, and the buffers.
    assert "The network of model.zip takes" in said


def test_only_what_was_imported_is_removed_but_that_always(runs_root, zipped, tmp_path):
    (tmp_path / "model.zip").write_bytes(zipped)
    (item,) = import_checkpoint(tmp_path / "model.zip", name="mine")
    for name in (NAME, str(item.folder)):
        with pytest.raises(CheckpointError, match="was not imported"):
            remove(name)
    for name in ("", ".", "..", "../runs", "nothing"):
        with pytest.raises(CheckpointError, match="There is no checkpoint"):
            remove(name)
    (item.folder / CARD).write_text("{", encoding="utf-8")
    remove("mine")
    assert list(registry.imported_root().iterdir()) == []


def test_the_commands(runs_root, tmp_path, capsys):
    out = tmp_path / "model.zip"
    assert main(["export", NAME, str(out)]) == 0
    assert "Weights, card, model card and an example are in" in capsys.readouterr().out
    assert main(["import", str(out), "--name", "mine"]) == 0
    assert "mine: bpan-sequence, tested on streaming-mnist" in capsys.readouterr().out
    assert main(["export", NAME, str(out)]) == 2
    assert "already exists" in capsys.readouterr().err
    shutil.copy(out, tmp_path / "half.zip")
    (tmp_path / "half.zip").write_bytes(out.read_bytes()[:1000])
    assert main(["import", str(tmp_path / "half.zip")]) == 2
    assert "half.zip is no zip, or it is damaged" in capsys.readouterr().err
