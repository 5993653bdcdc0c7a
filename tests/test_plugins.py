"""Systems of other packages: the worked example is trained and shown; faulty ones are sentences."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from corelib.catalog import SYSTEMS, Catalogue, register, showing, system
from corelib.errors import SettingsError
from corelib.system import PROTOCOLS, System, check_system

ROOT = Path(__file__).parents[1]
EXAMPLE = ROOT / "docs" / "examples" / "leaky-integrator"
POINTS = "[synaptarium.systems]\nleaky = leaky:SYSTEM\nbroken = nothing_there:SYSTEM\n"


@pytest.fixture
def installed(tmp_path) -> dict[str, str]:
    """The environment of a process in which the example, and a broken package, are installed."""
    site = tmp_path / "site"
    shutil.copytree(EXAMPLE / "leaky", site / "leaky")
    facts = site / "leaky_integrator-0.1.0.dist-info"
    facts.mkdir()
    about = "Metadata-Version: 2.1\nName: leaky-integrator\nVersion: 0.1.0\n"
    (facts / "METADATA").write_text(about, encoding="utf-8")
    (facts / "entry_points.txt").write_text(POINTS, encoding="utf-8")
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(site), str(ROOT)]),
        "SYNAPTARIUM_RUNS": str(tmp_path / "runs"),
    }


def run(installed: dict[str, str], *words: str) -> str:
    done = subprocess.run(
        [sys.executable, *words],
        cwd=ROOT,
        env=installed,
        capture_output=True,
        encoding="utf-8",
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


SHOW = """
import sys
from tests.pages.app import open_page, sentences
app = open_page("halting", halting_models=[sys.argv[1], "mlp-mnist"])
assert not app.exception and not app.error, (app.exception, app.error)
print(app.session_state["halting_models"], sentences(app))
app = open_page("halting", halting_tab="Train", halting_system="leaky")
assert not app.exception and not app.error
print([item.label for item in app.number_input] + [item.label for item in app.slider])
"""


def test_the_example_trains_from_the_command_line_and_opens_on_halting(installed):
    words = ["--leak", "0.3", "--max-steps", "40", "--epochs", "1", "--variant", "race"]
    trained = run(installed, "-m", "corelib", "train", "leaky", *words)
    assert "Training 7,850 parameters" in trained
    name = next(word for word in trained.split() if "leaky-race-mnist" in word)
    measured = run(installed, "-m", "corelib", "evaluate", "race", "--threshold", "0.6")
    assert "mean steps at θ = 0.6" in measured
    shown = run(installed, "-c", SHOW, name)
    assert "race" in shown
    assert "of 8 steps" in shown
    assert "leak" in shown.lower()


def test_a_package_that_cannot_be_read_takes_nothing_down(installed):
    code = "from corelib.catalog import SYSTEMS; print(len(SYSTEMS), SYSTEMS.problems)"
    printed = run(installed, "-c", code)
    assert printed.startswith(str(len(SYSTEMS) + 1))
    assert "nothing_there" in printed
    done = subprocess.run(
        [sys.executable, "-m", "corelib", "train", "nothing"],
        cwd=ROOT,
        env=installed,
        capture_output=True,
        encoding="utf-8",
    )
    assert done.returncode == 2


@pytest.fixture
def leaky(monkeypatch):
    monkeypatch.syspath_prepend(str(EXAMPLE))
    from leaky import SYSTEM

    yield SYSTEM
    SYSTEMS.remove("leaky")


def test_a_system_registered_at_run_time_trains_here(leaky, tmp_path, monkeypatch):
    from corelib import train

    monkeypatch.setenv("SYNAPTARIUM_RUNS", str(tmp_path / "runs"))
    register(leaky)
    assert "leaky" in showing("steps")
    experiment = train("leaky", where="here", epochs=1, max_steps=20, leak=0.5, progress=False)
    x = torch.randn(4, 784)
    logits = experiment.model(x)
    drive = experiment.model.drive(x)
    torch.testing.assert_close(logits[:, 0], drive)
    torch.testing.assert_close(logits[:, 2], drive * 1.75)
    with pytest.raises(SettingsError, match="already a system named 'leaky'"):
        register(leaky)
    with pytest.raises(SettingsError, match="stays"):
        SYSTEMS.remove("bpan")


def test_what_a_system_lacks_is_a_sentence(leaky):
    for changes, words in (
        ({"name": "Leaky One"}, "lower-case"),
        ({"protocol": "dance"}, "steps, sequence"),
        ({"config": "leaky.config:Nothing"}, "cannot be imported"),
        ({"config": "nowhere:Nothing"}, "cannot be imported"),
        ({"config": "nocolon"}, "cannot be imported"),
        ({"model": "nowhere:Nothing"}, "model of leaky .* cannot be imported"),
        ({"model": "nowhere:Nothing", "protocol": ""}, "cannot be imported"),
        ({"config": "leaky.config:LeakyTraining"}, "input_dim"),
        ({"training": "leaky.config:LeakyConfig"}, "TrainingSettings"),
        ({"learner": "corelib.training.learner:Learner"}, "lacks: evaluate"),
        ({"learner": "leaky.network:Leaky"}, "derive from corelib.training.learner.Learner"),
        (
            {"model": "corelib.models.bpan.anytime:AnytimeClassifier"},
            "lacks what .* advance, answer",
        ),
        ({"protocol": "two-way"}, "derive from corelib.models.bpc.network.TwoWay"),
    ):
        with pytest.raises(SettingsError, match=words):
            register(leaky._replace(**changes))
    assert "leaky" not in SYSTEMS
    with pytest.raises(SettingsError, match="is not a System"):
        Catalogue({}).add("bpan")
    with pytest.raises(SettingsError, match="no system named 'leaky'"):
        system("leaky")


def test_all_our_own_systems_pass_the_check_and_have_a_page():
    shown = set()
    for item in SYSTEMS.values():
        check_system(item)
        shown |= set(PROTOCOLS[item.protocol].pages)
    assert len(shown) == 8, "every experiment but E/I balance, which shows BPAN alone"
    assert System._field_defaults["protocol"] == ""
