"""A network changed in one of the ways in which Counter-Hebb stops being back-propagation."""

from typing import Literal, NamedTuple

import torch
from torch import nn

from corelib.models.butd.analysis import Difference, Sample, difference
from corelib.models.butd.config import Loss, PathConfig
from corelib.models.butd.gates import rows
from corelib.models.butd.losses import error_of
from corelib.models.butd.networks import BUTDNet

FeedbackWeights = Literal["as trained", "shared", "separate"]
SAMPLE = 50


class Switches(NamedTuple):
    """What is changed in a network before its update is compared with the gradient.

    ``weights`` are the feedback weights, drawn at random if separate; ``norm`` adds batch norms,
    ``top_down_bias`` biases that act on the error. ``noise`` is the standard deviation of a factor
    around 1 on the update of each synapse, ``loss`` what the answer is compared by.
    """

    weights: FeedbackWeights = "as trained"
    norm: bool = False
    top_down_bias: bool = False
    noise: float = 0.0
    loss: Loss = "cross-entropy"

    def quiet(self) -> "Switches":
        """The same without noise, which acts on updates alone."""
        return self._replace(noise=0.0)


def reasons(config: PathConfig, switches: Switches) -> list[str]:
    """Why the update of a network with the settings ``config``, changed by ``switches``, is not the
    gradient: one clause for each reason; empty where it is the gradient."""
    weights = config.weights if switches.weights == "as trained" else switches.weights
    clauses: list[str] = []
    if weights in ("separate", "feedback-alignment"):
        clauses.append("the feedback weights differ from the forward weights")
    if (config.norm or switches.norm) and config.network != "fc":
        clauses.append("batch norms scale activity and error differently")
    if switches.top_down_bias:
        clauses.append("biases act on the error")
    if switches.noise:
        clauses.append("the synapses are noisy")
    return clauses


def compared(twin: BUTDNet, switches: Switches, sample: Sample, seed: int = 0) -> Difference:
    """The update of a network that ``departed`` returned against the gradient, for a sample in
    float64. The noise is drawn from ``seed``."""
    return difference(
        twin,
        sample.x.double(),
        sample.labels,
        sample.task,
        switches.loss,
        switches.top_down_bias,
        switches.noise,
        torch.Generator().manual_seed(seed),
    )


def departed(
    model: BUTDNet, config: PathConfig, switches: Switches, sample: Sample, seed: int = 0
) -> BUTDNet:
    """``model``, which has the settings ``config``, in float64 and changed by ``switches``:
    whatever both have is copied, the rest is drawn from ``seed``.

    New norms take their statistics, in both directions, from ``sample``, until their running means
    have settled. The network is in evaluation mode.
    """
    weights, norm = switches.weights, switches.norm
    own = config.weights if weights == "as trained" else weights
    changes = {
        "weights": own,
        "norm": config.norm or norm,
        "top_down_bias": config.top_down_bias or switches.top_down_bias,
    }
    twin = BUTDNet(config, **changes)
    twin.redraw(seed)
    twin = twin.double()
    known = model.state_dict()
    if weights == "separate":
        # Drawn anew also where the network has some of its own.
        known = {name: value for name, value in known.items() if "back_weight" not in name}
    twin.load_state_dict(known, strict=False)
    if norm and not config.norm:
        _settle(twin, sample._replace(x=sample.x.double()))
    return twin.eval()


@torch.no_grad()
def _settle(model: BUTDNet, sample: Sample) -> None:
    """Let the norms take the mean over batches of the statistics they see."""
    x, labels, task = sample
    for part in model.modules():
        if isinstance(part, nn.BatchNorm2d):
            part.momentum = None
    model.train()
    for at in range(0, len(x), SAMPLE):
        chosen = slice(at, at + SAMPLE)
        gates = None
        if model.task_head is not None and task is not None:
            gates = rows(model.task_gates(), task[chosen])
        up = model.bottom_up(x[chosen], gates)
        # Their two uses, for instructions and errors, share statistics, as in training.
        model.top_down(error_of(up.logits, labels[chosen], "cross-entropy"), up.signals)
