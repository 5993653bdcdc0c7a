"""Each benchmark still runs, and its table says what it measured. Nothing is timed here."""

from importlib import import_module

import pytest
import torch

from benchmarks.__main__ import HEADINGS, MODULES, row
from benchmarks.measure import columns, count_flops
from corelib.models.bpan import BPAN
from corelib.models.bpc import products
from corelib.models.bpc.products import linear

SMALL = {"ipvae": {"BATCH": 10, "INFERENCE_STEPS": 20, "DIRECTIONS": 4}}
"""Of the sizes that are only slow."""


@pytest.mark.parametrize("name", MODULES)
def test_each_measurement_runs_and_makes_a_row(name, monkeypatch):
    module = import_module(f"benchmarks.{name}")

    def once(candidates, rounds, warm_up=0, burst=1):
        for run in candidates.values():
            run()
        return {each: 10.0 * (k + 1) for k, each in enumerate(candidates)}

    monkeypatch.setattr(module, "medians", once)
    for size, small in SMALL.get(name, {}).items():
        monkeypatch.setattr(module, size, small)
    lines = list(module.measured())
    assert lines
    for line in lines:
        ours, theirs = (line["median_ms"][line[each]] for each in ("ours", "reference"))
        assert line["ratio"] == pytest.approx(theirs / ours, abs=0.006)
        assert line["floor_ms"] > 0
        cells = row(line)
        assert cells[-1] == ("yes" if line["ratio"] >= line["needed"] else "no")
        assert columns(HEADINGS, [cells]).count("\n") == 2
        assert len(cells) == len(HEADINGS)


def test_the_products_of_a_layer_and_its_gradients_are_counted(monkeypatch):
    monkeypatch.setattr(products, "onednn_is_faster", lambda: True)
    x = torch.randn(30, 40)
    weight = torch.randn(50, 40, requires_grad=True)
    # Forward, and the gradient of the weights; the input needs none.
    assert count_flops(lambda: (x @ weight.T).sum().backward()) == 2 * (2 * 30 * 40 * 50)
    large = torch.randn(300, 400), torch.randn(500, 400)
    with torch.no_grad():
        assert count_flops(lambda: linear(*large)) == 2 * 300 * 400 * 500


def test_the_products_of_a_backward_pass_by_hand_are_counted():
    torch.manual_seed(0)
    model = BPAN(input_dim=30, n_excitatory=5, n_inhibitory=3, n_classes=4, n_steps=6)
    x, y = torch.randn(7, 30), torch.randint(4, (7,))
    # The drive and its weights' gradient; five recurrent products, six readouts, each with two
    # products of its gradient.
    macs = 7 * (2 * 30 * 8 + 3 * 5 * 8 * 8 + 3 * 6 * 5 * 4)
    assert count_flops(lambda: model.compute_loss(x, y).backward()) == 2 * macs
