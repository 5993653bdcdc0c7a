"""What the pages of BPAN keep."""

from types import SimpleNamespace
from typing import Any

from corelib.data.corruptions import Corruption
from corelib.models.bpan.analysis import Controls
from corelib.reproduce import results
from dashboard.bpan import cache
from dashboard.bpan.evidence.view import Network as Shown
from dashboard.bpan.evidence.view import View
from dashboard.bpan.robustness import cache as robustness
from dashboard.bpan.robustness import occlusion
from dashboard.bpan.robustness.figures.strip import NARROW, WIDE
from dashboard.figures.style import DARK, LIGHT
from tests.cached.cases import Case, Images, Network, plain, record
from tests.cached.quick import quick
from tests.cached.world import SIDE
from tests.data.shapes import shapes

BPAN = Network("bpan", "bpan 2")
CONTROLS = record(
    Controls(3, 0.5, 1.0, 3, 2, 0),
    n_steps=4,
    alpha=0.4,
    inhibition_gain=3.0,
    lesioned_e=5,
    lesioned_i=4,
    lesion_seed=1,
)
CORRUPTION = record(
    Corruption("occlusion", 0.25, 0, "placed", 0.4, 0.4, "noise"),
    name="gaussian",
    severity=0.5,
    seed=1,
    place="centre",
    row=0.6,
    column=0.6,
    fill="grey",
    faithful=True,
)
FEW = plain(9, 5)
PIXELS = plain(*shapes(2, SIDE)[0])


def _over_seeds(model: str, kind: str, theta: float) -> Any:
    """A network that ships, as the page Robustness asks."""
    item: Any = SimpleNamespace(name=f"{model}-mnist", own=False)
    return robustness.measured(item, None, Corruption(kind, 0.25), theta)  # type: ignore[arg-type]


def _strip(which, title, corruption, palette, shape) -> Any:
    return robustness.strip(((title, which),), corruption, palette, shape)


def _answered(which, task, theta) -> Any:
    network: Any = Shown(None, which, cache.classifier(which))  # type: ignore[arg-type]
    return View({"A": network}, task, None, None, 0, {}, theta, LIGHT).answered


SHIPPED = "the shipped figures change"
CASES = {
    "bpan.cache._test_drive": Case({"which": BPAN}),
    "bpan.cache.test_answers": Case({"which": BPAN, "controls": CONTROLS}),
    "bpan.cache.test_densities": Case({"which": BPAN, "controls": CONTROLS}),
    "bpan.cache.loop_gain": Case({"which": BPAN, "inhibition_gain": plain(1.0, 2.0)}),
    "bpan.cache.step_answers": Case({"which": BPAN, "recurrence": plain(True, False)}),
    "bpan.cache.own_answers": Case({"which": BPAN}),
    "bpan.cache.clock": Case(
        {
            "which": BPAN,
            "threshold": plain(0.4, 0.99),
            "batch": plain(2, 3),
            "images": plain(4, 3),
            "rounds": plain(1, 2),
        }
    ),
    "bpan.cache.step_times": Case(
        {"which": BPAN, "thresholds": plain((0.39, 0.99), (0.405, 0.99)), "images": FEW}
    ),
    "bpan.cache.trajectory": Case({"which": BPAN, "pixels": PIXELS}),
    "bpan.cache.threshold_curve": Case({"which": BPAN}),
    "bpan.cache.work_curve": Case({"which": BPAN}),
    "bpan.cache.corrupted": Case(
        {"name": Images("mine", "other"), "corruption": CORRUPTION, "images": FEW}
    ),
    "bpan.cache.corrupted_answers": Case({"which": BPAN, "corruption": CORRUPTION, "images": FEW}),
    "bpan.cache.final_states": Case({"which": BPAN, "corruption": CORRUPTION, "images": FEW}),
    "bpan.cache.projection": Case({"which": BPAN, "images": FEW}),
    "bpan.cache.sequence_answers": Case(
        {"which": Network("sequence", "sequence 2"), "task": plain("tiny-random", "tiny-grid")}
    ),
    "bpan.cache._over_seeds": Case(
        {"name": plain("bpan-sequence-ct-mnist", "bpan-sequence-streaming-mnist")},
        {SHIPPED: lambda world: world.table("sequential", ",0.2", ",0.3")},
        cache.over_seeds,
        made=("state",),
    ),
    "bpan.evidence.view.View.answered": Case(
        {
            "which": Network("sequence", "sequence 2"),
            "task": plain("tiny-random", "tiny-grid"),
            "theta": plain(0.4, 0.9),
        },
        ask=_answered,
        made=("self",),
    ),
    "bpan.robustness.cache._rows": Case(
        files={SHIPPED: lambda world: world.table("robustness", ",0.97", ",0.17")},
        ask=lambda: robustness._rows(results.shipped_state()),
        made=("state",),
    ),
    "bpan.robustness.cache._tabled": Case(
        files={SHIPPED: lambda world: world.table("robustness", "\nmlp,", "\nmlq,")},
        ask=lambda: robustness._tabled(results.shipped_state()),
        made=("state",),
    ),
    "bpan.robustness.cache._over_seeds": Case(
        {
            "model": plain("bpan", "mlp"),
            "kind": plain("gaussian", "blur"),
            "theta": plain(0.5, 0.9),
        },
        {SHIPPED: lambda world: world.table("robustness", ",0.97", ",0.17")},
        _over_seeds,
        made=("state",),
    ),
    "bpan.robustness.cache.strip": Case(
        {
            "which": BPAN,
            "title": plain("A", "B"),
            "corruption": CORRUPTION,
            "palette": plain(LIGHT, DARK),
            "shape": plain(WIDE, NARROW),
        },
        ask=_strip,
        made=("keys",),
    ),
    "bpan.robustness.occlusion._map": Case(
        {
            "key": BPAN,
            "severity": plain(0.1, 0.25),
            "fill": plain("black", "grey", "noise"),
            "digit": plain(occlusion.ALL, "ring"),
        },
        ask=quick(occlusion._map, (occlusion, "STRIDE", 10)),
    ),
}
