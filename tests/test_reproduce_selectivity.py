"""Selectivity against contrast: what is said of the curves, and that they are the networks' own."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from corelib import load
from corelib.analysis.anytime import spread
from corelib.models.ipvae.contrast import ContrastCurve
from corelib.models.ipvae.experiment import Experiment, all_directions, sweep_directions
from corelib.models.ipvae.stimuli import paper_bar
from corelib.models.ipvae.tuning import median_orientation
from corelib.reproduce import selectivity


def curve(*median):
    median = np.resize(np.array(median, float), len(selectivity.CONTRASTS))
    contrasts = np.array(selectivity.CONTRASTS)
    return ContrastCurve(contrasts, median, median - 0.02, median + 0.02, np.full(len(median), 5))


def test_the_sentences_follow_from_the_curves():
    steep = np.linspace(1.0, 0.2, len(selectivity.CONTRASTS))
    found = {"ipvae": curve(0.85), "igvae-relu": curve(*steep), "igvae": curve(0.6)}
    ip, relu, ig, common = selectivity.answers(found)
    assert ip.startswith("ipvae equals the published 0.85 at contrast 0.50, ")
    (at,) = found["igvae-relu"].equal_to(0.27)
    assert relu == f"igvae-relu equals the published 0.27 at contrast {at:.2f}."
    assert ig.startswith("igvae never equals the published 0.15: from contrast 0.5 to 4 it lies ")
    assert common.endswith("contain the published figures: none.")
    agreeing = {"ipvae": curve(0.85), "igvae-relu": curve(0.26), "igvae": curve(0.16)}
    assert selectivity.answers(agreeing)[-1].endswith(": 0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4.")


def test_a_contrast_without_an_answer_is_left_empty():
    found = curve(0.9)._replace(median=np.array([np.nan, *[0.9] * 7]))
    assert "between 0.90 and 0.90" in selectivity.answers({"ipvae": found})[0]


def test_the_table_is_what_the_networks_do(monkeypatch):
    monkeypatch.setattr(selectivity, "CONTRASTS", (2.0,))
    monkeypatch.setattr(selectivity, "DIRECTIONS", 4)
    short = paper_bar(16)._replace(baseline_frames=20, frames=60, speed=0.4)
    monkeypatch.setattr("corelib.models.ipvae.stimuli.paper_bar", lambda side: short)
    names = [f"{system}-natural-16" for system in selectivity.PUBLISHED]
    specs = [SimpleNamespace(system=name.removesuffix("-natural-16"), seed=0) for name in names]
    rows = selectivity.measure(specs, [SimpleNamespace(id=name) for name in names])
    table = selectivity.summary(rows).set_index("network")
    assert list(table.index) == ["ipvae", "igvae-relu", "igvae", selectivity.BY_SIZE]
    for name, row in table.iterrows():
        system = name.split(",")[0]
        shown = Experiment(short._replace(contrast=2.0), trials=1)
        swept = sweep_directions(load(f"{system}-natural-16"), shown, all_directions(4))
        tuning = swept.tuning(magnitude=name == selectivity.BY_SIZE)
        assert row["1 - CV"].mean == pytest.approx(median_orientation(tuning), abs=6e-5)
        assert row["published"] == selectivity.PUBLISHED[system]


def test_seeds_are_averaged_and_one_without_answer_leaves_the_cell_empty():
    rows = pd.DataFrame(
        {
            "network": "ipvae",
            "seed": [0, 1, 0, 1],
            "contrast": [1.0, 1.0, 2.0, 2.0],
            "median": [0.8, 0.9, 0.7, np.nan],
            "low": [0.7, 0.8, 0.6, np.nan],
            "high": [0.9, 1.0, 0.8, np.nan],
            "responsive": [10, 20, 30, 0],
        }
    )
    one, two = selectivity.summary(rows).to_dict("records")
    assert one["1 - CV"] == pytest.approx(spread([0.8, 0.9]))
    assert one["95 % interval"] == "[0.750, 0.950]"
    assert two["1 - CV"] is None
    assert two["95 % interval"] is None
    assert two["responsive neurons"] == spread([30, 0])


def test_the_networks_are_those_of_the_table_of_iterative_vaes():
    assert [spec.system for spec in selectivity.specs(2)] == list(selectivity.PUBLISHED)
    assert {spec.seed for spec in selectivity.specs(2)} == {2}
