"""Every setting at each of its bounds: the network builds, makes one update and is evaluated, or
the settings are refused on construction.

One setting at a time is at a bound; everything else is small. What the data set fixes comes with
data of that size.
"""

import math
from typing import Any, NamedTuple

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from corelib.catalog import SYSTEMS, System
from corelib.data import ImageDataset, Split
from corelib.errors import SettingsError
from corelib.settings import SettingInfo, Settings
from corelib.training.config import TrainingSettings
from tests.test_catalog_laws import SMALL

MATTERS_WITH: dict[str, dict[str, Any]] = {
    "input_dim": {"network": "simple", "width": 4},
    "network": {"width": 4},
    "width": {"network": "simple", "input_dim": 400},
    "norm": {"network": "simple", "width": 4},
    "n_latents": {"input_dim": 256},
    "beta_inner": {"n_iters_inner": 2},
    "temperature": {"sampling": "relaxed"},
    "noise": {"rule": "counter-hebb"},
    # The default number of steps, in which activity that runs away gets far.
    "alpha_f": {"n_steps": 8},
    "alpha_b": {"n_steps": 8},
    "step_size": {"n_steps": 8},
    "answer_step_size": {"n_answer_steps": 100},
    "fit_prior": {"clamp_u": 4.0, "clamp_du": 4.0},
}
"""What else has to be set for a setting to have its effect, and no larger a cost than that."""

WIDEST = ", ".join(["2048"] * 8)
TEXTS = {"widths": ("1", "2048", ", ".join(["1"] * 8), WIDEST)}
"""The least and the most that a text may say."""


REFUSED = ("prior_low", "step_size", "input_dim", "clamp_u", "clamp_du")
"""Settings that another one can forbid."""


class Case(NamedTuple):
    system: System
    info: SettingInfo
    value: Any

    def settings_for(self, kind: type[Settings]) -> dict[str, Any]:
        """The small settings that ``kind`` has, and the one at its bound."""
        # What takes memory takes less with small images; what runs away does so with large ones.
        side = 8 if self.info.takes_memory or self.info.name.startswith("n_") else 28
        chosen = {"input_dim": side**2, "device": "cpu", **SMALL[self.system.name]}
        chosen |= {**MATTERS_WITH.get(self.info.name, {}), self.info.name: self.value}
        return {name: value for name, value in chosen.items() if name in kind.model_fields}


def extremes(info: SettingInfo) -> tuple[Any, ...]:
    """The values at the bounds, just inside where these are open; every choice."""
    if info.kind == "bool":
        return (False, True)
    if info.kind == "choice":
        return info.choices
    if info.kind == "text":
        return TEXTS[info.name]
    lower, upper = info.lower, info.upper
    assert lower is not None
    assert upper is not None
    if info.lower_open:
        lower = math.nextafter(lower, math.inf)
    if info.upper_open:
        upper = math.nextafter(upper, -math.inf)
    return (lower, upper)


def cases() -> list[Any]:
    return [
        pytest.param(
            Case(system, info, value),
            id=f"{name}-{info.name}={value}",
            marks=[pytest.mark.slow] if value == WIDEST else [],
        )
        for name, system in SYSTEMS.items()
        for kind in (system.config_type, system.training_type)
        for info in kind.infos()
        if info.name != "device"
        for value in extremes(info)
    ]


class Sequences(ImageDataset):
    """Images whose rows are the steps of a sequence."""

    def inputs(self, pixels: torch.Tensor) -> torch.Tensor:
        return super().inputs(pixels).view(pixels.shape)


def data_for(case: Case, config: Settings) -> ImageDataset:
    """Noise in the size that the settings ask for."""
    rows = 3 if case.system.data == "sequence" else 1
    n_classes, n_tasks = (getattr(config, name, 1) for name in ("n_classes", "n_tasks"))
    several = (n_tasks,) if case.system.data == "scene" else ()
    generator = torch.Generator().manual_seed(0)

    def split(n: int) -> Split:
        pixels = torch.randint(256, (n, rows, config.input_dim), generator=generator)
        labels = torch.randint(max(n_classes, 2), (n, *several), generator=generator)
        return Split(pixels.to(torch.uint8), labels)

    kind = Sequences if rows > 1 else ImageDataset
    names = tuple(map(str, range(max(n_classes, 2))))
    return kind("noise", names, 0.5, 0.3, split(16), split(8), split(8))


def all_finite(tensors) -> bool:
    return all(bool(tensor.isfinite().all()) for tensor in tensors)


def resolved(case: Case) -> tuple[Settings, TrainingSettings] | str:
    """Both settings, or the sentence with which they are refused."""
    try:
        config = case.system.config_type(**case.settings_for(case.system.config_type))
        training = case.system.training_type(**case.settings_for(case.system.training_type))
        training.check(config)
    except SettingsError as error:
        return str(error)
    return config, training


@pytest.mark.parametrize("case", cases())
def test_a_setting_at_its_bound_trains_or_is_refused(case):
    both = resolved(case)
    if isinstance(both, str):
        value = case.value if isinstance(case.value, str) else f"{case.value:g}"
        assert all(part in both for part in (case.info.name, value, "but should be")), both
        return
    config, training = both
    data = data_for(case, config)
    torch.manual_seed(0)
    model = case.system.make_model(config)
    learner = case.system.make_learner(model, training, data)
    with torch.no_grad():
        answers = model.eval()(data.inputs(data.test.pixels))
    assert all_finite([answers]), "answers of the initial weights"
    metrics = learner.step(data.batch(data.train, 0, training.batch_size, 0))
    assert all(map(math.isfinite, metrics.values())), metrics
    assert all_finite(model.state_dict().values()), "weights after one update"
    assert all_finite(learner.state_dict().values()), "the optimiser's state after one update"
    metrics = learner.evaluate(data.validation)
    assert all(map(math.isfinite, metrics.values())), metrics


def test_few_bounds_are_refused():
    """Only where another setting forbids it: a bound that nothing reaches would be a wrong one."""
    refused = {
        (case.system.name, case.info.name)
        for case in (param.values[0] for param in cases())
        if isinstance(resolved(case), str)
    }
    assert refused == {
        ("bpc", "alpha_f"),
        ("bpc", "alpha_b"),
        ("ipvae", "prior_low"),
        ("ipvae", "prior_high"),
        ("butd", "n_classes"),
        ("butd", "input_dim"),
        ("counter-hebb", "n_classes"),
        ("counter-hebb", "input_dim"),
    }


@pytest.mark.parametrize("name", SYSTEMS)
@given(data=st.data())
@settings(max_examples=30)
def test_any_settings_at_their_bounds_build_or_are_refused(name, data):
    """On torch's meta device, which holds no numbers, so the largest networks cost nothing."""
    kind = SYSTEMS[name].config_type
    chosen = {info.name: data.draw(st.sampled_from(extremes(info))) for info in kind.infos()}
    try:
        config = kind(**chosen)
    except SettingsError as error:
        named = [word for word in REFUSED if word in str(error)]
        assert named
        return
    with torch.device("meta"):
        assert list(SYSTEMS[name].make_model(config).parameters())


@pytest.mark.parametrize("name", SYSTEMS)
def test_one_size_at_its_bound_fits_in_memory(name):
    """The weights with their gradients and the optimiser's two means, in 32 bits, are within 1 GB;
    all sizes at their bounds together are not, which the worker then says."""
    for info in SYSTEMS[name].config_type.infos():
        if info.takes_memory:
            assert 16 * n_weights(name, {info.name: extremes(info)[-1]}) < 1e9, info.name


@pytest.mark.parametrize("name", SYSTEMS)
def test_what_adds_weights_is_marked_as_taking_memory(name):
    few = n_weights(name, {})
    for info in SYSTEMS[name].config_type.choices():
        if info.kind in ("int", "text"):
            more = info.default + 1 if info.kind == "int" else "300, 301"
            assert info.takes_memory or n_weights(name, {info.name: more}) == few, info.name


def n_weights(name: str, chosen: dict[str, Any]) -> int:
    with torch.device("meta"):
        model = SYSTEMS[name].make_model(SYSTEMS[name].config_type(**chosen))
    return sum(parameter.numel() for parameter in model.parameters())
