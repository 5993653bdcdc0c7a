"""Which device a name means."""

import torch

from corelib.errors import SettingsError


def resolve_device(name: str) -> torch.device:
    """``auto`` is CUDA if there is one; other names are torch's: ``cpu``, ``cuda``, ``cuda:1``,
    ``mps``.

    Raises ``SettingsError`` for a name that is no device, and for one that is missing here.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(name)
    except RuntimeError:
        raise SettingsError(
            f"device is {name[:60]!r}, but should be 'auto', 'cpu', 'cuda', 'cuda:0' or 'mps'."
        ) from None
    counts = {"cpu": 1, "cuda": torch.cuda.device_count(), "mps": torch.mps.device_count()}
    there = counts.get(device.type, 0)
    if (device.index or 0) >= there:
        what = {"cuda": "CUDA device", "mps": "Metal device"}.get(device.type, "such device")
        raise SettingsError(
            f"device is {name!r}, but this machine has {there or 'no'} {what}"
            f"{'s' * (there > 1)}; use 'auto'."
        )
    return device
