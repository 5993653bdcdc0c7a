"""What a spec takes from its data set, and which data sets a system takes."""

import pytest

from corelib.catalog import SYSTEMS
from corelib.data import DATASETS
from corelib.data.sources import Source
from corelib.errors import SettingsError
from corelib.runs.registry import SHIPPED
from corelib.runs.spec import RunSpec, as_command, make_spec, network_of, resolve
from corelib.training.card import read_card


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
    # A spec that somebody wrote by hand may leave it out.
    brief = spec.model_copy(update={"config": {}})
    assert resolve(brief).config == resolve(spec).config


@pytest.mark.parametrize("name", SYSTEMS)
def test_what_the_data_set_fixes_can_be_no_other(name):
    """The network would be built, and fail at its first batch."""
    spec = make_spec(name)
    assert resolve(spec).config == SYSTEMS[name].config_type(**spec.config)
    for info in SYSTEMS[name].config_type.infos():
        assert info.from_data == (info.name in Source._fields)
        if not info.from_data:
            continue
        fixed = getattr(DATASETS[spec.dataset], info.name)
        assert spec.config[info.name] == fixed
        other = 4 * fixed  # four times a square is a square
        with pytest.raises(SettingsError) as caught:
            make_spec(name, config={info.name: other})
        assert str(caught.value) == (
            f"{info.name} is {other}, but should be {fixed}: the data set {spec.dataset!r} fixes "
            "it, so leave it out."
        )


def test_training_settings_that_contradict_the_data_set_are_refused():
    with pytest.raises(SettingsError) as caught:
        make_spec("butd", dataset="celeba")
    assert str(caught.value) == (
        "loss is 'cross-entropy', but should be 'bce' or 'mse' where n_classes is 1, so that the "
        "answer is yes or no."
    )
    assert make_spec("butd", dataset="celeba", training={"loss": "bce"}).config["n_classes"] == 1


def test_data_of_the_wrong_kind_is_refused_naming_what_fits():
    with pytest.raises(SettingsError) as caught:
        make_spec("bpan", dataset="ct-mnist")
    assert str(caught.value).startswith(
        "dataset is 'ct-mnist', but should be 'mnist', 'fashion-mnist'"
    )
    with pytest.raises(SettingsError) as caught:
        make_spec("bpan-sequence", dataset="mnist")
    for name in SYSTEMS["bpan-sequence"].datasets:
        assert repr(name) in str(caught.value)
    assert "fashion" not in str(caught.value)
    spec = make_spec("bpan").model_copy(update={"dataset": "streaming-mnist"})
    with pytest.raises(SettingsError, match="dataset is 'streaming-mnist', but should be 'mnist'"):
        resolve(spec)


def test_the_settings_of_every_shipped_checkpoint_are_valid():
    """A bound may be tightened, but not past what was trained."""
    cards = [read_card(folder.parent) for folder in SHIPPED.glob("*/checkpoint.json")]
    assert len(cards) > 30
    for card in cards:
        fields = {name: getattr(card, name) for name in RunSpec.model_fields}
        resolved = resolve(RunSpec(**fields))
        for kept, valid in ((card.config, resolved.config), (card.training, resolved.training)):
            assert kept.items() <= valid.model_dump().items()


def test_the_network_of_a_spec_is_all_of_it_but_its_seed_its_name_and_versions():
    whole = make_spec("bpan", seed=1, variant="lab")
    same = (
        make_spec("bpan", seed=2),
        make_spec("bpan", training={"epochs": 15}),
        whole.model_copy(update={"versions": {"torch": "0.1"}, "config": {}}),
    )
    others = (
        make_spec("bpan", dataset="fashion-mnist"),
        make_spec("bpan", training={"epochs": 3}),
        make_spec("bpan", config={"n_steps": 3}),
        make_spec("mlp"),
    )
    assert {network_of(spec) for spec in same} == {network_of(whole)}
    assert len({network_of(spec) for spec in (whole, *others)}) == 5
