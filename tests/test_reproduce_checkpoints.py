"""Shipped networks: half precision, a card that says so, and whether training gives them again."""

import shutil

import pytest
import torch

from corelib.reproduce import checkpoints
from corelib.reproduce.checkpoints import halve, recipes
from corelib.runs import registry
from corelib.training.checkpoint import WEIGHTS, check, read_tensors, save_weights


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


def test_networks_trained_again_are_held_against_those_that_ship(tmp_path, monkeypatch):
    """One comes out as it ships, but for its precision, one with a single other weight, and one
    is measured by its R²."""
    names = ["mlp-mnist", "gru-mnist", "ipvae-mnist"]
    wanted = [spec for spec in recipes() if spec.title in names]
    assert [spec.title for spec in wanted] == names
    shipped = {name: registry.find(name) for name in names}

    def train(spec):
        old = shipped[spec.title]
        tensors = {k: t.float() for k, t in read_tensors(old.folder / WEIGHTS).items()}
        if spec.title == "gru-mnist":
            next(iter(tensors.values())).view(-1)[0] += 1
        folder = tmp_path / spec.title
        folder.mkdir()
        save_weights(folder / WEIGHTS, tensors)
        card = old.card.model_copy(update={"test": {"accuracy": 0.1234, "R²": 0.4321}})
        if spec.title == "ipvae-mnist":
            card = card.model_copy(update={"test": {"R²": 0.4321, "zeros": 0.9}})
        return old._replace(folder=folder, card=card)

    monkeypatch.setattr(checkpoints, "recipes", lambda: wanted)
    monkeypatch.setattr(checkpoints, "train", train)
    table = checkpoints.run().set_index("checkpoint")
    assert list(table.index) == names
    assert table["measure"].tolist() == ["accuracy", "accuracy", "R²"]
    assert table["now / %"].tolist() == [12.34, 12.34, 43.21]
    assert table["same weights"].tolist() == [True, False, True]
    for name, measure in zip(names, table["measure"], strict=True):
        assert table.loc[name, "shipped / %"] == round(100 * shipped[name].card.test[measure], 2)
