"""Training: predictive coding with gradients written by hand, and back-propagation beside it."""

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from typing import ClassVar, cast

import torch
from torch import Tensor, nn

from corelib.data.images import ImageDataset, Split
from corelib.models.bpc.config import TwoWayTraining
from corelib.models.bpc.energy import Activity, Affine, energy, parameter_gradients
from corelib.models.bpc.inference import Given, run_inference, upward
from corelib.models.bpc.network import PredictiveCoding, TwoWay
from corelib.training.adam import Adam
from corelib.training.learner import Learner, Metrics
from corelib.training.loop import total_steps

CHUNK = 1000


def half_squared(error: Tensor) -> float:
    """Half the squared error of (batch, unit), mean over all elements: the tutorial's loss."""
    return error.square().mean().item() / 2


class TwoWayLearner(Learner, ABC):
    """One update from the images and labels of a batch.

    Adam works on each element, so one for all parameters equals one for W and one for V. Its
    learning rate follows the schedule by the number of its updates, so a resumed training continues
    where it stopped.
    """

    model: TwoWay
    score: ClassVar[str] = "accuracy"

    def __init__(self, model: TwoWay, settings: TwoWayTraining, dataset: ImageDataset) -> None:
        # Narrower than a Learner's, and never replaced.
        self.model = model  # pyright: ignore[reportIncompatibleVariableOverride]
        self.settings = settings
        self.dataset = dataset
        self.total = total_steps(dataset, settings)
        self.optimiser = Adam(model, settings.learning_rate)
        self.named_accuracy = "accuracy" if model.one_pass else "accuracy of the amortiser"
        parameter = next(model.parameters())
        self.labels = torch.eye(model.n_classes).to(parameter)

    @abstractmethod
    def learn(self, x: Tensor, y: Tensor) -> Metrics:
        """Leave gradients in the parameters; returns the measurements, the loss first."""

    @abstractmethod
    def loss(
        self,
        x: Tensor,
        y: Tensor,
        generator: torch.Generator | None = None,
        up: Activity | None = None,
    ) -> Tensor:
        """The objective of training for each sample, (batch,); a random start of inference is
        drawn from ``generator``, and ``up`` is the amortiser's pass from x if it is known."""

    def step(self, batch: Split) -> Metrics:
        self.optimiser.learning_rate = self.learning_rate()
        metrics = self.learn(self.dataset.inputs(batch.pixels), self.labels[batch.labels])
        self.optimiser.step()
        return metrics

    def learning_rate(self) -> float:
        """η, or η/2 (1 + cos(π updates made / all updates))."""
        rate = self.settings.learning_rate
        if self.settings.schedule == "constant":
            return rate
        made = self.optimiser.count[0].item() / self.total
        return rate / 2 * (1 + math.cos(math.pi * min(made, 1)))

    @torch.no_grad()
    def evaluate(self, split: Split) -> Metrics:
        """Accuracy and loss; half the squared error of the generated images, and of the amortiser
        if there is one, as a mean over all elements and summed over units; the amortiser's accuracy
        where the network answers by inference. A random start is the same each time."""
        model, device = self.model, self.labels.device
        # The image of a label depends on nothing else.
        images = model.generate(self.labels)
        sums: dict[str, float] = {}
        generator = torch.Generator().manual_seed(0)
        for at in range(0, len(split.labels), CHUNK):
            part = Split(*(tensor[at : at + CHUNK].to(device) for tensor in split))
            for name, value in self._totals(part, images, generator).items():
                sums[name] = sums.get(name, 0.0) + value
        metrics = {name: value / len(split.labels) for name, value in sums.items()}
        metrics["generator loss, summed"] = metrics["generator loss"] * model.sizes[-1]
        if model.amortiser:
            metrics["amortiser loss, summed"] = metrics["amortiser loss"] * model.sizes[0]
        return metrics

    def _totals(self, part: Split, images: Tensor, generator: torch.Generator) -> Metrics:
        """The metrics of some images, times their number; ``images`` (class, pixel) are the
        generated ones."""
        x, y, n = self.dataset.inputs(part.pixels), self.labels[part.labels], len(part.labels)
        model = self.model
        # One pass for the loss, the amortiser's metrics and the answers that are its own.
        up = upward(x, model.weights()) if model.amortiser else None
        answers = up[0] if up is not None and model.one_pass else model(x)
        totals: Metrics = {
            "accuracy": _hits(answers, part.labels),
            "loss": self.loss(x, y, generator, up).sum().item(),
            "generator loss": half_squared(images[part.labels] - x) * n,
        }
        if up is not None:
            totals["amortiser loss"] = half_squared(up[0] - y) * n
            totals[self.named_accuracy] = _hits(up[0], part.labels)
        return totals

    def state_dict(self) -> dict[str, Tensor]:
        return self.optimiser.state_dict()

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        self.optimiser.load_state_dict(state)


def _hits(evidence: Tensor, labels: Tensor) -> float:
    return (evidence.argmax(1) == labels).sum().item()


class LocalLearner(TwoWayLearner):
    """Predictive coding: infer with both ends clamped, then each W_l descends F by e_l alone and
    each V_l by δ_{l-1} alone, without automatic differentiation."""

    model: PredictiveCoding  # pyright: ignore[reportIncompatibleVariableOverride]  (never replaced)

    @torch.no_grad()
    def learn(self, x: Tensor, y: Tensor) -> Metrics:
        model, weights = self.model, self.model.weights()
        up = upward(x, weights) if model.amortiser else None
        inferred = run_inference(Given(x, y, up=up), weights, model.learning)
        gradients = parameter_gradients(
            inferred.f, inferred.errors, weights, model.learning_precision
        )
        _set_gradients(model.generator, gradients.generator)
        _set_gradients(model.amortiser, gradients.amortiser)
        metrics = {"loss": energy(inferred.errors, model.learning.precision).mean().item()}
        if model.generator:
            images = model.imagine(self.labels)[y.argmax(1)]
            metrics["generator loss"] = half_squared(images - x)
        if up is not None:
            metrics["amortiser loss"] = half_squared(up[0] - y)
            metrics[self.named_accuracy] = _hits(up[0], y.argmax(1)) / len(y)
        return metrics

    def loss(
        self,
        x: Tensor,
        y: Tensor,
        generator: torch.Generator | None = None,
        up: Activity | None = None,
    ) -> Tensor:
        """The energy F after inference."""
        weights, config = self.model.weights(), self.model.learning
        inferred = run_inference(Given(x, y, up=up), weights, config, generator)
        return energy(inferred.errors, self.model.learning.precision)


def _set_gradients(layers: nn.ModuleList, gradients: tuple[Affine, ...]) -> None:
    linear = cast("Iterable[nn.Linear]", layers)
    for layer, gradient in zip(linear, gradients, strict=True):
        layer.weight.grad = gradient.weight
        if gradient.bias is not None:
            layer.bias.grad = gradient.bias


class BackpropLearner(TwoWayLearner):
    """Back-propagation of half the squared errors of both chains, summed over units."""

    def learn(self, x: Tensor, y: Tensor) -> Metrics:
        image, evidence = self.model.imagine(y), self.model.amortise(x)
        loss = self._sum(x, y, image, evidence).mean()
        loss.backward()  # pyright: ignore[reportUnknownMemberType]  (torch leaves types out)
        return {
            "loss": loss.item(),
            "generator loss": half_squared(image.detach() - x),
            "amortiser loss": half_squared(evidence.detach() - y),
            self.named_accuracy: _hits(evidence, y.argmax(1)) / len(y),
        }

    def loss(
        self,
        x: Tensor,
        y: Tensor,
        generator: torch.Generator | None = None,
        up: Activity | None = None,
    ) -> Tensor:
        evidence = self.model.amortise(x) if up is None else up[0]
        return self._sum(x, y, self.model.imagine(y), evidence)

    @staticmethod
    def _sum(x: Tensor, y: Tensor, image: Tensor, evidence: Tensor) -> Tensor:
        """(batch,)"""
        return ((image - x).square().sum(1) + (evidence - y).square().sum(1)) / 2
