"""The Sequential evidence page says what its networks do."""

import numpy as np
import pytest

from corelib import load
from corelib.analysis.anytime import at_threshold, outcomes
from corelib.data import load_dataset
from corelib.models.bpan.halting import answers
from corelib.words import percent
from tests.charts import charts
from tests.pages.app import cells, joined, open_page, sentences

BPAN = "bpan-sequence-ct-mnist"


def test_the_sentence_gives_the_networks_accuracy(runs_root):
    app = open_page("evidence", evidence_theta="0.3", evidence_144_models=[BPAN])
    data = load_dataset("ct-mnist")
    labels = data.test.labels.numpy()
    answered = answers(load(BPAN), data.inputs(data.test.pixels))
    at = at_threshold(answered.confidence, answered.predicted, labels, 0.3)
    early = np.mean(outcomes(answered.confidence, answered.predicted, labels, 0.3) == 2)
    text = sentences(app)
    last = np.mean(answered.predicted[:, -1] == labels)
    assert f"reads **{percent(last)}** of the test digits correctly" in text
    assert f"**{at.mean_steps:.2f}** glimpses on average" in text
    assert (
        f"**{percent(at.accuracy)}** of its answers are correct; {percent(early)} come too early"
        in text
    )
    lost = 100 * (last - at.accuracy)
    does = "costs" if lost >= 0 else "gains"
    assert f"Answering early {does} **{BPAN}** **{abs(lost):.1f} points** of accuracy" in text


def test_another_scene_seed_is_another_sequence_of_the_digit(runs_root):
    specs = [charts(open_page("evidence", evidence_draw=seed))[0].spec for seed in ("0", "3")]
    assert specs[0] != specs[1]
    app = open_page("evidence", evidence_draw="3")
    assert app.number_input(key="evidence_draw").label == "Scene seed"
    assert any("a 7, scene seed 3." in item.value for item in app.caption)


@pytest.mark.parametrize("task", ["ct-mnist", "streaming-mnist"])
def test_both_tasks_open_with_their_networks_and_published_figures(runs_root, task):
    app = open_page("evidence", evidence_task=task, evidence_tab="Numbers")
    assert not app.exception
    assert not app.error
    table = joined(app)
    assert table.shape[1] >= 3
    assert table.loc["parameters"].iloc[0] == ("50,250" if task == "ct-mnist" else "42,890")


def test_a_task_with_other_glimpses_than_trained(runs_root):
    app = open_page("evidence", evidence_task="ct-mnist-grid")
    assert not app.exception
    assert BPAN in sentences(app)


def test_the_published_table(runs_root):
    app = open_page("evidence", evidence_tab="Published")
    assert not app.exception
    assert {"24.98", "47.68", "79.72", "96.84"} <= cells(app)


def test_a_drawn_digit_needs_a_drawing(runs_root):
    app = open_page("evidence", evidence_input="Draw")
    assert not app.exception
    assert any("Draw a digit" in item.value for item in app.info)
