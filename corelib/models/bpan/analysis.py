"""Currents of one image, and a whole test set, under controls that change a trained network."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from corelib.analysis.anytime import Answers, at_threshold, halting_steps
from corelib.models.bpan.anytime import confidence
from corelib.models.bpan.dynamics import (
    Weights,
    balance_current,
    first_step,
    input_drive,
    integrate,
    readout,
    step,
)
from corelib.models.bpan.network import BPAN

BINS = 81
CHUNK = 1000


class Controls(NamedTuple):
    """What a person may change in a trained network without training it.

    ``lesioned_e`` and ``lesioned_i`` units, drawn at random from ``lesion_seed``, are silenced.
    """

    n_steps: int
    alpha: float
    inhibition_gain: float = 1.0
    lesioned_e: int = 0
    lesioned_i: int = 0
    lesion_seed: int = 0


class Currents(NamedTuple):
    """One digit over time, float32 arrays; units are E first, then I.

    ``excitation``, ``inhibition``, ``drive``, ``net``, ``rate`` (time, unit), arbitrary units;
    ``probability`` (time, class); ``n_excitatory`` divides the units; ``lesioned`` (unit) of bool.
    """

    excitation: np.ndarray
    inhibition: np.ndarray
    drive: np.ndarray
    net: np.ndarray
    rate: np.ndarray
    probability: np.ndarray
    n_excitatory: int
    lesioned: np.ndarray


class Summary(NamedTuple):
    """One image and a test set, answered at a confidence threshold.

    The image is answered with class ``answer``, held with ``probability``, after ``step`` steps
    (from 1). The test set takes ``mean_steps`` and is answered correctly with ``accuracy``.
    """

    answer: int
    probability: float
    step: int
    mean_steps: float
    accuracy: float


class NetDensity(NamedTuple):
    """The net current over images and intact units of one population (E or I).

    ``density`` (time, bin) is the share of all values in each bin; ``edges`` (bin + 1,) span about
    99.8 % of them. ``mean`` and ``sd`` (time,) are of all values.
    """

    density: np.ndarray
    edges: np.ndarray
    mean: np.ndarray
    sd: np.ndarray


class LoopGain(NamedTuple):
    """How strongly activity feeds itself while all units are active.

    ``excitatory`` is the spectral radius of W_EE, ``whole`` the largest real part among the
    eigenvalues of W. The update s <- (1 - alpha) s + alpha W s grows without bound along an
    eigenvector whose eigenvalue is real and above 1; without inhibition that is W_EE's.
    """

    excitatory: float
    whole: float


def lesion_mask(model: BPAN, controls: Controls) -> Tensor:
    """Bool (unit): which units the controls silence. More lesions keep those already made."""
    mask = torch.zeros(len(model.bias), dtype=torch.bool)
    rng = np.random.default_rng(controls.lesion_seed)
    n_e, n_i = model.n_excitatory, model.n_inhibitory
    order_e, order_i = rng.permutation(n_e), rng.permutation(n_i)
    mask[torch.from_numpy(order_e[: controls.lesioned_e])] = True
    mask[torch.from_numpy(n_e + order_i[: controls.lesioned_i])] = True
    return mask


def currents(model: BPAN, x: Tensor, controls: Controls) -> Currents:
    """The trace of one input, x (1, input_dim)."""
    lesioned = lesion_mask(model, controls)
    trace = model.trace(
        x,
        n_steps=controls.n_steps,
        alpha=controls.alpha,
        inhibition_gain=controls.inhibition_gain,
        lesioned=lesioned.to(x.device),
    )
    fields = (trace.excitation, trace.inhibition, trace.drive, trace.net, trace.rate)
    return Currents(
        *(tensor[0].cpu().numpy() for tensor in fields),
        probability=trace.logits[0].softmax(-1).cpu().numpy(),
        n_excitatory=model.n_excitatory,
        lesioned=lesioned.numpy(),
    )


def summary(view: Currents, tested: Answers, labels: np.ndarray, threshold: float) -> Summary:
    """What a network answers at ``threshold``, 0 to 1: to the image of ``view`` and to a test set.

    ``tested`` are its answers to the test set under the same controls, ``labels`` (image,) int the
    true classes.
    """
    step = int(halting_steps(view.probability.max(1)[None], threshold)[0])
    halted = view.probability[step - 1]
    whole = at_threshold(tested.confidence, tested.predicted, labels, threshold)
    return Summary(
        int(halted.argmax()),
        float(halted.max()),
        step,
        float(whole.mean_steps),
        float(whole.accuracy),
    )


def balance_index(
    excitation: np.ndarray, inhibition: np.ndarray, drive: np.ndarray | None = None
) -> np.ndarray:
    """1 - |exc + inh| / (|exc| + |inh|): 1 when they cancel, 0 when one acts alone; any shape.

    ``inhibition`` is negative or zero. With ``drive``, its positive part counts as excitation and
    its negative part as inhibition. Where no current flows the index is NaN.
    """
    if drive is not None:
        excitation = excitation + np.maximum(drive, 0)
        inhibition = inhibition + np.minimum(drive, 0)
    flowing = np.abs(excitation) + np.abs(inhibition)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(flowing > 0, 1 - np.abs(excitation + inhibition) / flowing, np.nan)


def _intact(model: BPAN, drive: Tensor, controls: Controls) -> tuple[Weights, Tensor, Tensor]:
    """The weights under the controls, the drive of the units that are left, and which are left."""
    lesioned = lesion_mask(model, controls).to(drive.device)
    weights = model.weights(controls.inhibition_gain, lesioned)
    return weights, drive * ~lesioned, ~lesioned


@torch.no_grad()
def drive_of(model: BPAN, x: Tensor) -> Tensor:
    """The input drive of a data set, (image, unit): the same whatever the controls."""
    return input_drive(x, model.weights())


@torch.no_grad()
def answers(model: BPAN, drive: Tensor, controls: Controls) -> Answers:
    """The answer to each image at each step. ``drive`` comes from ``drive_of``."""
    weights, drive, _ = _intact(model, drive, controls)
    sure = torch.empty(len(drive), controls.n_steps)
    predicted = torch.empty(len(drive), controls.n_steps, dtype=torch.uint8)
    for at in range(0, len(drive), CHUNK):
        part = slice(at, at + CHUNK)
        state = first_step(drive[part], weights, controls.alpha)
        for t in range(controls.n_steps):
            if t:
                state = step(drive[part], state, weights, controls.alpha)
            logits = readout(state, weights)
            sure[part, t] = confidence(logits)
            predicted[part, t] = logits.argmax(1)
    return Answers(sure.numpy(), predicted.numpy())


@torch.no_grad()
def net_densities(model: BPAN, drive: Tensor, controls: Controls) -> tuple[NetDensity, NetDensity]:
    """How the net current is distributed at each step, in the E and in the I population."""
    weights, drive, kept = _intact(model, drive, controls)
    n_e = model.n_excitatory
    populations = (slice(0, n_e), slice(n_e, None))

    def net_currents(part: Tensor) -> Iterator[Tensor]:
        state = first_step(part, weights, controls.alpha)
        yield part + weights.bias
        for _ in range(1, controls.n_steps):
            net = balance_current(part, state, weights) + weights.bias
            state = integrate(state, net, controls.alpha)
            yield net

    # One range for both, from a sample, without its outermost 0.1 % at either end.
    sample = torch.stack(list(net_currents(drive[:CHUNK])))[..., kept]
    low, high = np.quantile(sample.numpy(), (0.001, 0.999)) if sample.numel() else (-1.0, 1.0)
    edges = np.linspace(low, high, BINS + 1)
    found = []
    for half in populations:
        units = torch.nonzero(kept[half])[:, 0]
        counts = np.zeros((controls.n_steps, BINS))
        total, square = np.zeros(controls.n_steps), np.zeros(controls.n_steps)
        found.append((half, units, counts, total, square))
    for at in range(0, len(drive), CHUNK):
        for t, net in enumerate(net_currents(drive[at : at + CHUNK])):
            for half, units, counts, total, square in found:
                values = net[:, half][:, units]
                counts[t] += torch.histc(values, BINS, edges[0], edges[-1]).numpy()
                total[t] += values.sum().item()
                square[t] += values.square().sum().item()
    return tuple(_density(len(drive) * len(f[1]), *f[2:], edges) for f in found)


def _density(
    n: int, counts: np.ndarray, total: np.ndarray, square: np.ndarray, edges: np.ndarray
) -> NetDensity:
    n = max(n, 1)
    mean = total / n
    sd = np.sqrt(np.maximum(square / n - mean**2, 0))
    return NetDensity((counts / n).astype(np.float32), edges, mean, sd)


def loop_gain(model: BPAN, inhibition_gain: float = 1.0) -> LoopGain:
    """How strongly activity feeds itself; see ``LoopGain``."""
    with torch.no_grad():
        recurrent = model.weights(inhibition_gain).recurrent.double().cpu()
    n_e = model.n_excitatory
    return LoopGain(
        excitatory=torch.linalg.eigvals(recurrent[:n_e, :n_e]).abs().max().item(),
        whole=torch.linalg.eigvals(recurrent).real.max().item(),
    )
