"""A digit as the text of an address: the same picture comes back, and nothing else comes in."""

import base64
import string
import zlib

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from corelib.data import load_dataset
from dashboard.components import digit_record as record
from dashboard.components.digit_record import Picture, TestImage

PICTURES = arrays(np.uint8, (28, 28), elements=st.integers(0, 255))


@given(PICTURES)
@example(np.random.default_rng(0).integers(0, 256, (28, 28), dtype=np.uint8))
def test_any_picture_comes_back_at_four_bits(pixels):
    text = record.as_text(pixels)
    assert len(text) <= 524
    assert set(text) <= set(string.ascii_letters + string.digits + "-_")
    back = record.from_text(text)
    if back is None:
        assert pixels.max() < 9, "only a blank picture is none"
        return
    assert back.dtype == np.uint8
    np.testing.assert_array_equal(back % 17, 0)
    assert np.abs(back.astype(int) - pixels).max() <= 8
    assert record.as_text(back) == text
    np.testing.assert_array_equal(record.in_levels(back), back)


def test_a_digit_is_short():
    lengths = [len(record.as_text(x)) for x in load_dataset("mnist").test.pixels[:500].numpy()]
    assert np.median(lengths) < 220
    assert max(lengths) < 400


@given(st.sampled_from(["mnist", "fashion-mnist"]), st.integers(0, 9_999_999))
def test_a_test_image_comes_back(name, index):
    assert record.read(record.written(TestImage(name, index))) == TestImage(name, index)


@given(PICTURES, st.sampled_from(["Draw", "Upload"]))
def test_a_record_comes_back(pixels, source):
    pixels[0, 0] = 255
    back = record.read(record.written(Picture(source, pixels)))
    assert back.source == source
    np.testing.assert_array_equal(back.pixels, record.in_levels(pixels))


@given(
    st.one_of(
        st.text(),
        st.text().map("draw.".__add__),
        st.binary(max_size=400).map(
            lambda data: "draw." + base64.urlsafe_b64encode(data).decode().rstrip("=")
        ),
    )
)
def test_whatever_an_address_holds_is_a_legal_record_or_none(text):
    found = record.read(text)
    if isinstance(found, Picture):
        assert found.pixels.shape == (28, 28)
        assert found.pixels.dtype == np.uint8
    elif found is not None:
        assert 0 <= found.place <= 9_999_999


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


GOOD = zlib.compress(bytes(range(196)) * 2, 9)


@pytest.mark.parametrize(
    "text",
    {
        "empty": "",
        "a letter": "A",
        "no base64": "!" * 40,
        "long": "A" * 525,
        "cut": encoded(GOOD)[:-6],
        "more behind": encoded(GOOD + b"x"),
        "short": encoded(zlib.compress(bytes([1]) * 391)),
        "one more": encoded(zlib.compress(bytes([1]) * 393)),
        "a bomb": encoded(zlib.compress(bytes([1]) * 300_000, 9)),
        "blank": encoded(zlib.compress(bytes(392))),
        "newline": encoded(GOOD) + "\n",
        "digits of another script": "\uff11" * 40,
    }.values(),
)
def test_no_picture(text):
    assert record.from_text(encoded(GOOD)) is not None
    assert record.from_text(text) is None
    assert record.read(f"draw.{text}") is None


def test_a_bomb_is_not_inflated(monkeypatch):
    grown = []
    inflated = record._inflated
    monkeypatch.setattr(record, "_inflated", lambda x: grown.append(inflated(x)) or grown[-1])
    assert record.from_text(encoded(zlib.compress(bytes(300_000), 9))) is None
    assert [len(x) for x in grown] == [0]


@pytest.mark.parametrize(
    "text", ["mnist", "mnist.", "mnist.-1", "mnist.1.2", "mnist.１２", "mnist.99999999", "cats.1"]
)
def test_no_test_image(text):
    assert record.read(text) is None
