"""Which device a setting means."""

import torch

from corelib.errors import SettingsError


def resolve_device(name: str) -> torch.device:
    """``auto`` is CUDA if there is one. Raises ``SettingsError`` for a missing device."""
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    if name == "cuda" and not torch.cuda.is_available():
        raise SettingsError("device is 'cuda', but this machine has no CUDA device; use 'auto'.")
    if name not in ("cpu", "cuda"):
        raise SettingsError(f"device is {name!r}, but should be 'auto', 'cpu' or 'cuda'.")
    return torch.device(name)
