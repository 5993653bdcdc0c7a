"""One update of bidirectional predictive coding in JAX, compiled as a whole: the computation of the
published tutorial, in its own framework at its fastest. Only this file needs ``jax``."""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp

from corelib.models.bpc.network import BPC

PHI = {"relu": jax.nn.relu, "gelu": partial(jax.nn.gelu, approximate=True)}


class JaxBPC:
    """A copy of a BPC without bias, with Adam for all weights."""

    def __init__(self, model: BPC, learning_rate: float) -> None:
        weights = [
            [jnp.asarray(m.weight.detach().numpy()) for m in side]
            for side in (model.generator, model.amortiser)
        ]
        zeros = jax.tree.map(jnp.zeros_like, weights)
        self.state = (weights, zeros, jax.tree.map(jnp.zeros_like, weights), jnp.zeros(()))
        learning, phi = model.learning, PHI[model.activation]
        update = partial(_update, phi=phi, learning=learning, rate=learning_rate)
        # The new state reuses the old one's memory.
        self.update = jax.jit(update, donate_argnums=0)

    def step(self, x: Any, y: Any) -> dict[str, float]:
        """One update from images and labels as JAX arrays."""
        self.state, metrics = self.update(self.state, x, y)
        return {name: value.item() for name, value in metrics.items()}


def _outputs(z, phi):
    return [z[0], *(phi(layer) for layer in z[1:-1]), z[-1]]


def _energy(weights, z, phi, learning):
    generator, amortiser = weights
    f, total = _outputs(z, phi), 0.0
    for at, weight in enumerate(generator, 1):
        total += learning.alpha_f / 2 * jnp.sum((z[at] - f[at - 1] @ weight.T) ** 2)
    for at, weight in enumerate(amortiser, 1):
        total += learning.alpha_b / 2 * jnp.sum((z[at - 1] - f[at] @ weight.T) ** 2)
    return total


def _update(state, x, y, *, phi, learning, rate):
    weights, mean, square, count = state
    generator, amortiser = weights
    down, up = [y], [x]
    for at, weight in enumerate(generator):
        down.append((phi(down[-1]) if at else y) @ weight.T)
    for at, weight in enumerate(reversed(amortiser)):
        up.append((phi(up[-1]) if at else x) @ weight.T)
    up = up[::-1]
    hidden = (up if learning.start == "bottom-up" else down)[1:-1]

    def of_hidden(hidden):
        return _energy(weights, [y, *hidden, x], phi, learning)

    for _ in range(learning.n_steps):
        gradients = jax.grad(of_hidden)(hidden)
        hidden = [a - learning.step_size * g for a, g in zip(hidden, gradients, strict=True)]

    def of_weights(weights):
        return _energy(weights, [y, *hidden, x], phi, learning) / len(x)

    loss, gradients = jax.value_and_grad(of_weights)(weights)
    count = count + 1
    mean = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, mean, gradients)
    square = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, square, gradients)
    root, scale = jnp.sqrt(1 - 0.999**count), rate / (1 - 0.9**count)
    weights = jax.tree.map(
        lambda w, m, v: w - scale * m / (jnp.sqrt(v) / root + 1e-8), weights, mean, square
    )
    metrics = {
        "loss": loss,
        "generator loss": jnp.mean((down[-1] - x) ** 2) / 2,
        "amortiser loss": jnp.mean((up[0] - y) ** 2) / 2,
        "accuracy": jnp.mean(up[0].argmax(1) == y.argmax(1)),
    }
    return (weights, mean, square, count), metrics
