"""Bidirectional predictive coding in NumPy float64: one sample and one connection at a time.

z is a list of layers from the label z[0] to the image z[L], W[l] and b[l] predict z[l] from
z[l-1], V[l] and c[l] predict z[l-1] from z[l]; index 0 of these lists is unused.
"""

import numpy as np

SLOPE = 0.01


def phi(z, activation):
    if activation == "relu":
        return np.where(z > 0, z, 0.0)
    if activation == "leaky-relu":
        return np.where(z > 0, z, SLOPE * z)
    if activation == "tanh":
        return np.tanh(z)
    return 0.5 * z * (1 + np.tanh(np.sqrt(2 / np.pi) * (z + 0.044715 * z**3)))


def slope(z, activation):
    """φ'(z)."""
    if activation == "relu":
        return np.where(z > 0, 1.0, 0.0)
    if activation == "leaky-relu":
        return np.where(z > 0, 1.0, SLOPE)
    if activation == "tanh":
        return 1 - np.tanh(z) ** 2
    u = np.sqrt(2 / np.pi) * (z + 0.044715 * z**3)
    du = np.sqrt(2 / np.pi) * (1 + 3 * 0.044715 * z**2)
    return 0.5 * (1 + np.tanh(u)) + 0.5 * z * (1 - np.tanh(u) ** 2) * du


class Network:
    """The weights of a chain of two directions, as lists that start at 1."""

    def __init__(self, W, V, b, c, activation):
        self.W, self.V, self.b, self.c, self.activation = W, V, b, c, activation
        self.L = len(W or V) - 1

    def f(self, z, layer):
        return z[layer] if layer in (0, self.L) else phi(z[layer], self.activation)

    def e(self, z, layer):
        """The generator's error of a layer."""
        return z[layer] - self.W[layer] @ self.f(z, layer - 1) - self.b[layer]

    def delta(self, z, layer):
        """The amortiser's error of a layer."""
        return z[layer] - self.V[layer + 1] @ self.f(z, layer + 1) - self.c[layer + 1]

    def energy(self, z, alpha_f, alpha_b):
        """Of one sample."""
        total = 0.0
        for layer in range(1, self.L + 1):
            if self.W:
                total += alpha_f / 2 * np.sum(self.e(z, layer) ** 2)
            if self.V:
                total += alpha_b / 2 * np.sum(self.delta(z, layer - 1) ** 2)
        return total

    def activity_gradient(self, z, alpha_f, alpha_b):
        """dF_n/dz_l, one array a layer."""
        gradient = [np.zeros_like(layer) for layer in z]
        for layer in range(1, self.L + 1):
            low, high = layer - 1, layer
            slope_low = 1.0 if low == 0 else slope(z[low], self.activation)
            slope_high = 1.0 if high == self.L else slope(z[high], self.activation)
            if self.W:
                e = self.e(z, high)
                gradient[high] = gradient[high] + alpha_f * e
                gradient[low] = gradient[low] - alpha_f * slope_low * (self.W[high].T @ e)
            if self.V:
                delta = self.delta(z, low)
                gradient[low] = gradient[low] + alpha_b * delta
                gradient[high] = gradient[high] - alpha_b * slope_high * (self.V[high].T @ delta)
        return gradient

    def parameter_gradient(self, z, alpha_f, alpha_b):
        """Of one sample's energy: four lists as W, V, b, c; what is absent is empty."""
        W, V, b, c = ([None] * (self.L + 1) for _ in range(4))
        for layer in range(1, self.L + 1):
            if self.W:
                e = self.e(z, layer)
                W[layer] = -alpha_f * np.outer(e, self.f(z, layer - 1))
                b[layer] = -alpha_f * e
            if self.V:
                delta = self.delta(z, layer - 1)
                V[layer] = -alpha_b * np.outer(delta, self.f(z, layer))
                c[layer] = -alpha_b * delta
        return W if self.W else [], V if self.V else [], b, c

    def downward(self, y):
        z = [y]
        for layer in range(1, self.L + 1):
            z.append(self.W[layer] @ self.f([*z, None], layer - 1) + self.b[layer])
        return z

    def upward(self, x):
        z = [None] * self.L + [x]
        for layer in range(self.L, 0, -1):
            z[layer - 1] = self.V[layer] @ self.f(z, layer) + self.c[layer]
        return z

    def infer(self, x, y, n_steps, gamma, alpha_f, alpha_b, start, x_known=None, y_known=None):
        """One sample by plain steps: the activity at the start and after each step."""
        x_known = np.ones(len(x), bool) if x_known is None else x_known
        y_known = np.ones(len(y), bool) if y_known is None else y_known
        x = np.where(x_known, x, 0.0)
        y = np.where(y_known, y, 1 / len(y))
        if start == "top-down":
            z = [*self.downward(y)[:-1], x]
        else:
            up = self.upward(x)
            z = [np.where(y_known, y, up[0]), *up[1:]]
        trajectory = [z]
        for _ in range(n_steps):
            gradient = self.activity_gradient(z, alpha_f, alpha_b)
            gradient[0] = np.where(y_known, 0.0, gradient[0])
            gradient[self.L] = np.where(x_known, 0.0, gradient[self.L])
            z = [layer - gamma * g for layer, g in zip(z, gradient, strict=True)]
            trajectory.append(z)
        return trajectory


class AdamOf:
    """Adam for one array, by the formulas of the paper."""

    def __init__(self, array):
        self.mean, self.square, self.t = np.zeros_like(array), np.zeros_like(array), 0

    def step(self, array, gradient, rate):
        self.t += 1
        self.mean = 0.9 * self.mean + 0.1 * gradient
        self.square = 0.999 * self.square + 0.001 * gradient**2
        mean_hat = self.mean / (1 - 0.9**self.t)
        square_hat = self.square / (1 - 0.999**self.t)
        return array - rate * mean_hat / (np.sqrt(square_hat) + 1e-8)


def train(network, batches, rate, n_steps, gamma, alpha_f, alpha_b, start, bias):
    """Updates the network in place, one update a batch of (x, y); yields F of each batch and the
    mean gradients (W, V, b, c) before the update. Without ``bias`` biases stay as they are."""
    lists = (network.W, network.V, network.b, network.c)
    adams = [[AdamOf(a) if a is not None else None for a in part] for part in lists]
    for xs, ys in batches:
        F, total = 0.0, None
        for x, y in zip(xs, ys, strict=True):
            z = network.infer(x, y, n_steps, gamma, alpha_f, alpha_b, start)[-1]
            F += network.energy(z, alpha_f, alpha_b) / len(xs)
            gradient = network.parameter_gradient(z, alpha_f, alpha_b)
            scaled = [[g if g is None else g / len(xs) for g in part] for part in gradient]
            if total is None:
                total = scaled
            else:
                total = [
                    [a if a is None else a + b for a, b in zip(p, q, strict=True)]
                    for p, q in zip(total, scaled, strict=True)
                ]
        yield F, total
        for part, adam, gradients in list(zip(lists, adams, total, strict=True))[
            : 4 if bias else 2
        ]:
            for layer, g in enumerate(gradients):
                if g is not None:
                    part[layer] = adam[layer].step(part[layer], g, rate)
