"""What is said of data sets agrees with the data."""

import pytest

from corelib.data.facts import facts
from corelib.data.own_asked import Asked
from corelib.data.own_reading import add_file
from corelib.data.sources import BUILT_IN, load_dataset
from tests.data.shapes import make_npz


@pytest.mark.parametrize(
    "name", ["mnist", "multi-mnist", "ct-mnist", "streaming-mnist", "natural-16"]
)
def test_sizes_are_those_of_the_data(name):
    data = load_dataset(name)
    known = facts(name)
    sizes = (len(part.labels) for part in (data.train, data.validation, data.test))
    assert (known.train, known.validation, known.test) == tuple(sizes)


def test_every_data_set_that_is_made_of_digits_has_their_licence():
    licences = {name: facts(name).licence for name in BUILT_IN}
    assert all(licences.values())
    made = {n for n in BUILT_IN if n.startswith(("ct-", "streaming-", "multi-"))} | {"mnist"}
    assert {n for n, licence in licences.items() if "CC BY-SA 3.0" in licence} == made
    assert facts("no-such-set") == (facts("emnist-letters").licence, 0, 0, 0)


def test_own_images_have_the_licence_that_was_noted(tmp_path, monkeypatch):
    monkeypatch.setenv("SYNAPTARIUM_DATA", str(tmp_path / "data"))
    with make_npz(tmp_path / "shapes.npz").open("rb") as file:
        add_file(file, "mine", Asked(False, 0, "CC0"), tuple(BUILT_IN))
    data = load_dataset("mine")
    sizes = (len(part.labels) for part in (data.train, data.validation, data.test))
    assert facts("mine") == ("CC0", *sizes)
    assert facts("multi-mine") == ("CC0", 0, 0, 0)


def test_sets_of_60_000_images_have_the_split_of_mnist_whether_or_not_they_are_here():
    for name in ("mnist", "fashion-mnist"):
        assert facts(name)[1:] == (55_000, 5_000, 10_000)
