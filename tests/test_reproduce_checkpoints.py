"""Shipping a network: half precision, and a card that says so."""

import shutil

import pytest
import torch

from corelib.reproduce.checkpoints import halve
from corelib.runs import registry
from corelib.training.checkpoint import WEIGHTS, check, read_tensors


def test_a_halved_network_has_a_true_card(tmp_path, monkeypatch):
    shutil.copytree(registry.SHIPPED / "mlp-mnist", tmp_path / "mlp-mnist")
    monkeypatch.setattr(registry, "SHIPPED", tmp_path)
    before = registry.find("mlp-mnist")
    half = halve(before)
    assert check(half.folder) == half.card
    tensors = read_tensors(half.folder / WEIGHTS)
    assert {tensor.dtype for tensor in tensors.values()} == {torch.float16}
    assert half.card.test["accuracy"] == pytest.approx(before.card.test["accuracy"], abs=1e-6)
    assert [entry.name for entry in tmp_path.iterdir()] == ["mlp-mnist"]
