"""Studies that train in this process fork their workers from one process that has torch."""

import pytest

from corelib.runs import launch, warm
from tests.runs.conftest import leave_out_the_test


@pytest.fixture(scope="module")
def parent():
    """The first study of a file that needs it starts it."""
    one = warm.Parent()
    yield one
    one.end()


@pytest.fixture(autouse=True)
def workers_fork_from_one(parent, monkeypatch):
    monkeypatch.setattr(launch, "PARENT", parent)
    leave_out_the_test(monkeypatch)
