"""Which test images a network classifies correctly, image by image."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

import numpy as np

from corelib.errors import SettingsError
from corelib.measures.subject import Which, anytime, device_of, in_evaluation, shown, subject_of

if TYPE_CHECKING:
    from torch import Tensor

    from corelib.measures.subject import Data, Model, Subject

CHUNK = 250
"""Images at a time, as the largest networks are evaluated."""


def correctness(model: Model, dataset: Data = None, **which: Unpack[Which]) -> np.ndarray:
    """Whether each image is classified correctly, at the last step: float64 (image,), 1 or 0.

    Of a network that answers several tasks it is the share of them that it answers correctly. Its
    mean is the accuracy that ``evaluate`` gives. Raises ``SettingsError`` for a network that does
    not classify.

    >>> from corelib.analysis import correctness
    >>> correctness("mlp-mnist", images=500).shape
    (500,)
    """
    import torch

    subject = subject_of(model, dataset)
    answer = _answering(subject)
    seen = shown(subject, dataset, **which)
    device, labels = device_of(subject.model), seen.part.labels
    parts: list[Tensor] = []
    with in_evaluation(subject.model), torch.no_grad():
        for at in range(0, len(labels), CHUNK):
            x = seen.dataset.inputs(seen.part.pixels[at : at + CHUNK]).to(device)
            answers = answer(x).cpu()
            truth = labels[at : at + CHUNK].reshape(len(x), -1)
            if answers.shape != truth.shape:
                raise SettingsError(
                    f"{subject.name} gives {answers.shape[1]} answers to an image that has "
                    f"{truth.shape[1]} labels, so they cannot be compared."
                )
            parts.append((answers == truth).double().mean(1))
    return torch.cat(parts).numpy()


def _answering(subject: Subject):
    """What gives a network's answers (image, task) to its input (image, input)."""
    from corelib.models.butd.losses import predicted
    from corelib.models.butd.networks import BUTDNet

    if isinstance(subject.model, BUTDNet):
        network, kind = subject.model, "cross-entropy"
        if subject.item is not None:
            kind = subject.item.card.training["loss"]

        def of_tasks(x: Tensor) -> Tensor:
            logits = network(x)
            logits = logits if logits.dim() == 3 else logits[:, None]
            return predicted(logits.flatten(0, 1), kind).view(logits.shape[:2])

        return of_tasks
    classifier = anytime(subject)
    return lambda x: classifier(x)[:, -1:].argmax(-1)
