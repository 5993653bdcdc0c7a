"""An imported network, built in double precision."""

import torch

from corelib.catalog import system
from corelib.training.foreign import Imported


def network(imported: Imported) -> torch.nn.Module:
    """The network with the tensors that were imported, ready to use."""
    torch.set_default_dtype(torch.float64)
    try:
        model = system(imported.system).make_model(imported.config).eval()
    finally:
        torch.set_default_dtype(torch.float32)
    model.load_state_dict(imported.tensors)
    return model
