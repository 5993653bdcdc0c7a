"""Small networks in float64 whose parameters are drawn wide, so that every term matters."""

import numpy as np
import torch

from corelib.catalog import SYSTEMS
from corelib.models.bpan.anytime import AnytimeClassifier

INPUTS, CLASSES, TIME = 5, 4, 5
SIZES = {
    "bpan": {"n_excitatory": 6, "n_inhibitory": 3, "n_steps": 5},
    "act": {"n_hidden": 6, "n_steps": 5},
    "pondernet": {"n_hidden": 6, "n_steps": 5},
    "multi-exit": {"n_hidden": 6, "n_steps": 5},
    "mlp": {"n_hidden": 6},
    "gru": {"n_hidden": 6, "n_steps": 5},
    "bpan-sequence": {"n_excitatory": 6, "n_inhibitory": 3},
    "gru-sequence": {"n_hidden": 6},
}
"""All systems of BPAN and its baselines."""


def make(name: str, seed: int = 0, scale: float = 1.0, **sizes) -> AnytimeClassifier:
    """A network of the catalogue; parameters are normal with standard deviation ``scale``."""
    chosen = SYSTEMS[name]
    sizes = {"input_dim": INPUTS, "n_classes": CLASSES, **SIZES[name], **sizes}
    # Not .double(): constants, too, should be exact.
    torch.set_default_dtype(torch.float64)
    try:
        model = chosen.make_model(chosen.config_type(**sizes))
    finally:
        torch.set_default_dtype(torch.float32)
    torch.manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(scale * torch.randn_like(parameter))
    return model


def steps_of(name: str) -> int:
    """How many answers the network gives to what ``draw`` draws for it."""
    is_sequence = SYSTEMS[name].data == "sequence"
    return TIME if is_sequence else SIZES[name].get("n_steps", 1)


def draw(
    n: int, inputs: int = INPUTS, seed: int = 1, name: str = ""
) -> tuple[torch.Tensor, torch.Tensor]:
    """Inputs and classes; sequences for a system ``name`` that reads them."""
    torch.manual_seed(seed)
    time = (TIME,) if name and SYSTEMS[name].data == "sequence" else ()
    return torch.randn(n, *time, inputs, dtype=torch.float64), torch.randint(CLASSES, (n,))


def values(model: AnytimeClassifier) -> dict[str, np.ndarray]:
    return {name: p.detach().numpy() for name, p in model.named_parameters()}
