"""What the page of BPC keeps."""

import torch

from corelib.models.bpc.inference import InferenceConfig
from dashboard.bpc import cache
from tests.cached.cases import Case, Images, Network, plain, record
from tests.cached.quick import quick
from tests.cached.world import JUDGE, SIDE
from tests.data.shapes import shapes

BPC = Network("bpc", "bpc 2")
MINE = Images("mine", "other")
PIXELS, LABEL = plain(*shapes(2, SIDE)[0]), plain(None, 1)
INFERENCE = record(
    InferenceConfig(2, 0.1, 1.0, 1.0, "random", "gradient"),
    n_steps=3,
    step_size=0.05,
    alpha_f=0.5,
    alpha_b=0.7,
    start="bottom-up",
    optimiser="adam",
)

CASES = {
    "bpc.cache.axes": Case({"which": BPC, "layer": plain(1, 2)}),
    "bpc.cache.eigenvalues": Case(
        {"which": BPC, "pixels": PIXELS, "label": LABEL, "config": INFERENCE, "every": plain(1, 2)}
    ),
    "bpc.cache.over_step_sizes": Case(
        {
            "which": BPC,
            "pixels": PIXELS,
            "label": LABEL,
            "config": INFERENCE,
            "limit": plain(0.2, 0.3),
        },
        ask=quick(cache.over_step_sizes, (cache, "STEP_SIZES", (0.5, 1.0))),
    ),
    "bpc.cache.best_loss": Case({"dataset": MINE}),
    "bpc.cache.completed": Case(
        {"which": BPC, "mask": plain("left half", "top half"), "label_known": plain(False, True)}
    ),
    "bpc.cache.class_gaussian": Case({"which": BPC, "label": plain(0, 1), "layer": plain(1, 2)}),
    "bpc.cache.digits_of": Case({"dataset": MINE, "label": plain(0, 1)}),
    "bpc.cache._known_variety": Case(
        {"dataset": MINE, "label": plain(1, 0)},
        {"another network reads the images": lambda world: world.rewritten(JUDGE, torch.neg)},
        cache.known_variety,
        made=("reader",),
    ),
}
