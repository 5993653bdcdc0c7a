"""No page draws from, or seeds, a generator that all sessions share."""

import ast
import random
from pathlib import Path

import numpy as np
import pytest
import streamlit as st
import torch

from tests.pages.addresses import PREFIX
from tests.pages.app import ROOT, open_page, view_of
from tests.sessions.places import TIMED

WORKER = ("corelib/training/loop.py", "corelib/runs/trained.py")
RESTORES = ("corelib/runs/experiment.py",)
"""It leaves the generator as it found it, and no page calls it."""
"""They run in a process of their own, which trains and shows nothing."""
TORCH = ("torch", "torch.random", "torch.cuda")
OWN = ("default_rng", "Generator", "SeedSequence")
"""What of ``np.random`` has no state that is shared."""
DRAWING = {
    "bpc": {"bpc_start": "random"},
    "learning": {"learn_weights": "separate", "learn_norm": "true", "learn_noise": "0.3"},
}
"""Controls by which pages draw more."""


def shared(file: Path) -> list[str]:
    """Where a file seeds, or draws from, what the whole process shares."""
    found = []
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import) and any(name.name == "random" for name in node.names):
            found.append("import random")
        if not isinstance(node, ast.Attribute):
            continue
        owner, _, name = ast.unparse(node).rpartition(".")
        of_torch = owner in TORCH and name in ("manual_seed", "seed", "fork_rng")
        of_numpy = owner in ("np.random", "numpy.random") and name not in OWN
        if of_torch or of_numpy:
            found.append(f"{owner}.{name}")
    return found


def test_only_the_worker_seeds_the_global_generator():
    files = [f for part in ("corelib", "dashboard", "pages") for f in (ROOT / part).rglob("*.py")]
    guilty = {str(file.relative_to(ROOT)): found for file in files if (found := shared(file))}
    assert sorted(guilty) == sorted((*WORKER, *RESTORES))
    assert all(guilty[name] == ["torch.manual_seed"] for name in WORKER)


@pytest.mark.slow
@pytest.mark.parametrize("page", PREFIX)
def test_a_page_shows_the_same_whatever_the_global_generators_hold(page, runs_root):
    tabs = [tab.proto.label for tab in open_page(page).get("tab")] or [""]

    def views(seed: int) -> list[list[dict]]:
        st.cache_data.clear()
        st.cache_resource.clear()
        torch.manual_seed(seed)
        np.random.seed(seed)  # noqa: NPY002
        random.seed(seed)
        return [
            view_of(open_page(page, **{f"{PREFIX[page]}_tab": tab}, **DRAWING.get(page, {})))
            for tab in tabs
            if tab != TIMED[1]
        ]

    assert views(1) == views(2)
