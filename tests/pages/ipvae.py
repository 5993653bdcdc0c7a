"""Small iterative VAEs whose features are known, put on the shelf as a run of one's own."""

import numpy as np
import torch

from corelib.catalog import system
from corelib.models.ipvae.gabor import Gabors, render
from corelib.runs.spec import make_spec
from tests.pages.stored import completed_run

SIDE, UNITS = 12, 24
DATASET = "natural-12"


def fields() -> np.ndarray:
    """Gabor functions of length 1, (unit, row, column): unit k changes along 15 k degrees, from 12
    on with the phase turned by 90 degrees."""
    n = np.ones(UNITS)
    found = Gabors(
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
    images = render(found, SIDE)
    return images / np.linalg.norm(images, axis=(1, 2), keepdims=True)


def put_on_shelf(name: str = "ipvae") -> str:
    """A run of this system that has ended; its id."""
    spec = make_spec(name, dataset=DATASET, config={"n_latents": UNITS})
    chosen = system(name)
    torch.manual_seed(0)
    model = chosen.make_model(chosen.config_type(**spec.config))
    with torch.no_grad():
        model.decoder.copy_(torch.from_numpy(fields().reshape(UNITS, -1).T))
    return completed_run(spec, model).id
