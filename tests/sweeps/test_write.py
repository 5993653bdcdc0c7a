"""Settings of studies as text: what is typed is what is tried, and TOML comes back as it was."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corelib.errors import SettingsError
from corelib.sweeps.settings import Range, StudySettings, read_study
from corelib.sweeps.write import as_toml, read_seeds, read_values


@pytest.mark.parametrize(
    ("text", "kind", "values"),
    [
        ("16, 32", "int", (16, 32)),
        (" 16 ,32, ", "int", (16, 32)),
        ("1, 0.5", "float", (1.0, 0.5)),
        ("16 to 64", "int", Range(low=16, high=64)),
        ("0 to 1", "float", Range(low=0.0, high=1.0)),
        ("1e-4 to 0.1, log", "float", Range(low=1e-4, high=0.1, log=True)),
        ("1e-4 to 0.1 LOG", "float", Range(low=1e-4, high=0.1, log=True)),
        ("on, off", "bool", (True, False)),
        ("adam, sgd", "choice", ("adam", "sgd")),
        ("300, 300; 100", "text", ("300, 300", "100")),
    ],
)
def test_what_is_typed_is_what_is_tried(text, kind, values):
    read = read_values("it", text, kind)
    assert read == values
    if isinstance(read, Range):
        assert read.is_whole == (kind == "int")
    else:
        assert [type(value) for value in read] == [type(value) for value in values]


@pytest.mark.parametrize(
    ("text", "kind", "said"),
    [
        ("", "int", "it has no values yet: write some, such as 16, 32"),
        ("1.5", "int", "it has the value '1.5', but should be a whole number"),
        ("1; 2", "float", "it has the value '1; 2', but should be a number"),
        ("inf", "float", "'inf', but should be a number"),
        ("nan to 1", "float", "'nan', but should be a number"),
        ("maybe", "bool", "on or off"),
        ("2 to 1", "int", "below high"),
        ("0 to 1 log", "float", "above 0, as log is on"),
    ],
)
def test_what_cannot_be_read_is_named(text, kind, said):
    with pytest.raises(SettingsError, match=said):
        read_values("it", text, kind)


def test_seeds_are_listed_or_from_one_to_another():
    assert read_seeds("3, 1") == (3, 1)
    assert read_seeds("0 to 4") == (0, 1, 2, 3, 4)
    with pytest.raises(SettingsError, match="1,000,001 seeds are more than 1,000"):
        read_seeds("0 to 1000000")


texts = st.text(st.characters(blacklist_categories=["Cs"]), max_size=8)
ints = st.integers(-(2**31), 2**31)
floats = st.floats(allow_nan=False, allow_infinity=False)


@given(
    fixed=st.dictionaries(
        st.sampled_from(["epochs", "max_steps", "batch_size"]),
        st.one_of(st.booleans(), ints, floats, texts),
    ),
    numbers=st.one_of(
        st.lists(floats, min_size=1, max_size=4, unique=True).map(tuple),
        st.tuples(floats, floats, st.booleans())
        .filter(lambda t: t[0] < t[1] and (not t[2] or t[0] > 0))
        .map(lambda t: Range(low=t[0], high=t[1], log=t[2])),
    ),
    seeds=st.lists(ints, min_size=1, max_size=3, unique=True),
    preset=texts,
)
def test_toml_comes_back_as_it_was(tmp_path, fixed, numbers, seeds, preset):
    study = StudySettings(
        name="w",
        system="mlp",
        preset=preset,
        fixed=fixed,
        vary={"learning_rate": numbers},
        seeds=tuple(seeds),
        search="random",
    )
    file = tmp_path / "w.toml"
    file.write_text(as_toml(study), encoding="utf-8", newline="")
    again = read_study(file)
    assert again == study
    assert list(map(type, again.fixed.values())) == list(map(type, fixed.values()))


def test_toml_holds_no_address_of_a_database():
    study = StudySettings(
        name="w", system="mlp", vary={"n_hidden": (8, 16)}, storage="postgresql://me:secret@h/s"
    )
    assert as_toml(study) == 'name = "w"\nsystem = "mlp"\n\n[vary]\nn_hidden = [8, 16]\n'
