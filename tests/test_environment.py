"""Environment variables, encodings and closed streams: understood, or refused in a sentence."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from corelib import environment
from corelib.errors import SettingsError
from corelib.runs.slots import slot_count, thread_count
from corelib.runs.spec import make_spec, read_spec
from corelib.runs.store import create_run, list_runs

ROOT = Path(__file__).parents[1]


def started(*words: str, **variables: str) -> subprocess.CompletedProcess:
    """A process of Python in this environment, but for some variables."""
    variables = {**os.environ, "OMP_NUM_THREADS": "1", **variables}
    return subprocess.run(
        [sys.executable, *words], cwd=ROOT, env=variables, capture_output=True, encoding="utf-8"
    )


def corelib(*words: str, **variables: str) -> subprocess.CompletedProcess:
    return started("-m", "corelib", *words, **variables)


@pytest.mark.parametrize("text", [None, "", "  ", "auto", "AUTO", " auto "])
def test_automatic_slots(monkeypatch, text):
    monkeypatch.delenv("SYNAPTARIUM_SLOTS", raising=False)
    expected = slot_count()
    if text is not None:
        monkeypatch.setenv("SYNAPTARIUM_SLOTS", text)
    assert slot_count() == expected >= 1


@pytest.mark.parametrize("text", ["1", " 3 ", "999", "３"])
def test_slots_by_number(monkeypatch, text):
    monkeypatch.setenv("SYNAPTARIUM_SLOTS", text)
    assert slot_count() == int(text)
    assert thread_count() >= 1


@pytest.mark.parametrize("text", ["0", "-1", "2.5", "abc", "1e3", "9" * 50, "9" * 5000, "²"])
def test_impossible_slots_are_refused_by_name(monkeypatch, text):
    monkeypatch.setenv("SYNAPTARIUM_SLOTS", text)
    with pytest.raises(SettingsError, match=r"^SYNAPTARIUM_SLOTS is .*auto or a whole number from"):
        slot_count()
    with pytest.raises(SettingsError):
        environment.check()


@pytest.mark.parametrize(
    ("variable", "folder", "default"),
    [
        ("SYNAPTARIUM_RUNS", environment.runs_root, "runs"),
        ("SYNAPTARIUM_DATA", environment.data_root, "data"),
    ],
)
def test_folders(monkeypatch, tmp_path, variable, folder, default):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv(variable, raising=False)
    assert folder() == tmp_path / default
    for text, expected in (
        ("", tmp_path / default),
        (" ", tmp_path / default),
        ("x/y", tmp_path / "x" / "y"),
        ("~/x", tmp_path / "home" / "x"),
        ("~", tmp_path / "home"),
        (str(tmp_path), tmp_path),
        ("rüns ３", tmp_path / "rüns ３"),
    ):
        monkeypatch.setenv(variable, text)
        assert folder() == expected
    (tmp_path / "file").write_text("", encoding="utf-8")
    for text in ("file", "~nobody-of-that-name/x", "x" * 5000):
        monkeypatch.setenv(variable, text)
        with pytest.raises(SettingsError, match=f"^{variable} is "):
            folder()


def test_the_command_line_refuses_them_in_a_line(tmp_path):
    for variables in (
        {"SYNAPTARIUM_SLOTS": "2.5", "SYNAPTARIUM_RUNS": str(tmp_path)},
        {"SYNAPTARIUM_RUNS": __file__},
    ):
        done = corelib("runs", "list", **variables)
        assert done.returncode == 2
        assert done.stdout == ""
        (line,) = done.stderr.splitlines()
        assert line.startswith(f"{next(iter(variables))} is ")


# Python then takes the machine's encoding, which in this locale is ASCII.
PLAIN = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "utf-8"}


EVALUATE = """
import sys
from corelib.__main__ import main
for name in sys.argv[1:]:
    assert main(["evaluate", name, "--images", "100"]) == 0
"""


def test_training_and_reading_do_not_depend_on_the_machines_encoding(tmp_path):
    probe = "import locale; print(locale.getencoding())"
    env = {**os.environ, **PLAIN}
    named = subprocess.run([sys.executable, "-c", probe], env=env, capture_output=True, check=True)
    assert b"utf" not in named.stdout.lower(), "the test needs a machine encoding that is not UTF-8"
    runs = {"SYNAPTARIUM_RUNS": str(tmp_path / "rüns"), "SYNAPTARIUM_SLOTS": "1"}
    words = ("train", "mlp", "--max-steps", "2", "--n-hidden", "4", "--device", "cpu")
    done = corelib(*words, **PLAIN, **runs)
    assert done.returncode == 0, done.stderr
    (run,) = json.loads(corelib("runs", "list", "--json", **PLAIN, **runs).stdout)
    assert run["state"] == "completed"
    here, plain = (
        started("-c", EVALUATE, run["id"], "ipvae-mnist", **runs, **more) for more in ({}, PLAIN)
    )
    assert plain.returncode == 0, plain.stderr
    assert plain.stdout == here.stdout
    assert "accuracy" in plain.stdout
    assert "R²" in plain.stdout


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-", "| head -c 0"])
@pytest.mark.parametrize("words", ["runs list", "nonsense"])
def test_closed_streams(tmp_path, closed, words):
    command = f"{sys.executable} -m corelib {words} {closed}"
    env = {**os.environ, "SYNAPTARIUM_RUNS": str(tmp_path), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        command, shell=True, cwd=ROOT, env=env, capture_output=True, encoding="utf-8"
    )
    assert "Traceback" not in done.stdout + done.stderr
    assert "Exception ignored" not in done.stderr
    if "|" not in closed:
        assert done.returncode == (2 if words == "nonsense" else 0)


def test_a_spec_with_a_byte_order_mark(tmp_path, runs_root):
    spec = make_spec("mlp", variant="marked")
    file = tmp_path / "spec.json"
    file.write_text(spec.model_dump_json(), encoding="utf-8-sig")
    assert file.read_bytes().startswith(b"\xef\xbb\xbf")
    assert read_spec(file) == spec
    assert list(list_runs()) == []


def test_numbers_that_are_not_finite_do_not_hide_other_runs(tmp_path, runs_root, capsys):
    from corelib.__main__ import main

    run = create_run(make_spec("mlp"))
    line = '{"kind":"finished","step":1,"best_step":1,"metrics":{"loss":null,"R²":Infinity}}'
    run.events.write_text(line + "\n", encoding="utf-8")
    assert main(["runs", "list", "--json"]) == 0
    (told,) = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    assert told["test"] == {"loss": "NaN", "R²": "Infinity"}
