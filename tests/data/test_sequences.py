"""Composed sequences against a slow reference; chance, fixed splits, positions as inputs."""

import hashlib
import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from corelib.data import DATASETS, SequenceDataset, is_here, load_dataset
from corelib.data.images import ImageDataset, Split
from corelib.data.sequences import (
    AT_ONCE,
    TASKS,
    Chunks,
    Glimpses,
    _draw,
    glimpses,
    scene,
    scene_of_test,
    sequences,
)
from tests.reference import sequences as reference

POLICIES = ("random", "grid", "centre")
NAMES = [
    "ct-mnist",
    "ct-mnist-located",
    "ct-mnist-grid",
    "ct-mnist-grid-located",
    "ct-mnist-centre",
    "ct-mnist-centre-located",
    "streaming-mnist",
    "streaming-mnist-numbered",
    "streaming-mnist-fixed",
    "streaming-mnist-fixed-numbered",
]


def noise(n: int, seed: int = 0) -> torch.Tensor:
    """Digits without a black pixel, so that every pixel of a scene counts."""
    rng = np.random.default_rng(seed)
    return torch.from_numpy(rng.integers(1, 256, (n, 28, 28), dtype=np.uint8))


def small(task, n: int = 40) -> SequenceDataset:
    def split(seed: int) -> Split:
        return Split(noise(n, seed), torch.arange(n) % 10)

    digits = ImageDataset("noise", tuple("0123456789"), 0.4, 0.3, split(1), split(2), split(3))
    return sequences(digits, task)


# --- glimpses of cluttered digits ---------------------------------------------------------------


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("among", [True, False])
@given(seed=st.integers(0, 2**63), n=st.integers(1, 4))
def test_a_scene_matches_the_reference(policy, among, seed, n):
    others = noise(9)
    own = np.arange(n) * 2 if among else None
    pixels = others[own] if among else noise(n, 1)
    composed = scene(pixels, others, policy, seed, own)
    drawn = _draw(n, 9, policy, seed, own)
    np.testing.assert_array_equal(composed.corners, drawn.corners)
    np.testing.assert_array_equal(composed.digit_corners, drawn.digit)
    seen = glimpses(composed.canvases, composed.corners)
    assert seen.dtype == composed.canvases.dtype == torch.uint8
    assert composed.canvases.shape == (n, 60, 60)
    assert seen.shape == (n, 6, 146)
    for i in range(n):
        clutter = [
            (others[drawn.source[i, k]].numpy(), drawn.cut[i, k], drawn.piece[i, k])
            for k in range(6)
        ]
        truth = reference.canvas(pixels[i].numpy(), drawn.digit[i], clutter)
        np.testing.assert_array_equal(composed.canvases[i], truth)
        for t in range(6):
            np.testing.assert_array_equal(seen[i, t], reference.glimpse(truth, drawn.corners[i, t]))


def counts_are_even(values: np.ndarray, n_places: int) -> bool:
    """Whether each place from 0 on comes about as often as the others: within 5.5 sd."""
    counts = np.bincount(values.flatten(), minlength=n_places)
    expected = values.size / n_places
    return len(counts) == n_places and np.abs(counts - expected).max() < 5.5 * expected**0.5


def test_random_positions_are_uniform():
    n = 20_000
    own = np.arange(n) % 7
    drawn = _draw(n, 7, "random", 0, own)
    for values, n_places in (
        (drawn.digit, 60 - 28 + 1),
        (drawn.cut, 28 - 8 + 1),
        (drawn.piece, 60 - 8 + 1),
        (drawn.corners, 60 - 12 + 1),
        (_draw(n, 7, "random", 0).source, 7),
    ):
        for axis in range(values.shape[-1]):
            assert counts_are_even(values[..., axis], n_places)
    # Any of the six others, never the digit itself.
    assert counts_are_even((drawn.source - own[:, None]) % 7 - 1, 6)


def test_places_are_drawn_independently():
    drawn = _draw(20_000, 7, "random", 0)
    columns = np.concatenate([field.reshape(20_000, -1) for field in drawn], 1)
    off_diagonal = np.corrcoef(columns.T) - np.eye(columns.shape[1])
    assert np.abs(off_diagonal).max() < 0.04


def test_glimpse_policies_are_independent_of_the_digit_position():
    rng = _draw(500, 7, "random", 0)
    assert len(np.unique(rng.corners.reshape(500, -1), axis=0)) == 500
    for policy in ("grid", "centre"):
        corners = _draw(500, 7, policy, 0).corners
        assert (corners == corners[0]).all()
    (grid,) = _draw(1, 7, "grid", 0).corners
    middles = grid + 6
    # The middles of six fields of 30 x 20, row by row.
    assert middles.tolist() == [[15, 10], [15, 30], [15, 50], [45, 10], [45, 30], [45, 50]]
    (centre,) = _draw(1, 7, "centre", 0).corners
    assert centre[0].tolist() == [24, 24]
    ring = centre[1:] - centre[0]
    angles = np.degrees(np.arctan2(ring[:, 1], -ring[:, 0])) % 360
    # On whole pixels: half a pixel off in either direction, at a distance of 14.
    atol = np.degrees(np.sqrt(0.5) / 14)
    np.testing.assert_allclose(angles, [0, 72, 144, 216, 288], atol=atol)
    np.testing.assert_allclose(np.hypot(*ring.T), 14, atol=0.7)


def test_all_policies_look_at_the_same_canvases():
    pixels = noise(5)
    scenes = [scene(pixels, noise(9, 2), policy, 3) for policy in POLICIES]
    for other in scenes[1:]:
        assert torch.equal(other.canvases, scenes[0].canvases)
        assert torch.equal(other.digit_corners, scenes[0].digit_corners)
        assert not torch.equal(other.corners, scenes[0].corners)


def test_composing_in_parts_gives_the_same_scenes():
    """Composed in parts, so that memory does not grow with the data set."""
    n = AT_ONCE + 30
    pixels = noise(n)
    own = np.arange(n)
    whole = scene(pixels, pixels, "random", 5, own)
    composed = Glimpses(False, "random").compose(pixels, pixels, 5, own)
    assert torch.equal(composed, glimpses(whole.canvases, whole.corners))


# --- chunks -------------------------------------------------------------------------------------


@pytest.mark.parametrize("shuffled", [True, False])
@given(seed=st.integers(0, 2**63), n=st.integers(1, 3))
def test_chunks_match_the_reference(shuffled, seed, n):
    pixels = noise(n)
    chunks = Chunks(False, shuffled).compose(pixels, pixels, seed)
    assert chunks.dtype == torch.uint8
    assert chunks.shape == (n, 8, 99)
    drawn = np.random.default_rng(seed).standard_normal((n, 784), dtype=np.float32)
    for i in range(n):
        order = chunks[i, :, -1].tolist()
        assert sorted(order) == list(range(8))
        truth = reference.chunks(pixels[i].numpy(), 0.1 * drawn[i].astype(float), order)
        # Where the exact value lies between two grey levels, float32 may round to the other one.
        assert np.abs(chunks[i].numpy().astype(int) - truth).max() <= 1
        assert (chunks[i].numpy() == truth).mean() > 0.99


def test_every_order_of_chunks_occurs_and_fixed_chunks_are_in_order():
    pixels = noise(1).expand(8000, 28, 28)
    numbers = Chunks(False, True).compose(pixels, pixels, 0)[..., -1].numpy().astype(int)
    for t in range(8):
        assert counts_are_even(numbers[:, t], 8)
    assert len(np.unique(numbers, axis=0)) > 6000
    numbers = Chunks(False, False).compose(pixels[:9], pixels, 0)[..., -1]
    assert (numbers == torch.arange(8)).all()


def test_noise_has_its_sd_is_clipped_and_differs_from_image_to_image():
    grey = torch.full((200, 28, 28), 128, dtype=torch.uint8)
    unit = Chunks(False, False).compose(grey, grey, 0)[..., :-1].double() / 255
    assert unit.mean().item() == pytest.approx(128 / 255, abs=1e-3)
    # Five standard errors of the sd of n normal numbers.
    assert unit.std().item() == pytest.approx(0.1, rel=5 / (2 * unit.numel()) ** 0.5)
    assert not torch.equal(unit[0], unit[1])
    black = Chunks(False, False).compose(torch.zeros_like(grey), grey, 0)[..., :-1].double() / 255
    # Half of a normal distribution is cut off, and what is below half a grey level becomes black.
    # Five standard errors of a share and of a mean; half a normal variable has the variance
    # sd² (1 / 2 - 1 / 2π).
    n, none = black.numel(), 0.5 * (1 + math.erf(0.5 / 255 / 0.1 / 2**0.5))
    share = (black == 0).double().mean().item()
    assert share == pytest.approx(none, abs=5 * np.sqrt(none * (1 - none) / n))
    error = 0.1 * np.sqrt((0.5 - 0.5 / np.pi) / n)
    assert black.mean().item() == pytest.approx(0.1 / np.sqrt(2 * np.pi), abs=5 * error)


def test_shuffling_changes_only_the_order():
    pixels = noise(6)
    shuffled = Chunks(False, True).compose(pixels, pixels, 4)
    in_order = torch.stack([one[one[:, -1].argsort()] for one in shuffled])
    assert torch.equal(in_order, Chunks(False, False).compose(pixels, pixels, 4))


# --- what the network gets ----------------------------------------------------------------------


def test_inputs_are_normalised_pixels_and_their_positions():
    for policy in POLICIES:
        plain, located = (small(Glimpses(given, policy)) for given in (False, True))
        pixels = plain.test.pixels
        assert torch.equal(pixels, located.test.pixels)
        kept = pixels.clone()
        x = located.inputs(pixels)
        assert x.dtype == torch.float32
        assert x.shape == (40, 6, located.input_dim) == (40, 6, 146)
        assert torch.equal(plain.inputs(pixels), x[..., :144])
        truth = (pixels[..., :144].numpy() / 255 - 0.4) / 0.3
        np.testing.assert_allclose(x[..., :144], truth, atol=1e-5)
        np.testing.assert_allclose(x[..., 144:], pixels[..., 144:].numpy() / 24 - 1, atol=1e-6)
        assert torch.equal(pixels, kept)
    first = small(Glimpses(True, "centre")).inputs(pixels)
    assert x[0, 0, 144:].tolist() == first[0, 0, 144:].tolist() == [0, 0]


def test_chunk_numbers_are_one_hot():
    plain, numbered = (small(Chunks(given, True)) for given in (False, True))
    pixels = plain.test.pixels
    x = numbered.inputs(pixels)
    assert x.shape == (40, 8, numbered.input_dim) == (40, 8, 98 + 8)
    assert torch.equal(plain.inputs(pixels), x[..., :98])
    np.testing.assert_allclose(x[..., :98], (pixels[..., :98].numpy() / 255 - 0.4) / 0.3, atol=1e-5)
    assert torch.equal(x[..., 98:].argmax(-1), pixels[..., 98].long())
    assert torch.equal(x[..., 98:].sum(-1), torch.ones(40, 8))


# --- batches ------------------------------------------------------------------------------------


@pytest.mark.parametrize("task", [Glimpses(False, "random"), Chunks(True, True)], ids=repr)
@given(step=st.integers(0, 500), seed=st.integers(0, 99))
def test_a_batch_depends_on_its_arguments_alone(task, step, seed):
    dataset = small(task)
    torch.manual_seed(step)
    first = dataset.batch(dataset.train, step, 7, seed)
    for other in (step + 1, 0):
        dataset.batch(dataset.train, other, 7, seed + 1)
    np.random.seed(1)  # noqa: NPY002
    again = dataset.batch(dataset.train, step, 7, seed)
    assert torch.equal(first.pixels, again.pixels)
    assert torch.equal(first.labels, again.labels)
    digits = dataset.digits.batch(dataset.train, step, 7, seed)
    assert torch.equal(first.labels, digits.labels), "the digits are those of a batch of images"
    for changed in ((step + 6, seed), (step, seed + 1)):
        assert not torch.equal(
            dataset.batch(dataset.train, changed[0], 7, changed[1]).pixels, first.pixels
        )


def test_each_digit_gets_a_new_scene_in_each_epoch():
    """One batch holds all digits: the same ones in another order and in other scenes."""
    dataset = small(Glimpses(False, "grid"), n=12)
    dataset = dataset._replace(train=dataset.train._replace(labels=torch.arange(12)))
    first, second = (dataset.batch(dataset.train, epoch, 12, 0) for epoch in (0, 1))
    assert sorted(first.labels.tolist()) == sorted(second.labels.tolist()) == list(range(12))
    a, b = (part.pixels[part.labels.argsort()] for part in (first, second))
    assert all(not torch.equal(one, other) for one, other in zip(a, b, strict=True))


def test_a_batch_is_the_scene_of_its_digits():
    dataset = small(Glimpses(False, "random"))
    dataset = dataset._replace(train=dataset.train._replace(labels=torch.arange(40)))
    batch = dataset.batch(dataset.train, 3, 16, 5)
    own = batch.labels.numpy()
    built = scene(dataset.train.pixels[own], dataset.train.pixels, "random", (5, 3, 3), own)
    assert torch.equal(batch.pixels, glimpses(built.canvases, built.corners))


# --- the data sets ------------------------------------------------------------------------------


def test_tasks_have_the_agreed_settings():
    assert [task.name for task in TASKS] == NAMES
    assert [name for name, source in DATASETS.items() if source.kind == "sequence"] == NAMES
    assert [DATASETS[name].input_dim for name in NAMES] == [144, 146] * 3 + [98, 106] * 2
    assert len({task.title for task in TASKS}) == len(NAMES)
    assert all(is_here(name) for name in NAMES)


@pytest.fixture(scope="module", params=["ct-mnist", "ct-mnist-centre-located", "streaming-mnist"])
def dataset(request):
    return load_dataset(request.param)


def test_sequences_show_the_digits_of_their_split(dataset):
    digits = load_dataset("mnist")
    assert dataset.input_dim == DATASETS[dataset.name].input_dim
    assert dataset.class_names == digits.class_names
    assert torch.equal(dataset.train.pixels, digits.train.pixels)
    for name, n in (("validation", 5_000), ("test", 10_000)):
        split = getattr(dataset, name)
        assert torch.equal(split.labels, getattr(digits, name).labels)
        assert len(split.pixels) == len(split.labels) == n
        assert dataset.inputs(split.pixels[:3]).shape[-1] == dataset.input_dim


def test_scenes_of_the_test_set_contain_its_glimpses():
    digits = load_dataset("mnist").test.pixels
    for name in ("ct-mnist", "ct-mnist-grid-located"):
        dataset = load_dataset(name)
        images = [0, 9_999, 1_234]
        composed = scene_of_test(dataset, images)
        assert torch.equal(
            glimpses(composed.canvases, composed.corners), dataset.test.pixels[images]
        )
        for i, image in enumerate(images):
            row, column = composed.digit_corners[i]
            under = composed.canvases[i, row : row + 28, column : column + 28]
            # Clutter is at half contrast: what is brighter is the digit, all of it.
            bright = digits[image] > 127
            assert torch.equal(under[bright], digits[image][bright])
            outside = composed.canvases[i].clone()
            outside[row : row + 28, column : column + 28] = 0
            assert outside.max() <= 127


def test_a_title_says_in_which_order_chunks_come():
    assert DATASETS["streaming-mnist"].title == "Streaming MNIST, chunks in random order"
    title = "Streaming MNIST, chunks in order, numbers given"
    assert DATASETS["streaming-mnist-fixed-numbered"].title == title


@pytest.mark.parametrize(
    ("name", "beginning"),
    [("ct-mnist", "84ffeee22d0e3d54"), ("streaming-mnist", "bd4852d3efeef94a")],
)
def test_the_test_set_never_changes(name, beginning):
    """Results from different days can be compared only if it does."""
    pixels = load_dataset(name).test.pixels.numpy()
    assert hashlib.sha256(pixels.tobytes()).hexdigest().startswith(beginning)
