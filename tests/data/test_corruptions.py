"""Corruptions against per-pixel references and known effects; the laws that all of them share."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from corelib.data import load_dataset
from corelib.data.corruptions import CORRUPTIONS, Corruption, Square, corrupt, square, square_side
from corelib.errors import DataError, SettingsError
from tests.reference import corruptions as slow

SIDE = 12
names = st.sampled_from(list(CORRUPTIONS))
seeds = st.integers(0, 2**31 - 1)
shares = st.floats(0, 1)


@pytest.fixture(scope="module")
def images():
    """Grey images without structure: a mistake of one pixel shows."""
    return torch.from_numpy(np.random.default_rng(0).random((9, SIDE, SIDE), np.float32))


@pytest.fixture(scope="module")
def digits():
    return load_dataset("mnist").test.pixels[:30]


@st.composite
def any_corruption(draw):
    """Any kind at any severity that it knows, in our protocol."""
    name = draw(names)
    return Corruption(
        name,
        draw(st.floats(0, CORRUPTIONS[name].severities[-1])),
        draw(seeds),
        draw(st.sampled_from(["centre", "random", "placed"])),
        draw(shares),
        draw(shares),
        draw(st.sampled_from(["black", "grey", "noise"])),
    )


def each(images, function) -> np.ndarray:
    """What a reference makes of each image: ``function(number, image in float64)``."""
    return np.stack([function(i, image) for i, image in enumerate(images.double().numpy())])


# --- laws -----------------------------------------------------------------------------------------


@given(any_corruption(), st.booleans())
def test_severity_0_is_the_identity_bit_for_bit(digits, images, corruption, faithful):
    faithful = faithful and corruption.name in ("gaussian", "salt_pepper", "occlusion")
    none = corruption._replace(severity=0, faithful=faithful)
    assert torch.equal(corrupt(digits, none), digits.float() / 255)
    assert torch.equal(corrupt(images, none), images)
    data = load_dataset("mnist")
    assert torch.equal(data.inputs(corrupt(digits, none)), data.inputs(digits))


@given(any_corruption())
def test_results_are_float32_in_0_1_and_the_images_stay_unchanged(digits, images, corruption):
    for pixels in (digits, images):
        kept = pixels.clone()
        out = corrupt(pixels, corruption)
        assert out.dtype == torch.float32
        assert out.shape == pixels.shape
        assert out.min() >= 0
        assert out.max() <= 1
        assert torch.equal(pixels, kept)


@given(any_corruption(), st.integers(1, 29))
def test_an_image_does_not_depend_on_those_that_follow(digits, corruption, n):
    assert torch.equal(corrupt(digits[:n], corruption), corrupt(digits, corruption)[:n])


@given(any_corruption())
def test_corruption_depends_on_the_seed_alone(digits, corruption):
    torch.manual_seed(1)
    first = corrupt(digits, corruption)
    torch.manual_seed(2)
    np.random.seed(3)  # noqa: NPY002
    before = torch.get_rng_state()
    corrupt(digits, corruption._replace(seed=corruption.seed + 1))
    assert torch.equal(corrupt(digits, corruption), first)
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize(
    "corruption",
    [
        Corruption("gaussian", 0.3),
        Corruption("salt_pepper", 0.3),
        Corruption("occlusion", 0.2, place="random"),
        Corruption("occlusion", 0.2, fill="noise"),
        Corruption("shift", 3),
        Corruption("rotation", 30),
        Corruption("gaussian", 0.3, faithful=True),
    ],
)
def test_other_seeds_draw_other_noise(digits, corruption):
    assert not torch.equal(
        corrupt(digits, corruption), corrupt(digits, corruption._replace(seed=1))
    )


@given(names, seeds)
def test_uint8_and_float_pixels_give_the_same_images(digits, name, seed):
    corruption = Corruption(name, CORRUPTIONS[name].severities[3], seed)
    unit = digits.double() / 255
    torch.testing.assert_close(corrupt(unit, corruption), corrupt(digits, corruption))


def test_severity_grids_rise_from_0_in_11_steps():
    for kind in CORRUPTIONS.values():
        assert len(kind.severities) == 11
        assert kind.severities[0] == 0
        assert (np.diff(kind.severities) > 0).all()


def test_corruptions_can_be_dictionary_keys():
    assert len({Corruption("blur", 1), Corruption("blur", 1.0), Corruption("blur", 2)}) == 2


# --- each kind against its reference --------------------------------------------------------------


@pytest.mark.parametrize("severity", [0.05, 0.4, 1.0])
def test_gaussian_noise_matches_the_reference(images, severity):
    rng = np.random.default_rng([7, 0])
    fields = [rng.standard_normal((SIDE, SIDE), np.float32) for _ in images]
    truth = each(images, lambda i, image: slow.gaussian(image, severity, fields[i]))
    out = corrupt(images, Corruption("gaussian", severity, seed=7))
    np.testing.assert_allclose(out, truth, atol=1e-6)


@given(seeds, st.floats(0.01, 0.4), st.floats(0.01, 0.4))
def test_noise_grows_with_severity_at_fixed_pixels(seed, low, high):
    grey = torch.full((3, SIDE, SIDE), 0.5)
    fields = [(corrupt(grey, Corruption("gaussian", s, seed)) - 0.5) / s for s in (low, high)]
    free = (fields[0].abs() * low < 0.499) & (fields[1].abs() * high < 0.499)
    torch.testing.assert_close(fields[0][free], fields[1][free], atol=2e-5, rtol=0)


def test_noise_has_the_stated_moments():
    grey = torch.full((2000, 28, 28), 0.5)
    noise = corrupt(grey, Corruption("gaussian", 0.1)) - 0.5
    assert noise.mean().item() == pytest.approx(0, abs=5e-4)
    assert noise.std().item() == pytest.approx(0.1, rel=0.005)
    flipped = corrupt(grey, Corruption("salt_pepper", 0.3))
    assert (flipped != 0.5).float().mean().item() == pytest.approx(0.3, abs=0.002)
    assert (flipped == 1).float().mean().item() == pytest.approx(0.15, abs=0.002)
    assert (flipped == 0).float().mean().item() == pytest.approx(0.15, abs=0.002)


@pytest.mark.parametrize("severity", [0.05, 0.3, 0.5])
def test_salt_and_pepper_matches_the_reference(images, severity):
    rng = np.random.default_rng([7, 0])
    draws = [rng.integers(0, 2**32, (SIDE, SIDE), np.uint32) for _ in images]
    truth = each(images, lambda i, image: slow.salt_pepper(image, severity, draws[i]))
    for faithful in (False, True):
        out = corrupt(images, Corruption("salt_pepper", severity, 7, faithful=faithful))
        np.testing.assert_allclose(out, truth, atol=1e-7)


@given(seeds, st.floats(0, 0.5), st.floats(0, 0.5))
def test_a_flipped_pixel_stays_flipped_at_higher_severity(seed, one, other):
    grey = torch.full((3, SIDE, SIDE), 0.5)
    few, many = (corrupt(grey, Corruption("salt_pepper", s, seed)) for s in sorted((one, other)))
    flipped = few != 0.5
    assert torch.equal(many[flipped], few[flipped])


@given(st.floats(0.001, 0.5), shares, shares, st.sampled_from(["black", "grey", "noise"]), seeds)
def test_a_placed_square_matches_the_reference(images, severity, row, column, fill, seed):
    placed = square(severity, SIDE, row, column)
    rng = np.random.default_rng([seed, 1])
    noise = [rng.random((SIDE, SIDE), np.float32) for _ in images]
    fills = {"black": lambda i: 0.0, "grey": lambda i: 0.3, "noise": lambda i: noise[i]}
    truth = each(images, lambda i, image: slow.occlusion(image, *placed, fills[fill](i)))
    corruption = Corruption("occlusion", severity, seed, "placed", row, column, fill)
    out = corrupt(images, corruption, mean=0.3)
    np.testing.assert_allclose(out, truth, atol=1e-7)


@given(st.floats(0, 0.5), st.integers(5, 40), shares, shares)
def test_the_square_has_the_nearest_size_and_place(severity, side, row, column):
    top, left, length = square(severity, side, row, column)
    wish = side * math.sqrt(severity)
    assert abs(length - wish) <= 0.5
    assert length == square_side(severity, side)
    for first, share in ((top, row), (left, column)):
        assert abs(first + length / 2 - share * side) <= 0.5 + 1e-9


@pytest.mark.parametrize(
    ("severity", "expected"),
    [
        (0, Square(14, 14, 0)),
        (0.25, Square(7, 7, 14)),
        (0.5, Square(4, 4, 20)),
        (0.1, Square(9, 9, 9)),
    ],
)
def test_squares_in_the_middle_of_a_digit(severity, expected):
    assert square(severity, 28, 0.5, 0.5) == expected


def test_squares_at_the_corners_reach_beyond_the_image():
    assert square(0.25, 28, 0, 1) == Square(-7, 21, 14)
    white = torch.ones(1, 28, 28)
    out = corrupt(white, Corruption("occlusion", 0.25, place="placed", row=0, column=1))
    assert (out[0, :7, 21:] == 0).all()
    assert out.sum() == 28 * 28 - 7 * 7


@pytest.mark.parametrize("severity", [0.05, 0.3])
def test_random_squares_lie_wholly_inside_and_anywhere(severity):
    white = torch.ones(4000, SIDE, SIDE)
    holes = corrupt(white, Corruption("occlusion", severity, place="random")) == 0
    length = square_side(severity, SIDE)
    assert (holes.sum((1, 2)) == length**2).all()
    for axis in (1, 2):
        touched = holes.any(3 - axis)
        assert (touched.sum(1) == length).all()
        counts = torch.bincount(touched.int().argmax(1), minlength=SIDE - length + 1)
        assert len(counts) == SIDE - length + 1
        # Within five standard deviations of an even spread.
        even = 4000 / len(counts)
        assert (counts - even).abs().max() < 5 * math.sqrt(even)


@pytest.mark.parametrize("sd", [0.3, 1.0, 2.5])
def test_blur_is_direct_convolution(images, sd):
    truth = each(images[:3], lambda i, image: slow.blur(image, sd))
    np.testing.assert_allclose(corrupt(images[:3], Corruption("blur", sd)), truth, atol=2e-6)


def test_blur_preserves_the_sum_of_interior_pixels():
    spot = torch.zeros(1, 28, 28)
    spot[0, 12:16, 13:15] = 1
    out = corrupt(spot, Corruption("blur", 2))
    assert out.sum().item() == pytest.approx(8, rel=1e-5)
    assert out.max() < 0.5


@pytest.mark.parametrize("lost", [0.1, 0.7, 1.0])
def test_contrast_has_a_closed_form(images, lost):
    truth = each(images, lambda i, image: slow.contrast(image, lost))
    np.testing.assert_allclose(corrupt(images, Corruption("contrast", lost)), truth, atol=1e-6)


def directions(seed, n, choices):
    """Which of its directions each image takes."""
    return np.random.default_rng([seed, 0]).integers(choices, size=n)


UP_DOWN_LEFT_RIGHT = ((-1, 0), (1, 0), (0, -1), (0, 1))


@pytest.mark.parametrize("pixels", [1, 4, 10])
def test_integer_shifts_are_rolls_filled_with_black(images, pixels):
    out = corrupt(images, Corruption("shift", pixels, seed=5))
    which = directions(5, len(images), 4)
    assert set(which) == {0, 1, 2, 3}
    for i, k in enumerate(which):
        down, right = (pixels * step for step in UP_DOWN_LEFT_RIGHT[k])
        truth = np.roll(images[i].numpy(), (down, right), (0, 1))
        if down:
            truth[slice(0, down) if down > 0 else slice(down, None)] = 0
        else:
            truth[:, slice(0, right) if right > 0 else slice(right, None)] = 0
        np.testing.assert_allclose(out[i], truth, atol=1e-5)


@pytest.mark.parametrize("pixels", [0.3, 2.5])
def test_subpixel_shifts_match_the_reference(images, pixels):
    which = directions(1, len(images), 4)

    def truth(i, image):
        down, right = UP_DOWN_LEFT_RIGHT[which[i]]
        return slow.moved(image, pixels * down, pixels * right, 0)

    out = corrupt(images, Corruption("shift", pixels, seed=1))
    np.testing.assert_allclose(out, each(images, truth), atol=1e-5)


@pytest.mark.parametrize("degrees", [9, 33.3, 90])
def test_rotation_matches_the_reference(images, degrees):
    sign = 2 * directions(3, len(images), 2) - 1
    assert set(sign) == {-1, 1}
    truth = each(images, lambda i, image: slow.moved(image, 0, 0, sign[i] * degrees))
    out = corrupt(images, Corruption("rotation", degrees, seed=3))
    np.testing.assert_allclose(out, truth, atol=2e-5)


def test_a_quarter_turn_is_exact(images):
    out = corrupt(images, Corruption("rotation", 90, seed=3))
    for i, clockwise in enumerate(directions(3, len(images), 2)):
        truth = np.rot90(images[i], -1 if clockwise else 1)
        np.testing.assert_allclose(out[i], truth, atol=1e-5)


@pytest.mark.parametrize("name", ["shift", "rotation"])
def test_one_image_alone(images, name):
    severity = CORRUPTIONS[name].severities[2]
    for seed in range(4):
        out = corrupt(images[:1], Corruption(name, severity, seed))
        assert not torch.equal(out, images[:1])


# --- the published protocol -----------------------------------------------------------------------


def test_faithful_noise_is_added_to_the_input(digits):
    data = load_dataset("mnist")
    out = data.inputs(corrupt(digits, Corruption("gaussian", 0.8, seed=4, faithful=True)))
    field = np.random.default_rng([4, 0]).standard_normal((30, 784), np.float32)
    truth = data.inputs(digits).double().numpy() + 0.8 * field
    np.testing.assert_allclose(out, truth, atol=1e-5)
    assert out.min() < data.inputs(torch.zeros(1, 28, 28)).min()  # not clipped


@pytest.mark.parametrize(
    ("severity", "first", "length"), [(0.3, 10, 8), (0.5, 7, 14), (0.6, 6, 16), (0.33, 9, 9)]
)
def test_faithful_occlusion_zeroes_a_square_of_the_input(digits, severity, first, length):
    data = load_dataset("mnist")
    corruption = Corruption("occlusion", severity, place="random", fill="noise", faithful=True)
    out = data.inputs(corrupt(digits, corruption)).view(-1, 28, 28)
    truth = data.inputs(digits).view(-1, 28, 28).clone()
    truth[:, first : first + length, first : first + length] = 0
    assert torch.equal(out, truth)


def test_faithful_corruptions_use_the_mean_and_std_of_the_data_set(images):
    kept = images.clone()
    out = corrupt(images, Corruption("occlusion", 0.5, faithful=True), mean=0.25, std=0.5)
    assert (out[:, 3:9, 3:9] == 0.25).all()
    ours = corrupt(images, Corruption("gaussian", 0.5, faithful=True), std=0.5) - images
    theirs = corrupt(images, Corruption("gaussian", 0.5, faithful=True), std=0.25) - images
    torch.testing.assert_close(ours, 2 * theirs, atol=1e-6, rtol=1e-5)
    assert torch.equal(images, kept)


# --- errors are explained -------------------------------------------------------------------------


USUAL = Corruption("occlusion", 0.1)
WRONG = {
    "name": ("fog", "", None, 3, "x" * 1000),
    "severity": (
        -0.1,
        0.51,
        1e308,
        math.nan,
        math.inf,
        -math.inf,
        None,
        "much",
        True,
        [0.1],
        10**30,
    ),
    "seed": (-1, 2**32, 10**30, 1.5, math.nan, None, "first", True),
    "place": ("left", "", None, 1),
    "row": (-0.01, 1.5, math.nan, None, "top", True),
    "column": (-0.01, 1.5, math.inf, None, "left", True),
    "fill": ("red", "", None, 0),
    "faithful": ("perhaps", None, 2),
}


@pytest.mark.parametrize(
    ("field", "value"), [(field, value) for field, values in WRONG.items() for value in values]
)
def test_a_wrong_field_is_named_with_its_value_and_its_limit(images, field, value):
    wrong = USUAL._replace(**{field: value})
    with pytest.raises(SettingsError, match=rf"^{field} is .+, but should be .+\.$") as caught:
        corrupt(images, wrong)
    assert len(str(caught.value)) < 250
    with pytest.raises(SettingsError, match=rf"^{field} is "):
        _ = wrong.in_words


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (Corruption("fog", 0.1), "name is 'fog', but should be one of: gaussian, salt_pepper, occ"),
        (Corruption("gaussian", 1.01), "severity is 1.01, but should be from 0 to 1 for gaussian"),
        (Corruption("rotation", 91), "from 0 to 90 for rotation"),
        (Corruption("occlusion", 0.6), "from 0 to 0.5 for occlusion"),
        (Corruption("occlusion", 1.1, faithful=True), "from 0 to 1 for occlusion"),
        (Corruption("occlusion", 0.1, place="left"), "place is 'left', .*'centre', 'random' or"),
        (Corruption("blur", 1, faithful=True), "name is 'blur', .* as published one of: gaussian,"),
    ],
)
def test_invalid_corruptions_are_explained_in_a_sentence(images, wrong, words):
    with pytest.raises(SettingsError, match=words) as caught:
        corrupt(images, wrong)
    assert str(caught.value).endswith(".")


def test_every_field_may_be_at_its_limits(images):
    for name, kind in CORRUPTIONS.items():
        for severity in (0, kind.severities[-1]):
            for row, column, seed in ((0, 1, 0), (1, 0, 2**32 - 1)):
                out = corrupt(images, Corruption(name, severity, seed, "placed", row, column))
                assert out.shape == images.shape
    # NumPy's numbers are numbers.
    ours = corrupt(images, Corruption("gaussian", np.float32(0.5), np.int64(3)))
    assert torch.equal(ours, corrupt(images, Corruption("gaussian", 0.5, 3)))


@pytest.mark.parametrize(
    ("pixels", "words"),
    [
        (torch.full((1, 4, 4), math.nan), "not numbers from 0 to 1"),
        (torch.full((1, 4, 4), 1.5), "not numbers from 0 to 1"),
        (torch.full((1, 4, 4), 255), "not numbers from 0 to 1"),
        (-torch.ones(1, 4, 4), "not numbers from 0 to 1"),
        (torch.zeros(2, 784), r"shape \(2, 784\)"),
        (torch.zeros(2, 4, 5), r"shape \(2, 4, 5\)"),
    ],
)
def test_invalid_pixels_are_explained_in_a_sentence(pixels, words):
    with pytest.raises(DataError, match=words):
        corrupt(pixels, Corruption("gaussian", 0.1))


@pytest.mark.parametrize(
    ("corruption", "words"),
    [
        (Corruption("gaussian", 0.5), "Gaussian noise of sd 0.5"),
        (Corruption("salt_pepper", 0.25), "25\u00a0% of the pixels black or white"),
        (Corruption("occlusion", 0.15), "15\u00a0% of the area covered"),
        (Corruption("blur", 1.5), "a blur of 1.5 pixels"),
        (Corruption("contrast", 0.7), "70\u00a0% of the contrast lost"),
        (Corruption("shift", 3.0), "a shift of 3 pixels"),
        (Corruption("rotation", 45.0), "a rotation of 45°"),
        (Corruption("gaussian", 0.5, faithful=True), "Gaussian noise of sd 0.5, as published"),
        (
            Corruption("occlusion", 0.5, faithful=True),
            "a square of 50\u00a0% of the side, as published",
        ),
    ],
)
def test_a_corruption_in_words(corruption, words):
    assert corruption.in_words == words
