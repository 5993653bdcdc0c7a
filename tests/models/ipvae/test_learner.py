"""The learner: its loss and learning rate, its metrics, and what it refuses."""

import itertools
import math

import pytest
import torch

from corelib.data.images import ImageDataset, Split
from corelib.errors import DivergedError
from corelib.models.ipvae.config import IGVAETraining, IPVAETraining
from corelib.models.ipvae.dynamics import Limits
from corelib.models.ipvae.learner import UnrolledLearner, images, r_squared
from corelib.models.ipvae.network import IGVAE, IPVAE, IGReluVAE

KINDS = {"iP": IPVAE, "iG": IGVAE, "iG-relu": IGReluVAE}
SIDE = 6


def textures(n: int = 90, mean: float = 0.0, std: float = 1.0) -> ImageDataset:
    """Images of a few stripes each, so that there is something to learn."""
    torch.manual_seed(0)
    stripes = torch.randn(8, SIDE, SIDE)

    def split(k: int) -> Split:
        amounts = torch.poisson(torch.full((k, 8), 0.4))
        pixels = torch.einsum("ks,sij->kij", amounts, stripes) + 0.1 * torch.randn(k, SIDE, SIDE)
        return Split(pixels, torch.arange(k) % 10)

    names = tuple("0123456789")
    return ImageDataset("textures", names, mean, std, split(n), split(30), split(30))


def make(kind: str = "iP", dataset: ImageDataset | None = None, t_train: int = 3, **settings):
    torch.manual_seed(0)
    model = KINDS[kind](input_dim=SIDE * SIDE, n_latents=12, t_train=t_train)
    training = IPVAETraining if kind == "iP" else IGVAETraining
    settings = {"batch_size": 30, "epochs": 2, **settings}
    return UnrolledLearner(model, training(**settings), dataset or textures())


def first_loss(learner: UnrolledLearner) -> float:
    torch.manual_seed(5)
    return learner.step(learner.dataset.train)["loss"]


def test_r_squared_of_each_image():
    x = torch.tensor([[1.0, 2, 3], [0, 0, 6], [4, 4, 4]])
    y = torch.tensor([[1.0, 2, 3], [2, 2, 2], [4, 4, 4]])
    r2 = r_squared(x, y)
    assert r2[:2].tolist() == [1.0, 0.0]
    assert math.isnan(r2[2])


@pytest.mark.parametrize("kind", list(KINDS))
def test_the_loss_and_the_learning_rate_fall(kind):
    learner = make(kind, epochs=15, beta_outer=8.0)
    before = learner.evaluate(learner.dataset.validation)
    for step in range(45):
        torch.manual_seed(step)
        learner.step(learner.dataset.batch(learner.dataset.train, step, 30, seed=0))
    after = learner.evaluate(learner.dataset.validation)
    assert after["loss"] < before["loss"] - 20
    assert after["R²"] > before["R²"]
    assert after[learner.score] == -after["loss"]
    assert learner.optimiser.rate == pytest.approx(0, abs=1e-12)


def test_images_enter_in_0_1_whatever_the_normalisation():
    """Digits in [0, 1] whatever the normalisation that the data set offers."""
    plain, normalised = textures(), textures(mean=0.3, std=2.0)
    losses = [first_loss(make(dataset=dataset)) for dataset in (plain, normalised)]
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)
    pixels = torch.arange(72, dtype=torch.uint8).view(2, 6, 6)
    torch.testing.assert_close(images(normalised, pixels), pixels.flatten(1).float() / 255)


def test_beta_warms_up_as_configured():
    learner = make(beta_outer=10.0, beta_rise=0.5)  # 2 epochs of 3 updates
    met = []
    for _ in range(6):
        met.append(learner.beta)
        learner.step(learner.dataset.train)
    assert met == pytest.approx([10 / 3, 20 / 3, 10, 10, 10, 10])
    assert make(beta_outer=7.0).beta == 7


def test_beta_weighs_the_divergence():
    def loss(beta: float) -> float:
        return first_loss(make(beta_outer=beta))

    assert loss(300.0) - loss(200.0) == pytest.approx(loss(200.0) - loss(100.0), rel=1e-3)
    assert loss(200.0) > loss(100.0)


def test_the_loss_is_reported_for_256_pixels():
    learner = make(beta_outer=0.0)
    with torch.no_grad():
        learner.model.decoder.zero_()
    x = learner.dataset.train.pixels.flatten(1)
    truth = (0.5 * x.square() + 0.5 * math.log(2 * math.pi)).mean() * 256
    assert first_loss(learner) == pytest.approx(truth.item(), rel=1e-5)


def test_several_updates_per_batch_continue_in_time():
    """Each of them takes T further steps, and counts."""
    learner = make(n_iters_outer=4, t_train=2)
    seen = []
    unroll = learner.model.unroll

    def watched(x, objective, weights, state=None):
        result = unroll(x, objective, weights, state)
        seen.append((state, result.state))
        return result

    learner.model.unroll = watched
    learner.step(learner.dataset.train)
    assert learner.optimiser.count == 4
    assert learner.optimiser.total_steps == 24
    assert seen[0][0] is None
    for (_, before), (state, _) in itertools.pairwise(seen):
        torch.testing.assert_close(state.u, before.u.detach())
        # The graph of the part before is gone; what is left leads to the prior alone.
        reached = torch.autograd.grad(
            state.u.sum(),
            [learner.model.decoder, learner.model.u_init],
            retain_graph=True,
            allow_unused=True,
        )
        assert reached[0] is None
        assert (reached[1] == len(state.u)).all()


@pytest.mark.parametrize("sick", ["steps too large", "not a number"])
def test_divergence_during_training_is_reported(sick):
    learner = make(t_train=8)
    with torch.no_grad():
        if sick == "not a number":
            learner.model.decoder[0, 0] = float("nan")
        else:
            learner.model.log_step.fill_(1.0)
            learner.model.limits = Limits(10.0, 10.0)
    with pytest.raises(DivergedError, match=r"diverged at update 1: loss is "):
        learner.step(learner.dataset.train)


def test_evaluation_does_not_depend_on_batches(monkeypatch):
    from corelib.models.ipvae import learner as module

    learner = make()
    whole = learner.evaluate(learner.dataset.validation)
    monkeypatch.setattr(module, "CHUNK", 7)
    assert learner.evaluate(learner.dataset.validation) == pytest.approx(whole, rel=1e-5)
