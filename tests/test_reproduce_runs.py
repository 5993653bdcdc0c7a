"""Each row of a table over seeds is measured on the run of its own network and its own seed, and on
test images."""

import random
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, NamedTuple

import pandas as pd
import pytest
import torch

from corelib.data import sources
from corelib.data.images import ImageDataset, Split
from corelib.reproduce import (
    anytime,
    bpc,
    bpc_depth,
    classification,
    controls,
    ipvae,
    lca,
    photographs,
    sequential,
)
from corelib.runs.registry import find, load

SEEDS = (0, 2)
VALIDATED = {"accuracy": "of validation"}


class Case(NamedTuple):
    """``spec_of`` gives the spec that a raw row was measured on; ``given`` is what the measuring
    function is told of a row of the table besides its run."""

    module: Any
    measured_by: str
    spec_of: Callable[[Any, int], Any]
    given: str = ""


def _of_ipvae(row: Any, seed: int):
    name = row["model"].removesuffix(", MNIST")
    return ipvae.NETWORKS[name].spec(seed)


def _of_sequences(row: Any, seed: int):
    task, model = row["task"], row["model"]
    (own,) = (r for r in sequential.ROWS if (r.task, r.model) == (task, model))
    return own.spec(seed)


CASES = {
    "anytime": Case(
        anytime,
        "figures",
        lambda row, seed: anytime.ROWS[row["model"]].trained.spec(seed),
        "recurrence",
    ),
    "sequential": Case(sequential, "figures", _of_sequences),
    "bpc": Case(
        bpc, "measurements", lambda row, seed: bpc.ROWS[row["network"]].spec(seed), "completes"
    ),
    "ipvae": Case(ipvae, "figures", _of_ipvae),
    "classification": Case(
        classification,
        "",
        lambda row, seed: next(
            spec
            for spec in classification.specs(seed)
            if (spec.system, spec.variant) == (row["model"], f"h{row['hidden']}")
        ),
    ),
    "controls": Case(
        controls, "", lambda row, seed: controls.CONTROLS[row["control"]].spec(row["hidden"], seed)
    ),
    "bpc-depth": Case(
        bpc_depth,
        "_reach",
        lambda row, seed: bpc_depth._spec(row["condition"], row["hidden layers"], seed),
    ),
}


def named(spec) -> str:
    return f"{spec.title}, seed {spec.seed}"


def found(name: str) -> SimpleNamespace:
    """A checkpoint whose accuracy on the test images is its name."""
    card = SimpleNamespace(test={"accuracy": name}, metrics=VALIDATED)
    return SimpleNamespace(name=name, id=name, card=card)


@pytest.mark.parametrize("name", CASES)
def test_each_row_is_measured_on_the_run_of_its_spec_and_seed(name, monkeypatch):
    case = CASES[name]
    module = case.module
    monkeypatch.setattr(module, "find", found)
    if case.measured_by == "_reach":
        monkeypatch.setattr(module, "_reach", lambda name: {"reached": name})
    elif case.measured_by:

        def measured(item, given=None):
            return {"accuracy": getattr(item, "name", item), "given": given}

        monkeypatch.setattr(module, case.measured_by, measured)
    if module is controls:
        monkeypatch.setattr(controls, "last_accuracy", lambda run: f"last of {run.id}")
    pairs = [
        (spec, SimpleNamespace(id=named(spec), history=lambda: SimpleNamespace(began=None)))
        for seed in SEEDS
        for spec in module.specs(seed)
    ]
    random.Random(0).shuffle(pairs)
    rows = module.measure([spec for spec, _ in pairs], [run for _, run in pairs])
    assert set(rows["seed"]) == set(SEEDS)
    assert {named(case.spec_of(row, row["seed"])) for _, row in rows.iterrows()} == {
        named(spec) for spec, _ in pairs
    }
    for _, row in rows.iterrows():
        own = named(case.spec_of(row, row["seed"]))
        last = module is controls and controls.CONTROLS[row["control"]].last_epoch
        assert row["accuracy"] == (f"last of {own}" if last else own)
        if case.given:
            assert row["given"] == getattr(module.ROWS[row.iloc[0]], case.given)
        if case.measured_by == "_reach" and row["condition"] != bpc_depth.YARDSTICK:
            assert row["reached"] == own


@torch.no_grad()
def test_the_cost_at_a_threshold_is_the_mean_of_the_images_costs(few_digits):
    """Not that of the mean number of steps: the drive of the I units is paid by step 2 alone."""
    measured = anytime.figures(find("bpan-mnist"))
    x = few_digits.inputs(few_digits.test.pixels)
    _, steps = load("bpan-mnist").forward_anytime(x, 0.9)
    assert {1, 2, 3} < set(steps.tolist())

    def cost(t: int) -> int:
        e, i = 128, 32
        later = 784 * i + (t - 1) * (e + i) ** 2 if t > 1 else 0
        return 784 * e + later + t * e * 10

    each = [cost(t) for t in steps.tolist()]
    assert measured["multiply-adds at 0.9"] == round(sum(each) / len(each), 1)
    assert measured["multiply-adds"] == cost(6)


def patches() -> ImageDataset:
    """More test patches than are measured, each split of other numbers."""

    def split(n: int, first: float) -> Split:
        pixels = first + torch.arange(n * 256.0).reshape(n, 16, 16) / (n * 256)
        return Split(pixels, torch.zeros(n, dtype=torch.int64))

    return ImageDataset("patches", ("a",), 0.0, 1.0, split(30, 0), split(20, 2), split(600, 4))


def test_lca_learns_from_training_patches_and_is_measured_on_test_patches(monkeypatch):
    asked, data = [], patches()
    monkeypatch.setattr(sources, "load_dataset", {"natural-16": data}.get)
    monkeypatch.setattr(lca, "points", lambda *given: asked.append(given) or [])
    assert isinstance(lca.measure([4, 7]), pd.DataFrame)
    assert [given[:3] for given in asked] == [
        (layout, at, seed) for seed in (4, 7) for layout in lca.LAYOUTS for at in lca.LEARNED_AT
    ]
    for *_, train, x in asked:
        assert torch.equal(train, data.train.pixels.flatten(1))
        assert torch.equal(x, data.test.pixels[:500].flatten(1))


def test_pictures_are_measured_on_test_patches(monkeypatch):
    natural = patches()
    other = natural._replace(test=Split(natural.test.pixels + 1, natural.test.labels))
    by_name = {"natural-16": natural, "photographs-16": other}
    unseen = patches()._replace(name="unseen").validation
    monkeypatch.setattr("corelib.data.patches.unseen", lambda side: unseen)
    monkeypatch.setattr(sources, "load_dataset", by_name.get)
    shown = photographs.images()
    assert list(shown) == ["natural-16", "photographs-16", "unseen"]
    for name, data in by_name.items():
        assert torch.equal(shown[name], data.test.pixels[:500].flatten(1))
    assert torch.equal(shown["unseen"], unseen.pixels.flatten(1))
