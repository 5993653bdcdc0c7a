"""Networks as ONNX: which of all systems can be, and that they are the same networks."""

import numpy as np
import pytest
import torch

from corelib import export_onnx
from corelib.__main__ import main
from corelib.catalog import SYSTEMS
from corelib.data.sources import DATASETS
from corelib.errors import CheckpointError
from corelib.runs import onnx_file, registry
from corelib.runs.imported import remove
from corelib.runs.registry import Checkpoint, imported_root, read_usable
from corelib.runs.spec import make_spec, resolve
from corelib.training import checkpoint
from corelib.training.card import Card
from tests.test_catalog_laws import SMALL

onnxruntime = pytest.importorskip("onnxruntime", reason="pip install onnx onnxscript onnxruntime")
FEW_STEPS = {"gpc": {"n_answer_steps": 3}, "hybrid-pc": {"n_answer_steps": 3}}
"""Of networks whose inference becomes one long graph."""
DRAW = ("ipvae", "igvae", "igvae-relu")
QUICK = ("bpan", "butd", *DRAW)
"""The others are run by make test-slow: an export takes seconds."""


def drawn(system: str) -> Checkpoint:
    """A small network of a system, with weights as they are drawn, among the imported ones."""
    config = {**SMALL[system], **FEW_STEPS.get(system, {})}
    # MNIST where it can be, which is read already.
    dataset = next((n for n in SYSTEMS[system].datasets if "mnist" in n), None)
    spec = make_spec(system, dataset=dataset, config=config)
    torch.manual_seed(0)
    model = SYSTEMS[system].make_model(resolve(spec).config)
    card = Card(**spec.model_dump(), step=0, epoch=0)
    folder = imported_root() / system
    folder.parent.mkdir(parents=True, exist_ok=True)
    checkpoint.save(folder, card, model.state_dict())
    return Checkpoint(system, folder, read_usable(folder), own=True)


@pytest.mark.parametrize(
    "system", [pytest.param(n, marks=() if n in QUICK else pytest.mark.slow) for n in SYSTEMS]
)
def test_every_system_is_exported_or_says_why_not(runs_root, tmp_path, system):
    item, file = drawn(system), tmp_path / "net.onnx"
    if system in DRAW:
        with pytest.raises(CheckpointError, match="it draws random numbers while it infers"):
            export_onnx(system, file)
        assert not file.exists()
        return
    exported = export_onnx(system, file)
    assert file.read_bytes() == exported.content
    # Nothing of where our files lie.
    assert b"corelib" not in exported.content
    # Once more by our own hand: other images, and a batch of another size.
    data = onnx_file.load_dataset(item.card.dataset)
    x = data.inputs(data.test.pixels[100:103])
    with torch.no_grad():
        ours = registry.load(item)(x).numpy()
    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    assert [i.name for i in session.get_inputs()] == ["x"]
    (theirs,) = session.run(["y"], {"x": x.numpy()})
    assert theirs.shape == ours.shape
    np.testing.assert_allclose(theirs, ours, rtol=0, atol=1e-4 * np.abs(ours).max())
    assert 0 <= exported.difference <= 1e-4 * exported.largest
    assert str(exported).startswith("over 64 test images its outputs differ")


@pytest.mark.slow
def test_every_shipped_network_is_exported_or_says_why_not(tmp_path):
    for item in registry.shipped():
        file = tmp_path / f"{item.name}.onnx"
        if item.card.system in DRAW:
            with pytest.raises(CheckpointError, match="draws random numbers"):
                export_onnx(item.name, file)
        else:
            export_onnx(item.name, file)
            assert file.stat().st_size > 0


def test_a_graph_that_answers_otherwise_is_not_written(runs_root, tmp_path, monkeypatch):
    drawn("mlp")
    monkeypatch.setattr(onnx_file, "_content", lambda title, model, x: b"a graph")
    model = registry.load("mlp")
    for wrong in (lambda y: y + 0.01, lambda y: y * torch.nan):
        monkeypatch.setattr(onnx_file, "_run", lambda _, x, w=wrong: w(model(x).detach()).numpy())
        with pytest.raises(CheckpointError, match="as ONNX is not the same network: over 64 test"):
            export_onnx("mlp", tmp_path / "net.onnx")
    assert not (tmp_path / "net.onnx").exists()


def test_what_is_missing_is_said(runs_root, tmp_path, monkeypatch, capsys):
    drawn("mlp")
    file = tmp_path / "net.onnx"
    assert main(["export", "mlp", str(file)]) == 0
    assert "net.onnx; over 64 test images its outputs differ" in capsys.readouterr().out
    assert main(["export", "mlp", str(file)]) == 2
    assert "already exists" in capsys.readouterr().err
    absent = DATASETS["mnist"]._replace(here=lambda: False)
    with monkeypatch.context() as away:
        away.setitem(DATASETS.built_in, "mnist", absent)
        with pytest.raises(CheckpointError, match="its images are not on this machine"):
            onnx_file.check_exportable(registry.find("mlp"))
    monkeypatch.setattr(onnx_file, "find_spec", lambda name: None if name == "onnx" else name)
    assert main(["export", "mlp", str(tmp_path / "other.onnx")]) == 2
    assert "pip install onnx" in capsys.readouterr().err
    remove("mlp")
