"""The published sizes of BPAN, and the controls for the gap between published and ours."""

import math

import pandas as pd
import pytest

from corelib.models.bpan import BPAN
from corelib.reproduce import controls, results, sizes
from corelib.reproduce.sizes import Size
from corelib.runs.launch import start
from corelib.runs.registry import find, load
from corelib.runs.spec import make_spec
from corelib.runs.watch import until_completed
from corelib.training import checkpoint

# --- sizes --------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [Size(32, 8), Size(128, 32), Size(5, 9)])
def test_a_size_has_as_many_parameters_as_its_network(size):
    network = BPAN(**size._asdict())
    assert size.parameters == sum(p.numel() for p in network.parameters())


@pytest.mark.parametrize("parameters", [Size(40, 7).parameters, Size(2, 30).parameters, 38_000])
def test_sizes_with_a_number_of_parameters_are_all_there_are(parameters):
    tried = [Size(e, i) for e in range(1, 60) for i in range(1, 60)]
    assert sizes.sizes_with(parameters) == [s for s in tried if s.parameters == parameters]


def test_only_one_published_number_of_parameters_is_possible():
    assert {h: sizes.sizes_with(item.parameters) for h, item in sizes.PUBLISHED.items()} == {
        64: [],
        128: [],
        256: [(128, 32)],
        512: [],
    }


def test_the_log_has_the_sizes_of_the_authors_code():
    assert {h: sizes.size(h).parameters for h in sizes.HIDDEN} == {
        h: item.parameters for h, item in sizes.LOGGED.items()
    }


@pytest.mark.parametrize("hidden", sizes.HIDDEN)
def test_the_nearest_size_is_nearest(hidden):
    nearest, wanted = sizes.nearest_size(hidden), sizes.PUBLISHED[hidden].parameters
    assert nearest.n_excitatory == hidden // 2
    less, more = (nearest._replace(n_inhibitory=nearest.n_inhibitory + by) for by in (-1, 1))
    assert less.parameters < wanted < more.parameters
    misses = [abs(s.parameters - wanted) for s in (less, nearest, more)]
    assert misses[1] == min(misses)


def test_three_counts_in_proportion_fix_the_fourth():
    counts = [sizes.size(h).parameters for h in sizes.HIDDEN]
    assert sizes.last_by_proportion(counts) == counts[-1]


# --- controls -----------------------------------------------------------------------------------


def test_each_control_differs_from_the_standard_in_what_it_says():
    def settings(name):
        spec = controls.CONTROLS[name].spec(64, 0)
        return {**spec.config, **spec.training}

    standard = settings(controls.STANDARD)
    changed = {
        name: {key: value for key, value in settings(name).items() if value != standard[key]}
        for name in controls.CONTROLS
    }
    assert changed == {
        "standard": {},
        "last epoch": {},
        "cross-entropy of the last step": {"ce": "final"},
        "10 epochs in batches of 512": {"epochs": 10, "batch_size": 512},
        "both, as in the authors' sweep": {"epochs": 10, "batch_size": 512, "ce": "final"},
        "5 epochs": {"epochs": 5},
        "I units for the published count": {"n_inhibitory": 15},
    }
    titles = [spec.title for spec in controls.specs(0)]
    assert len(titles) == len(set(titles)) == 2 * (len(controls.CONTROLS) - 1)


def raw(standard, **others):
    """Rows of hidden 64 and, half a point better, of hidden 128: accuracies in per cent by seed."""
    return pd.DataFrame(
        [
            (name.replace("_", " "), hidden, seed, 1000, (value + better) / 100)
            for hidden, better in ((64, 0.0), (128, 0.5))
            for name, values in {"standard": standard, **others}.items()
            for seed, value in enumerate(values)
        ],
        columns=["control", "hidden", "seed", "parameters", "accuracy"],
    )


def test_the_summary_is_the_arithmetic_of_its_rows():
    rows = raw([96.6, 96.8], last_epoch=[96.5, 96.9])
    rows = pd.concat([rows, raw([], quick=[90, 90]).replace({"control": {"quick": "5 epochs"}})])
    table = controls.summary(rows).set_index(["hidden", "control"])
    last = table.loc[64, "last epoch"]
    assert last["change / points"].mean == pytest.approx(0)
    assert last["change / points"].sd == pytest.approx(0.2 * math.sqrt(0.5))
    assert last["share of the gap / %"] == 0
    # Published 95.70, ours 96.7: 6.7 points in place of 1.
    assert table.loc[(64, "5 epochs"), "share of the gap / %"] == 670
    assert table.loc[(64, "standard"), "change / points"] is None
    assert table.loc[(128, "standard"), "accuracy / %"].mean == pytest.approx(97.2)
    assert str(table.loc[(128, "standard"), "published accuracy / %"]) == "96.82 ± 0.10"


@pytest.mark.parametrize(
    ("quick", "verdict"),
    [
        ([96.65, 96.75], "no control comes near it"),
        ([96.2, 96.3], "no control comes near it"),
        ([96.1, 96.2], "“5 epochs” comes nearest to it, with 53\N{NO-BREAK SPACE}% of the gap"),
        ([95.3, 95.4], "“5 epochs” comes nearest to it, with 137\N{NO-BREAK SPACE}% of the gap"),
        ([95.1, 95.2], "no control comes near it"),
    ],
)
def test_the_sentence_says_how_much_is_explained(quick, verdict):
    rows = raw([96.6, 96.7], last_epoch=[96.7, 96.8])
    rows = pd.concat([rows, raw([], quick=quick).replace({"control": {"quick": "5 epochs"}})])
    sentence = controls.sentences(rows)[0]
    assert "Hidden 64: published is 0.95 points below ours" in sentence
    assert verdict in sentence


def test_the_last_epoch_is_the_last_checkpoint_not_the_best(runs_root):
    training = {"epochs": 1, "batch_size": 5000, "device": "cpu"}
    run = start(make_spec("bpan", config={"n_excitatory": 8, "n_inhibitory": 2}, training=training))
    until_completed(run)
    last = find(run.id)
    # An earlier one that scores better, and answers 0 to every image.
    silent = {name: 0 * tensor for name, tensor in load(last).state_dict().items()}
    card = last.card.model_copy(update={"step": 1, "score": 1.0, "test": {"accuracy": 0.0980}})
    checkpoint.save(run.checkpoint(1), card, silent)
    assert find(run.id).card.step == 1
    accuracy = controls.last_accuracy(run)
    assert accuracy == pytest.approx(last.card.test["accuracy"], abs=2e-4)
    assert accuracy > 0.2, "the silent network answers 9.8 % of the digits correctly"


# --- what ships ---------------------------------------------------------------------------------


def test_every_control_ships_with_three_seeds():
    rows = results.shipped("controls")
    assert list(dict.fromkeys(rows["control"])) == list(controls.CONTROLS)
    for _, part in rows.groupby(["control", "hidden"]):
        assert set(part["seed"]) >= {0, 1, 2}
    for hidden in controls.HIDDEN:
        counts = rows[rows["hidden"] == hidden].groupby("control")["parameters"].first()
        nearest = counts.pop("I units for the published count")
        assert nearest == sizes.nearest_size(hidden).parameters
        assert set(counts) == {sizes.size(hidden).parameters}


def test_standard_controls_are_close_to_the_table_of_sizes():
    """The same networks, trained on another machine."""
    ours, theirs = results.shipped("controls"), results.shipped("classification")
    for hidden in controls.HIDDEN:
        own = ours[(ours["control"] == "standard") & (ours["hidden"] == hidden)]["accuracy"]
        other = theirs[(theirs["model"] == "bpan") & (theirs["hidden"] == hidden)]["accuracy"]
        assert own.mean() == pytest.approx(other.mean(), abs=0.003)
