"""What goes on inside a network while it reads one image, or one stimulus: tidy tables.

Each function takes the families' networks that it is about, and raises ``SettingsError`` for
another.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from corelib.errors import SettingsError
from corelib.measures.subject import Subject, shown, subject_of

if TYPE_CHECKING:
    import pandas as pd
    from torch import Tensor, nn

    from corelib.measures.subject import Data, Model

    Image = int | np.ndarray | Tensor
    """An image: its place in the test set, or its pixels (row, column), uint8 or on [0, 1]."""

Network = TypeVar("Network", bound="nn.Module")


def currents(
    model: Model, image: Image = 0, dataset: Data = None, **controls: float | int
) -> pd.DataFrame:
    """The currents of a BPAN while it reads an image, one row for each step and unit.

    Columns: ``step`` (from 1), ``unit``, ``population`` ("E" or "I"), ``excitation``,
    ``inhibition``, ``drive`` and ``bias``, their sum ``net``, the ``rate`` after the step, all in
    arbitrary units, and whether the unit is ``lesioned``. ``controls`` are fields of
    ``corelib.models.bpan.analysis.Controls``, such as ``inhibition_gain=0``.

    >>> from corelib.analysis import currents
    >>> view = currents("bpan-mnist", inhibition_gain=0.5)
    >>> view.groupby(["step", "population"])["inhibition"].mean().size
    12
    """
    import pandas as pd

    from corelib.models.bpan.analysis import Controls
    from corelib.models.bpan.analysis import currents as traced
    from corelib.models.bpan.network import BPAN

    subject = subject_of(model, dataset)
    network = _of_kind(subject, BPAN, "currents of excitatory and inhibitory units")
    standard = Controls(network.n_steps, network.alpha)
    unknown = [name for name in controls if name not in Controls._fields]
    if unknown:
        raise SettingsError(
            f"currents has no control named {unknown[0]!r}; it has: {', '.join(Controls._fields)}."
        )
    view = traced(network, _input(subject, dataset, image), standard._replace(**controls))
    n_steps, n_units = view.rate.shape
    step, unit = (axis.ravel() for axis in np.indices((n_steps, n_units)))
    columns: dict[str, Any] = {
        "step": step + 1,
        "unit": unit,
        "population": np.where(unit < view.n_excitatory, "E", "I"),
    }
    for name in ("excitation", "inhibition", "drive", "bias", "net", "rate"):
        columns[name] = np.broadcast_to(getattr(view, name), view.rate.shape).ravel()
    frame = pd.DataFrame(columns | {"lesioned": view.lesioned[unit]})
    frame.attrs["unit"] = "arbitrary units"
    return frame


def energy_trace(
    model: Model,
    image: Image = 0,
    dataset: Data = None,
    *,
    label: int | None = None,
    seed: int = 0,
    **inference: Any,
) -> pd.DataFrame:
    """The energy of a predictive-coding network during inference, one row for each step.

    Columns: ``step`` (updates made so far, from 0), ``energy``, and the squared lengths of the
    errors of each layer, unweighted: ``forward_1`` .. of the generator's and ``backward_0`` .. of
    the amortiser's predictions. The image is clamped, and the ``label`` too if one is given.
    ``inference`` are fields of ``corelib.models.bpc.inference.InferenceConfig``, at first as the
    network was trained; a random start is drawn from ``seed``.

    >>> from corelib.analysis import energy_trace
    >>> trace = energy_trace("bpc-mnist", start="random", n_steps=20)
    >>> bool(trace["energy"].iloc[-1] < trace["energy"].iloc[0])
    True
    """
    import pandas as pd
    import torch

    from corelib.models.bpc.analysis import clamped, trained_inference
    from corelib.models.bpc.inference import InferenceConfig, infer
    from corelib.models.bpc.network import TwoWay

    subject = subject_of(model, dataset)
    network = _of_kind(subject, TwoWay, "energy that inference descends")
    unknown = [name for name in inference if name not in InferenceConfig._fields]
    if unknown:
        known = ", ".join(InferenceConfig._fields)
        raise SettingsError(f"Inference has no setting named {unknown[0]!r}; it has: {known}.")
    config = trained_inference(network)._replace(**inference)
    given = clamped(network, _input(subject, dataset, image), label)
    generator = torch.Generator().manual_seed(seed)
    trace = infer(given, network.weights(), config, generator=generator)
    columns = {"step": trace.step, "energy": trace.energy[0]}
    columns |= {f"forward_{k + 1}": side for k, side in enumerate(trace.forward[0].T)}
    columns |= {f"backward_{k}": side for k, side in enumerate(trace.backward[0].T)}
    return pd.DataFrame({name: values.cpu().numpy() for name, values in columns.items()})


def gates(model: Model) -> pd.DataFrame:
    """What each instruction opens in an instructed network, one row for each population and task.

    Columns: ``population`` (the lowest first), ``task``, ``units``, how many of them can reach the
    answer (``reachable``), the share of those that the task opens (``open``), and that share of the
    two first tasks' open units which both open, their Jaccard index (``jaccard``; NaN with a single
    task).
    """
    import pandas as pd

    from corelib.models.butd.networks import BUTDNet
    from corelib.models.butd.subnetworks import gates_of, overlap, reachable

    network = _of_kind(subject_of(model), BUTDNet, "instructions that open gates")
    opened, reached = gates_of(network), reachable(network)
    n_tasks = len(opened[0])
    both = overlap(opened, reached, 0, min(1, n_tasks - 1))
    return pd.DataFrame(
        [
            {
                "population": name,
                "task": task,
                "units": reach.size,
                "reachable": int(reach.sum()),
                "open": float(both.open[k, task]),
                "jaccard": float(both.jaccard[k]) if n_tasks > 1 else float("nan"),
            }
            for k, (name, reach) in enumerate(zip(network.names, reached, strict=True))
            for task in range(n_tasks)
        ]
    )


def tuning(
    model: Model,
    directions: int | Sequence[float] = 24,
    *,
    trials: int = 3,
    seed: int = 0,
    paper: bool = False,
    **stimulus: Any,
) -> pd.DataFrame:
    """How each neuron of an iterative VAE answers a bar that moves over its patch, one row for each
    neuron and direction.

    Columns: ``neuron``, ``direction`` (degrees; at 0 the bar moves rightward, at 90 upward),
    ``rate`` (events a frame while it moves, the mean over trials), its standard ``error`` and the
    ``baseline`` on the bare ground. ``directions`` is how many around the circle, or which.
    ``paper`` shows the paper's slow bar, which takes 700 frames, in place of a quick one;
    ``stimulus`` are fields of ``corelib.models.ipvae.stimuli.Stimulus``, such as ``contrast=1``.
    ``attrs["selectivity"]`` is a table with one row for each neuron.

    >>> from corelib.analysis import tuning
    >>> curves = tuning("ipvae-mnist", directions=4, trials=1)
    >>> sorted(curves["direction"].unique().tolist())
    [0.0, 90.0, 180.0, 270.0]
    """
    import pandas as pd

    from corelib.models.ipvae.experiment import Experiment, all_directions, sweep_directions
    from corelib.models.ipvae.network import IterativeVAE
    from corelib.models.ipvae.stimuli import Stimulus, paper_bar, quick_bar

    network = _of_kind(subject_of(model), IterativeVAE, "neurons that infer a code")
    unknown = [name for name in stimulus if name not in Stimulus._fields]
    if unknown:
        raise SettingsError(
            f"A stimulus has no field named {unknown[0]!r}; it has: {', '.join(Stimulus._fields)}."
        )
    side = round(network.decoder.shape[0] ** 0.5)
    bar = (paper_bar if paper else quick_bar)(side)._replace(**stimulus)
    angles = all_directions(directions) if isinstance(directions, int) else np.array(directions)
    sweep = sweep_directions(network, Experiment(bar, trials=trials, seed=seed), angles)
    curves, chosen = sweep.tuning(), sweep.selectivity()
    direction, neuron = (axis.ravel() for axis in np.indices(curves.mean.shape))
    frame = pd.DataFrame(
        {
            "neuron": neuron,
            "direction": curves.directions[direction],
            "rate": curves.mean.ravel(),
            "error": curves.error.ravel(),
            "baseline": curves.baseline[neuron],
        }
    )
    frame = frame.sort_values(["neuron", "direction"], ignore_index=True)
    frame.attrs["selectivity"] = pd.DataFrame(chosen._asdict()).rename_axis("neuron")
    return frame


def selectivity(model: Model, directions: int | Sequence[float] = 24, **how: Any) -> pd.DataFrame:
    """How selective each neuron of an iterative VAE is, one row for each: 1 - circular variance for
    ``orientation`` and ``direction``, from 0 to 1, and what it prefers in degrees, ``best_axis`` of
    a bar in [0, 180) and ``best_direction`` in [0, 360); NaN where nothing exceeds the baseline.
    Arguments are those of ``tuning``."""
    return tuning(model, directions, **how).attrs["selectivity"]


def _of_kind(subject: Subject, kind: type[Network], what: str) -> Network:
    """The network, if it is of this kind; else raises ``SettingsError``."""
    if not isinstance(subject.model, kind):
        raise SettingsError(
            f"{subject.name} has no {what}: it is a {type(subject.model).__name__}."
        )
    return subject.model


def _input(subject: Subject, dataset: Data, image: Image) -> Tensor:
    """One image as the network reads it: (1, input)."""
    import torch

    everything = shown(subject, dataset)
    if isinstance(image, int):
        n = len(everything.part.labels)
        if not 0 <= image < n:
            raise SettingsError(f"image is {image}, but should be from 0 to {n - 1}.")
        return everything.dataset.inputs(everything.part.pixels[image : image + 1])
    pixels = torch.as_tensor(image)
    if pixels.shape != everything.part.pixels.shape[1:]:
        wanted = tuple(everything.part.pixels.shape[1:])
        raise SettingsError(f"The image has shape {tuple(pixels.shape)}, but should have {wanted}.")
    return everything.dataset.inputs(pixels[None])
