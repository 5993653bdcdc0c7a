"""An answer that is kept follows each of its inputs: the arguments, and the files that are read."""

import inspect

import pytest

from dashboard import router
from dashboard.shell.cache import Kept
from tests.cached import of_bpan, of_bpc, of_butd, of_ipvae, of_lab, of_shell, world
from tests.cached.cases import Plain, Record, broken
from tests.cached.found import FOUND, UNKNOWN, read

CASES = {
    f"dashboard.{name}": case
    for module in (of_bpan, of_bpc, of_butd, of_ipvae, of_lab, of_shell)
    for name, case in module.CASES.items()
}
NO_ANSWERS = {
    "dashboard.lab.models.opened._draw_onnx": "keeps for which network the button was pressed",
    "dashboard.router._set_aside": "is called for its effect; see below",
}
"""What keeps something that is no answer."""


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    with world.made(tmp_path_factory.mktemp("cached")) as found:
        yield found


def test_every_function_that_keeps_its_answers_has_its_inputs_listed():
    assert UNKNOWN == []
    assert sorted([*CASES, *NO_ANSWERS]) == sorted(FOUND)


@pytest.mark.parametrize("name", sorted(CASES))
def test_an_answer_follows_each_of_its_inputs(name, small):
    case, function = CASES[name], FOUND[name].value
    assert broken(case, function, small) == {}
    assert case.inputs or case.files or case.constant


@pytest.mark.parametrize("name", sorted(CASES))
def test_the_inputs_listed_are_those_of_the_function(name):
    found, case = FOUND[name], CASES[name]
    # A leading underscore hides an argument from Streamlit, not from the answer.
    parameters = {parameter.lstrip("_") for parameter in found.parameters}
    assert parameters <= {*case.inputs, *case.made}
    function = getattr(found.value, "func", found.value)
    for parameter in inspect.signature(function).parameters.values():
        given = case.inputs.get(parameter.name)
        if parameter.default is not parameter.empty and isinstance(given, Plain | Record):
            assert parameter.default == given.base, parameter.name


def test_modules_are_set_aside_whenever_there_are_more(monkeypatch):
    frozen = []
    monkeypatch.setattr(router.gc, "freeze", lambda: frozen.append(1))
    router._set_aside.cache_clear()
    for modules, times in ((10, 1), (10, 1), (11, 2)):
        router._set_aside(modules)
        assert len(frozen) == times
    router._set_aside.cache_clear()


HIDDEN = """
import functools
import streamlit as st
from functools import cache as once, lru_cache
from streamlit import cache_data
from dashboard.shell import cache
from dashboard.shell.cache import Kept

@st.cache_data(ttl=1)
def one(a): ...
@once
def two(): ...
@functools.lru_cache(maxsize=2)
def three(): ...
class Four:
    @functools.cached_property
    def five(self): ...
def six():
    return cache.kept("_six", 1)
@cache_data
def seven(): ...
def eight():
    @lru_cache
    def inner(): ...
    st.cache_data.clear()
"""


def test_every_way_of_keeping_is_found():
    places = ("Four.five", "eight.inner", "one", "seven", "six", "three", "two")
    assert read(HIDDEN) == ([f"m.{place}" for place in places], [])


def test_only_the_newest_answers_are_kept():
    answers = Kept(2)
    for name in "abca":
        answers[name] = name.upper()
    assert dict(answers) == {"c": "C", "a": "A"}


@pytest.mark.parametrize(
    "text",
    [
        "import streamlit as st\ndef f(): ...\nf = st.cache_data(f)",
        "from functools import lru_cache\ndef f(): ...\nf = lru_cache(f)",
        "import functools\ng = functools.cache",
        "from dashboard.shell.cache import Kept\nmine = Kept(3)",
    ],
)
def test_ways_that_are_not_understood_are_told(text):
    assert len(read(text)[1]) == 1
