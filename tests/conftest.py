"""One torch thread, examples that are the same each time, runs in a folder of their own, and
figures that are checked before they are sent."""

import gc
from functools import cache

import pytest
import torch
from hypothesis import HealthCheck, settings
from streamlit.components.v2 import manifest_scanner

from corelib.data import load_dataset, sources
from dashboard.figures.figure import Figure
from tests.digits import with_first_test_images

BROWSER = "tests/browser/"

torch.set_num_threads(1)
# A process of the tests holds so many objects that looking through them all takes seconds.
gc.set_threshold(200_000, 20, 100)
# Each AppTest looks for components in all installed packages, which takes as long as a page does.
manifest_scanner.scan_component_manifests = cache(manifest_scanner.scan_component_manifests)
settings.register_profile(
    "synaptarium",
    deadline=None,
    derandomize=True,
    database=None,
    max_examples=40,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("synaptarium")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Of several processes that share the tests, each takes one file at a time, and one of them
    all browser tests: they share a server, and a browser and its server keep a core busy."""
    from xdist.scheduler import LoadFileScheduling

    class ByFile(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return BROWSER if nodeid.startswith(BROWSER) else super()._split_scope(nodeid)

    # As collected: the browser tests, which take longest, come early.
    config.option.loadscopereorder = False
    return ByFile(config, log)


@pytest.fixture
def runs_root(tmp_path, monkeypatch):
    """An empty folder in which this test's runs live; one of them may compute at a time."""
    root = tmp_path / "runs"
    monkeypatch.setenv("SYNAPTARIUM_RUNS", str(root))
    monkeypatch.setenv("SYNAPTARIUM_SLOTS", "1")
    return root


@pytest.fixture
def few_digits(monkeypatch):
    """The first 300 test digits stand for all of them."""
    few = with_first_test_images(load_dataset("mnist"), 300)
    monkeypatch.setattr(sources, "load_dataset", lambda name: few)
    return few


@pytest.fixture(autouse=True)
def figures_are_checked(monkeypatch):
    """plotly looks at each figure that a page of this process sends; the app itself never asks."""

    def checked(self: Figure) -> dict:
        assert len(self.data)
        return to_dict(self)

    to_dict = Figure.to_dict
    monkeypatch.setattr(Figure, "to_dict", checked)
