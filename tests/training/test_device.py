"""What the name of a device means, on machines with and without one."""

import pytest
import torch

from corelib.errors import SettingsError
from corelib.training.device import resolve_device


@pytest.fixture
def devices(monkeypatch):
    """A machine with so many CUDA and Metal devices."""

    def there(cuda: int = 0, mps: int = 0) -> None:
        monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda > 0)
        monkeypatch.setattr(torch.cuda, "device_count", lambda: cuda)
        monkeypatch.setattr(torch.mps, "device_count", lambda: mps)

    return there


def test_auto_is_a_cuda_device_if_there_is_one(devices):
    devices()
    assert resolve_device("auto") == torch.device("cpu")
    devices(cuda=1)
    assert resolve_device("auto") == torch.device("cuda")


@pytest.mark.parametrize("name", ["cpu", "cpu:0", "cuda", "cuda:0", "cuda:1", "mps"])
def test_a_device_that_is_there_is_taken(devices, name):
    devices(cuda=2, mps=1)
    assert resolve_device(name) == torch.device(name)


@pytest.mark.parametrize(
    ("name", "cuda", "says"),
    [
        ("cuda", 0, "this machine has no CUDA device; use 'auto'."),
        ("cuda:1", 1, "this machine has 1 CUDA device; use 'auto'."),
        ("cuda:2", 2, "this machine has 2 CUDA devices; use 'auto'."),
        ("mps", 2, "this machine has no Metal device; use 'auto'."),
        ("cpu:1", 0, "this machine has 1 such device; use 'auto'."),
        ("meta", 0, "this machine has no such device; use 'auto'."),
    ],
)
def test_a_device_that_is_missing_is_counted(devices, name, cuda, says):
    devices(cuda=cuda)
    with pytest.raises(SettingsError) as caught:
        resolve_device(name)
    assert str(caught.value) == f"device is {name!r}, but {says}"


@pytest.mark.parametrize("name", ["tpu", "", "cuda:x", "x" * 500])
def test_a_name_that_is_no_device_is_refused(name):
    with pytest.raises(SettingsError, match="but should be 'auto', 'cpu', 'cuda', 'cuda:0' or"):
        resolve_device(name)
