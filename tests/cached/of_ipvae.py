"""What the pages Sparse code and Moving bars keep."""

from types import SimpleNamespace
from typing import Any

from corelib.models.ipvae.coding import ReadoutSize
from corelib.models.ipvae.experiment import Experiment, Intervention
from corelib.models.ipvae.stimuli import Stimulus
from dashboard.ipvae import cache
from dashboard.ipvae.bars import cache as bars
from dashboard.ipvae.sparse import cache as sparse
from dashboard.ipvae.sparse import digits
from tests.cached.cases import Alike, Case, Network, plain, record
from tests.cached.quick import quick
from tests.cached.world import SIDE
from tests.data.shapes import shapes

IPVAE = Network("ipvae", "ipvae 2")
UNIT = [(image / 255).astype("float32").tobytes() for image in shapes(2, SIDE)[0]]
NOT_OF_A_BAR = "a bar that moves has none"
SMALL = (
    (sparse, "CONVERGENCE_IMAGES", 4),
    (sparse, "CONVERGENCE_STEPS", 4),
    (sparse, "CODE_IMAGES", 4),
    (sparse, "CODE_STEPS", 4),
    (sparse, "GRADIENT_DRAWS", 20),
    (bars, "DIRECTIONS", 4),
    (digits, "SIZE", ReadoutSize(24, 9, 4)),
)
"""How little is measured here."""


def _readout(key, intervention) -> Any:
    """As the button gives it where nothing is shown yet."""
    view: Any = SimpleNamespace(key=key, intervention=intervention)
    shown = digits._readout(view, False)
    return digits._readout(view, True) if shown is None else shown


INTERVENTION = record(
    Intervention(True, 0.1, (0,)), explaining_away=False, leak=0.9, lesioned=(1, 2)
)
STIMULUS = record(
    Stimulus("moving bar", 1, 4, 2.0, 6.0),
    kind="drifting grating",
    baseline_frames=2,
    frames=5,
    speed=1.0,
    width=9.0,
    contrast=1.0,
    polarity="dark",
    frequency=0.2,
    place=1.0,
    flash_frames=2,
    path=(1.0,),
)
EXPERIMENT = record(
    Experiment(STIMULUS.base, 0.0, INTERVENTION.base, 2, 2, 0),
    stimulus=STIMULUS,
    direction=90.0,
    intervention=INTERVENTION,
    reset_every=3,
    trials=3,
    seed=1,
)
OF_A_BAR = record(
    STIMULUS.base,
    **STIMULUS.fields
    | {
        name: Alike(STIMULUS.fields[name], NOT_OF_A_BAR)
        for name in ("frequency", "place", "flash_frames", "path")
    },
)
OF_A_SWEEP = record(
    EXPERIMENT.base,
    **EXPERIMENT.fields
    | {"stimulus": OF_A_BAR, "direction": Alike(90.0, "a sweep is over all directions")},
)
OF_A_NEURON = record(
    STIMULUS.base,
    **{
        name: value
        if name in ("kind", "width", "polarity")
        else Alike(value, "the same neuron answers to it best")
        for name, value in STIMULUS.fields.items()
    },
)
ONE_IMAGE = {
    "key": IPVAE,
    "pixels": plain(*UNIT),
    "n_steps": plain(3, 4),
    "intervention": INTERVENTION,
    "seed": plain(0, 1),
}

CASES = {
    "ipvae.cache.features": Case({"key": IPVAE}),
    "ipvae.cache._fits": Case({"key": IPVAE}, ask=cache.gabors),
    "ipvae.cache._fit_one": Case({"key": IPVAE, "neuron": plain(0, 1)}),
    "ipvae.sparse.cache.image_trace": Case(ONE_IMAGE),
    "ipvae.sparse.cache.image_convergence": Case(ONE_IMAGE),
    "ipvae.sparse.cache.convergence": Case(
        {"key": IPVAE, "intervention": INTERVENTION}, ask=quick(sparse.convergence, *SMALL)
    ),
    "ipvae.sparse.cache.code": Case(
        {"key": IPVAE, "intervention": INTERVENTION}, ask=quick(sparse.code, *SMALL)
    ),
    "ipvae.sparse.cache.losses": Case(
        {name: given for name, given in ONE_IMAGE.items() if name != "intervention"}
    ),
    "ipvae.sparse.cache.gradients": Case(ONE_IMAGE, ask=quick(sparse.gradients, *SMALL)),
    "ipvae.sparse.digits._readout": Case(
        {"key": IPVAE, "intervention": INTERVENTION},
        ask=quick(_readout, *SMALL),
        made=("v", "pressed"),
    ),
    "ipvae.bars.cache.outcome": Case({"key": IPVAE, "experiment": EXPERIMENT}),
    "ipvae.bars.cache._sweep": Case(
        {"key": IPVAE, "experiment": OF_A_SWEEP}, ask=quick(bars.sweep, *SMALL)
    ),
    "ipvae.bars.cache.default_neuron": Case(
        {"key": IPVAE, "stimulus": OF_A_NEURON}, ask=quick(bars.default_neuron, *SMALL)
    ),
    "ipvae.bars.cache.mean_responses": Case(
        {
            "key": IPVAE,
            "several": plain(
                (EXPERIMENT.base,),
                (EXPERIMENT.base._replace(seed=1),),
                (EXPERIMENT.base, EXPERIMENT.base),
            ),
        }
    ),
    "ipvae.bars.cache.decoded": Case(
        {"key": IPVAE, "experiment": OF_A_SWEEP}, ask=quick(bars.decoded, *SMALL)
    ),
}
