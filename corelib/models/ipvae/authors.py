"""The authors' checkpoints of the iterative VAEs, by their names, and ours.

    layer.phi.weight (pixel, unit)      decoder            the same W, not transposed
    layer.dec_log_sigma (1, pixel)      log_scale          before the soft limit of 3.45, as here
    layer.log_bias (1, unit)            log_bias           the threshold of the drives is -e^b
    layer.log_lr.0, .1 (1)              log_step           of u, or of mu and xi
    layer.u_init.0 (1, unit)            u_init, mu_init    the learned prior
    layer.u_init.1 (1, unit)            xi_init
    layer.activation.log_gain (1, unit) log_gain           rectified network only

From their code (github.com/hadivafaii/IterativeVAE, main/layers.py, main/activations.py and
main/config.py): drives and step sizes enter the update by e^b and e^η as here, and the rectified
network decodes e^gain relu(z).

Their buffers beside the weights: ``eps`` moves the soft limits during training, from 2 (Poisson) or
1 (Gaussian) at 0 to those of the settings at 1; we take the limits at which it stands.
``beta_inner`` replaces that of the settings. ``temp`` and ``n_exp`` only shape the softened counts
of training: their code measures with hard counts, and with the Gaussian networks' full noise.

Their settings stand in ``ConfigPoisVAE.json`` or ``ConfigGausVAE.json`` beside the file. What is
not there is as their code's own standard settings of a linear decoder are. Refused are settings
that change the equations: other inference than by the gradient (``inf_type``), another decoder
(``dec_type``) or activation (``latent_act``).
"""

from collections.abc import Mapping
from math import sqrt
from typing import Any, cast

import torch
from torch import Tensor

from corelib.errors import CheckpointError
from corelib.models.ipvae.config import IGVAEConfig, IPVAEConfig
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

SYSTEMS = ("ipvae", "igvae", "igvae-relu")
LAYER = "layer."
BUFFERS = ("temp", "beta_inner", "eps", "n_exp")
STANDARD: Mapping[str, Mapping[str, Any]] = {
    "poisson": {"t_train": 16, "clamp_u": 10.0, "clamp_du": 10.0},
    "gaussian": {"t_train": 16, "clamp_u": (7.0, 2.0), "clamp_du": (7.0, 3.0)},
}
"""Their settings that neither shapes tell nor ours agree with, as their code sets them."""
FIRST_LIMIT = {"poisson": 2.0, "gaussian": 1.0}
"""The soft limits where ``eps`` is 0."""
LOWEST_PRIOR = -6.0
ARRIVALS = 10
"""Arrivals that their softened counts draw in the first pass."""
ONLY: Mapping[str, tuple[Any, ...]] = {
    "inf_type": ("grad",),
    "dec_type": ("lin",),
    "latent_act": (None, "relu"),
}
"""The settings whose other values change the equations, and the values that we have."""
DATASETS = {"vH16-wht": "doves", "MNIST": "mnist", "FashionMNIST": "fashion-mnist"}
"""Their names of the data sets that we have, too."""
OURS_AS = {"natural-16": "vH16-wht", "photographs-16": "vH16-wht"}
"""Data sets that theirs has not, and which of theirs has images of that size."""
TRAINED = {
    "lr": "learning_rate",
    "epochs": "epochs",
    "batch_size": "batch_size",
    "grad_clip": "clip_norm",
    "kl_anneal_portion": "beta_rise",
    "n_iters_outer": "n_iters_outer",
    "beta_outer": "beta_outer",
}
"""Training settings, theirs and ours; the first five stand in ``ConfigTrain.json``."""


def _is_iterative(state: State) -> bool:
    return f"{LAYER}phi.weight" in state


def _read(state: State, found: Found, system: str) -> Imported:
    is_gaussian = f"{LAYER}log_lr.1" in state or f"{LAYER}u_init.1" in state
    is_rectified = f"{LAYER}activation.log_gain" in state
    parts = range(2 if is_gaussian else 1)
    names = ["phi.weight", "dec_log_sigma", "log_bias"]
    names += [f"{name}.{k}" for name in ("log_lr", "u_init") for k in parts]
    names += ["activation.log_gain"] if is_rectified else []
    check_names(state, [LAYER + name for name in names], [LAYER + name for name in BUFFERS])
    n_inputs, n_latents = sizes(state, f"{LAYER}phi.weight", 2)
    shapes: dict[str, tuple[int, ...]] = {
        "phi.weight": (n_inputs, n_latents),
        "dec_log_sigma": (1, n_inputs),
    }
    for name in names:
        shapes.setdefault(name, (1,) if name.startswith("log_lr") else (1, n_latents))
    check_shapes(state, {LAYER + name: shape for name, shape in shapes.items()})
    _check_kept(found, n_latents, is_rectified)

    type_ = "gaussian" if is_gaussian else "poisson"
    values = {**STANDARD[type_], **found}
    config: dict[str, Any] = {"input_dim": n_inputs, "n_latents": n_latents}
    told = ("t_train", "n_iters_inner", "beta_inner", "fit_prior")
    config |= {name: values[name] for name in told if name in values}
    if f"{LAYER}beta_inner" in state:
        config["beta_inner"] = _number(state, "beta_inner")
    config |= _limits(values, type_, _number(state, "eps") if f"{LAYER}eps" in state else 1.0)
    config |= _beginnings(found, n_inputs, is_gaussian)
    tensors = {
        "decoder": state[f"{LAYER}phi.weight"],
        "log_scale": state[f"{LAYER}dec_log_sigma"][0],
        "log_bias": state[f"{LAYER}log_bias"][0],
        "log_step": torch.cat([state[f"{LAYER}log_lr.{k}"] for k in parts]),
    }
    rests = ("mu_init", "xi_init") if is_gaussian else ("u_init",)
    tensors |= {name: state[f"{LAYER}u_init.{k}"][0] for k, name in enumerate(rests)}
    if is_rectified:
        tensors["log_gain"] = state[f"{LAYER}activation.log_gain"][0]
    trained_on = str(found.get("dataset", ""))[:100]
    kind = IGVAEConfig if is_gaussian else IPVAEConfig
    return Imported(
        ("igvae-relu" if is_rectified else "igvae") if is_gaussian else "ipvae",
        kind(**config),
        tensors,
        {ours: found[theirs] for theirs, ours in TRAINED.items() if found.get(theirs) is not None},
        DATASETS.get(trained_on, ""),
        trained_on,
        tuple(f"{name} = {STANDARD[type_][name]}" for name in STANDARD[type_] if name not in found),
    )


def _check_kept(found: Found, n_latents: int, is_rectified: bool) -> None:
    """Raise ``CheckpointError`` for a setting with which our equations would not be theirs."""
    for name, allowed in ONLY.items():
        if name in found and found[name] not in allowed:
            choices = " or ".join("null" if value is None else repr(value) for value in allowed)
            raise CheckpointError(
                f"{name} is {str(found[name])[:60]!r} in the settings, but only {choices} can be "
                "imported: with anything else the network infers by other equations."
            )
    if "latent_act" in found and (found["latent_act"] is not None) != is_rectified:
        raise CheckpointError(
            f"latent_act is {found['latent_act']!r} in the settings, which does not fit the "
            f"tensors: layer.activation.log_gain is {'there' if is_rectified else 'missing'}."
        )
    said = found.get("n_latents", n_latents)
    if said not in (n_latents, [n_latents]):
        raise CheckpointError(
            f"n_latents is {str(said)[:60]} in the settings, but layer.phi.weight has {n_latents} "
            "units; the two files do not belong together."
        )


def _number(state: State, name: str) -> float:
    tensor = state[LAYER + name]
    if tensor.numel() != 1:
        raise CheckpointError(f"{LAYER}{name} has {tensor.numel()} numbers, but should be one.")
    return float(tensor)


def _limits(values: Mapping[str, Any], type_: str, eps: float) -> dict[str, Any]:
    """The soft limits at ``eps``, by our names."""
    ours = {"clamp_u": ("clamp_u", "clamp_xi"), "clamp_du": ("clamp_du", "clamp_dxi")}
    n = 2 if type_ == "gaussian" else 1
    limits: dict[str, Any] = {}
    for theirs, names in ours.items():
        final: Any = values[theirs]
        shown = str(final)[:60]
        several = cast("list[Any]", [*final] if isinstance(final, (list, tuple)) else [final] * n)
        if len(several) != n or not all(_is_number(value) for value in several):
            raise CheckpointError(
                f"{theirs} is {shown} in the settings, but should be "
                f"{'two numbers, or one for both' if n == 2 else 'a number'}."
            )
        first = FIRST_LIMIT[type_]
        for name, value in zip(names, several, strict=False):
            limits[name] = value if eps == 1 else first + eps * (value - first)
    return limits


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _beginnings(found: Found, n_inputs: int, is_gaussian: bool) -> dict[str, Any]:
    """What only the start of a training is drawn with, where we can say the same."""
    begun: dict[str, Any] = {"log_step": 0.0}
    scale, high = found.get("init_scale"), found.get("clamp_prior")
    if found.get("init_dist", "normal") == "normal" and _is_number(scale):
        begun["init_scale"] = float(scale or 0.0) * sqrt(n_inputs)
    if not is_gaussian and found.get("prior_log_dist") == "uniform" and _is_number(high):
        begun |= {"prior_low": LOWEST_PRIOR, "prior_high": high}
    return begun


def _write(state: State, described: Described) -> Written:
    config, training = described.config, described.training
    is_gaussian = described.system != "ipvae"
    rows = {"dec_log_sigma": "log_scale", "log_bias": "log_bias"}
    rests = ("mu_init", "xi_init") if is_gaussian else ("u_init",)
    rows |= {f"u_init.{k}": name for k, name in enumerate(rests)}
    if described.system == "igvae-relu":
        rows["activation.log_gain"] = "log_gain"
    model: dict[str, Tensor] = {f"{LAYER}phi.weight": state["decoder"]}
    model |= {LAYER + theirs: state[ours][None] for theirs, ours in rows.items()}
    model |= {f"{LAYER}log_lr.{k}": step[None] for k, step in enumerate(state["log_step"])}
    model[f"{LAYER}temp"] = torch.tensor(1.0)
    model[f"{LAYER}beta_inner"] = torch.tensor(float(config["beta_inner"]))
    model[f"{LAYER}eps"] = torch.tensor(1.0)
    outer, t_train = int(training.get("n_iters_outer", 1)), int(config["t_train"])
    names = {"clamp_u": ("clamp_u", "clamp_xi"), "clamp_du": ("clamp_du", "clamp_dxi")}
    known = {ours: theirs for theirs, ours in DATASETS.items()}
    theirs = known.get(described.dataset, OURS_AS.get(described.dataset, ""))
    settings: dict[str, Any] = {
        "dataset": described.trained_on or theirs,
        "t_train": t_train,
        "n_iters_outer": outer,
        "n_iters_inner": config["n_iters_inner"],
        "beta_outer": training.get("beta_outer"),
        "beta_inner": config["beta_inner"],
        "n_latents": [config["n_latents"]],
        "inf_type": "grad",
        "dec_type": "lin",
        "fit_prior": config["fit_prior"],
        "init_dist": "normal",
        "init_scale": config["init_scale"] / sqrt(config["input_dim"]),
        **{k: [config[name] for name in both] for k, both in names.items() if is_gaussian},
        **{k: config[k] for k in names if not is_gaussian},
    }
    if is_gaussian:
        settings["latent_act"] = "relu" if described.system == "igvae-relu" else None
    else:
        model[f"{LAYER}n_exp"] = torch.full((t_train * outer,), ARRIVALS, dtype=torch.int32)
        settings |= {"prior_log_dist": "uniform", "clamp_prior": config["prior_high"]}
    content = {"metadata": {}, "model": model, "model_ema": None}
    settings = {name: value for name, value in settings.items() if value not in ("", None)} | (
        {"latent_act": settings["latent_act"]} if is_gaussian else {}
    )
    return Written(content, settings, f"Config{'Gaus' if is_gaussian else 'Pois'}VAE.json")


FORMS = (
    Form(
        SYSTEMS,
        "model: layer.phi.weight, layer.dec_log_sigma, ..., layer.u_init.0",
        _is_iterative,
        _read,
        _write,
    ),
)
