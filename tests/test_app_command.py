"""The command app: what Streamlit is told, and what the server reads from its environment."""

import os
import runpy
import sys

import pytest

from corelib.__main__ import main
from corelib.cli import app_command
from corelib.cli.app_command import APP, App
from corelib.cli.parse import UsageError

VARIABLES = ("RUNS", "CLASS", "READ_ONLY", "WAITING")


@pytest.fixture
def told(monkeypatch):
    """The words and variables with which a server would have been started."""
    for name in VARIABLES:
        # Set first, so that what the command sets is taken away again.
        monkeypatch.setenv(f"SYNAPTARIUM_{name}", "")
    seen = []

    def run_module(module, run_name):
        variables = {name: os.environ[f"SYNAPTARIUM_{name}"] for name in VARIABLES}
        seen.append((module, run_name, sys.argv[:], variables))

    monkeypatch.setattr(sys, "argv", ["before"])
    monkeypatch.setattr(runpy, "run_module", run_module)
    return seen


def test_without_options_it_opens_a_browser_and_sets_nothing(told):
    assert main(["app"]) == 0
    ((module, run_name, words, variables),) = told
    assert (module, run_name) == ("streamlit", "__main__")
    assert words == [
        *("streamlit", "run", str(APP), "--server.headless=false"),
        "--server.showEmailPrompt=false",
    ]
    assert set(variables.values()) == {""}


def test_each_option_says_one_thing(told, tmp_path):
    for option, word in (
        (["--no-browser"], "--server.headless=true"),
        (["--port", "9001"], "--server.port=9001"),
        (["--base-path", "lab"], "--server.baseUrlPath=lab"),
    ):
        assert main(["app", *option]) == 0
        assert word in told[-1][2]
    for option, name, value in (
        (["--runs", str(tmp_path)], "RUNS", str(tmp_path)),
        (["--class"], "CLASS", "1"),
        (["--read-only"], "READ_ONLY", "1"),
        (["--waiting", "5"], "WAITING", "5"),
    ):
        assert main(["app", *option]) == 0
        assert told[-1][3][name] == value
        os.environ[f"SYNAPTARIUM_{name}"] = ""
        assert sum(value != "" for value in told[-1][3].values()) == 1


@pytest.mark.parametrize(("port", "is_one"), [("1", True), ("65535", True), ("0", False)])
def test_the_first_and_the_last_port_are_ports(port, is_one):
    if is_one:
        assert f"--server.port={port}" in App(port=port).words()
        return
    with pytest.raises(UsageError, match="whole number from 1 to 65,535"):
        App(port=port).words()


def test_a_wrong_variable_starts_nothing(told, capsys):
    assert main(["app", "--waiting", "many"]) == 2
    assert "SYNAPTARIUM_WAITING is 'many'" in capsys.readouterr().err
    assert told == []


def test_without_the_app_it_says_what_to_install(told, monkeypatch, capsys):
    with monkeypatch.context() as patch:
        patch.setattr(app_command, "find_spec", lambda name: None)
        assert main(["app"]) == 2
        assert "pip install 'synaptarium[app]'" in capsys.readouterr().err
    monkeypatch.setattr(app_command, "APP", APP.with_name("none.py"))
    assert main(["app"]) == 2
    assert "pip install 'synaptarium[app]'" in capsys.readouterr().err
    assert told == []
