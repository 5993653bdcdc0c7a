"""The currents of one image and the answers to a test set, under controls that change a trained
network."""

from collections.abc import Iterator
from typing import NamedTuple, cast

import numpy as np
import torch
from torch import Tensor

from corelib.analysis.anytime import Answers, at_threshold, decision
from corelib.errors import SettingsError
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
from corelib.settings import Settings, setting

BINS = 81
CHUNK = 1000


class Controls(NamedTuple):
    """What a person may change in a trained network without training it.

    ``lesioned_e`` and ``lesioned_i`` units, drawn at random from ``lesion_seed``, are silenced.
    What reads them raises ``SettingsError`` for a wrong field.
    """

    n_steps: int
    alpha: float
    inhibition_gain: float = 1.0
    lesioned_e: int = 0
    lesioned_i: int = 0
    lesion_seed: int = 0


class _Bounds(Settings):
    """What the fields of ``Controls`` may be."""

    n_steps: int = setting(..., "Updates of the state", ge=1, le=10_000)
    alpha: float = setting(..., "Share of the state that each update replaces", gt=0, le=1)
    inhibition_gain: float = setting(..., "Multiplies W_EI and W_II", ge=0, le=1000)
    lesioned_e: int = setting(..., "Silenced E units", ge=0, le=1024)
    lesioned_i: int = setting(..., "Silenced I units", ge=0, le=1024)
    lesion_seed: int = setting(..., "Seed that draws them", ge=0, lt=2**32)


def checked(controls: Controls, model: BPAN) -> Controls:
    """The same controls, if the network can have them; else raises ``SettingsError``."""
    controls = Controls(**_Bounds(**controls._asdict()).model_dump())
    for name, most in (("lesioned_e", model.n_excitatory), ("lesioned_i", model.n_inhibitory)):
        value = getattr(controls, name)
        if value > most:
            raise SettingsError(f"{name} is {value:,}, but should be from 0 to {most}.")
    return controls


class Currents(NamedTuple):
    """One image over time, float32 arrays; the E units come first, then the I units.

    ``excitation``, ``inhibition``, ``drive``, ``bias``, ``net``, ``rate`` (time, unit), arbitrary
    units; ``net`` is the sum of the four before it, ``bias`` the same at each step and 0 in
    silenced units. ``probability`` (time, class); ``n_excitatory`` is the number of E units;
    ``lesioned`` (unit) of bool.
    """

    excitation: np.ndarray
    inhibition: np.ndarray
    drive: np.ndarray
    bias: np.ndarray
    net: np.ndarray
    rate: np.ndarray
    probability: np.ndarray
    n_excitatory: int
    lesioned: np.ndarray


class Population(NamedTuple):
    """The excitatory or the inhibitory units: the places of those left intact, ``units`` int
    (unit,), and how many are ``silenced``."""

    units: np.ndarray
    silenced: int


class OverUnits(NamedTuple):
    """Mean and sd (n) over units at each step, both (time,)."""

    mean: np.ndarray
    sd: np.ndarray


class Summary(NamedTuple):
    """The answers to one image and to a test set at a confidence threshold.

    The image is answered with class ``answer``, held with ``probability``, after ``step`` steps
    (from 1); ``reached`` is whether that probability reaches the threshold. The test set takes
    ``mean_steps`` on average, with ``accuracy`` a share.
    """

    answer: int
    probability: float
    step: int
    reached: bool
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
    controls = checked(controls, model)
    mask = torch.zeros(len(model.bias), dtype=torch.bool)
    rng = np.random.default_rng(controls.lesion_seed)
    n_e, n_i = model.n_excitatory, model.n_inhibitory
    order_e, order_i = rng.permutation(n_e), rng.permutation(n_i)
    mask[torch.as_tensor(order_e[: controls.lesioned_e])] = True
    mask[torch.as_tensor(n_e + order_i[: controls.lesioned_i])] = True
    return mask


def currents(model: BPAN, x: Tensor, controls: Controls) -> Currents:
    """The trace of one input, x (1, input_dim)."""
    controls = checked(controls, model)
    lesioned = lesion_mask(model, controls)
    trace = model.trace(
        x,
        n_steps=controls.n_steps,
        alpha=controls.alpha,
        inhibition_gain=controls.inhibition_gain,
        lesioned=lesioned.to(x.device),
    )
    bias = trace.bias.expand_as(trace.net)
    fields = (trace.excitation, trace.inhibition, trace.drive, bias, trace.net, trace.rate)
    return Currents(
        *(tensor[0].cpu().numpy() for tensor in fields),
        probability=trace.logits[0].softmax(-1).cpu().numpy(),
        n_excitatory=model.n_excitatory,
        lesioned=lesioned.numpy(),
    )


def summary(view: Currents, tested: Answers, labels: np.ndarray, threshold: float) -> Summary:
    """What a network answers to the image of ``view`` and to a test set.

    It answers at the first step whose largest class probability reaches ``threshold``, 0 to 1, else
    at the last. ``tested`` are its answers to the test set under the same controls, ``labels``
    (image,) int the true classes.
    """
    image = decision(view.probability, threshold)
    whole = at_threshold(tested.confidence, tested.predicted, labels, threshold)
    return Summary(*image, whole.mean_steps, whole.accuracy)


def populations(view: Currents) -> tuple[Population, Population]:
    """The E and the I units of a network, without those that are silenced."""
    excitatory = np.arange(len(view.lesioned)) < view.n_excitatory
    e, i = (
        Population(np.flatnonzero(half & ~view.lesioned), int((half & view.lesioned).sum()))
        for half in (excitatory, ~excitatory)
    )
    return e, i


def over_units(values: np.ndarray) -> OverUnits:
    """Mean and sd over the units of (time, unit), NaN left out.

    NaN at a step where no unit has a value; zero throughout where there is no unit at all.
    """
    n_steps, n_units = values.shape
    if n_units == 0:
        return OverUnits(np.zeros(n_steps), np.zeros(n_steps))
    known = np.isfinite(values).any(1)
    mean, sd = np.full(n_steps, np.nan), np.full(n_steps, np.nan)
    mean[known], sd[known] = np.nanmean(values[known], 1), np.nanstd(values[known], 1)
    return OverUnits(mean, sd)


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


def balance_at_end(view: Currents) -> tuple[float, float]:
    """The balance index of the recurrent currents at the last step, mean over the intact units of
    the E and of the I population; NaN where no recurrent current flows."""
    index = balance_index(view.excitation, view.inhibition)
    e, i = (float(over_units(index[-1:, units]).mean[0]) for units, _ in populations(view))
    return e, i


def _intact(model: BPAN, drive: Tensor, controls: Controls) -> tuple[Weights, Tensor, Tensor]:
    """The weights under the controls, the drive of the intact units, and which are intact."""
    lesioned = lesion_mask(model, controls).to(drive.device)
    weights = model.weights(controls.inhibition_gain, lesioned)
    return weights, drive * ~lesioned, ~lesioned


@torch.no_grad()
def drive_of(model: BPAN, x: Tensor) -> Tensor:
    """The input drive of a data set, (image, unit); the controls do not change it."""
    return input_drive(x, model.weights())


@torch.no_grad()
def answers(model: BPAN, drive: Tensor, controls: Controls) -> Answers:
    """The answer to each image at each step. ``drive`` comes from ``drive_of``."""
    controls = checked(controls, model)
    weights, drive, _ = _intact(model, drive, controls)
    probability = torch.empty(len(drive), controls.n_steps)
    predicted = torch.empty(len(drive), controls.n_steps, dtype=torch.uint8)
    for at in range(0, len(drive), CHUNK):
        part = slice(at, at + CHUNK)
        state = first_step(drive[part], weights, controls.alpha)
        for t in range(controls.n_steps):
            if t:
                state = step(drive[part], state, weights, controls.alpha)
            logits = readout(state, weights)
            probability[part, t] = confidence(logits)
            predicted[part, t] = logits.argmax(1)
    return Answers(probability.numpy(), predicted.numpy())


class _Moments(NamedTuple):
    """What is summed of the net current of one population: ``half`` of the units, of them the
    intact ``units``; ``counts`` (time, bin), sums ``total`` and ``square`` (time,)."""

    half: slice
    units: Tensor
    counts: np.ndarray
    total: np.ndarray
    square: np.ndarray


@torch.no_grad()
def net_densities(model: BPAN, drive: Tensor, controls: Controls) -> tuple[NetDensity, NetDensity]:
    """How the net current is distributed at each step, in the E and in the I population.

    ``drive`` comes from ``drive_of``.
    """
    controls = checked(controls, model)
    weights, drive, kept = _intact(model, drive, controls)
    n_e, n_steps = model.n_excitatory, controls.n_steps

    def net_currents(part: Tensor) -> Iterator[Tensor]:
        state = first_step(part, weights, controls.alpha)
        yield part + weights.bias
        for _ in range(1, n_steps):
            net = balance_current(part, state, weights) + weights.bias
            state = integrate(state, net, controls.alpha)
            yield net

    # One range for both, from a sample, without its outermost 0.1 % at either end.
    sample = torch.stack(list(net_currents(drive[:CHUNK])))[..., kept]
    low, high = np.quantile(sample.numpy(), (0.001, 0.999)) if sample.numel() else (-1.0, 1.0)
    edges = np.linspace(low, high, BINS + 1)
    e, i = (
        _Moments(
            half,
            torch.nonzero(kept[half])[:, 0],
            np.zeros((n_steps, BINS)),
            np.zeros(n_steps),
            np.zeros(n_steps),
        )
        for half in (slice(0, n_e), slice(n_e, None))
    )
    for at in range(0, len(drive), CHUNK):
        for t, net in enumerate(net_currents(drive[at : at + CHUNK])):
            for moments in (e, i):
                values = net[:, moments.half][:, moments.units]
                moments.counts[t] += torch.histc(values, BINS, edges[0], edges[-1]).numpy()
                moments.total[t] += values.sum().item()
                moments.square[t] += values.square().sum().item()
    return _density(len(drive), e, edges), _density(len(drive), i, edges)


def _density(n_images: int, moments: _Moments, edges: np.ndarray) -> NetDensity:
    n = max(n_images * len(moments.units), 1)
    mean = moments.total / n
    sd = np.sqrt(np.maximum(moments.square / n - mean**2, 0))
    return NetDensity((moments.counts / n).astype(np.float32), edges, mean, sd)


def loop_gain(model: BPAN, inhibition_gain: float = 1.0) -> LoopGain:
    """How strongly activity feeds itself; see ``LoopGain``."""
    controls = checked(Controls(1, 1.0, inhibition_gain), model)
    with torch.no_grad():
        recurrent = model.weights(controls.inhibition_gain).recurrent.double().cpu()
    n_e = model.n_excitatory
    return LoopGain(
        excitatory=_eigenvalues(recurrent[:n_e, :n_e]).abs().max().item(),
        whole=_eigenvalues(recurrent).real.max().item(),
    )


def _eigenvalues(matrix: Tensor) -> Tensor:
    return cast(Tensor, torch.linalg.eigvals(matrix))  # pyright: ignore[reportUnknownMemberType]
