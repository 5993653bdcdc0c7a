"""The authors' checkpoints of BPAN and of its baselines, by their names, and ours.

BPAN (their models.py, ``BPANClassifier`` with its ``BalancedEILayer``). Theirs holds the recurrent
weights in four blocks (to, from), ours in one square with E units first; every other tensor is cut
in two between E and I in the same way:

    theta = [[theta_EE, theta_EI], [theta_IE, theta_II]]       W = ± softplus(theta) / n_from
    drive.weight = [W_XE.weight, W_XI.weight]                  drive.bias = [W_XE.bias, W_XI.bias]
    bias = [b_e, b_i]

n_from is E in the first column of blocks and I in the second, whose sign is negative. Without
Dale's law (``use_dales=False``) theirs is W = theta, without softplus, sign or n_from, and ours
W = ± theta / n_from: theta is multiplied by ± n_from on the way in, in double precision, so that
nothing is lost on the way back. The names are the same, so only the settings beside the file tell.

ACT and PonderNet. The cell is torch's ``GRUCell``, whose rows are reset, update, proposal, as ours
are. ACT's authors' code gives the remainder 1 - Σ h only to samples whose halting values reach
1 - ε; our answer is the same for these, and ``baselines.act`` says what it is for the others.
PonderNet is taken as ``faithful``, because the authors' code divides the halting distribution by
its sum.

Multi-Exit. ``blocks.K`` is Linear (0), ReLU (1) and LayerNorm (2), with torch's ε of 1e-5 in both.

No shape tells the number of updates, the step α and Dale's law. They come from a JSON file by the
authors' names or ours (``T`` or ``n_steps``, ``dt`` or ``alpha``, ``use_dales`` or ``dale``,
``epsilon``, ``faithful``), else they are the published ones: 6 updates, α = 0.2, with Dale's law.
"""

from collections.abc import Mapping
from typing import Any, cast

import torch
from torch import Tensor

from corelib.errors import CheckpointError
from corelib.models.bpan.baselines.config import ACTConfig, MultiExitConfig, PonderNetConfig
from corelib.models.bpan.config import BPANConfig, BPANSequenceConfig
from corelib.settings import Settings
from corelib.training.foreign import (
    Described,
    Form,
    Found,
    Imported,
    State,
    Written,
    check_names,
    check_shapes,
    sizes,
)

LAYER = "ei_layer."
POPULATION = ("theta_{0}E", "theta_{0}I", "W_X{0}.weight", "W_X{0}.bias")
"""What each population has; the input and the recurrent weights that it receives."""
ALPHA = 0.2
READOUT = ("readout.weight", "readout.bias")
EI = (*(name.format(to) for to in "EI" for name in POPULATION), "b_e", "b_i")

CELL = {
    "rnn_cell.weight_ih": "cell.drive.weight",
    "rnn_cell.bias_ih": "cell.drive.bias",
    "rnn_cell.weight_hh": "cell.recurrent.weight",
    "rnn_cell.bias_hh": "cell.recurrent.bias",
    "halt_linear.weight": "halt.weight",
    "halt_linear.bias": "halt.bias",
}
"""The halting GRUs: the authors' names and ours."""
ACT_CELL = "act_cell."
THEIRS = {
    "T": "n_steps",
    "dt": "alpha",
    "use_dales": "dale",
    "n_exc": "n_excitatory",
    "n_inh": "n_inhibitory",
    "hidden": "n_hidden",
}
"""The authors' names of settings, and ours."""
PENALTIES = {"lambda_act": "use_act_reg", "lambda_bal": "use_bal_reg"}
"""Weights in the loss, and whether they are in force."""


def _config(kind: type[Settings], found: Found, **known: Any) -> tuple[Settings, tuple[str, ...]]:
    """The settings that the shapes tell (``known``), completed from those beside the file; and what
    had to be assumed. Raises ``SettingsError`` for a wrong value or an unknown name."""
    named = {THEIRS.get(name, name): value for name, value in found.items()}
    training = {name for pair in PENALTIES.items() for name in pair}
    told = {name: value for name, value in named.items() if name not in training}
    config = kind(**{**told, **known})
    for name, value in known.items():
        if told.get(name, value) != value:
            raise CheckpointError(
                f"{name} is {str(told[name])[:60]} in the settings, but {value} in the tensors; "
                "the two files do not belong together."
            )
    silent = [info.name for info in kind.infos() if info.name not in {**told, **known}]
    return config, tuple(f"{name} = {getattr(config, name)}" for name in silent)


def _penalties(found: Found) -> dict[str, Any]:
    return {
        name: found[name] if found.get(in_force, True) else 0.0
        for name, in_force in PENALTIES.items()
        if name in found
    }


def _undale(n_excitatory: int, n_inhibitory: int) -> Tensor:
    """What the authors' weights without Dale's law are multiplied by, by the unit they come from,
    to be ours: (unit,), in double precision."""
    factors = [float(n_excitatory)] * n_excitatory + [-float(n_inhibitory)] * n_inhibitory
    return torch.tensor(factors, dtype=torch.float64)


def _is_bpan(state: State) -> bool:
    return f"{LAYER}theta_EE" in state


def _read_bpan(state: State, found: Found, system: str) -> Imported:
    check_names(state, [*(LAYER + name for name in EI), *READOUT])
    e, n_inputs = sizes(state, f"{LAYER}W_XE.weight", 2)
    i = sizes(state, f"{LAYER}W_XI.weight", 2)[0]
    n_classes = sizes(state, "readout.weight", 2)[0]
    kind = BPANSequenceConfig if system == "bpan-sequence" else BPANConfig
    known = {"n_excitatory": e, "n_inhibitory": i, "input_dim": n_inputs, "n_classes": n_classes}
    config, assumed = _config(kind, found, **known)
    expected: dict[str, tuple[int, ...]] = {"readout.weight": (n_classes, e)}
    expected["readout.bias"] = (n_classes,)
    for to, n in (("E", e), ("I", i)):
        expected |= {
            f"{LAYER}theta_{to}E": (n, e),
            f"{LAYER}theta_{to}I": (n, i),
            f"{LAYER}W_X{to}.weight": (n, n_inputs),
            f"{LAYER}W_X{to}.bias": (n,),
            f"{LAYER}b_{to.lower()}": (n,),
        }
    check_shapes(state, expected)

    def both(name: str) -> Tensor:
        return torch.cat([state[LAYER + name.format(to)] for to in "EI"])

    theta = torch.cat([both("theta_{}E"), both("theta_{}I")], 1)
    if not cast("BPANConfig", config).dale:
        theta = theta.double() * _undale(e, i)
    tensors = {
        "theta": theta,
        "drive.weight": both("W_X{}.weight"),
        "drive.bias": both("W_X{}.bias"),
        "bias": torch.cat([state[f"{LAYER}b_e"], state[f"{LAYER}b_i"]]),
        **{name: state[name] for name in READOUT},
    }
    return Imported(system or "bpan", config, tensors, _penalties(found), assumed=assumed)


def _write_bpan(state: State, described: Described) -> Written:
    config = described.config
    e, i = int(config["n_excitatory"]), int(config["n_inhibitory"])
    theta = state["theta"]
    if not config["dale"]:
        theta = (theta.double() / _undale(e, i)).to(state["bias"].dtype)
    units = {"E": slice(0, e), "I": slice(e, None)}
    content: dict[str, Any] = {}
    for to, rows in units.items():
        for source, columns in units.items():
            content[f"{LAYER}theta_{to}{source}"] = theta[rows, columns].contiguous()
        content[f"{LAYER}b_{to.lower()}"] = state["bias"][rows].contiguous()
        content[f"{LAYER}W_X{to}.weight"] = state["drive.weight"][rows].contiguous()
        content[f"{LAYER}W_X{to}.bias"] = state["drive.bias"][rows].contiguous()
    content |= {name: state[name] for name in READOUT}
    named = {ours: theirs for theirs, ours in THEIRS.items()}
    told = {named.get(name, name): value for name, value in config.items()}
    if told["dt"] == ALPHA:  # their class has no other
        del told["dt"]
    penalties = {name: described.training[name] for name in PENALTIES if name in described.training}
    return Written(content, {**told, **penalties})


def _is_act(state: State) -> bool:
    return f"{ACT_CELL}rnn_cell.weight_ih" in state


def _is_pondernet(state: State) -> bool:
    return "rnn_cell.weight_ih" in state


def _read_halting(
    state: State, found: Found, kind: type[Settings], system: str, prefix: str
) -> Imported:
    check_names(state, [*(prefix + name for name in CELL), *READOUT])
    n_inputs = sizes(state, f"{prefix}rnn_cell.weight_ih", 2)[1]
    n_hidden = sizes(state, f"{prefix}rnn_cell.weight_hh", 2)[1]
    n_classes = sizes(state, "readout.weight", 2)[0]
    known = {"input_dim": n_inputs, "n_hidden": n_hidden, "n_classes": n_classes}
    config, assumed = _config(kind, found, **known)
    check_shapes(
        state,
        {
            f"{prefix}rnn_cell.weight_ih": (3 * n_hidden, n_inputs),
            f"{prefix}rnn_cell.bias_ih": (3 * n_hidden,),
            f"{prefix}rnn_cell.weight_hh": (3 * n_hidden, n_hidden),
            f"{prefix}rnn_cell.bias_hh": (3 * n_hidden,),
            f"{prefix}halt_linear.weight": (1, n_hidden),
            f"{prefix}halt_linear.bias": (1,),
            "readout.weight": (n_classes, n_hidden),
            "readout.bias": (n_classes,),
        },
    )
    tensors = {ours: state[prefix + theirs] for theirs, ours in CELL.items()}
    tensors |= {name: state[name] for name in READOUT}
    return Imported(system, config, tensors, {}, assumed=assumed)


def _read_act(state: State, found: Found, system: str) -> Imported:
    return _read_halting(state, found, ACTConfig, "act", ACT_CELL)


def _read_pondernet(state: State, found: Found, system: str) -> Imported:
    return _read_halting(state, {"faithful": True, **found}, PonderNetConfig, "pondernet", "")


def _is_multi_exit(state: State) -> bool:
    return "exit_heads.0.weight" in state


def _exit_names(k: int) -> Mapping[str, str]:
    """Of exit k, the authors' names and ours."""
    pairs = {f"blocks.{k}.0": "blocks", f"blocks.{k}.2": "norms", f"exit_heads.{k}": "heads"}
    return {
        f"{theirs}.{part}": f"{ours}.{k}.{part}"
        for theirs, ours in pairs.items()
        for part in ("weight", "bias")
    }


def _read_multi_exit(state: State, found: Found, system: str) -> Imported:
    n_steps = 1
    while n_steps < len(state) and f"exit_heads.{n_steps}.weight" in state:
        n_steps += 1
    names = {"input_proj.weight": "drive.weight", "input_proj.bias": "drive.bias"}
    for k in range(n_steps):
        names |= _exit_names(k)
    check_names(state, names)
    n_hidden, n_inputs = sizes(state, "input_proj.weight", 2)
    n_classes = sizes(state, "exit_heads.0.weight", 2)[0]
    known = {"input_dim": n_inputs, "n_hidden": n_hidden, "n_classes": n_classes}
    config, assumed = _config(MultiExitConfig, found, n_steps=n_steps, **known)
    expected: dict[str, tuple[int, ...]] = {"input_proj.weight": (n_hidden, n_inputs)}
    expected["input_proj.bias"] = (n_hidden,)
    for k in range(n_steps):
        for part in ("0.bias", "2.weight", "2.bias"):
            expected[f"blocks.{k}.{part}"] = (n_hidden,)
        expected[f"blocks.{k}.0.weight"] = (n_hidden, n_hidden)
        expected[f"exit_heads.{k}.weight"] = (n_classes, n_hidden)
        expected[f"exit_heads.{k}.bias"] = (n_classes,)
    check_shapes(state, expected)
    tensors = {ours: state[theirs] for theirs, ours in names.items()}
    return Imported("multi-exit", config, tensors, {}, assumed=assumed)


FORMS = (
    Form(
        ("bpan", "bpan-sequence"),
        "ei_layer.theta_EE, ..., readout.weight",
        _is_bpan,
        _read_bpan,
        _write_bpan,
    ),
    Form(("act",), "act_cell.rnn_cell.weight_ih, ..., readout.weight", _is_act, _read_act),
    Form(("pondernet",), "rnn_cell.weight_ih, ..., readout.weight", _is_pondernet, _read_pondernet),
    Form(
        ("multi-exit",),
        "input_proj.weight, blocks.0.0.weight, ..., exit_heads.0.weight",
        _is_multi_exit,
        _read_multi_exit,
    ),
)
