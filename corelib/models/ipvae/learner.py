"""Training the iterative VAEs by back-propagation through the unrolled inference, with Adamax."""

from collections.abc import Mapping
from typing import ClassVar

import torch
from torch import Tensor

from corelib.data.images import ImageDataset, Split, steps_per_epoch
from corelib.errors import DivergedError
from corelib.models.ipvae.config import IterativeTraining
from corelib.models.ipvae.network import PIXELS, IterativeVAE, Unrolled
from corelib.training.adamax import Adamax
from corelib.training.learner import Learner, Metrics

CHUNK = 1000
DIVERGED = 1e6  # nats; a code without information costs a few hundred


class UnrolledLearner(Learner):
    """One update lowers the mean over images and time of -log p(x | z) + β KL.

    The sum over pixels and units is scaled to 256 pixels, as in the authors' code, so that the
    learning rate and clipping mean the same for every size of image. Images are in their own units:
    digits in [0, 1], patches with standard deviation 1.

    The score is minus the loss of the validation images, the quantity that is minimised. R² alone
    would prefer a code that spends any number of spikes.
    """

    score: ClassVar[str] = "minus loss"

    def __init__(
        self, model: IterativeVAE, settings: IterativeTraining, dataset: ImageDataset
    ) -> None:
        # The base class says nn.Module; this attribute is never replaced.
        self.model: IterativeVAE = model  # pyright: ignore[reportIncompatibleVariableOverride]
        self.settings, self.dataset = settings, dataset
        self.objective = model.objective(settings)
        per_epoch = steps_per_epoch(len(dataset.train.labels), settings.batch_size)
        self.n_updates = settings.epochs * per_epoch * settings.n_iters_outer
        self.optimiser = Adamax(model, settings.learning_rate, settings.clip_norm, self.n_updates)

    @property
    def beta(self) -> float:
        """The weight of the divergence in the next update."""
        rise = self.settings.beta_rise * self.n_updates
        done = self.optimiser.count.item() + 1
        return self.settings.beta_outer * (min(done / rise, 1.0) if rise > 0 else 1.0)

    def _loss(self, x: Tensor, unrolled: Unrolled, beta: float) -> Tensor:
        """The loss of each image, (batch,)."""
        total = unrolled.likelihood + beta * unrolled.divergence
        return total.mean(0) * (PIXELS / x.shape[1])

    def step(self, batch: Split) -> Metrics:
        x = images(self.dataset, batch.pixels)
        weights = self.model.weights()
        unrolled, loss = self._update(x, self.model.unroll(x, self.objective, weights))
        for _ in range(self.settings.n_iters_outer - 1):
            weights = self.model.weights()
            state = self.model.go_on(unrolled.state, weights, self.objective.draw)
            unrolled, loss = self._update(x, self.model.unroll(x, self.objective, weights, state))
        with torch.no_grad():
            measured = _measure(x, unrolled, self.model.decoder)
        return {"loss": loss.item()} | {k: v.mean().item() for k, v in measured.items()}

    def _update(self, x: Tensor, unrolled: Unrolled) -> tuple[Unrolled, Tensor]:
        """Update the weights once; returns the inference it came from, and the loss."""
        loss = self._loss(x, unrolled, self.beta).mean()
        if not loss < DIVERGED:
            done = int(self.optimiser.count.item()) // self.settings.n_iters_outer
            raise DivergedError(done + 1, f"loss is {loss.item():.3g}")
        loss.backward()  # pyright: ignore[reportUnknownMemberType]  (torch leaves it untyped)
        self.optimiser.step()
        return unrolled, loss

    @torch.no_grad()
    def evaluate(self, split: Split) -> Metrics:
        """Means over the images: the loss at the full β; the divergence of a step in nats; and,
        after the last step, R² of the reconstruction and the portion of zeros.

        All images get the same noise, so that the figures do not depend on order or batches.
        """
        sums: dict[str, float] = {}
        n = len(split.labels)
        weights = self.model.weights()
        for at in range(0, n, CHUNK):
            x = images(self.dataset, split.pixels[at : at + CHUNK])
            objective = self.objective._replace(draw=self.model.fixed_noise())
            unrolled = self.model.unroll(x, objective, weights)
            measured = _measure(x, unrolled, weights.decoder)
            measured["loss"] = self._loss(x, unrolled, self.settings.beta_outer)
            for name, values in measured.items():
                sums[name] = sums.get(name, 0.0) + values.sum().item()
        metrics = {name: total / n for name, total in sums.items()}
        return {"minus loss": -metrics["loss"], **metrics}

    def state_dict(self) -> dict[str, Tensor]:
        return self.optimiser.state_dict()

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        self.optimiser.load_state_dict(state)


def images(dataset: ImageDataset, pixels: Tensor) -> Tensor:
    """Pixels in their own unit, (batch, pixel), as the networks read them, without normalisation.

    ``pixels`` are those of a split of this data set, (batch, row, column).
    """
    return dataset.inputs(pixels).mul_(dataset.std).add_(dataset.mean)


def r_squared(x: Tensor, reconstruction: Tensor) -> Tensor:
    """1 - sum (x - y)² / sum (x - mean x)² over the pixels of each image: (..., pixel) -> (...).

    NaN for flat images.
    """
    return explained(x, reconstruction, spread(x))


def spread(x: Tensor) -> Tensor:
    """sum (x - mean x)² over the pixels of each image, (..., pixel) -> (...); NaN for flat ones."""
    squares = (x - x.mean(-1, keepdim=True)).square().sum(-1)
    return torch.where(squares > 0, squares, torch.nan)


def explained(x: Tensor, reconstruction: Tensor, spread: Tensor) -> Tensor:
    """``r_squared`` where the images' ``spread`` is known."""
    return 1 - (x - reconstruction).square().sum(-1) / spread


def _measure(x: Tensor, unrolled: Unrolled, decoder: Tensor) -> dict[str, Tensor]:
    """R², portion of zeros and divergence of each image, (batch,)."""
    activity = unrolled.state.activity
    return {
        "R²": r_squared(x, activity @ decoder.T),
        "zeros": (activity == 0).float().mean(1),
        "KL": unrolled.divergence.mean(0),
    }
