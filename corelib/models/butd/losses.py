"""Losses of one image's logits (batch, class) with labels (batch,), and their gradients.

    cross-entropy  -log softmax(z)_y                            softmax(z) - 1_y
    bce            mean over classes of -log σ(±z)              (σ(z) - 1_y) / C
    mse            mean over classes of (z - 1_y)²              2 (z - 1_y) / C

1_y is one-hot; with a single class it is the label itself, 0 or 1.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from corelib.models.butd.config import Loss


def targets(labels: Tensor, like: Tensor) -> Tensor:
    """1_y of labels (batch,) as logits (batch, class)."""
    if like.shape[1] == 1:
        return labels[:, None].to(like.dtype)
    # F.one_hot waits for the labels' largest, to see whether it fits.
    return torch.zeros_like(like).scatter_(1, labels[:, None], 1)


def loss_of(logits: Tensor, labels: Tensor, kind: Loss) -> Tensor:
    """The mean over the batch, a scalar."""
    if kind == "cross-entropy":
        return F.cross_entropy(logits, labels)
    hot = targets(labels, logits)
    if kind == "bce":
        return F.binary_cross_entropy_with_logits(logits, hot)
    return F.mse_loss(logits, hot)


@torch.no_grad()
def error_of(logits: Tensor, labels: Tensor, kind: Loss) -> Tensor:
    """The gradient of each image's own loss: (batch, class)."""
    hot = targets(labels, logits)
    if kind == "cross-entropy":
        return logits.softmax(1) - hot
    if kind == "bce":
        return (logits.sigmoid() - hot) / logits.shape[1]
    return 2 * (logits - hot) / logits.shape[1]


def predicted(logits: Tensor, kind: Loss) -> Tensor:
    """The class answered, (batch,): the largest, or of a single class whether it is there."""
    if logits.shape[1] > 1:
        return logits.argmax(1)
    return (logits[:, 0] > (0.5 if kind == "mse" else 0)).long()
