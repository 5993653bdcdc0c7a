"""Inference: all activity that is not given descends the energy.

Hidden layers are always inferred. Of the image each pixel, and of the label each class, may be
given (clamped) or free. All free activity moves at once:

    z_l <- z_l - γ dF_n/dz_l                 "gradient", γ per sample
    z_l <- z_l - γ m_l / (sqrt(v_l) + ε)     "adam", with Adam's running means m and v

``run_inference`` returns the end, ``infer`` the whole trajectory.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Literal, NamedTuple

import torch
from torch import Tensor

from corelib.models.bpc.config import Start
from corelib.models.bpc.energy import (
    Activity,
    Constant,
    Errors,
    Precision,
    Weights,
    activity_gradients,
    apply,
    energy,
    errors,
    outputs,
)
from corelib.models.bpc.products import linear

Optimiser = Literal["gradient", "adam"]

START_SD = 0.05
"""Standard deviation of a random start."""


class InferenceConfig(NamedTuple):
    """How to infer; ``step_size`` is γ, which follows the gradient of one sample's energy."""

    n_steps: int
    step_size: float
    alpha_f: float = 1.0
    alpha_b: float = 1.0
    start: Start = "bottom-up"
    optimiser: Optimiser = "gradient"

    @property
    def precision(self) -> Precision:
        return Precision(self.alpha_f, self.alpha_b)


COMPLETION = InferenceConfig(n_steps=300, step_size=0.03, optimiser="adam")
"""For filling in hidden pixels. Gradient steps would take far too long: the largest eigenvalue of
the Hessian limits their size."""


class Given(NamedTuple):
    """What inference is given: ``x`` (batch, pixel), normalised, and ``y`` (batch, class).

    ``x_known`` (pixel) or (batch, pixel) and ``y_known`` (class) or (batch, class) of bool; None
    means all. Pixels that are not known start at those of ``x_start`` (batch, pixel), without it at
    zero; the values of y that are not known do not matter. ``up`` is the amortiser's pass from x,
    where all of x is known and it is computed already.
    """

    x: Tensor
    y: Tensor
    x_known: Tensor | None = None
    y_known: Tensor | None = None
    x_start: Tensor | None = None
    up: Activity | None = None


class Inferred(NamedTuple):
    """Activity z_0 .. z_L, its ``outputs`` f and all errors."""

    z: Activity
    f: Activity
    errors: Errors


class Trace(NamedTuple):
    """Inference over time: ``step`` (time) counts the updates made so far, from 0.

    ``energy`` (batch, time). ``forward`` and ``backward`` (batch, time, layer) are the squared
    lengths |e_l|², l = 1 .. L, and |δ_l|², l = 0 .. L-1; a direction that the network lacks has
    no layers. ``hidden``: z_1 .. z_{L-1}, each (batch, time, unit). ``image`` (batch, time, pixel)
    and ``label`` (batch, time, class) are z_L and z_0; ``predicted_image`` and ``predicted_label``
    are what the neighbouring layers predict, None in a network that lacks that direction.
    """

    step: Tensor
    energy: Tensor
    forward: Tensor
    backward: Tensor
    hidden: tuple[Tensor, ...]
    image: Tensor
    label: Tensor
    predicted_image: Tensor | None
    predicted_label: Tensor | None


def upward(x: Tensor, weights: Weights) -> Activity:
    """The amortiser's pass: image (batch, pixel) -> z_0 .. z_L with δ = 0 throughout."""
    phi = weights.phi.value
    last, *others = reversed(weights.amortiser)
    z = [x, apply(last, x)]
    for layer in others:
        z.append(apply(layer, phi(z[-1])))
    return tuple(reversed(z))


def downward(y: Tensor, weights: Weights, depth: int | None = None) -> Activity:
    """The generator's pass: label (batch, class) -> z_0 .. z_L with e = 0 throughout; only its
    first ``depth`` layers if that is given."""
    phi, z = weights.phi.value, [y]
    for at, layer in enumerate(weights.generator[:depth]):
        z.append(apply(layer, phi(z[-1]) if at else y))
    return tuple(z)


def begin(
    given: Given, weights: Weights, start: Start, generator: torch.Generator | None = None
) -> Activity:
    """Activity before the first step, z_0 .. z_L.

    Unknown pixels are those of ``given.x_start``, else zero, the mean grey of the training set. An
    unknown label is the amortiser's from that image if the start is bottom-up, else 1 / classes. A
    random start is drawn from ``generator`` on the CPU, else from torch's global one. Raises
    ``ValueError`` when a network without a generator should start top-down, or one without an
    amortiser bottom-up.
    """
    x, y = given.x, given.y
    if given.x_known is not None:
        grey = torch.zeros((), dtype=x.dtype, device=x.device)
        x = torch.where(given.x_known, x, grey if given.x_start is None else given.x_start)
    if given.y_known is not None:
        y = torch.where(given.y_known, y, 1 / y.shape[1])
    if start == "top-down":
        if not weights.generator:
            raise ValueError("A network without a generator cannot start top-down.")
        return (*downward(y, weights, weights.depth - 1), x)
    if start == "bottom-up":
        if not weights.amortiser:
            raise ValueError("A network without an amortiser cannot start bottom-up.")
        z = upward(x, weights) if given.up is None else given.up
        if given.y_known is not None:
            y = torch.where(given.y_known, y, z[0])
        return (y, *z[1:])
    # Drawn on the CPU, so that a seed means the same on every device.
    hidden = (
        START_SD * torch.randn(len(x), n, dtype=x.dtype, generator=generator)
        for n in weights.sizes[1:-1]
    )
    return (y, *(layer.to(x.device) for layer in hidden), x)


@torch.no_grad()
def run_inference(
    given: Given,
    weights: Weights,
    config: InferenceConfig,
    generator: torch.Generator | None = None,
) -> Inferred:
    """The activity after the last step, and its errors; a random start is drawn from ``generator``.

    Raises ``ValueError`` when the network cannot start as asked, or has no errors to descend.
    """
    # Only the last state is kept.
    z, constant = deque(_trajectory(given, weights, config, generator), maxlen=1).pop()
    constant = constant._replace(gram=None, image_back=None)
    f = outputs(z, weights)
    return Inferred(z, f, errors(z, f, weights, constant))


@torch.no_grad()
def infer(
    given: Given,
    weights: Weights,
    config: InferenceConfig,
    every: int = 1,
    generator: torch.Generator | None = None,
) -> Trace:
    """The whole trajectory: the state at the start, after each ``every`` steps, and at the end.

    A random start is drawn from ``generator``. Raises ``ValueError`` as ``run_inference`` does.
    """
    moments: list[Inferred] = []
    steps: list[int] = []
    for step, (z, _) in enumerate(_trajectory(given, weights, config, generator)):
        if step % every == 0 or step == config.n_steps:
            f = outputs(z, weights)
            moments.append(Inferred(z, f, errors(z, f, weights)))
            steps.append(step)

    def over_time(tensors: Iterable[Tensor]) -> Tensor:
        return torch.stack(list(tensors), 1)

    def lengths(side: Iterable[tuple[Tensor, ...]]) -> Tensor:
        squares = ([e.square().sum(1) for e in layers] for layers in side)
        return over_time(
            torch.stack(s, 1) if s else given.x.new_zeros(len(given.x), 0) for s in squares
        )

    # The prediction of a layer is its activity minus its error.
    images = [m.z[-1] - m.errors.forward[-1] for m in moments if m.errors.forward]
    labels = [m.z[0] - m.errors.backward[0] for m in moments if m.errors.backward]
    return Trace(
        step=torch.tensor(steps),
        energy=over_time(energy(m.errors, config.precision) for m in moments),
        forward=lengths(m.errors.forward for m in moments),
        backward=lengths(m.errors.backward for m in moments),
        hidden=tuple(over_time(m.z[k] for m in moments) for k in range(1, weights.depth)),
        image=over_time(m.z[-1] for m in moments),
        label=over_time(m.z[0] for m in moments),
        predicted_image=over_time(images) if images else None,
        predicted_label=over_time(labels) if labels else None,
    )


def _trajectory(
    given: Given, weights: Weights, config: InferenceConfig, generator: torch.Generator | None
) -> Iterator[tuple[Activity, Constant]]:
    """Activity at the start and after each step, and the products that stay the same."""
    z = begin(given, weights, config.start, generator)
    # A direction without weight in the energy costs nothing.
    if config.alpha_f == 0:
        weights = weights._replace(generator=())
    if config.alpha_b == 0:
        weights = weights._replace(amortiser=())
    if not (weights.generator or weights.amortiser):
        raise ValueError("Inference needs errors: one of alpha_f and alpha_b should be above 0.")
    depth = weights.depth
    known = {0: given.y_known, depth: given.x_known}
    layers = [k for k in range(depth + 1) if 0 < k < depth or known[k] is not None]
    free = {k: ~mask for k, mask in known.items() if mask is not None}
    constant = constants(z, weights, layers, config, given.up)
    move = MOVES[config.optimiser](config.step_size)
    yield z, constant
    for _ in range(config.n_steps):
        f = outputs(z, weights)
        e = errors(z, f, weights, constant)
        gradients = activity_gradients(z, f, e, weights, config.precision, layers, constant)
        gradients = [
            g * free[k] if k in free else g for k, g in zip(layers, gradients, strict=True)
        ]
        moved = dict(zip(layers, move([z[k] for k in layers], gradients), strict=True))
        z = tuple(moved.get(k, layer) for k, layer in enumerate(z))
        yield z, constant


def constants(
    z: Activity,
    weights: Weights,
    layers: Sequence[int],
    config: InferenceConfig,
    up: Activity | None = None,
) -> Constant:
    """The products that stay the same while only ``layers`` move from the start z; ``up`` is the
    amortiser's pass from its image, where it is computed already.

    The gram matrix is computed where it saves multiplications: it costs n h² + N n h and saves
    N (2 n h - h²) a step, for N samples, n pixels and h units before them.
    """
    below = above = gram = image_back = None
    if 0 not in layers and weights.generator:
        below = apply(weights.generator[0], z[0])
    if weights.depth not in layers:
        if weights.amortiser:
            passed = z if config.start == "bottom-up" else up
            above = apply(weights.amortiser[-1], z[-1]) if passed is None else passed[-2]
        if weights.generator:
            last, (n, h) = weights.generator[-1], weights.generator[-1].weight.shape
            batch = len(z[-1])
            # An exported graph takes any batch, so which products it has cannot depend on it.
            exported = torch.compiler.is_exporting()
            if exported or config.n_steps * batch * (2 * n - h) > n * (h + batch):
                gram = linear(last.weight.t(), last.weight.t())
                image = z[-1] if last.bias is None else z[-1] - last.bias
                image_back = linear(image, last.weight.t())
    return Constant(below, above, gram, image_back)


Move = Callable[[Sequence[Tensor], Sequence[Tensor]], list[Tensor]]


def _by_gradient(step_size: float) -> Move:
    # In the gradient's own memory, which is still in the cache.
    return lambda z, g: [
        torch.add(a, b, alpha=-step_size, out=b) for a, b in zip(z, g, strict=True)
    ]


def _by_adam(step_size: float) -> Move:
    """Adam (Kingma and Ba 2015) with its standard constants."""
    beta1, beta2, epsilon = 0.9, 0.999, 1e-8
    mean: list[Tensor] = []
    square: list[Tensor] = []
    count = 0

    def move(z: Sequence[Tensor], gradients: Sequence[Tensor]) -> list[Tensor]:
        nonlocal count
        if not mean:
            mean.extend(torch.zeros_like(g) for g in gradients)
            square.extend(torch.zeros_like(g) for g in gradients)
        count += 1
        scale, root = 1 - beta1**count, (1 - beta2**count) ** 0.5
        moved: list[Tensor] = []
        for layer, g, m, v in zip(z, gradients, mean, square, strict=True):
            m.lerp_(g, 1 - beta1)
            v.mul_(beta2).addcmul_(g, g, value=1 - beta2)
            width = v.sqrt().div_(root).add_(epsilon)
            moved.append(torch.addcdiv(layer, m, width, value=-step_size / scale))
        return moved

    return move


MOVES: dict[Optimiser, Callable[[float], Move]] = {"gradient": _by_gradient, "adam": _by_adam}
