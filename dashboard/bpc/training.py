"""A network of the BPC digits page while it learns."""

from typing import TYPE_CHECKING, cast

import numpy as np

from dashboard.bpc import cache as bpc_cache
from dashboard.shell import cache
from dashboard.shell.export import chart

if TYPE_CHECKING:
    from torch import nn

    from corelib.models.bpc.network import TwoWay
    from corelib.runs.store import Run


def draw_learning(network: "nn.Module", run: "Run") -> None:
    """The digit of each class as the network generates it now, and both losses so far."""
    import torch

    from corelib.models.bpc.analysis import labels_of, to_pixels
    from dashboard.bpc.figures.images import gallery
    from dashboard.bpc.figures.networks import losses
    from dashboard.shell.theme import palette

    model, data = cast("TwoWay", network), cache.dataset(run.spec.dataset)
    with torch.no_grad():
        images = model.generate(labels_of(model))
    chart(
        gallery(to_pixels(images, data).cpu().numpy(), data.class_names, 10, palette(), cell=84),
        "bpc_learning",
        alt="The digit of each class as the network generates it now",
        caption="The image that the network generates from each label, a moment ago.",
    )
    steps = run.history().steps
    names = ("generator loss", "amortiser loss")
    generator, amortiser = (
        np.array([event.metrics.get(name, np.nan) for event in steps]) for name in names
    )
    best = bpc_cache.best_loss(run.spec.dataset)
    chart(
        losses(np.array([event.step for event in steps]), generator, amortiser, best, palette()),
        "bpc_losses",
        alt="Generator loss and amortiser loss against updates",
        caption="Half the squared error, mean over all elements, on the training batches. Dotted: "
        "the mean of each class.",
    )
