"""The tables bpc-variety, bpc-completion and bpc-depth: what is trained, and their arithmetic."""

import math

import numpy as np
import pandas as pd
import pytest

from corelib.models.bpc.config import PRESETS
from corelib.reproduce import bpc, bpc_completion, bpc_depth, bpc_variety, reproduce, results
from corelib.runs.spec import network_of, resolve

HALF = math.sqrt(0.5)


def test_variety_and_completion_train_nothing_that_the_table_bpc_does_not():
    for seed in (0, 2):
        known = {network_of(spec) for spec in bpc.specs(seed)}
        for table in (bpc_variety, bpc_completion):
            specs = table.specs(seed)
            assert {network_of(spec) for spec in specs} <= known
            assert {spec.seed for spec in specs} == {seed}
    assert [spec.system for spec in bpc_variety.specs(0)] == ["bpc", "gpc", "hybrid-pc"]


def sampled(network, seed, layer, scale, accuracy, spread, source=bpc_variety.SAMPLED):
    return {
        "network": network,
        "seed": seed,
        "source": source,
        "layer": layer,
        "scale": scale,
        "accuracy": accuracy,
        "distance": 0.3,
        "spread": spread,
    }


@pytest.fixture
def various() -> pd.DataFrame:
    return pd.DataFrame(
        [
            sampled("", 0, None, None, 0.98, 1.1, bpc_variety.DIGITS),
            sampled("", 0, None, None, 1.0, None, bpc_variety.MEANS),
            sampled("net", 0, 1, 0.5, 0.9, 0.2),
            sampled("net", 0, 1, 1.0, 0.8, 0.7),
            sampled("net", 1, 1, 1.0, 0.7, 0.9),
            sampled("net", 1, 1, 0.5, 0.95, 0.3),
            sampled("net", 0, 2, 0.5, 0.6, 0.4),
        ]
    )


def test_the_table_of_variety_is_means_over_seeds_by_source_layer_and_scale(various):
    table = bpc_variety.summary(various).set_index("images")
    digits = table.loc["test digits"]
    assert digits["network"] == "none"
    assert digits["read as their class / %"].mean == pytest.approx(98)
    assert table.loc["class means", "between two images of a class"] is None
    one = table.loc["samples, z1, 1 sd"]
    assert one["read as their class / %"] == pytest.approx((75, 10 * HALF, 2))
    assert one["between two images of a class"] == pytest.approx((0.8, 0.2 * HALF, 2))
    assert one["to the nearest training digit"] == pytest.approx((0.3, 0, 2))
    assert table.loc["samples, z2, 0.5 sd", "seeds"] == 1


def test_curves_of_variety_go_through_the_scales(various):
    first, second = bpc_variety.curves(various)
    assert (first.network, first.layer, first.seeds) == ("net", 1, 2)
    assert first.scale.tolist() == [0.5, 1]
    np.testing.assert_allclose(first.accuracy, [[0.925, 0.05 * HALF], [0.75, 0.1 * HALF]])
    np.testing.assert_allclose(first.spread, [[0.25, 0.1 * HALF], [0.8, 0.2 * HALF]])
    assert second.scale.tolist() == [0.5]
    assert bpc_variety.digits(various) == (0.98, 1.1)


def completed(mask, seed, procedure, accuracy, wrong=None, lower=None, answer=None):
    searched = bpc_completion.SEARCHED
    return {
        "mask": mask,
        "seed": seed,
        "procedure": procedure,
        "accuracy": accuracy,
        "error": None if procedure in bpc_completion.NEIGHBOURS.values() else 0.4,
        "energy": 15.0 if "inference" in procedure else None,
        searched["wrong"]: wrong,
        searched["lower"]: lower,
        searched["answer_lower"]: answer,
    }


@pytest.fixture
def filled() -> pd.DataFrame:
    standard, truth = bpc_completion.STANDARD, bpc_completion.TRUTH
    vote = bpc_completion.NEIGHBOURS[5]
    return pd.DataFrame(
        [
            completed("left half", 0, vote, 0.95),
            completed("left half", 0, truth, 0.90),
            completed("left half", 0, standard, 0.80, 30, 0.5, 1.0),
            completed("left half", 0, bpc_completion.STARTED["nearest digit"], 0.88),
            completed("left half", 0, bpc_completion.LONGER, 0.82),
            completed("left half", 1, vote, 0.95),
            completed("left half", 1, standard, 0.86, 10, 0.9, 0.6),
            completed("left half", 1, truth, 0.92),
            completed("random half", 0, vote, 1.0),
            completed("random half", 0, standard, 1.0, 0),
            completed("random half", 0, truth, 1.0),
        ]
    )


def test_the_table_of_completion_pairs_differences_by_seed(filled):
    table = bpc_completion.summary(filled).set_index(["hidden", "procedure"])
    truth = table.loc[("left half", bpc_completion.TRUTH)]
    assert truth["accuracy / %"] == pytest.approx((91, 2 * HALF, 2))
    assert truth["minus standard / points"] == pytest.approx((8, 4 * HALF, 2))
    assert table.loc[("left half", bpc_completion.STANDARD), "minus standard / points"] is None
    vote = table.loc[("left half", bpc_completion.NEIGHBOURS[5])]
    assert vote["error"] is None
    assert vote["energy"] is None
    # In the order that the table lists them, whatever that of the rows.
    assert [name for mask, name in table.index if mask == "left half"] == [
        name for name in bpc_completion.ORDER if name in set(filled["procedure"])
    ]


def test_the_verdict_weighs_seeds_by_the_digits_read_wrongly(filled):
    left, random = bpc_completion.verdicts(filled)
    # (30 x 0.5 + 10 x 0.9) / 40 and (30 x 1 + 10 x 0.6) / 40.
    assert "60\N{NO-BREAK SPACE}% end with no more energy" in left
    assert "in 90\N{NO-BREAK SPACE}% the wrong label" in left
    assert "inference from the nearest digit gains +5.0 points, the true pixels would" in left
    assert "would gain +8.0." in left
    assert "right for 95.0\N{NO-BREAK SPACE}%, the network for 83.0\N{NO-BREAK SPACE}%" in left
    assert left.startswith("With the left half hidden completion is bounded by the energy, not by")
    assert random == "With a random half hidden no completed digit is read wrongly."
    one_end = filled[filled["procedure"] != bpc_completion.LONGER]
    assert "it ends at the same images" in bpc_completion.verdicts(one_end)[0]
    fewer = filled.assign(**{bpc_completion.SEARCHED["lower"]: 0.1})
    assert "bounded by the search too: of" in bpc_completion.verdicts(fewer)[0]


@pytest.fixture
def sampled_too(filled) -> pd.DataFrame:
    b = bpc_completion

    def drawn(seed, name, accuracy, **more):
        row = completed("left half", seed, name, accuracy)
        return row | {"energy": None, b.OPTIMUM: 0.8 + 0.1 * seed} | more

    chains = {b.ACCEPTED: 0.6, b.AGREE: 0.9}
    rows = [
        drawn(0, b.SAMPLES[1.0], 0.81, **chains),
        drawn(1, b.SAMPLES[1.0], 0.93, **chains),
        drawn(0, b.EACH[1.0], 0.7),
        drawn(1, b.EACH[1.0], 0.8),
    ]
    return pd.concat([filled, pd.DataFrame(rows)], ignore_index=True)


def test_samples_are_paired_with_one_optimum_on_the_same_digits(sampled_too):
    b = bpc_completion
    table = b.summary(sampled_too).set_index(["hidden", "procedure"])
    vote = table.loc[("left half", b.SAMPLES[1.0])]
    # 81 - 80 and 93 - 90, not less the 80 and 86 of all digits.
    assert vote["minus standard / points"] == pytest.approx((2, 2 * HALF, 2))
    each = table.loc[("left half", b.EACH[1.0])]
    assert each["minus standard / points"] == pytest.approx((-10, 0, 2), abs=1e-9)
    assert table.loc[("left half", b.STANDARD), "minus standard / points"] is None


def test_the_sentence_of_samples_is_the_arithmetic_of_its_rows(sampled_too):
    *_, said = bpc_completion.verdicts(sampled_too)
    assert "At T = 1 the vote of posterior samples differs" in said
    # 2 points are twice their standard error of 1, not more.
    assert "by +2.0 ± 1.4 (left half) points, mean ± sd over 2 seeds" in said
    assert "in 0 of 1 masks. 60\N{NO-BREAK SPACE}% of proposals are accepted" in said
    assert "for 90\N{NO-BREAK SPACE}% of the digits" in said
    surer = sampled_too.replace({"accuracy": {0.81: 0.829}})
    assert "in 1 of 1 masks" in bpc_completion.verdicts(surer)[-1]


def test_each_run_against_depth_has_a_name_and_its_depth():
    specs = bpc_depth.specs(1)
    assert len({spec.title for spec in specs}) == len(specs)
    depths = [len(resolve(spec).config.widths.split(",")) for spec in specs]
    assert depths == [depth for item in bpc_depth.CONDITIONS.values() for depth in item.depths]
    tutorial = next(spec for spec in specs if spec.variant == "tutorial5")
    for key, value in PRESETS["seed"].config.items():
        assert getattr(resolve(tutorial).config, key) == value


def deep(condition, depth, seed, accuracy, last=None):
    row = {"condition": condition, "hidden layers": depth, "seed": seed, "accuracy": accuracy}
    if last is not None:
        row |= {"γ λ_max": 0.4, "backward energy 0": 0.1, f"backward energy {depth}": last}
    return row


@pytest.fixture
def layers() -> pd.DataFrame:
    b = bpc_depth
    return pd.DataFrame(
        [
            deep(b.STANDARD, 2, 0, 0.94, 1e-4),
            deep(b.STANDARD, 5, 0, 0.88, 1e-8),
            deep(b.STANDARD, 5, 1, 0.90, 1e-6),
            deep(b.MENDED, 2, 0, 0.95, 1e-4),
            deep(b.MENDED, 5, 0, 0.92, 1e-4),
            deep(b.MORE_STEPS, 5, 0, 0.93, 1e-3),
            deep(b.YARDSTICK, 5, 0, 0.926),
            *(deep(b.TUTORIAL, depth, 0, share, 1.0) for depth, share in ((2, 0.82), (5, 0.15))),
            *(deep(b.CARRIED, depth, 0, share, 2.0) for depth, share in ((2, 0.83), (5, 0.8))),
        ]
    )


def test_the_table_of_depth_is_means_over_seeds_energies_geometric(layers):
    table = bpc_depth.summary(layers).set_index(["condition", "hidden layers"])
    five = table.loc[(bpc_depth.STANDARD, 5)]
    assert five["accuracy / %"] == pytest.approx((89, 2 * HALF, 2))
    assert five["in the last layer"] == "1.0e-07"
    assert five["energy of δ at the label"] == "1.0e-01"
    assert five["γ λ_max"] == pytest.approx((0.4, 0, 2))
    assert table.loc[(bpc_depth.YARDSTICK, 5), "γ λ_max"] is None


def test_the_sentence_of_depth_is_the_arithmetic_of_its_rows(layers):
    said, tutorial = bpc_depth.verdict(layers)
    assert "instead of two cost 5.0 points" in said
    assert "win back 3.0 of them at the same cost, 20 such steps 4.0" in said
    assert (
        "back-propagation reads 92.6\N{NO-BREAK SPACE}% with five, these 93.0\N{NO-BREAK SPACE}%"
        in said
    )
    assert (
        "two hidden layers read 82.0\N{NO-BREAK SPACE}% and five 15.0\N{NO-BREAK SPACE}%"
        in tutorial
    )
    assert (
        "with 20 steps of γ = 0.04 they read 83.0\N{NO-BREAK SPACE}% and 80.0\N{NO-BREAK SPACE}%"
        in tutorial
    )
    assert bpc_depth.verdict(layers[layers["hidden layers"] == 2]) == []


def test_curves_of_depth_are_conditions_of_several_depths(layers):
    first, second = bpc_depth.curves(layers)[:2]
    assert (first.condition, second.condition) == (bpc_depth.STANDARD, bpc_depth.MENDED)
    assert first.depth.tolist() == [2, 5]
    np.testing.assert_allclose(first.accuracy[1], [0.89, 0.02 * HALF])


@pytest.mark.parametrize("table", [bpc_variety, bpc_completion, bpc_depth])
def test_the_shipped_rows_cover_every_seed_and_make_the_table(table):
    rows = results.shipped(table.NAME)
    assert set(rows["seed"]) == set(range(table.SEEDS))
    shown = reproduce(table.NAME)
    assert (shown["seeds"].max(), len(shown) > 10) == (table.SEEDS, True)
