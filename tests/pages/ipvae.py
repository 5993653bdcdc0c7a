"""Small iterative VAEs whose features are known, stored as a run."""

import numpy as np
import torch

from corelib.catalog import system
from corelib.models.ipvae.gabor import Gabors, render
from corelib.runs.spec import make_spec
from tests.pages.stored import completed_run

SIDE, UNITS = 12, 24
DATASET = "natural-12"


def fields() -> np.ndarray:
    """Gabor functions of length 1, (unit, row, column): unit k varies along 15 k degrees; from
    unit 12 on the phase is shifted by 90 degrees."""
    n = np.ones(UNITS)
    gabors = Gabors(
        direction=15.0 * (np.arange(UNITS) % 12),
        frequency=0.14 * n,
        phase=np.where(np.arange(UNITS) < 12, 0.0, 90.0),
        x=0 * n,
        y=0 * n,
        along=2 * n,
        across=3.5 * n,
        amplitude=n,
        r2=n,
    )
    images = render(gabors, SIDE)
    return images / np.linalg.norm(images, axis=(1, 2), keepdims=True)


def store_network(name: str = "ipvae") -> str:
    """A completed run of this system; its id."""
    spec = make_spec(name, dataset=DATASET, config={"n_latents": UNITS})
    chosen = system(name)
    torch.manual_seed(0)
    model = chosen.make_model(chosen.config_type(**spec.config))
    with torch.no_grad():
        model.decoder.copy_(torch.from_numpy(fields().reshape(UNITS, -1).T))
    return completed_run(spec, model).id
