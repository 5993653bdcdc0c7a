"""What all pages keep."""

from typing import Any

from dashboard.figures.figure import Figure
from dashboard.shell import cache
from tests.cached.cases import Case, Images, Network, plain
from tests.cached.of_lab import CALLED, GONE, MEASURED
from tests.cached.world import JUDGE

TEXT = "texts that come with the program and are read once"
MINE = Images("mine", "other")
CLASSES = {"the classes have other names": lambda world: world.set_as("classes")}
PAGES = {"page": plain("bpc", "sparse")}


def line(y, colour="black") -> Figure:
    """A figure."""
    return Figure([{"type": "scatter", "y": [y], "line": {"color": colour}}], {})


def bar(y, colour="black") -> Figure:
    """Another one of the same arguments."""
    return Figure([{"type": "bar", "y": [y], "marker": {"color": colour}}], {})


def _made(make, y, colour) -> Any:
    return cache.figure(make, y, colour=colour)


def _own_images() -> Any:
    return set(cache._own_images())


CASES = {
    "components.glossary._typeset": Case(PAGES, constant=TEXT),
    "router._shell": Case({"name": plain("everywhere.css", "history.js")}, constant=TEXT),
    "figures.figure._colours": Case({"scale": plain("RdBu", "Viridis")}),
    "figures.figure.Figure._checked": Case(
        {
            "traces": plain([{"type": "bar", "y": [1]}], [{"type": "bar", "y": [2]}]),
            "layout": plain({}, {"height": 100}),
            "frames": plain((), ({"name": "a"},)),
        },
        ask=lambda traces, layout, frames: Figure(traces, layout, frames)._checked,
        made=("self",),
    ),
    "shell.cache._own_images": Case(
        files={"there are other images": lambda world: world.set_as("images")}, ask=_own_images
    ),
    "shell.cache._run_titles": Case(files=CALLED | GONE, ask=cache.run_titles, made=("state",)),
    "shell.cache._checkpoints": Case(
        files=MEASURED
        | CALLED
        | GONE
        | {
            "a run has other weights": lambda world: world.rewritten("bpan"),
            "an imported network is another": lambda world: world.rewritten(JUDGE),
            "its images are others": lambda world: world.set_as("images"),
        },
        ask=cache.checkpoints,
        made=("state",),
    ),
    "shell.cache.figure": Case(
        {"make": plain(line, bar), "y": plain(1.0, 2.0), "colour": plain("red", "blue")},
        ask=_made,
        made=("args", "options"),
    ),
    "shell.cache.dataset": Case({"name": MINE}, CLASSES),
    "shell.cache._model": Case({"which": Network("mlp", "mlp 2")}, ask=cache.model),
    "shell.cache.test_inputs": Case({"name": MINE}),
    "shell.glossary.entries": Case(constant=TEXT),
    "shell.glossary.entries_of": Case(PAGES, constant=TEXT),
    "shell.glossary.spelling": Case(PAGES, constant=TEXT),
    "shell.glossary.in_a_heading": Case({"name": plain("R²", "θ")}, constant=TEXT),
    "shell.help.help_texts": Case(PAGES, constant=TEXT),
    "shell.help.labels": Case(constant=TEXT),
    "shell.inventory._gpu": Case(constant="a machine keeps its GPU while a server runs"),
    "shell.plotly.plotly_address": Case(constant="plotly is the one that was installed"),
}
