"""Laws that every system in the catalogue obeys: one suite, one line of sizes per system."""

import copy
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import pytest
import torch
from safetensors.torch import save_file

from corelib.catalog import SYSTEMS, System
from corelib.data import Dataset, ImageDataset, Split
from corelib.data.sequences import Chunks, sequences
from corelib.errors import SettingsError
from corelib.models.butd.config import CounterHebbConfig
from corelib.training import checkpoint
from corelib.training.card import Card, read_card
from corelib.training.config import TrainingSettings
from corelib.training.learner import Learner, Metrics
from corelib.training.loop import total_steps, train

SMALL = {
    "bpan": {"n_excitatory": 8, "n_inhibitory": 3, "n_steps": 3},
    "act": {"n_hidden": 8, "n_steps": 3},
    "pondernet": {"n_hidden": 8, "n_steps": 3},
    "multi-exit": {"n_hidden": 8, "n_steps": 3},
    "mlp": {"n_hidden": 8},
    "gru": {"n_hidden": 8, "n_steps": 3},
    "bpan-sequence": {"n_excitatory": 8, "n_inhibitory": 3},
    "gru-sequence": {"n_hidden": 8},
    "butd": {"network": "fc", "hidden": 60},
    "counter-hebb": {"hidden": 30},
    "bpc": {"widths": "9, 7", "n_steps": 3},
    "gpc": {"widths": "30, 30", "n_steps": 3, "n_answer_steps": 20, "answer_step_size": 0.01},
    "dpc": {"widths": "9, 7", "n_steps": 3, "n_answer_steps": 20},
    "hybrid-pc": {"widths": "30, 30", "n_steps": 3, "n_answer_steps": 20, "answer_step_size": 0.01},
    "backprop": {"widths": "30, 30"},
    "ipvae": {"n_latents": 12, "t_train": 3},
    "igvae": {"n_latents": 12, "t_train": 3},
    "igvae-relu": {"n_latents": 12, "t_train": 3},
}
"""Settings that make each system small; a new system adds its line here."""

PACE = {
    "bpan-sequence": {"learning_rate": 0.01},
    "gru-sequence": {"learning_rate": 0.01},
    "butd": {"learning_rate": 0.003},
    "gpc": {"learning_rate": 0.02},
    "hybrid-pc": {"learning_rate": 0.02},
    "backprop": {"learning_rate": 0.02},
    "ipvae": {"beta_outer": 1.0},
}
"""Training settings for systems that would learn little in so few steps."""

BATCH, EPOCHS = 32, 3


class Setup(NamedTuple):
    system: System
    dataset: Dataset

    @property
    def config(self):
        sizes = {**SMALL[self.system.name], "input_dim": self.dataset.input_dim}
        return self.system.config_type(**sizes)

    @property
    def training(self):
        pace = PACE.get(self.system.name, {})
        return self.system.training_type(epochs=EPOCHS, batch_size=BATCH, device="cpu", **pace)

    def learner(self, seed: int = 0, device: str = "cpu") -> Learner:
        torch.manual_seed(seed)
        model = self.system.make_model(self.config).to(device)
        return self.system.make_learner(model, self.training, self.dataset)

    def events(self, learner: Learner, seed: int = 0, **more) -> Iterator:
        return train(learner, self.dataset, self.training, seed, **more)


def noisy_digits() -> ImageDataset:
    """Ten fixed pictures under noise: few, but something can be learned from them."""
    torch.manual_seed(0)
    pictures = torch.randint(256, (10, 28, 28))

    def split(n: int) -> Split:
        labels = torch.arange(n) % 10
        noise = torch.randint(-60, 60, (n, 28, 28))
        return Split((pictures[labels] + noise).clamp(0, 255).to(torch.uint8), labels)

    return ImageDataset("noisy", tuple("0123456789"), 0.5, 0.3, split(150), split(40), split(40))


def halves(digits: ImageDataset) -> ImageDataset:
    """The upper half of one image over the lower half of another; each half has its label."""

    def split(part: Split) -> Split:
        other = torch.arange(len(part.labels)) * 7 % len(part.labels)
        pixels = torch.cat([part.pixels[:, :14], part.pixels[other, 14:]], 1)
        return Split(pixels, torch.stack([part.labels, part.labels[other]], 1))

    parts = {name: split(getattr(digits, name)) for name in ("train", "validation", "test")}
    return digits._replace(task_names=("upper", "lower"), **parts)


@pytest.fixture(params=list(SYSTEMS))
def setup(request) -> Setup:
    system, digits = SYSTEMS[request.param], noisy_digits()
    if system.data == "sequence":
        return Setup(system, sequences(digits, Chunks(positions=True, shuffled=True)))
    if system.data == "scene":
        return Setup(system, halves(digits))
    return Setup(system, digits)


def weights(learner: Learner) -> dict[str, torch.Tensor]:
    return {k: v.detach().cpu().clone() for k, v in learner.model.state_dict().items()}


def assert_identical(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> None:
    assert a.keys() == b.keys()
    for name in a:
        assert torch.equal(a[name], b[name]), name


def run_anew(setup: Setup, seed: int = 0) -> tuple[Learner, list]:
    learner = setup.learner(seed)
    events = list(setup.events(learner, seed))
    return learner, events


WHOLE: dict[str, tuple[Learner, list]] = {}
"""The runs of seed 0 that ``run_whole`` has made, by system."""


def run_whole(setup: Setup) -> tuple[Learner, list]:
    """A copy of one whole run, which most of the laws look at."""
    name = setup.system.name
    if name not in WHOLE:
        WHOLE[name] = run_anew(setup)
    return copy.deepcopy(WHOLE[name])


def test_every_system_is_covered():
    assert SMALL.keys() == SYSTEMS.keys()


def test_a_network_is_built_from_its_config_or_from_keyword_arguments(setup):
    whole = setup.learner().model
    network, kind, settings = type(whole), setup.system.config_type, setup.config.model_dump()
    ways = [lambda: network(setup.config), lambda: network(kind(), **settings)]
    if kind is not CounterHebbConfig:  # BUTDNet's keyword arguments alone are BUTDConfig's
        ways.append(lambda: network(**settings))
    for build in ways:
        torch.manual_seed(0)
        built = build()
        assert_identical(built.state_dict(), whole.state_dict())
        # What it was built with besides its weights: steps, limits, how it infers.
        plain = {name: value for name, value in vars(whole).items() if not name.startswith("_")}
        assert {name: vars(built)[name] for name in plain} == plain


def test_invalid_network_arguments_are_rejected_by_its_config(setup):
    network, config = type(setup.learner().model), setup.config
    with pytest.raises(SettingsError, match="input_dim is 0, but should be greater than or equal"):
        network(input_dim=0)
    with pytest.raises(SettingsError, match="input_dim is 0, but should be greater than or equal"):
        network(config, input_dim=0)
    with pytest.raises(SettingsError, match="has no setting named colour; it has: "):
        network(config, colour=1)
    with pytest.raises(SettingsError, match="config is 784, but should be an instance of "):
        network(784)


def test_batches_match_single_samples(setup):
    model = run_whole(setup)[0].model.eval()
    x = setup.dataset.inputs(setup.dataset.test.pixels)
    with torch.no_grad():
        together = model(x)
        alone = torch.cat([model(row[None]) for row in x])
    torch.testing.assert_close(together, alone, rtol=1e-4, atol=1e-5)
    assert together.std(0).max() > 0.01, "the answers should differ from image to image"


def test_it_learns(setup):
    _, events = run_whole(setup)
    losses = [e.metrics["loss"] for e in events if e.kind == "stepped"]
    assert losses[-1] < 0.9 * losses[0]


def test_the_same_seed_gives_the_same_run(setup):
    (first, events), (second, events_again) = run_anew(setup), run_anew(setup)
    assert_identical(weights(first), weights(second))
    assert_identical(first.state_dict(), second.state_dict())
    for a, b in zip(events, events_again, strict=True):
        assert a.metrics == b.metrics


def test_another_seed_gives_another_run(setup):
    first, second = weights(run_whole(setup)[0]), weights(run_anew(setup, 1)[0])
    assert any(not torch.equal(first[name], second[name]) for name in first)
    # The order of the batches alone makes a difference too.
    learner = setup.learner(0)
    list(setup.events(learner, seed=1))
    assert any(not torch.equal(first[name], weights(learner)[name]) for name in first)


def test_other_random_draws_do_not_matter(setup):
    """Each step draws from (seed, step), so that a resumed run draws what it would have drawn."""
    learner = setup.learner()
    for event in setup.events(learner):
        torch.manual_seed(event.step * 17)
        torch.rand(event.step)
    assert_identical(weights(learner), weights(run_whole(setup)[0]))


class Rolling(Learner):
    """Learns nothing; records the random numbers it draws."""

    score = "zero"

    def __init__(self) -> None:
        self.model = torch.nn.Linear(1, 1)
        self.drawn: list[float] = []

    def step(self, batch: Split) -> Metrics:
        self.drawn.append(torch.rand(()).item())
        return {}

    def evaluate(self, split: Split) -> Metrics:
        torch.rand(3)
        return {"zero": 0.0}

    def state_dict(self) -> dict[str, torch.Tensor]:
        return {}

    def load_state_dict(self, state: Mapping[str, torch.Tensor]) -> None:
        pass


def test_noise_depends_on_seed_and_step_alone():
    """Systems that draw random numbers while learning can resume exactly only because of this."""

    def drawn(seed: int, from_step: int = 0) -> list[float]:
        learner = Rolling()
        settings = TrainingSettings(epochs=EPOCHS, batch_size=BATCH)
        torch.rand(from_step + 1)
        list(train(learner, noisy_digits(), settings, seed, from_step=from_step))
        return learner.drawn

    whole = drawn(0)
    assert len(set(whole)) == 15
    assert drawn(0, from_step=7) == whole[7:]
    assert not set(drawn(1)) & set(whole)


@pytest.mark.parametrize(
    ("most", "validated"), [(3, [3]), (5, [5]), (7, [5, 7]), (99, [5, 10, 15])]
)
def test_training_may_end_within_an_epoch(most, validated):
    settings = TrainingSettings(epochs=EPOCHS, batch_size=BATCH, max_steps=most)
    data = noisy_digits()
    events = list(train(Rolling(), data, settings, 0))
    stepped = [e.step for e in events if e.kind == "stepped"]
    assert stepped == list(range(1, total_steps(data, settings) + 1))
    assert len(stepped) == min(most, 15)
    evaluated = [(e.epoch, e.step) for e in events if e.kind == "validated"]
    assert evaluated == list(zip((1, 2, 3), validated, strict=False))
    resumed = list(train(Rolling(), data, settings, 0, from_step=2))
    assert [(e.kind, e.step) for e in resumed] == [(e.kind, e.step) for e in events[2:]]


def test_the_loop_reports_every_step_and_epoch(setup):
    learner, events = run_whole(setup)
    per_epoch = 5  # 150 images in batches of 32
    assert total_steps(setup.dataset, setup.training) == 15
    stepped = [e for e in events if e.kind == "stepped"]
    validated = [e for e in events if e.kind == "validated"]
    assert [e.step for e in stepped] == list(range(1, 16))
    assert [(e.epoch, e.step) for e in validated] == [(k, k * per_epoch) for k in (1, 2, 3)]
    best = -float("inf")
    for event in validated:
        assert event.score == event.metrics[learner.score]
        assert event.best == (event.score > best)
        best = max(best, event.score)
    assert events[5].kind == "validated"
    assert events[5].step == events[4].step


def test_checkpoint_round_trip(setup, tmp_path):
    learner, _ = run_whole(setup)
    card = Card(
        system=setup.system.name,
        dataset="mnist",
        config=setup.config.model_dump(),
        training=setup.training.model_dump(),
        seed=0,
        step=15,
        epoch=3,
    )
    folder = tmp_path / "step-15"
    checkpoint.save(folder, card, learner.model.state_dict(), learner.state_dict())
    read = read_card(folder)
    assert read == card.model_copy(update={"checksums": read.checksums})
    torch.manual_seed(99)
    model = setup.system.make_model(setup.system.config_type(**read.config))
    other = setup.system.make_learner(
        model, setup.system.training_type(**read.training), setup.dataset
    )
    assert any(not torch.equal(v, weights(learner)[k]) for k, v in weights(other).items())
    checkpoint.load_weights(model, folder / "weights.safetensors")
    other.load_state_dict(checkpoint.read_tensors(folder / "learner.safetensors"))
    assert_identical(weights(other), weights(learner))
    assert_identical(other.state_dict(), learner.state_dict())
    assert other.evaluate(setup.dataset.test) == learner.evaluate(setup.dataset.test)


def timeless(event):
    """What an event says but for the time that it took."""
    return event.model_copy(update={"seconds": 0.0})


@pytest.mark.parametrize("stop", [1, 5, 8, 14])
def test_a_resumed_run_equals_an_uninterrupted_one(setup, tmp_path, stop):
    whole, all_events = run_whole(setup)
    first = setup.learner()
    for event in setup.events(first):
        if event.step > stop:
            break
        if event.kind == "stepped" and event.step == stop:
            kept = weights(first), {k: v.clone() for k, v in first.state_dict().items()}
    file = tmp_path / "state.safetensors"
    save_file(kept[1], file)
    # In place of a new process: other initial weights, other random numbers.
    second = setup.learner(seed=77)
    second.model.load_state_dict(kept[0])
    second.load_state_dict(checkpoint.read_tensors(file))
    scores = [e.score for e in all_events if e.kind == "validated" and e.step <= stop]
    best = max(scores, default=-float("inf"))
    events = list(setup.events(second, from_step=stop, best_score=best))
    expected = [e for e in all_events if e.step > stop]
    assert [(e.kind, e.step, e.metrics) for e in events] == [
        (e.kind, e.step, e.metrics) for e in expected
    ]
    assert [timeless(e) for e in events if e.kind == "validated"] == [
        timeless(e) for e in expected if e.kind == "validated"
    ]
    assert_identical(weights(second), weights(whole))
    assert_identical(second.state_dict(), whole.state_dict())


def test_resuming_without_the_learner_state_differs(setup):
    """Otherwise the law above would hold for any optimiser state."""
    whole, _ = run_whole(setup)
    first = setup.learner()
    for event in setup.events(first):
        if event.step == 8:
            break
    second = setup.learner()
    second.model.load_state_dict(weights(first))
    list(setup.events(second, from_step=8))
    assert any(not torch.equal(v, weights(whole)[k]) for k, v in weights(second).items())


def test_evaluating_changes_nothing(setup):
    learner = setup.learner()
    for _ in range(3):
        learner.step(setup.dataset.batch(setup.dataset.train, 0, BATCH, 0))
    before, state = weights(learner), copy.deepcopy(learner.state_dict())
    metrics = learner.evaluate(setup.dataset.validation)
    assert learner.score in metrics
    assert_identical(before, weights(learner))
    assert_identical(state, learner.state_dict())
    assert all(p.grad is None for p in learner.model.parameters())
    assert learner.evaluate(setup.dataset.validation) == metrics


def test_evaluating_does_not_depend_on_the_order(setup):
    learner, _ = run_whole(setup)
    split = setup.dataset.validation
    turned = Split(split.pixels.flip(0), split.labels.flip(0))
    assert learner.evaluate(turned) == pytest.approx(learner.evaluate(split), rel=1e-5)


@pytest.mark.gpu
def test_gpu_and_cpu_agree(setup):
    if not torch.cuda.is_available():
        pytest.skip("This machine has no CUDA device, so CPU = GPU is not tested here.")
    on_cpu, on_gpu = setup.learner(), setup.learner(device="cuda")
    assert_identical(weights(on_cpu), weights(on_gpu))
    x = setup.dataset.inputs(setup.dataset.test.pixels)
    with torch.no_grad():
        torch.testing.assert_close(
            on_gpu.model(x.cuda()).cpu(), on_cpu.model(x), rtol=1e-3, atol=1e-4
        )
    losses = [
        [e.metrics["loss"] for e in setup.events(learner) if e.kind == "stepped"]
        for learner in (on_cpu, on_gpu)
    ]
    # What the first outputs differ by, up to 0.001, grows with each update.
    assert losses[1] == pytest.approx(losses[0], rel=1e-2)
