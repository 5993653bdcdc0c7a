"""What the pages of BU/TD networks keep."""

from types import SimpleNamespace
from typing import Any

from corelib.models.butd.departures import Switches
from corelib.models.butd.lesions import LesionSpec
from corelib.models.butd.subnetworks import Kind
from corelib.models.butd.third_task import Teaching
from dashboard.butd.learning import cache, rules, tabs
from dashboard.butd.subnetworks import third_task
from dashboard.figures.style import DARK, LIGHT
from dashboard.shell import cache as shell
from tests.cached.cases import Alike, Case, Images, Network, plain, record
from tests.cached.of_lab import TOLD, history_of

BUTD = Network("butd", "butd 2")
SCENES = Images("multi-mine", "multi-other")
FEW = plain(9, 5)
PAIR = {"first": plain(0, 1), "second": plain(1, 0)}
SWITCHES = record(
    Switches("as trained", False, False, 0.1),
    weights="shared",
    norm=True,
    top_down_bias=True,
    noise=0.2,
    loss="mse",
)
OF_A_TWIN = record(
    SWITCHES.base,
    **SWITCHES.fields
    | {
        "noise": Alike(0.2, "noise acts on updates alone"),
        "loss": Alike("mse", "the loss is no part of a network"),
    },
)
LESION = record(
    LesionSpec((0,), None, 0.5, (0, 1), (0.0, 0.6), (0.0, 0.6), 2),
    layers=(1,),
    kind=Kind.SHARED,
    share=0.9,
    channels=(0, 1, 2),
    rows=(0.0, 0.9),
    columns=(0.0, 0.9),
    draws=3,
)


def _passes(which, switches, image, label, task, shown, palette) -> Any:
    """As the tab asks for it."""
    data = shell.dataset(which.dataset)
    x = data.inputs(data.test.pixels[image : image + 1]).double()
    view: Any = SimpleNamespace(
        model=cache.twin(which, switches), image=SimpleNamespace(x=x), data=data
    )
    pixels = x.numpy().tobytes()
    quiet = switches.quiet()
    return tabs._passes(which, quiet, pixels, label, task, shown, palette, view)


def _course(which, how) -> Any:
    """As the button gives it where nothing is shown yet."""
    found = shell.find(which.name)
    view: Any = SimpleNamespace(
        which=which, item=found, model=shell.model(which), data=shell.dataset(which.dataset)
    )
    shown = third_task._courses(view, how, False)
    return shown[how] if how in shown else third_task._courses(view, how, True)[how]


CASES = {
    "butd.subnetworks.cache.clearest_pair": Case({"name": Images("mine", "other")}),
    "butd.subnetworks.cache.gates": Case({"which": BUTD}),
    "butd.subnetworks.cache.reached": Case(
        {"which": Network("butd", "butd 2", alike="units are reached whatever the weights")}
    ),
    "butd.subnetworks.cache.gate_history": Case({"which": BUTD}),
    "butd.subnetworks.cache.overlap_history": Case({"which": BUTD, **PAIR}),
    "butd.subnetworks.cache.scenes": Case({"name": SCENES, "images": FEW}),
    "butd.subnetworks.cache.summary": Case({"which": BUTD, "images": FEW, **PAIR}),
    "butd.subnetworks.cache.answers": Case({"which": BUTD, "images": FEW}),
    "butd.subnetworks.cache.combinations": Case({"which": BUTD, "images": FEW}),
    "butd.subnetworks.cache.swaps": Case({"which": BUTD, "images": FEW}),
    "butd.subnetworks.cache.between": Case(
        {"which": BUTD, "images": FEW, "steps": plain(3, 4), **PAIR}
    ),
    "butd.subnetworks.cache.plane": Case(
        {"which": BUTD, "images": FEW, "half": plain(1, 2), **PAIR}
    ),
    "butd.subnetworks.cache._below": Case({"which": BUTD, "images": FEW, "n": plain(1, 2)}),
    "butd.subnetworks.cache.effect": Case({"which": BUTD, "images": FEW, **PAIR, "spec": LESION}),
    "butd.subnetworks.third_task._courses": Case(
        {
            "which": BUTD,
            "how": record(
                Teaching(False, False, 2, 0.1, 4, 0),
                jointly=True,
                frozen=True,
                updates=3,
                learning_rate=0.2,
                batch_size=5,
                seed=1,
            ),
        },
        ask=_course,
        made=("v", "pressed"),
    ),
    "butd.learning.cache._twin": Case({"which": BUTD, "switches": OF_A_TWIN}, ask=cache.twin),
    "butd.learning.cache.sample": Case({"name": SCENES, "images": plain(64, 5)}),
    "butd.learning.cache.difference": Case({"which": BUTD, "switches": SWITCHES}),
    "butd.learning.cache.alignment": Case({"which": BUTD}),
    "butd.learning.rules._history": Case(
        {"item": Network("bpan", "bpan 2", item=True, alike="a history has no weights")},
        TOLD,
        history_of(lambda run: rules._history(run.id)),
        made=("run_id",),
    ),
    "butd.learning.tabs._passes": Case(
        {
            "which": BUTD,
            "switches": record(
                SWITCHES.base, **SWITCHES.fields | {"noise": OF_A_TWIN.fields["noise"]}
            ),
            "image": plain(0, 1),
            "label": plain(0, 1),
            "task": plain(0, 1),
            "shown": plain((0, 1), (1,)),
            "palette": plain(LIGHT, DARK),
        },
        ask=_passes,
        made=("pixels", "v"),
    ),
}
