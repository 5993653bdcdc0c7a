"""What the laboratory keeps: runs, studies, models, claims, comparisons."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from corelib import load
from corelib.data import own
from corelib.reproduce import open_claims, results
from corelib.runs import onnx_file
from corelib.runs.offered import registry_state
from corelib.runs.store import find_run
from corelib.sweeps.settings import StudySettings
from corelib.sweeps.study import Study
from dashboard.lab import data
from dashboard.lab.claims import details
from dashboard.lab.compare import view as compare
from dashboard.lab.models import opened
from dashboard.lab.models import view as models
from dashboard.lab.studies import form, panel, tabs
from dashboard.shell import cache, reproduction, run_panel
from tests.cached.cases import Alike, Case, Images, Network, plain
from tests.cached.quick import quick

SAME_SIZE = "it tells how large the weights are, and they are as large"
ITEM = Network("bpan", "bpan 2", item=True)
MEASURED = {"it is measured": lambda world: world.measured("bpan")}
CALLED = {"it is called something else": lambda world: world.called("bpan")}
GONE = {"a run is gone": lambda world: world.gone("mlp 2")}
TRAINED = {"a run ends": lambda world: world.trained("bpan")}
TOLD = {
    "the run goes on": lambda world: world.grown("bpan"),
    "its history is another": lambda world: world.retold("bpan"),
}


def _open_claim() -> list[Any]:
    """A claim on BPAN that is read from a shipped table."""
    said = str(results.shipped("robustness")["accuracy"].sum())
    return [SimpleNamespace(what="BPAN, x", verdict="not reproduced", sentence=said)]


def _onnx(item) -> Any:
    return opened._onnx(cache.checkpoint_key(item), item.title, item)


def _cost_of(seeds, workers) -> str:
    vary = {"n_hidden": (8, 16)}
    settings = StudySettings(name="width", system="mlp", vary=vary, seeds=seeds)
    return form._cost(settings, workers)


def _importances(folder, values, names) -> Any:
    trials = [SimpleNamespace(value=value, params=dict.fromkeys(names, 1)) for value in values]
    found = SimpleNamespace(complete=trials, importances=lambda: (folder, values, names))
    shown: Any = SimpleNamespace(study=SimpleNamespace(folder=folder), results=found)
    return tabs._importances(shown)


def _compared(first, second, baseline) -> Any:
    return compare.compared([first.name, second.name], (first, second)[baseline].title)


def history_of(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """What a page shows of the history of a run."""

    def asked(item) -> Any:
        history = function(find_run(item.name))
        return history.began, history.steps, history.validations, history.saved_step

    return asked


CASES = {
    "lab.data._mosaic": Case(
        {"name": Images("mine", "other")},
        {"the classes have other names": lambda world: world.set_as("classes")},
        lambda name: data._examples(own.get(name)),
        made=("described",),
    ),
    "lab.claims.details._cost": Case(
        {"table": plain("balance", "anytime")},
        TRAINED
        | {
            "a table changes": Alike(
                lambda world: world.table("robustness", ",0.97", ",0.17"),
                "how long networks take does not depend on it",
            )
        },
        lambda table: details._cost(table, *details._state()),
        made=("tables", "runs"),
    ),
    "lab.compare.view._compared": Case(
        {
            "first": Network("bpan", "bpan 2", item=True),
            "second": Network("mlp", "mlp 2", item=True),
            "baseline": plain(0, 1),
        },
        CALLED | TOLD,
        _compared,
        made=("names", "state"),
    ),
    "lab.compare.view._correctness": Case({"which": Network("mlp", "mlp 2")}),
    "lab.models.opened._card": Case(
        {"item": Network("bpan", "bpan 2", item=True, alike=SAME_SIZE)},
        MEASURED
        | CALLED
        | {"the shipped figures change": lambda world: world.table("robustness", ",0.97", ",0.17")},
        quick(opened._card_of, (open_claims, "claims", _open_claim)),
        made=("which", "said", "tables"),
    ),
    "lab.models.opened._onnx": Case(
        {"item": ITEM},
        CALLED,
        quick(_onnx, (onnx_file, "as_onnx", lambda item: (item.title, load(item)))),
        made=("which", "title"),
    ),
    "lab.models.view._table": Case(
        files=MEASURED | CALLED | GONE,
        ask=lambda: models._table_of(cache.checkpoints()),
        made=("state", "items"),
    ),
    "lab.studies.form._cost_of": Case(
        {"seeds": plain((0,), (0, 1)), "workers": plain(1, 2)},
        {"a run ends": lambda world: world.trained("mlp")},
        _cost_of,
        made=("described", "runs"),
    ),
    "lab.studies.panel._results": Case(
        {"name": plain("width", "depth")},
        {"a trial has another score": lambda world: world.rescored("width")},
        lambda name: panel.results_of(Study.of(name)).table,
        made=("study", "folder", "stamp"),
    ),
    "lab.studies.tabs._importances": Case(
        {
            "folder": plain("a", "b"),
            "values": plain((0.1, 0.2), (0.1, 0.3)),
            "names": plain(("x", "y"), ("x", "z")),
        },
        ask=_importances,
        made=("shown",),
    ),
    "shell.reproduction._expected_time": Case(
        {"name": plain("balance", "anytime")},
        TRAINED,
        lambda name: reproduction._expected_time(name, registry_state()),
        made=("state",),
    ),
    "shell.run_panel._history": Case(
        {"item": Network("bpan", "bpan 2", item=True, alike="a history has no weights")},
        TOLD,
        history_of(run_panel._history),
        made=("run",),
    ),
}
