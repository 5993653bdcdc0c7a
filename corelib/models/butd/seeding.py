"""Random numbers that leave those of others as they were."""

from collections.abc import Generator
from contextlib import contextmanager

import torch


@contextmanager
def seeded(seed: int) -> Generator[None]:
    """Inside, torch draws on the CPU from ``seed``; outside, it goes on as if nothing was drawn."""
    with torch.random.fork_rng(devices=[]):  # pyright: ignore[reportUnknownMemberType]
        torch.manual_seed(seed)  # pyright: ignore[reportUnknownMemberType] (torch leaves both untyped)
        yield
