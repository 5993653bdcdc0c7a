"""Settings: bounds, unknown keys, and the one sentence that says what is wrong."""

import math
import re
import subprocess
import sys
from typing import Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from corelib.catalog import SYSTEMS, system
from corelib.errors import SettingsError, SynaptariumError
from corelib.models.bpan.config import BPANConfig
from corelib.settings import SettingInfo, Settings, setting
from tests import settings_page


class Inner(Settings):
    rate: float = setting(0.5, "How fast", gt=0, lt=1, symbol="ρ", unit="1/s", source="a paper")


class Outer(Settings):
    count: int = setting(3, "How many", ge=1, le=9)
    kind: Literal["a", "b"] = setting("a", "Which", more=True)
    on: bool = setting(True, "Whether")
    name: str = setting("x", "Called")
    inner: Inner = setting(Inner(), "More of it")
    table: dict[str, str] = setting({}, "Words by name")
    needed: float = setting(..., "No default")


def nested(depth: int) -> list:
    """[[[...]]], deeper than ``repr`` can follow."""
    value: list = []
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"count": 0}, "count is 0, but should be greater than or equal to 1."),
        ({"count": 10}, "count is 10, but should be less than or equal to 9."),
        ({"count": 2.5}, "count is 2.5, but should be a valid integer"),
        ({"count": "many"}, "count is 'many', but should be a valid integer"),
        ({"kind": "c"}, "kind is 'c', but should be 'a' or 'b'."),
        ({"on": "perhaps"}, "on is 'perhaps', but should be a valid boolean"),
        ({"needed": math.nan}, "needed is nan, but should be a finite number."),
        ({"needed": math.inf}, "needed is inf, but should be a finite number."),
        ({"needed": None}, "needed is None, but should be a valid number."),
        ({"inner": {"rate": 1.0}}, "rate is 1.0, but should be less than 1."),
        ({"inner": {"rate": 0}}, "rate is 0, but should be greater than 0."),
        ({"colour": 1}, "Outer has no setting named colour; it has: count, kind, on, name"),
        ({"inner": {"speed": 1}}, "Inner has no setting named speed; it has: rate."),
        ({"name": ["long"] * 99}, "..., but should be a valid string."),
        ({"count": True}, "count is True, but should be a number."),
        ({"needed": False}, "needed is False, but should be a number."),
        ({"count": "３"}, "count is '３', but should be a valid integer"),
        ({"needed": "３"}, "needed is '３', but should be a valid number"),
        ({"needed": 1e309}, "needed is inf, but should be a finite number."),
        ({"needed": 10**400}, "..., but should be a number with fewer digits."),
        ({"count": 1e22}, "count is 1e+22, but should be a number with fewer digits."),
        ({"count": "9" * 5000}, "..., but should be a number with fewer digits."),
        ({"count": 10**400}, "..., but should be less than or equal to 9."),
        ({"count": 10**5000}, "count is a value too long to show, but should be less than"),
        ({"count": nested(100_000)}, "count is a value too long to show, but should be a valid"),
        ({"name": nested(100_000)}, "name is a value too long to show, but should be a valid"),
        ({"table": nested(100_000)}, "table is a value too long to show, but should be a valid"),
        ({"table": {"a": nested(100_000)}}, "table.a is a value too long to show, but should be"),
        ({"table": {"a\nb": 1}}, "'table.a\\nb' is 1, but should be a valid string."),
        ({"a\nb": 1}, "Outer has no setting named 'a\\nb'; it has: count, kind, on, name"),
        ({"x" * 10**6: 1}, "xxx...; it has: count, kind, on, name"),
    ],
    ids=lambda case: ascii(case)[:60] if isinstance(case, str) else "",
)
def test_what_is_wrong_is_one_sentence(wrong, sentence):
    with pytest.raises(SettingsError) as caught:
        Outer(**{"needed": 1.0, **wrong})
    text = str(caught.value)
    assert sentence in text
    assert "\n" not in text
    assert len(text) < 200
    assert isinstance(caught.value, SynaptariumError)


@pytest.mark.parametrize("value", [3, 3.0, "3", "3.0", " 3 ", np.int64(3), np.float32(3)])
def test_a_number_may_come_in_other_forms(value):
    settings = Outer(count=value, needed=value)
    assert (settings.count, settings.needed) == (3, 3.0)
    assert type(settings.count) is int
    assert type(settings.needed) is float


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers(), inner),
)


@given(st.sampled_from([name for name in Outer.model_fields if name != "inner"]), ANYTHING)
def test_any_value_is_taken_or_refused_in_one_line(name, value):
    refusal = ""
    try:
        taken = Outer(**{"needed": 1.0, name: value})
        assert Outer(**taken.model_dump()) == taken
    except SettingsError as error:
        refusal = str(error)
    assert not refusal or name in refusal
    assert refusal.isprintable()
    assert len(refusal) < 250


def test_a_missing_value_is_named():
    with pytest.raises(SettingsError, match=r"^Outer needs a value for needed\.$"):
        Outer()


def test_a_wrong_default_fails_too():
    class Broken(Settings):
        size: int = setting(0, "Too small", ge=1)

    with pytest.raises(SettingsError, match="size is 0"):
        Broken()


def test_settings_are_frozen():
    config = BPANConfig()
    with pytest.raises(ValidationError, match="frozen"):
        config.n_steps = 7
    assert config == BPANConfig()
    assert hash(config) == hash(BPANConfig())


def refused_because(cls: type[Settings], **settings) -> str:
    """The sentence with which the settings are refused; empty if they are taken."""
    try:
        made = cls(**settings)
    except SettingsError as error:
        return str(error)
    assert {name: getattr(made, name) for name in settings} == settings
    return ""


@pytest.mark.parametrize(
    "cls", [kind for s in SYSTEMS.values() for kind in (s.config_type, s.training_type)]
)
def test_every_bound_is_kept_exactly(cls):
    for info in cls.infos():
        if info.kind not in ("int", "float"):
            continue
        for bound, is_open, outwards in (
            (info.lower, info.lower_open, -1),
            (info.upper, info.upper_open, 1),
        ):
            assert bound is not None, f"{info.name} should have bounds"
            beyond = bound + outwards * (1 if info.kind == "int" else max(1e-9, abs(bound) * 1e-9))
            refused = [bound, beyond] if is_open else [beyond]
            if not is_open:
                refusal = refused_because(cls, **{info.name: bound})
                # Another setting may forbid it, but not the bound itself.
                assert not re.search("(greater|less) than or equal to", refusal)
            for value in refused:
                with pytest.raises(SettingsError) as caught:
                    cls(**{info.name: value})
                for part in (info.name, repr(value), str(round(bound))):
                    assert part in str(caught.value)


def test_infos_hold_all_that_a_form_needs():
    infos = {info.name: info for info in Outer.infos()}
    assert list(infos) == ["count", "kind", "on", "name", "inner", "table", "needed"]
    assert infos["count"] == SettingInfo(
        name="count",
        kind="int",
        default=3,
        lower=1,
        upper=9,
        lower_open=False,
        upper_open=False,
        choices=(),
        help="How many",
        symbol="",
        unit="",
        source="",
        more=False,
    )
    kinds = ["int", "choice", "bool", "text", "text", "text", "float"]
    assert [i.kind for i in infos.values()] == kinds
    assert infos["kind"].choices == ("a", "b")
    assert infos["kind"].more
    (rate,) = Inner.infos()
    assert (rate.lower, rate.upper, rate.lower_open, rate.upper_open) == (0, 1, True, True)
    assert (rate.symbol, rate.unit, rate.source) == ("ρ", "1/s", "a paper")


def test_a_setting_fixed_by_the_data_is_no_choice():
    class Partly(Settings):
        size: int = setting(3, "From the data", ge=1, from_data=True)
        rate: float = setting(0.5, "Chosen", gt=0)

    assert [(info.name, info.from_data) for info in Partly.infos()] == [
        ("size", True),
        ("rate", False),
    ]
    assert [info.name for info in Partly.choices()] == ["rate"]


@given(st.integers(1, 64), st.floats(0.001, 1), st.booleans())
def test_settings_survive_json(n_steps, alpha, dale):
    config = BPANConfig(n_steps=n_steps, alpha=alpha, dale=dale)
    assert BPANConfig.model_validate_json(config.model_dump_json()) == config
    assert BPANConfig(**config.model_dump()) == config


def test_an_unknown_system_is_answered_with_the_available_ones():
    with pytest.raises(SettingsError, match=r"no system named 'bpam'; there are: bpan"):
        system("bpam")


LIGHT = [
    "corelib",
    "corelib.catalog",
    "corelib.settings",
    "corelib.training.advice",
    "corelib.training.config",
    "corelib.training.card",
    "corelib.training.events",
    "corelib.data",
    "corelib.runs.spec",
    "corelib.runs.store",
    "corelib.runs.launch",
    "corelib.runs.registry",
    "corelib.runs.watch",
    "corelib.runs.worker",
]


def test_what_forms_and_help_need_imports_no_torch():
    configs = [s.config.split(":")[0] for s in SYSTEMS.values()]
    modules = [*LIGHT, *configs]
    code = (
        f"import importlib, sys\n"
        f"for name in {modules!r}:\n"
        f"    importlib.import_module(name)\n"
        f"    assert 'torch' not in sys.modules, name + ' imports torch'\n"
        f"    assert 'streamlit' not in sys.modules, name + ' imports streamlit'\n"
        f"from corelib.catalog import SYSTEMS\n"
        f"for s in SYSTEMS.values():\n"
        f"    s.config_type(), s.training_type()\n"
        f"assert 'torch' not in sys.modules, 'making settings imports torch'\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, encoding="utf-8"
    )
    assert done.returncode == 0, done.stderr


def test_the_reference_has_every_setting_as_it_is():
    """What a setting is by itself, and what it can be, is promised there."""
    written = settings_page.PAGE.read_text(encoding="utf-8")
    assert written == settings_page.page(), "if this was meant: python -m tests.settings_page"
