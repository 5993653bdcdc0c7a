"""Sub-networks: which units can be reached, which tasks open them, and interventions on gates."""

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from corelib.data.images import ImageDataset, Split
from corelib.errors import CheckpointError
from corelib.models.butd import answers as answers_module
from corelib.models.butd import history
from corelib.models.butd.answers import (
    activities,
    combinations,
    predictions,
    scenes,
    score,
    see,
    summary,
    swap_matrix,
    with_gates,
)
from corelib.models.butd.gates import (
    all_open,
    intersection,
    pack,
    packed_size,
    rows,
    silenced,
    swapped,
    union,
    unpack,
)
from corelib.models.butd.subnetworks import (
    REACHABLE,
    Kind,
    composition,
    gates_of,
    kinds,
    overlap,
    reachable,
    selected_by,
)
from tests.models.butd.small import N, net


@pytest.fixture(scope="module")
def model(images):
    """Its readout uses only differences between images, so that their answers differ."""
    made = net("simple", n_tasks=2, width=6, hidden=20).float()
    with torch.no_grad():
        tops = [made.bottom_up(images[0], rows(made.gates(), k)).signals[-1] for k in range(2)]
        means = torch.linalg.qr(torch.stack([top.mean(0) for top in tops], 1)).Q
        made.head.weight -= made.head.weight @ means @ means.T
        made.head.bias.zero_()
    return made


def test_reachable_units_are_those_that_affect_the_answer():
    """By changing one input of the rest of the network at a time, in a network without ReLU."""
    for name, side in (("simple", 28), ("simple", 23), ("resnet18", 10)):
        channels = 3 if name == "resnet18" else 1
        made = net(name, width=2, n_classes=2, input_dim=channels * side**2)
        with torch.no_grad():
            for parameter in made.parameters():
                parameter.abs_().add_(0.01)
        up = made.bottom_up(torch.rand(1, channels * side**2, dtype=torch.float64), None)
        for signal in up.signals:
            signal.retain_grad()
        up.logits.sum().backward()
        for k, (signal, reach) in enumerate(zip(up.signals, reachable(made), strict=True)):
            np.testing.assert_array_equal(reach, signal.grad[0].numpy() != 0, err_msg=str(k))


def test_units_skipped_by_strides_in_the_published_network():
    """The 3x3 window by 2 never meets the last row and column of conv2's 8 x 8: 15 of 64."""
    shares = [1 - reach.mean() for reach in reachable(net("simple", n_tasks=2, width=32))]
    truth = [1 - (22 / 24) ** 2, 1 - (11 / 12) ** 2, 15 / 64, 0, 0]
    np.testing.assert_allclose(shares, truth)


def test_unreachable_units_are_never_open(model):
    for gate, reach in zip(gates_of(model), reachable(model), strict=True):
        assert not gate[:, ~reach].any()


def test_kinds_and_overlap_by_hand():
    gates = (np.array([[1, 1, 0, 0, 1], [1, 0, 1, 0, 1]], bool), np.zeros((2, 3), bool))
    reached = (np.array([1, 1, 1, 1, 0], bool), np.ones(3, bool))
    first, second = kinds(gates, reached)
    assert first.tolist() == [
        Kind.SHARED,
        Kind.ONLY_FIRST,
        Kind.ONLY_SECOND,
        Kind.NEVER,
        Kind.UNREACHABLE,
    ]
    assert second.tolist() == [Kind.NEVER] * 3
    turned = kinds(gates, reached, 1, 0)[0]
    assert turned.tolist()[1:3] == [Kind.ONLY_SECOND, Kind.ONLY_FIRST]
    measured = overlap(gates, reached)
    assert measured.open.tolist() == [[0.5, 0.5], [0, 0]]
    assert measured.jaccard[0] == pytest.approx(1 / 3)
    assert np.isnan(measured.jaccard[1])


def test_composition_matches_counting_units_one_by_one(model):
    sorts = kinds(gates_of(model), reachable(model))
    shown = composition(sorts)
    for k, own in enumerate(sorts):
        counts = dict.fromkeys(Kind, 0)
        for kind in own.ravel():
            counts[Kind(int(kind))] += 1
        reached = own.size - counts[Kind.UNREACHABLE]
        assert shown.shares[k].tolist() == [counts[kind] / reached for kind in REACHABLE]
        assert shown.unreachable[k] == counts[Kind.UNREACHABLE] / own.size
    # No unit can be reached: nothing to divide by.
    nothing = composition((np.full(3, Kind.UNREACHABLE, np.uint8),))
    assert (nothing.shares.tolist(), nothing.unreachable.tolist()) == ([[0] * 4], [1])


def test_the_subnetwork_of_a_task_is_its_open_units(model):
    gates, reached = gates_of(model), reachable(model)
    sorts = kinds(gates, reached)
    for task, kind in ((0, Kind.ONLY_FIRST), (1, Kind.ONLY_SECOND)):
        for own, gate, reach in zip(selected_by(sorts, kind), gates, reached, strict=True):
            assert own.dtype == np.uint8
            np.testing.assert_array_equal(np.isin(own, (Kind.SHARED, kind)), gate[task] & reach)
            np.testing.assert_array_equal(own == Kind.UNREACHABLE, ~reach)
    with pytest.raises(ValueError, match="kind is SHARED"):
        selected_by(sorts, Kind.SHARED)


def test_operations_on_gates():
    gates = (torch.tensor([[1.0, 1, 0, 0], [1, 0, 1, 0]]), torch.tensor([[[1.0]], [[0]]]))
    assert union(gates)[0].tolist() == [[1, 1, 1, 0]] * 2
    assert intersection(gates)[0].tolist() == [[1, 0, 0, 0]] * 2
    assert all_open(gates)[1].tolist() == [[[1]], [[1]]]
    one = swapped(gates, [1])
    assert one[0].tolist() == gates[0].tolist()
    assert one[1].tolist() == [[[0]], [[1]]]
    mask = (np.array([1, 0, 0, 0], bool), np.zeros((1, 1), bool))
    assert silenced(gates, mask)[0].tolist() == [[0, 1, 0, 0], [0, 0, 1, 0]]
    assert rows(gates, 1)[0].tolist() == [[1, 0, 1, 0]]
    assert rows(gates, torch.tensor([1, 1, 0]))[1].flatten().tolist() == [0, 0, 1]


def test_gates_are_swapped_for_those_of_the_next_task():
    gates = (torch.tensor([[1.0, 0, 0], [0, 1, 0], [0, 0, 1]]),)
    assert swapped(gates, [0])[0].tolist() == [[0, 1, 0], [0, 0, 1], [1, 0, 0]]


def test_packed_gates_are_recovered(model):
    gates = model.gates()
    packed = pack(gates)
    assert len(packed) == packed_size(model.shapes, 2)
    for ours, truth in zip(unpack(packed.numpy(), model.shapes, 2), gates_of(model), strict=True):
        np.testing.assert_array_equal(ours, truth)


def test_open_and_active_units(model, images):
    x, _ = images
    seen = see(model, x[:1])
    up = model.bottom_up(x[:1], rows(model.gates(), 1))
    for active, signal in zip(seen.active, up.signals, strict=True):
        np.testing.assert_array_equal(active[1], signal[0].detach().numpy() > 0)
    np.testing.assert_allclose(seen.probability, model(x[:1])[0].softmax(1).detach(), atol=1e-6)
    np.testing.assert_array_equal(seen.answer, model(x[:1])[0].argmax(1))
    for active, gate in zip(seen.active, gates_of(model), strict=True):
        assert not (active & ~gate).any()


def test_scores_of_predictions(model, images, monkeypatch):
    x, labels = images
    monkeypatch.setattr(answers_module, "CHUNK", 7)
    predicted = predictions(model, x)
    np.testing.assert_array_equal(predicted, model(x).argmax(2).T)
    assert len(set(predicted[0])) > 1
    answers = score(predicted, labels)
    for task in range(2):
        right = other = neither = differing = 0
        for image in range(N):
            own, else_ = labels[image, task], labels[image, 1 - task]
            answer = predicted[task, image]
            right += answer == own
            if own != else_:
                differing += 1
                other += answer == else_
                neither += answer not in (own, else_)
        assert answers.correct[task] == pytest.approx(right / N)
        assert answers.other[task] == pytest.approx(other / differing)
        assert answers.neither[task] == pytest.approx(neither / differing)


def test_scenes_are_evenly_spaced():
    pixels = torch.arange(17 * 4, dtype=torch.uint8).reshape(17, 2, 2)
    split = Split(pixels, torch.arange(34).reshape(17, 2))
    other = Split(255 - pixels, split.labels + 1)
    data = ImageDataset("numbered", ("a", "b"), 0.5, 0.3, other, other, split, ("one", "two"))
    x, labels = scenes(data, 5)
    assert labels[:, 0].tolist() == [0, 6, 12, 18, 24]
    torch.testing.assert_close(x, data.inputs(pixels[[0, 3, 6, 9, 12]]))
    assert scenes(data, 100)[1].tolist() == split.labels.tolist()


@torch.no_grad()
def test_the_summary_matches_counting_image_by_image(model, images):
    x, labels = images
    counts = summary(model, x, labels)
    assert counts.answers is not None
    for task in range(2):
        named = [int(model(x[k : k + 1])[0, task].argmax()) for k in range(N)]
        assert counts.answers.correct[task] == np.mean(
            [a == b for a, b in zip(named, labels[:, task], strict=True)]
        )
    jaccards = []
    for gate, reach in zip(gates_of(model), reachable(model), strict=True):
        opened = [set(np.flatnonzero(g & reach)) for g in gate]
        jaccards.append(len(opened[0] & opened[1]) / len(opened[0] | opened[1]))
    assert counts.jaccard == min(jaccards)
    assert counts.least_shared == model.names[jaccards.index(min(jaccards))]
    yes_or_no = net("fc", n_tasks=2, n_classes=1).float()
    assert summary(yes_or_no, x, labels).answers is None


def test_a_network_without_instructions_has_no_gates():
    with pytest.raises(ValueError, match="takes no instructions"):
        gates_of(net("fc"))


@torch.no_grad()
def test_yes_or_no_answers_follow_the_loss(images):
    made = net("fc", n_tasks=2, n_classes=1).float()
    x = images[0][:1]
    logits = made(x)[0, :, 0].numpy()
    for loss, least in (("bce", 0.0), ("mse", 0.5)):
        assert see(made, x, loss).answer.tolist() == (logits > least).astype(int).tolist()


@pytest.mark.parametrize("network", ["simple", "resnet18"])
def test_a_pass_resumes_from_known_activity(network, images, monkeypatch):
    """Without units of a population all below it stays as it is, and need not be computed again."""
    monkeypatch.setattr(answers_module, "CHUNK", 7)
    model = net(network, n_tasks=2, width=4, hidden=20).float()
    x, labels = images[0][:16], images[1][:16]
    for n in range(len(model.shapes)):
        mask = [np.zeros(shape, bool) for shape in model.shapes]
        mask[n] = np.random.default_rng(n).random(model.shapes[n]) < 0.5
        gates = silenced(model.gates(), tuple(mask))
        kept = activities(model, x, n)
        assert [len(signals) for signals in kept] == [n, n]
        before = [[h.clone() for h in signals] for signals in kept]
        for k in range(2):
            whole = model.bottom_up(x, rows(gates, k))
            resumed = model.bottom_up(x, rows(gates, k), kept[k])
            torch.testing.assert_close(resumed.logits, whole.logits)
        continued = with_gates(model, x, labels, gates, kept)
        for ours, plain in zip(continued, with_gates(model, x, labels, gates), strict=True):
            np.testing.assert_array_equal(ours, plain)
        for signals, old in zip(kept, before, strict=True):
            assert all(torch.equal(h, o) for h, o in zip(signals, old, strict=True))


def test_the_score_of_three_tasks_by_hand():
    """Labels of two tasks may agree: naming both is right for either, and no confusion."""
    labels = np.array([[1, 1, 2], [3, 4, 5], [6, 6, 6]])
    predicted = np.array([[1, 5, 6], [2, 0, 0], [1, 5, 6]])
    scores = score(predicted, labels)
    np.testing.assert_allclose(scores.correct, [2 / 3, 0, 2 / 3])
    # Of the two images whose labels differ.
    np.testing.assert_allclose(scores.other, [1 / 2, 1 / 2, 1 / 2])
    np.testing.assert_allclose(scores.neither, [0, 1 / 2, 0])


def test_swaps_and_combinations(model, images):
    """With all gates of the other task the network answers the other task."""
    x, labels = images
    own = predictions(model, x)
    np.testing.assert_array_equal(
        predictions(model, x, swapped(model.gates(), range(5))), own[::-1]
    )
    matrix = swap_matrix(model, x, labels)
    assert len(matrix) == 5
    gates = model.gates()
    for k, answers in enumerate(matrix):
        by_hand = [gates[j].flip(0) if j == k else gates[j] for j in range(5)]
        np.testing.assert_array_equal(
            answers.correct, score(predictions(model, x, tuple(by_hand)), labels).correct
        )
    scores = combinations(model, x, labels)
    assert list(scores) == [
        "own gates",
        "gates of the other task",
        "union",
        "intersection",
        "no gates",
    ]
    np.testing.assert_array_equal(scores["own gates"].correct, score(own, labels).correct)
    free = model.bottom_up(x, None).logits.argmax(1).numpy()
    np.testing.assert_array_equal(scores["no gates"].correct, (free[:, None] == labels).mean(0))
    np.testing.assert_array_equal(
        scores["union"].correct,
        score(
            predictions(model, x, tuple(g.amax(0, keepdim=True).expand_as(g) for g in gates)),
            labels,
        ).correct,
    )


def test_a_gate_history_is_read_from_either_kind_of_checkpoint(tmp_path, model):
    notes = torch.randint(256, (3, packed_size(model.shapes, 2)), dtype=torch.uint8)
    save_file({"gates": notes, "updates": torch.tensor(6)}, tmp_path / "learner.safetensors")
    course = history.read(tmp_path, model)
    assert course.epochs.tolist() == [0, 1, 2, 3]
    np.testing.assert_array_equal(course.packed[:3], notes.numpy())
    np.testing.assert_array_equal(course.packed[3], pack(model.gates()).numpy())
    shipped = tmp_path / "shipped"
    shipped.mkdir()
    assert history.read(shipped, model) is None
    history.write(course, shipped)
    again = history.read(shipped, model)
    np.testing.assert_array_equal(again.packed, course.packed)
    np.testing.assert_array_equal(again.epochs, course.epochs)
    (shipped / history.FILE).write_bytes(b"PK")
    with pytest.raises(CheckpointError, match="is damaged"):
        history.read(shipped, model)
    save_file({"gates": notes[:, :0]}, tmp_path / "learner.safetensors")
    assert history.read(tmp_path, model) is None


def test_overlap_over_training_matches_each_moment_alone(model):
    rng = np.random.default_rng(6)
    packed = np.stack([rng.integers(256, size=packed_size(model.shapes, 2)) for _ in range(3)])
    noted = history.GateHistory(np.array([0, 1, 5]), packed.astype(np.uint8))
    course = history.overlap_history(noted, model, 1, 0)
    assert course.epochs.tolist() == [0, 1, 5]
    reached = reachable(model)
    for k in range(3):
        for layer, (gate, reach) in enumerate(zip(noted.gates(k, model), reached, strict=True)):
            a, b = (set(np.flatnonzero(g & reach)) for g in gate)
            opened = (len(a) + len(b)) / 2 / reach.sum()
            assert course.open[k, layer] == pytest.approx(opened)
            assert course.jaccard[k, layer] == len(a & b) / len(a | b)
