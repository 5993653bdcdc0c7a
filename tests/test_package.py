"""The wheel: unpacked in a folder from where no checkout is to be seen, everything works."""

import json
import os
import socket
import subprocess
import sys
import tomllib
import zipfile
from email.parser import Parser
from pathlib import Path
from urllib.request import urlopen

import pytest

from corelib.version import own_version
from tests.runs.conftest import wait_until

ROOT = Path(__file__).parents[1]
SHIPPED = ("corelib", "dashboard", "pages", "assets", "app.py", ".streamlit")
EXTRAS = {"app", "dev", "docs", "onnx", "ray"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    words = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(words, cwd=ROOT, check=True, capture_output=True)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def run(installed: Path, folder: Path, *words: str) -> str:
    """What Python prints in an empty folder, with the unpacked wheel alone on its path."""
    done = subprocess.run(
        [sys.executable, *words],
        cwd=folder,
        env=environment(installed),
        capture_output=True,
        encoding="utf-8",
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def environment(installed: Path) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("SYNAPTARIUM", "STREAMLIT"))}
    return kept | {"PYTHONPATH": str(installed)}


def test_the_wheel_holds_every_file_of_the_app_and_nothing_else(wheel):
    tracked = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", *SHIPPED],
        cwd=ROOT,
        check=True,
        capture_output=True,
        encoding="utf-8",
    ).stdout.split("\n")
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert held == {name for name in tracked if name and (ROOT / name).exists()}
    assert "corelib/py.typed" in held


def test_its_requirements_are_those_of_the_files(wheel):
    with zipfile.ZipFile(wheel) as archive:
        name = next(n for n in archive.namelist() if n.endswith(".dist-info/METADATA"))
        facts = Parser().parsestr(archive.read(name).decode())
        scripts = archive.read(name.replace("METADATA", "entry_points.txt")).decode()
    needed = {_name(item) for item in facts.get_all("Requires-Dist", []) if "extra ==" not in item}
    optional = {_name(item) for item in facts.get_all("Requires-Dist", []) if "'app'" in item}
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    assert needed | optional == {_name(line) for line in lines if not line.startswith("#")}
    assert optional == {"streamlit", "plotly"}
    assert set(facts.get_all("Provides-Extra", [])) == EXTRAS
    assert "synaptarium = corelib.__main__:console" in scripts


def _name(requirement: str) -> str:
    return requirement.partition(">")[0].partition("<")[0].strip()


def test_the_version_stands_in_pyproject_alone():
    stated = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"][
        "version"
    ]
    assert own_version() == stated
    # The file that services read has to repeat it.
    assert f"\nversion: {stated}\n" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")


def test_networks_data_and_training_work_from_the_wheel(installed, tmp_path):
    code = (
        "import corelib, corelib.data;"
        "x = corelib.data.load_dataset('mnist');"
        "print(corelib.__file__, corelib.load('bpan-mnist')(x.inputs(x.test.pixels[:2])).shape)"
    )
    printed = run(installed, tmp_path, "-c", code)
    assert printed.startswith(str(installed))
    assert "[2, 6, 10]" in printed
    words = ("-m", "corelib", "train", "mlp", "--max-steps", "3", "--epochs", "1", "--detach")
    name = run(installed, tmp_path, *words).strip()
    assert (tmp_path / "runs" / name / "spec.json").exists()
    wait_until(
        lambda: json.loads(run_state(tmp_path, name))["state"] == "completed", "it is trained", 120
    )


def run_state(folder: Path, name: str) -> str:
    return (folder / "runs" / name / "status.json").read_text(encoding="utf-8")


def answers(server: subprocess.Popen, port: str) -> bool:
    assert server.poll() is None, server.stdout and server.stdout.read()
    try:
        with urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=5) as answer:
            return answer.read() == b"ok"
    except OSError:
        return False


def test_the_app_serves_from_the_wheel(installed, tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    command = "from corelib.__main__ import console; import sys; sys.exit(console())"
    server = subprocess.Popen(
        [sys.executable, "-c", command, "app", "--no-browser", "--port", port, "--runs", "mine"],
        cwd=tmp_path,
        env=environment(installed),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    )
    try:
        wait_until(lambda: answers(server, port), "it answers", 120)
    finally:
        server.terminate()
        server.wait(30)


def test_a_wrong_port_and_a_missing_app_are_sentences(installed, tmp_path):
    for port in ("0", "65536", "http"):
        words = [sys.executable, "-m", "corelib", "app", "--port", port]
        done = subprocess.run(words, cwd=ROOT, capture_output=True, encoding="utf-8", timeout=60)
        assert done.returncode == 2
        assert "whole number from 1 to 65,535" in done.stderr
    (installed / "app.py").rename(installed / "app.txt")
    try:
        words = [sys.executable, "-m", "corelib", "app"]
        done = subprocess.run(
            words, cwd=tmp_path, env=environment(installed), capture_output=True, encoding="utf-8"
        )
    finally:
        (installed / "app.txt").rename(installed / "app.py")
    assert done.returncode == 2
    assert "pip install 'synaptarium[app]'" in done.stderr
