"""What is said after a divergence or for want of memory, with errors that torch and NumPy raise."""

import errno
from pathlib import Path

import numpy as np
import pytest
import torch

from corelib.catalog import SYSTEMS
from corelib.training.advice import out_of_memory, what_to_lower


def made(name: str, config: dict | None = None, training: dict | None = None):
    system = SYSTEMS[name]
    return system.config_type(**config or {}), system.training_type(**training or {})


@pytest.mark.parametrize(
    ("name", "config", "training", "sentence"),
    [
        (
            "bpc",
            {},
            {},
            "Lower learning_rate (0.001), alpha_f (0.0001), alpha_b (1) or step_size (0.1).",
        ),
        (
            "bpc",
            {"alpha_f": 10},
            {"learning_rate": 1},
            "Lower learning_rate (1; default 0.001) or alpha_f (10; default 0.0001), then alpha_b "
            "(1) or step_size (0.1).",
        ),
        ("backprop", {}, {}, "Lower learning_rate (0.001)."),
        ("backprop", {}, {"learning_rate": 0.5}, "Lower learning_rate (0.5; default 0.001)."),
        ("backprop", {}, {"learning_rate": 1e-5}, "Lower learning_rate (1e-05)."),
        (
            "igvae",
            {"log_step": 0, "clamp_u": 10, "clamp_du": 10, "clamp_xi": 10, "clamp_dxi": 10},
            {},
            "Lower log_step (0; default -2), clamp_u (10; default 7), clamp_du (10; default 7), "
            "clamp_xi (10; default 2) or clamp_dxi (10; default 3).",
        ),
        # What is at its lower bound cannot be lowered.
        ("butd", {}, {}, "Lower learning_rate (0.0005)."),
        ("butd", {}, {"noise": 2}, "Lower noise (2; default 0), then learning_rate (0.0005)."),
    ],
)
def test_what_can_make_training_diverge_is_named_raised_values_first(
    name, config, training, sentence
):
    assert what_to_lower(*made(name, config, training)) == sentence


@pytest.mark.parametrize("name", SYSTEMS)
def test_every_system_has_something_to_lower(name):
    """At the defaults nothing is raised; with each marked setting raised, that one comes first."""
    system = SYSTEMS[name]
    kinds = (system.config_type, system.training_type)
    infos = [info for kind in kinds for info in kind.choices()]
    assert any(info.destabilises for info in infos)
    assert any(info.takes_memory for info in infos)
    error = MemoryError()
    assert "default" not in what_to_lower(*made(name))
    assert "default" not in (out_of_memory(error, *made(name)) or "default")
    for group, kind in zip(("config", "training"), kinds, strict=True):
        for info in kind.choices():
            if not (info.destabilises or info.takes_memory):
                continue
            raised = raised_value(info)
            config, training = made(name, **{group: {info.name: raised}})
            start = f"Lower {info.name} ({raised}; default "
            assert what_to_lower(config, training).startswith(start) == info.destabilises
            lacking = out_of_memory(error, config, training)
            assert lacking is not None
            assert lacking.startswith(f"Memory ran out. {start}") == info.takes_memory


def raised_value(info):
    """A little above the default, so that no other setting forbids it."""
    if info.kind == "text":
        return "300, 301"
    if info.kind == "int":
        return info.default + 1
    return float(f"{info.default + min(0.5, (info.upper - info.default) / 2):g}")


def error_of(failing) -> BaseException:
    with pytest.raises(BaseException) as caught:  # noqa: PT011
        failing()
    return caught.value


@pytest.mark.parametrize(
    ("failing", "size"),
    [
        (lambda: torch.empty(10**13), "40 TB"),
        (lambda: torch.zeros(250, 10**11, dtype=torch.float64), "200 TB"),
        (lambda: torch.ones(10**7, 1) @ torch.ones(1, 10**7), "400 TB"),
        (lambda: torch.nn.Linear(10**9, 10**9), "4 EB"),
        (lambda: np.empty(10**14), "800 TB"),
        (lambda: np.ones((10**7, 10**7), dtype=np.int8), "99.9 TB"),
        (lambda: torch.empty(2**62), None),
        (lambda: np.empty(2**62), None),
        (lambda: bytearray(10**15), None),
        (lambda: [0] * 10**15, None),
    ],
    # What str makes of a function differs from process to process.
    ids=lambda value: "" if callable(value) else str(value),
)
def test_memory_that_runs_out_is_a_sentence_with_the_size(failing, size):
    config, training = made("ipvae", {"n_latents": 4096})
    needed = f": another {size} was needed" if size else ""
    assert out_of_memory(error_of(failing), config, training) == (
        f"Memory ran out{needed}. Lower n_latents (4096; default 256), then batch_size (200) or "
        "t_train (16)."
    )


@pytest.mark.gpu
def test_memory_of_the_gpu_that_runs_out_is_said_to_be_the_gpus():
    if not torch.cuda.is_available():
        pytest.skip("This machine has no CUDA device, so its errors are not tested here.")
    error = error_of(lambda: torch.empty(10**13, device="cuda"))
    said = out_of_memory(error, *made("mlp"))
    assert said == (
        "Memory of the GPU ran out: another 40 TB was needed. Lower batch_size (256), n_hidden "
        "(256) or n_hidden_layers (2)."
    )


def test_sizes_come_in_the_units_of_the_error():
    """As torch words it on a GPU, which few machines of those who run this have."""
    text = "CUDA out of memory. Tried to allocate {}. GPU 0 has a total capacity of 79.11 GiB"
    for words, size in (("20.00 GiB", "21.5 GB"), ("512.00 MiB", "537 MB"), ("3 bytes", "3 bytes")):
        said = out_of_memory(torch.OutOfMemoryError(text.format(words)), *made("mlp"))
        assert said is not None
        assert said.startswith(f"Memory of the GPU ran out: another {size} was needed. Lower")


def test_where_all_is_at_its_least_nothing_is_advised():
    config, training = made("mlp", {"n_hidden": 1, "n_hidden_layers": 1}, {"batch_size": 1})
    assert out_of_memory(MemoryError(), config, training) == "Memory ran out."


@pytest.mark.parametrize(
    "failing",
    [
        lambda: torch.ones(2) @ torch.ones(3),
        lambda: torch.ones(2, dtype=torch.int64).sqrt_(),
        lambda: np.ones(2) + np.ones(3),
        lambda: int("x"),
        lambda: Path("/no/such/file").read_bytes(),
        lambda: [][0],
        lambda: made("mlp", {"n_hidden": 0}),
    ],
)
def test_other_errors_are_not_for_want_of_memory(failing):
    assert out_of_memory(error_of(failing), *made("mlp")) is None


def test_a_system_without_memory_is_one():
    """As a fork or a mapped file reports it."""
    said = out_of_memory(OSError(errno.ENOMEM, "Cannot allocate memory"), *made("mlp"))
    assert said is not None
    assert said.startswith("Memory ran out. Lower batch_size (256)")
