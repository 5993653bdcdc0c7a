"""What a spec takes from its data set, and which data sets a system takes."""

import pytest

from corelib.catalog import SYSTEMS
from corelib.data import DATASETS
from corelib.errors import SettingsError
from corelib.runs.spec import as_command, make_spec, resolve


@pytest.mark.parametrize(
    ("name", "kind", "standard"),
    [
        ("bpan", "image", "mnist"),
        ("gru", "image", "mnist"),
        ("bpan-sequence", "sequence", "ct-mnist"),
        ("gru-sequence", "sequence", "ct-mnist"),
    ],
)
def test_a_system_takes_data_of_its_kind_and_first_the_standard_one(name, kind, standard):
    datasets = SYSTEMS[name].datasets
    assert datasets == tuple(n for n, source in DATASETS.items() if source.kind == kind)
    assert make_spec(name).dataset == datasets[0] == standard


@pytest.mark.parametrize("dataset", [n for n, s in DATASETS.items() if s.kind == "sequence"])
@pytest.mark.parametrize("name", ["bpan-sequence", "gru-sequence"])
def test_the_size_of_the_input_comes_from_the_data(name, dataset):
    spec = make_spec(name, dataset=dataset)
    assert spec.config["input_dim"] == DATASETS[dataset].input_dim
    assert "input-dim" not in as_command(spec)
    # A spec that somebody wrote by hand may leave it out; one that names it is taken at its word.
    brief = spec.model_copy(update={"config": {}})
    assert resolve(brief).config == resolve(spec).config
    assert make_spec(name, dataset=dataset, config={"input_dim": 5}).config["input_dim"] == 5


def test_data_of_the_wrong_kind_is_refused_naming_what_fits():
    with pytest.raises(SettingsError) as caught:
        make_spec("bpan", dataset="ct-mnist")
    assert str(caught.value) == "dataset is 'ct-mnist', but should be 'mnist' or 'fashion-mnist'."
    with pytest.raises(SettingsError) as caught:
        make_spec("bpan-sequence", dataset="mnist")
    for name in SYSTEMS["bpan-sequence"].datasets:
        assert repr(name) in str(caught.value)
    assert "fashion" not in str(caught.value)
    spec = make_spec("bpan").model_copy(update={"dataset": "streaming-mnist"})
    with pytest.raises(SettingsError, match="dataset is 'streaming-mnist', but should be 'mnist'"):
        resolve(spec)
