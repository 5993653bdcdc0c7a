"""Synaptarium's library: brain-inspired networks, their training and their analysis.

>>> from corelib import evaluate, load
>>> model = load("bpan-mnist")
>>> round(float(evaluate(model, images=1000)["accuracy"].iloc[0]), 2)
0.97

What there is
    ``systems()``, ``datasets()``, ``checkpoints()`` and ``runs.table()``: DataFrames.
Networks
    ``load`` a trained one, ``train`` your own, ``wrap`` any ``torch.nn.Module``; ``Experiment`` is
    a training and what came of it. ``sweep`` trains over settings and seeds.
    ``export_model`` writes one as a zip for another machine, ``export_onnx`` for other programs;
    ``import_checkpoint`` reads such a zip, and the checkpoints of the papers' authors.
Data
    ``load_dataset``; ``add_images`` and ``remove_images`` for your own.
Measures
    ``evaluate``; ``compare`` puts several side by side; the others are in ``corelib.analysis``.
Network classes
    ``corelib.models``.
"""

from typing import TYPE_CHECKING

from corelib import lazy

if TYPE_CHECKING:
    from corelib.data.own_images import add_images as add_images
    from corelib.data.own_images import remove_images as remove_images
    from corelib.data.sources import load_dataset as load_dataset
    from corelib.measures.comparison import compare as compare
    from corelib.measures.evaluation import evaluate as evaluate
    from corelib.measures.tables import checkpoints as checkpoints
    from corelib.measures.tables import datasets as datasets
    from corelib.measures.tables import systems as systems
    from corelib.models.bpan.wrapped import wrap as wrap
    from corelib.reproduce.model_card import export_model as export_model
    from corelib.runs.experiment import Experiment as Experiment
    from corelib.runs.experiment import train as train
    from corelib.runs.foreign import import_checkpoint as import_checkpoint
    from corelib.runs.onnx_file import export_onnx as export_onnx
    from corelib.runs.registry import load as load
    from corelib.sweeps.sweep import sweep as sweep

_own, _tables = "corelib.data.own_images", "corelib.measures.tables"
__getattr__, __dir__, __all__ = lazy.names(  # pyright: ignore[reportUnsupportedDunderAll]
    __name__,
    {
        "Experiment": "corelib.runs.experiment",
        "add_images": _own,
        "checkpoints": _tables,
        "compare": "corelib.measures.comparison",
        "datasets": _tables,
        "evaluate": "corelib.measures.evaluation",
        "export_model": "corelib.reproduce.model_card",
        "export_onnx": "corelib.runs.onnx_file",
        "import_checkpoint": "corelib.runs.foreign",
        "load": "corelib.runs.registry",
        "load_dataset": "corelib.data.sources",
        "remove_images": _own,
        "sweep": "corelib.sweeps.sweep",
        "systems": _tables,
        "train": "corelib.runs.experiment",
        "wrap": "corelib.models.bpan.wrapped",
    },
)
