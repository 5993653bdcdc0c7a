"""A network changed in one of the ways in which Counter-Hebb stops being back-propagation."""

from typing import Literal

import torch
from torch import Tensor, nn

from corelib.models.butd.config import PathConfig
from corelib.models.butd.gates import rows
from corelib.models.butd.losses import error_of
from corelib.models.butd.networks import BUTDNet

WeightsDown = Literal["as trained", "shared", "separate"]
SAMPLE = 50


def departed(
    model: BUTDNet,
    config: PathConfig,
    x: Tensor,
    labels: Tensor,
    task: Tensor | None = None,
    weights: WeightsDown = "as trained",
    norm: bool = False,
    top_down_bias: bool = False,
    seed: int = 0,
) -> BUTDNet:
    """``model``, which has the settings ``config``, in float64 with other weights on the way down,
    batch norms, or top-down biases; whatever both have is copied, the rest drawn from ``seed``.

    New norms take their statistics, both ways, from x (image, input) with ``labels`` and the
    ``task`` asked, both (image,), until their running means have settled. The network is then as
    one that is not learning.
    """
    own = config.weights if weights == "as trained" else weights
    changes = {
        "weights": own,
        "norm": config.norm or norm,
        "top_down_bias": config.top_down_bias or top_down_bias,
    }
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        twin = BUTDNet(config, **changes)
    twin = twin.double()
    known = model.state_dict()
    if weights == "separate":
        # Drawn anew also where the network has some of its own.
        known = {name: value for name, value in known.items() if "back_weight" not in name}
    twin.load_state_dict(known, strict=False)
    if norm and not config.norm:
        _settle(twin, x.double(), labels, task)
    return twin.eval()


@torch.no_grad()
def _settle(model: BUTDNet, x: Tensor, labels: Tensor, task: Tensor | None) -> None:
    """Let the norms take the mean over batches of the statistics they see."""
    norms = [part for part in model.modules() if isinstance(part, nn.BatchNorm2d)]
    for part in norms:
        part.momentum = None
    model.train()
    for at in range(0, len(x), SAMPLE):
        chosen = slice(at, at + SAMPLE)
        gates = None if model.task_head is None else rows(model.gates(), task[chosen])
        up = model.bottom_up(x[chosen], gates)
        # Their two uses, for instructions and errors, share statistics, as in training.
        model.top_down(error_of(up.logits, labels[chosen], "cross-entropy"), up.signals)
