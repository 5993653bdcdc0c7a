"""Various images of one label by bidirectional predictive coding, as mean ± sd over seeds.

A label alone generates one image. Here images are made of a hidden layer's activity, sampled from
its Gaussian within the class; beside them the images of activity inferred from test digits, which
shows what the generator loses, test digits themselves, and the mean of each class.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from corelib.analysis.anytime import spread
from corelib.data.images import ImageDataset, Split, first_of
from corelib.data.sources import load_dataset
from corelib.reproduce import bpc
from corelib.reproduce.results import OverSeeds, table
from corelib.reproduce.seeds import say
from corelib.runs.registry import load
from corelib.runs.spec import RunSpec
from corelib.runs.store import Run

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from torch import Tensor

    from corelib.models.bpc.network import TwoWay

NAME = "bpc-variety"
SEEDS = 3
NETWORKS = (bpc.REFERENCE, "generative PC", "hybrid PC")
"""Rows of the table ``bpc`` whose networks have a generator and infer their activity."""
JUDGE = "mlp-mnist"
"""The shipped network that reads the images; it has no part in making them."""
SCALES = (0.25, 0.5, 0.75, 1.0)
PER_CLASS = 100
"""Images of each class."""

DIGITS, MEANS, LABEL = "test digits", "class means", "the label alone"
INFERRED, SAMPLED = "activity of test digits", "samples"
"""Where images come from; the first two need no network."""

MEASURES = {"accuracy": "read as their class / %", "distance": "to the nearest training digit"}
MEASURES |= {"spread": "between two images of a class"}
NOTES = (
    f"{PER_CLASS} images of each class. Read as their class: by {JUDGE}, which had no part in "
    "making them. The other two are mean squared differences of a normalised pixel: to the nearest "
    "training digit of the class, and between two images of one class.",
    "Activity of test digits: inferred with image and label clamped, then sent down the generator; "
    "what is lost there, no way of sampling regains. Samples: from the Gaussian of the training "
    "digits' activity, at this many standard deviations.",
    "A blurred image is near many digits, so a small distance alone is no merit: the mean of a "
    "class is about as near to a training digit as a test digit is.",
)


class Source(NamedTuple):
    """Where the images of a row come from; ``layer`` and ``scale`` of those made of activity."""

    name: str
    layer: int | None = None
    scale: float | None = None


def specs(seed: int) -> list[RunSpec]:
    """The trainings of one seed, those of the table ``bpc``."""
    return [bpc.ROWS[name].spec(seed) for name in NETWORKS]


def measure(specs: Sequence[RunSpec], runs: Sequence[Run]) -> pd.DataFrame:
    """Raw measurements, one row for each network, seed and source; accuracies are shares."""
    import pandas as pd

    dataset = load_dataset("mnist")
    assert isinstance(dataset, ImageDataset)
    rows = [{"network": "", "seed": 0, **row} for row in _over_classes(dataset, _of_data(dataset))]
    names = {bpc.ROWS[name].spec(0).system: name for name in NETWORKS}
    for spec, run in zip(specs, runs, strict=True):
        name = names[spec.system]
        say(f"Measuring {name}, seed {spec.seed}.")
        of_network = _of_network(load(run.id), dataset, spec.seed)  # pyright: ignore[reportArgumentType]
        rows += [
            {"network": name, "seed": spec.seed, **row}
            for row in _over_classes(dataset, of_network)
        ]
    return pd.DataFrame(rows)


Images = dict[Source, "Tensor"]


def _over_classes(dataset: ImageDataset, make: Callable[[int], Images]) -> Iterator[dict[str, Any]]:
    """The measures of each source, mean over classes; ``make`` gives the images of a class."""
    import numpy as np

    from corelib.models.bpc.variety import Variety, variety

    judge, of_source = load(JUDGE), dict[Source, list[Variety]]()
    for label in range(len(dataset.class_names)):
        own = dataset.inputs(first_of(dataset.train, len(dataset.train.labels), label).pixels)
        for source, images in make(label).items():
            of_source.setdefault(source, []).append(variety(images, label, own, judge))
    for source, measured in of_source.items():
        yield {
            "source": source.name,
            "layer": source.layer,
            "scale": source.scale,
            **dict(zip(Variety._fields, np.mean(measured, 0).round(5), strict=True)),
        }


def _of_data(dataset: ImageDataset) -> Callable[[int], Images]:
    from corelib.models.bpc.analysis import class_means

    means = class_means(dataset)
    return lambda label: {
        Source(DIGITS): dataset.inputs(_test(dataset, label).pixels),
        Source(MEANS): means[label][None],
    }


def _test(dataset: ImageDataset, label: int) -> Split:
    return first_of(dataset.test, PER_CLASS, label)


def _of_network(model: TwoWay, dataset: ImageDataset, seed: int) -> Callable[[int], Images]:
    import torch

    from corelib.models.bpc import variety
    from corelib.models.bpc.analysis import decode, labels_of

    with torch.no_grad():
        alone = model.generate(labels_of(model))

    def make(label: int) -> Images:
        images = {Source(LABEL): alone[label][None]}
        for layer in range(1, len(model.sizes) - 1):
            test = _test(dataset, label)
            z = variety.class_activity(model, dataset, label, layer, test)
            images[Source(INFERRED, layer)] = decode(model, z, layer)
            fitted = variety.class_gaussian(model, dataset, label, layer)
            for scale in SCALES:
                sampling = variety.Sampling(n=PER_CLASS, scale=scale, seed=seed)
                images[Source(SAMPLED, layer, scale)] = variety.sample_images(
                    model, fitted, sampling
                )
        return images

    return make


def summary(rows: pd.DataFrame) -> pd.DataFrame:
    """The table from raw rows. Cells over seeds are ``Spread``."""
    import pandas as pd

    lines = []
    keys = ["network", "source", "layer", "scale"]
    named = rows.fillna({"network": ""})
    for key, own in named.groupby(keys, sort=False, dropna=False):
        network, source, layer, scale = cast("tuple[str, str, float, float]", key)
        where = source if pd.isna(layer) else f"{source}, z{layer:.0f}"
        line = {
            "network": network or "none",
            "images": where if pd.isna(scale) else f"{where}, {scale:g} sd",
            "seeds": len(own),
        }
        for column, title in MEASURES.items():
            values = own[column].dropna()
            times = 100 if column == "accuracy" else 1
            line[title] = spread(times * values.to_numpy()) if len(values) else None
        lines.append(line)
    frame = pd.DataFrame(lines, dtype=object)
    frame.attrs["notes"] = NOTES
    return frame


class Curve(NamedTuple):
    """Samples of a network's hidden layer: ``scale`` (scale), and ``accuracy``, a share, and
    ``spread``, each (scale, 2) as mean and sd over ``seeds``."""

    network: str
    layer: int
    scale: np.ndarray
    accuracy: np.ndarray
    spread: np.ndarray
    seeds: int


def curves(rows: pd.DataFrame) -> list[Curve]:
    """Accuracy and spread over the scale of the samples, from raw rows."""
    import numpy as np

    samples: pd.DataFrame = rows.loc[rows["source"] == SAMPLED]
    found = []
    for network, layer in dict.fromkeys(zip(samples["network"], samples["layer"], strict=True)):
        mine = (samples["network"] == network) & (samples["layer"] == layer)
        own: pd.DataFrame = samples.loc[mine]
        scale = np.unique(own["scale"].to_numpy(float))

        def over_seeds(
            column: str, own: pd.DataFrame = own, scale: np.ndarray = scale
        ) -> np.ndarray:
            values = [own.loc[own["scale"] == one, column].to_numpy(float) for one in scale]
            return np.array([spread(one)[:2] for one in values])

        seeds = len(set(own["seed"]))
        accuracy, apart = over_seeds("accuracy"), over_seeds("spread")
        found.append(Curve(network, int(layer), scale, accuracy, apart, seeds))
    return found


class Digits(NamedTuple):
    """How test digits are read, a share, and their spread."""

    accuracy: float
    spread: float


def digits(rows: pd.DataFrame) -> Digits:
    """The test digits that samples are compared with, from raw rows."""
    own = rows[rows["source"] == DIGITS].iloc[0]
    return Digits(float(own["accuracy"]), float(own["spread"]))


TABLE = OverSeeds(NAME, seeds=SEEDS, specs=specs, measure=measure, summary=summary)
run = partial(table, TABLE)
