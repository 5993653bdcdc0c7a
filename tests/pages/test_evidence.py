"""The Sequential evidence page says what its networks do."""

import numpy as np
import pytest
import torch

from corelib import load
from corelib.analysis.anytime import at_threshold, outcomes
from corelib.data import load_dataset
from corelib.models.bpan.halting import answers
from dashboard.bpan.evidence import tabs as evidence_tabs
from tests.pages.app import open_page, sentences

BPAN = "bpan-sequence-ct-mnist"


def test_the_sentence_is_the_networks(runs_root):
    app = open_page("evidence", evidence_theta="0.3", evidence_144_models=[BPAN])
    data = load_dataset("ct-mnist")
    labels = data.test.labels.numpy()
    found = answers(load(BPAN), data.inputs(data.test.pixels))
    at = at_threshold(found.confidence, found.predicted, labels, 0.3)
    early = np.mean(outcomes(found.confidence, found.predicted, labels, 0.3) == 2)
    text = sentences(app)
    assert f"reads **{np.mean(found.predicted[:, -1] == labels):.1%}** of the test digits" in text
    assert f"**{at.mean_steps:.2f}** of them on average, **{at.accuracy:.1%}** rightly" in text
    assert f"{early:.1%} of its answers come too early" in text


@pytest.mark.parametrize("task", ["ct-mnist", "streaming-mnist"])
def test_a_test_sequence_is_shown_as_the_network_reads_it(runs_root, task):
    data = load_dataset(task)
    digit = data.digits.test.pixels[7].numpy()
    seen, sequence = evidence_tabs._sequence(data, digit, 7, 0)
    assert torch.equal(sequence[0], data.test.pixels[7])
    n = data.task.n_pixels
    for t in range(len(seen.shown)):
        new = seen.shown[t] & ~(seen.shown[t - 1] if t else np.zeros_like(seen.shown[0]))
        assert set(seen.whole[new]) <= set(sequence[0, t, :n].tolist())
    # Another draw is another sequence of the same digit.
    _, other = evidence_tabs._sequence(data, digit, None, 3)
    assert other.shape == sequence.shape
    assert not torch.equal(other, sequence)


@pytest.mark.parametrize("task", ["ct-mnist", "streaming-mnist"])
def test_both_tasks_open_with_networks_and_their_published_points(runs_root, task):
    app = open_page("evidence", evidence_task=task, evidence_tab="Numbers")
    assert not app.exception
    assert not app.error
    table = app.dataframe[0].value
    assert len(table) >= 3
    assert table["parameters"].iloc[0] == (50_250 if task == "ct-mnist" else 42_890)


def test_looking_elsewhere_than_trained(runs_root):
    app = open_page("evidence", evidence_task="ct-mnist-grid")
    assert not app.exception
    assert BPAN in sentences(app)


def test_the_published_table(runs_root):
    app = open_page("evidence", evidence_tab="Published")
    assert not app.exception
    shown = app.dataframe[0].value.to_numpy().astype(str)
    assert {"24.98", "47.68", "79.72", "96.84"} <= set(shown.ravel())


def test_a_drawn_digit_needs_a_drawing(runs_root):
    app = open_page("evidence", evidence_input="Draw")
    assert not app.exception
    assert any("Draw a digit" in item.value for item in app.info)
