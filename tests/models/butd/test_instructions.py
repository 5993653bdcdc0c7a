"""Instructions between and beyond the tasks, against one pass after another."""

import numpy as np
import pytest
import torch

from corelib.models.butd.answers import predictions
from corelib.models.butd.instructions import answer, mixtures, plane, sweep
from corelib.models.butd.subnetworks import gates_of
from tests.models.butd.small import dataset, net


@pytest.mark.parametrize("bias", [False, True])
def test_the_plane_matches_each_instruction_alone(bias):
    model = net("simple", n_tasks=2, top_down_bias=bias).eval()
    data = dataset(n_tasks=2, n=12)
    x = data.inputs(data.test.pixels).double()
    labels = data.test.labels.numpy()
    responses = plane(model, x, labels, 2)
    np.testing.assert_allclose(responses.grid, [-1, -0.5, 0, 0.5, 1])
    for i, b in enumerate(responses.grid):
        for j, a in enumerate(responses.grid):
            answers = [answer(model, image[None], np.array([a, b])).argmax() for image in x]
            expected = (np.array(answers)[:, None] == labels).mean(0)
            np.testing.assert_allclose(responses.named[i, j], expected)
            given = torch.tensor([[a, b]], dtype=torch.float64)
            opened = [s > 0 for s in model.instruct(given).signals]
            nearer = [g[int(b > a)] for g in model.gates()]
            expected = [
                (one[0] != (own > 0)).double().mean()
                for one, own in zip(opened, nearer, strict=True)
            ]
            np.testing.assert_allclose(responses.changed[i, j], expected, rtol=1e-6)


def test_a_task_is_an_instruction():
    model = net("fc", n_tasks=3).eval()
    x = torch.randn(1, 784, dtype=torch.float64)
    for task in range(3):
        expected = model(x)[0, task].softmax(0).detach().numpy()
        np.testing.assert_allclose(answer(model, x, np.eye(3)[task]), expected)


def test_instructions_between_the_tasks():
    torch.manual_seed(2)
    model = net("simple", n_tasks=2, width=6, hidden=20).float()
    x, labels = torch.randn(40, 784), np.random.default_rng(0).integers(5, size=(40, 2))
    line = mixtures(5)
    assert line.tolist() == [[1, 0], [0.75, 0.25], [0.5, 0.5], [0.25, 0.75], [0, 1]]
    assert mixtures(3, 2, 0, 3)[1].tolist() == [0.5, 0, 0.5]
    responses = sweep(model, x, labels, np.concatenate([line, 7 * line[1:2], [[1, -1]]]))
    own = predictions(model, x)
    for k, task in ((0, 0), (4, 1)):
        np.testing.assert_allclose(responses.named[k], (own[task][:, None] == labels).mean(0))
        assert not responses.changed[k].any()
    assert responses.changed[1].any()
    np.testing.assert_array_equal(responses.changed[5], responses.changed[1])
    np.testing.assert_array_equal(responses.named[5], responses.named[1])
    signals = model.instruct(torch.tensor([[0.75, 0.25]])).signals
    for k, gate in enumerate(gates_of(model)):
        truth = ((signals[k][0] > 0).numpy() != gate[0]).mean()
        assert responses.changed[1, k] == pytest.approx(truth)
