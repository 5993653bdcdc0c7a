"""What is drawn at random: equal seeds draw the same, whatever else was drawn before, and other
seeds draw otherwise."""

import numpy as np
import pytest
import torch

from corelib.analysis import energy_trace
from corelib.data import own, patches
from corelib.data.sequences import TASKS
from corelib.measures.paired import interval_of_mean
from corelib.models.bpan.analysis import Controls, lesion_mask
from corelib.models.bpan.network import BPAN
from corelib.models.bpc.analysis import Axes, samples_around
from corelib.models.butd import lesions
from corelib.models.butd.analysis import Sample
from corelib.models.butd.answers import with_gates
from corelib.models.butd.config import BUTDConfig, PathConfig
from corelib.models.butd.departures import Switches, departed
from corelib.models.butd.lesions import lesion
from corelib.models.butd.networks import BUTDNet
from corelib.models.butd.subnetworks import gates_of, kinds, reachable
from corelib.models.butd.third_task import Teaching, extended, teach
from corelib.models.ipvae.contrast import bootstrap_median
from corelib.sweeps.settings import StudySettings
from corelib.sweeps.space import known_choices, sampler
from tests.cached.digest import digest
from tests.models.butd.small import dataset, net

KINDS = (np.arange(150).reshape(6, 5, 5) % 4,)
"""Which task opens each of 150 units: of each sort as many."""
VALUES = np.random.default_rng(5).normal(size=40)
SMALL = {"network": "simple", "width": 4, "hidden": 8}


def _lesion_mask(seed: int) -> np.ndarray:
    controls = Controls(5, 0.2, lesioned_e=10, lesioned_i=5, lesion_seed=seed)
    return lesion_mask(BPAN(n_excitatory=20, n_inhibitory=10), controls).numpy()


def _departed(seed: int):
    torch.manual_seed(0)
    model, config = BUTDNet(PathConfig(**SMALL)), PathConfig(**SMALL)
    sample = Sample(torch.zeros(1, 784), torch.zeros(1, dtype=torch.int64), None)
    return departed(model, config, Switches(weights="separate"), sample, seed)


def _extended(seed: int):
    torch.manual_seed(0)
    config = BUTDConfig(**SMALL)
    return extended(BUTDNet(config), config, seed)


def _taught(seed: int, jointly: bool):
    model = net(n_tasks=3, n_classes=5).float()
    how = Teaching(jointly, False, updates=2, learning_rate=0.1, batch_size=4, seed=seed)
    return [*teach(model, dataset(n_tasks=3, n=12), how, 12, 1)], model


def _study(seed: int, search: str) -> StudySettings:
    vary = {"learning_rate": (0.1, 0.2, 0.3, 0.4, 0.5, 0.6), "n_hidden": (4, 8, 16, 32)}
    return StudySettings(name="s", system="mlp", vary=vary, search=search, search_seed=seed)


def _samples(seed: int) -> np.ndarray:
    along = Axes(np.zeros(3), np.eye(3)[:2], np.ones(2), np.zeros((1, 3)))
    return samples_around(np.zeros(3), along, 1.0, 4, seed)


def _windows(seed: int):
    image = np.random.default_rng(0).normal(size=(40, 50))
    return patches._draw({0: image}, 20, 8, seed)


def _composed(seed: int):
    pixels = torch.arange(4 * 28 * 28).reshape(4, 28, 28).to(torch.uint8)
    return [task.compose(pixels, pixels, seed, np.arange(4)) for task in TASKS]


DRAWS = {
    "E units that are silenced": lambda seed: _lesion_mask(seed)[:20],
    "I units that are silenced": lambda seed: _lesion_mask(seed)[20:],
    "units of a lesion": lambda seed: lesion(KINDS, 0, None, 0.5, seed).lesioned,
    "units of its control": lambda seed: lesion(KINDS, 0, None, 0.5, seed).control,
    "control of a lesion of all": lambda seed: lesion(KINDS, 0, 2, 1.0, seed).control,
    "separate feedback weights": _departed,
    "the task head of a further task": _extended,
    "batches of a further task": lambda seed: _taught(seed, jointly=False),
    "tasks taught jointly": lambda seed: _taught(seed, jointly=True),
    "samples of activity": _samples,
    "a random start of inference": lambda seed: energy_trace(
        "bpc-mnist", seed=seed, start="random", n_steps=1
    ),
    "resamples of a mean": lambda seed: interval_of_mean(VALUES, seed),
    "resamples of a median": lambda seed: bootstrap_median(VALUES, 200, seed),
    "the split of own images": lambda seed: own.split(np.arange(60) % 3, seed),
    "patches": _windows,
    "sequences": _composed,
    "choices of a random search": lambda seed: known_choices(_study(seed, "random")),
    "choices of TPE": lambda seed: sampler(_study(seed, "tpe"), 0)._rng.rng.random(4),
    "choices of TPE by their number": lambda seed: sampler(_study(0, "tpe"), seed)._rng.rng.random(
        4
    ),
}


@pytest.mark.parametrize("what", DRAWS)
def test_equal_seeds_draw_the_same_and_others_otherwise(what):
    draw = DRAWS[what]
    drawn = []
    for seed in (1, 2, 1):
        # Nothing else that is drawn counts.
        torch.manual_seed(len(drawn))
        np.random.seed(len(drawn))  # noqa: NPY002
        drawn.append(digest(draw(seed)))
    assert drawn[0] == drawn[2]
    assert drawn[0] != drawn[1]


def test_each_control_of_a_lesion_is_another_one(monkeypatch):
    model, masks = net(n_tasks=2, width=6, hidden=20).float(), []
    monkeypatch.setattr(
        lesions, "with_gates", lambda *given: masks.append(given[3]) or with_gates(*given)
    )
    sorts = kinds(gates_of(model), reachable(model))
    data = dataset(n_tasks=2, n=4)
    spec = lesions.LesionSpec((0,), None, 0.3, draws=4)
    for _ in range(2):
        lesions.effect(model, data.inputs(data.test.pixels), data.test.labels.numpy(), sorts, spec)
    first, again = ([digest(mask) for mask in half] for half in (masks[:5], masks[5:]))
    assert first == again
    assert len(set(first[1:])) == spec.draws
