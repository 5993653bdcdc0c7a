"""Images for small instructed networks, with a label for each of two tasks."""

import numpy as np
import pytest
import torch

from tests.models.butd.small import N


@pytest.fixture(scope="module")
def images():
    torch.manual_seed(2)
    return torch.randn(N, 784), np.random.default_rng(0).integers(5, size=(N, 2))
