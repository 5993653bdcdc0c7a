"""Each benchmark still runs, and its table says what it measured. Nothing is timed here."""

import json
import os
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
import torch

from benchmarks import beside, growth, growth_figure, growth_points
from benchmarks.__main__ import HEADINGS, MODULES, row
from benchmarks.measure import columns, count_flops
from corelib.data import ImageDataset, load_dataset
from corelib.models.bpan import BPAN
from corelib.models.bpc import products
from corelib.models.bpc.learner import CHUNK
from corelib.models.bpc.products import linear
from corelib.runs.spec import make_spec
from corelib.runs.store import create_run
from corelib.training.events import Stepped
from dashboard.figures.style import DARK, LIGHT
from tests.digits import with_first_test_images

ROOT = Path(__file__).parents[1]


def few_digits(name: str) -> ImageDataset:
    """As many test images as evaluation takes at a time, and some more."""
    return with_first_test_images(load_dataset(name), CHUNK + 50)


SMALL = {
    "ipvae": {"BATCH": 10, "INFERENCE_STEPS": 20, "DIRECTIONS": 4},
    "bpan": {"DIGITS": {1: 30, 32: 100, 256: 600, 10_000: 2_000}},
    "bpc": {"load_dataset": few_digits},
}
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


@pytest.mark.parametrize("family", growth_points.FAMILIES.values(), ids=growth_points.FAMILIES)
def test_a_step_is_measured_for_each_family(family, monkeypatch):
    monkeypatch.setattr(growth_points, "SECONDS", 0.0)
    monkeypatch.setattr(growth_points, "LEAST", 1)
    found = growth_points.a_step(family, family.units(10) | {family.steps: 3}, 4)
    assert found["ms"] > 0
    assert (found["kept_mb"] > 0) == (family.system != "bpc")


def test_activations_are_counted_once_and_without_the_weights():
    # That of an input that needs a gradient keeps the weights, too.
    x, layer = torch.randn(30, 40, requires_grad=True), torch.nn.Linear(40, 50)

    def work() -> None:
        hidden = torch.relu(layer(x))
        # Both squares keep the same array.
        (hidden.square().sum() + hidden.square().sum()).backward()

    assert growth_points.activations(layer, work) == 4 * (30 * 40 + 30 * 50)


def test_each_point_has_a_process_of_its_own():
    def takes(n: int) -> dict[str, float]:
        base = growth_points.peak_mb()
        kept = b"x" * n
        return {"mb": growth_points.peak_mb() - base, "length": len(kept)}

    large, small = (growth_points.alone(lambda n=n: takes(n)) for n in (200_000_000, 10))
    # Both may take a little besides.
    assert small["mb"] < 5
    assert large["mb"] == pytest.approx(200, abs=5)
    with pytest.raises(SystemExit, match="error is above"):
        growth_points.alone(lambda: {"never": 1 / 0})


def test_slopes_are_exponents():
    points = {n: {"ms": 3.0 * n**1.5, "mb": 2.0 * max(n, 8)} for n in (2, 4, 8, 16, 32)}
    line = growth.Line("BPAN", "batch", points).as_dict()
    assert line["slope"] == {"ms": 1.5, "mb": 1.0}
    assert line["from_point_to_point"] == {"ms": [1.5] * 4, "mb": [0, 0, 1, 1]}


def test_the_pictures_of_growth_show_what_is_stored_beside_them():
    folder = growth_figure.PICTURES
    found = json.loads((folder / "growth.json").read_text("utf-8"))
    for theme, palette in (("light", LIGHT), ("dark", DARK)):
        drawn = growth_figure.figure(found, palette)
        svg = (folder / f"growth-{theme}.svg").read_text("utf-8")
        assert len(drawn.data) > len(drawn.layout.annotations) == 2 * len(growth_figure.ROWS)
        for trace in drawn.data:
            assert len(trace.x) == len(trace.y) > 1
        for each in drawn.layout.annotations:
            for slope in re.findall(r"[A-Za-z] (−?\d\.\d\d)", each.text):
                assert slope in svg
        for name in (name for panels in growth_figure.ROWS for name in panels.lines):
            assert name in svg
        for place in (place for place in drawn.layout if place[1:5] == "axis"):
            assert drawn.layout[place].title.text in svg


def test_the_speed_of_a_training_is_that_of_its_updates_meanwhile(runs_root):
    run = create_run(make_spec("mlp"))
    steps = [Stepped(step=k, count=2, seconds=k / 100, metrics={}) for k in (2, 4, 8)]
    run.append(steps[0])

    def meanwhile() -> None:
        run.append(steps[1])
        run.append(steps[2])

    assert beside.speeds([run], meanwhile) == [pytest.approx(4 / 0.12)]


@pytest.mark.parametrize("name", ["benchmarks", "benchmarks.paint", "benchmarks.growth"])
def test_help_is_printed_and_nothing_is_measured(name, tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", name, "--help"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        encoding="utf-8",
        timeout=60,
    )
    assert done.returncode == 0
    assert f"python -m {name}" in done.stdout
    assert not [*tmp_path.iterdir()]
