"""What a study may be, and what it tries."""

import itertools

import pytest

from corelib.errors import SettingsError
from corelib.sweeps.settings import Range, StudySettings, read_study
from corelib.sweeps.space import known_choices, n_trials

TEXT = """
name = "width"
system = "mlp"
seeds = [0, 1]
search = "random"
trials = 40
[fixed]
epochs = 1
[vary]
n_hidden = [8, 16]
learning_rate = {low = 1e-4, high = 1e-1, log = true}
batch_size = {low = 32, high = 64}
"""


def study(**changed) -> StudySettings:
    return StudySettings(**{"name": "w", "system": "mlp", "vary": {"n_hidden": (8, 16)}, **changed})


def test_a_file_says_what_the_call_says(tmp_path):
    file = tmp_path / "study.toml"
    file.write_text(TEXT, encoding="utf-8")
    assert read_study(file) == study(
        name="width",
        seeds=(0, 1),
        search="random",
        trials=40,
        fixed={"epochs": 1},
        vary={
            "n_hidden": (8, 16),
            "learning_rate": Range(low=1e-4, high=1e-1, log=True),
            "batch_size": Range(low=32, high=64),
        },
    )


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"name": "a b"}, "name is 'a b'"),
        ({"name": "../up"}, "letters, digits and underscores"),
        ({"system": "mlpp"}, "mlpp"),
        ({"vary": {}}, "vary is empty"),
        ({"vary": {"n_hiden": (1, 2)}}, "the nearest is n_hidden"),
        ({"vary": {"n_hidden": ()}}, "n_hidden has no values"),
        ({"vary": {"n_hidden": (8, 8)}}, "has a value twice"),
        ({"vary": {"n_hidden": {"low": 8, "high": 4}}, "search": "tpe"}, "below high"),
        ({"vary": {"n_hidden": {"low": 8, "high": 16}}}, "which a grid cannot try"),
        ({"fixed": {"n_hidden": 4}}, "both fixed and varied"),
        ({"seeds": ()}, "seeds should be at least one"),
        ({"seeds": (1, 1)}, "give each once"),
        ({"trials": 0}, "trials"),
        ({"search": "all"}, "search"),
    ],
)
def test_what_is_wrong_is_named(changed, said):
    with pytest.raises(SettingsError, match=said):
        study(**changed)


@pytest.mark.parametrize(("text", "said"), [("name = ", "is not TOML"), (None, "There is no file")])
def test_a_file_that_cannot_be_read_is_a_sentence(tmp_path, text, said):
    file = tmp_path / "study.toml"
    if text is not None:
        file.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match=said):
        read_study(file)


def test_a_grid_is_every_combination_once():
    grid = study(vary={"n_hidden": (8, 16, 32), "batch_size": (32, 64)})
    expected = [
        {"n_hidden": n, "batch_size": b} for n, b in itertools.product((8, 16, 32), (32, 64))
    ]
    assert known_choices(grid) == expected
    assert n_trials(grid) == 6


def test_random_choices_follow_from_the_seed_and_lie_inside():
    ranges = {"learning_rate": Range(low=1e-4, high=1e-1, log=True), "n_hidden": (8, 16)}
    one, again, other = (
        known_choices(study(search="random", trials=200, vary=ranges, search_seed=seed))
        for seed in (0, 0, 1)
    )
    assert one == again != other
    assert len(one) == 200
    rates = [chosen["learning_rate"] for chosen in one]
    assert min(rates) >= 1e-4
    assert max(rates) <= 1e-1
    # Even over the logarithm: half of the draws lie below the geometric middle.
    assert 0.4 < sum(rate < 10**-2.5 for rate in rates) / 200 < 0.6
    assert {chosen["n_hidden"] for chosen in one} == {8, 16}
