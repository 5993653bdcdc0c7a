"""A worker killed, or its disk full, at any of its file operations: the resumed run is identical,
bit for bit, to one that nothing disturbed."""

import json
import subprocess
import sys

import pytest

from tests.runs.crash_points import SYSTEMS

# A run of seven updates saves seven times; fewer operations would mean that some go uncounted.
FEWEST = 80


def faults(system: str, kind: str, folder, every: int) -> dict:
    command = [sys.executable, "-m", "tests.runs.crash_points", system, kind, folder, str(every)]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8")
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


@pytest.mark.parametrize("kind", ["kill", "full"])
def test_some_points(tmp_path, kind):
    found = faults("bpan", kind, tmp_path / "runs", 7)
    assert found["points"] >= FEWEST
    assert found["wrong"] == {}


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["kill", "full", "moment", "size"])
@pytest.mark.parametrize("system", SYSTEMS)
def test_every_point(tmp_path, system, kind):
    found = faults(system, kind, tmp_path / "runs", 1)
    assert found["points"] >= (FEWEST if kind in ("kill", "full") else 49)
    assert found["wrong"] == {}
    if kind in ("kill", "moment"):
        killed = found["points"] - found["ended"].get("completed", 0)
        assert killed > found["points"] / 2
