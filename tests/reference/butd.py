"""The three passes and the Counter-Hebb update in NumPy float64: one sample at a time, by loops.

A network is a list of layers and residual blocks with a readout above. Units are (unit,) or
(channel, row, column).
"""

from typing import NamedTuple

import numpy as np


class Linear(NamedTuple):
    """``weight`` (out, in) up and ``back`` (in, out) down; flattens what it reads."""

    weight: np.ndarray
    bias: np.ndarray
    back: np.ndarray
    back_bias: np.ndarray


class Conv(NamedTuple):
    """``weight`` up and ``back`` down, both (out, in per group, row, column)."""

    weight: np.ndarray
    bias: np.ndarray
    back: np.ndarray
    back_bias: np.ndarray
    stride: int
    padding: int
    groups: int


class Block(NamedTuple):
    """relu(second(relu(first(x))) + skip(x)); without ``skip`` x itself is added."""

    first: Conv
    second: Conv
    skip: Conv | None


class Update(NamedTuple):
    """What one sample adds to a layer's weights and biases, before the mean over samples."""

    weight: np.ndarray
    bias: np.ndarray
    back: np.ndarray
    back_bias: np.ndarray


def relu(v):
    return np.where(v > 0, v, 0.0)


def galu(v, counter):
    return np.where(counter > 0, v, 0.0)


def taps(layer: Conv, x_shape, y_shape):
    """Each connection of a convolution: output unit, weight index, input unit."""
    outs, per_group, height, width = layer.weight.shape
    for out in range(outs):
        group = out // (outs // layer.groups)
        for row in range(y_shape[1]):
            for column in range(y_shape[2]):
                for k in range(per_group):
                    for i in range(height):
                        for j in range(width):
                            r = row * layer.stride + i - layer.padding
                            c = column * layer.stride + j - layer.padding
                            if 0 <= r < x_shape[1] and 0 <= c < x_shape[2]:
                                yield (
                                    (out, row, column),
                                    (out, k, i, j),
                                    (group * per_group + k, r, c),
                                )


def out_shape(layer, x_shape):
    if isinstance(layer, Linear):
        return (len(layer.weight),)
    _, height, width = x_shape
    k_height, k_width = layer.weight.shape[2:]
    rows = (height + 2 * layer.padding - k_height) // layer.stride + 1
    columns = (width + 2 * layer.padding - k_width) // layer.stride + 1
    return (len(layer.weight), rows, columns)


def up(layer, x):
    """W x + b."""
    if isinstance(layer, Linear):
        return layer.weight @ x.ravel() + layer.bias
    y = np.zeros(out_shape(layer, x.shape)) + layer.bias[:, None, None]
    for out, w, unit in taps(layer, x.shape, y.shape):
        y[out] += layer.weight[w] * x[unit]
    return y


def down(layer, td, x_shape, biased):
    """W-bar td, and b-bar unless it is blocked."""
    if isinstance(layer, Linear):
        return (layer.back @ td + biased * layer.back_bias).reshape(x_shape)
    x = np.zeros(x_shape) + biased * layer.back_bias[:, None, None]
    for out, w, unit in taps(layer, x_shape, td.shape):
        x[unit] += layer.back[w] * td[out]
    return x


def hebb(layer, bu, td):
    """Each synapse changes by the product of the bottom-up activity below it and the top-down
    signal above it."""
    if isinstance(layer, Linear):
        weight = np.zeros(layer.weight.shape)
        for i in range(len(td)):
            for j, activity in enumerate(bu.ravel()):
                weight[i, j] = td[i] * activity
        return Update(weight, td, weight.T, bu.ravel())
    weight = np.zeros(layer.weight.shape)
    for out, w, unit in taps(layer, bu.shape, td.shape):
        weight[w] += td[out] * bu[unit]
    return Update(weight, td.sum((1, 2)), weight, bu.sum((1, 2)))


def shapes(network, x_shape):
    """Of the populations: the inner one of a block, then what it gives out."""
    sizes = []
    for part in network:
        if isinstance(part, Block):
            inner = out_shape(part.first, x_shape)
            sizes += [inner, out_shape(part.second, inner)]
        else:
            sizes.append(out_shape(part, x_shape))
        x_shape = sizes[-1]
    return sizes


def bottom_up(network, x, gates=None):
    """h = relu(W h_below + b) g at each population."""
    activity = []

    def keep(total):
        h = relu(total)
        activity.append(h if gates is None else h * gates[len(activity)])
        return activity[-1]

    for part in network:
        if isinstance(part, Block):
            skipped = x if part.skip is None else up(part.skip, x)
            x = keep(up(part.second, keep(up(part.first, x))) + skipped)
        else:
            x = keep(up(part, x))
    return activity


def top_down(network, x_shape, top, rectify, biased):
    """The signal at each population, from ``top`` at the last; ``rectify(signal, number)``."""
    sizes = shapes(network, x_shape)
    number = len(sizes) - 1
    signals = {number: top.reshape(sizes[number])}
    for part in reversed(network):
        td = signals[number]
        if isinstance(part, Block):
            inner = rectify(down(part.second, td, sizes[number - 1], biased), number - 1)
            signals[number - 1] = inner
            below = number - 2
            if below >= 0:
                total = down(part.first, inner, sizes[below], biased)
                total = total + (
                    td if part.skip is None else down(part.skip, td, sizes[below], biased)
                )
        else:
            below = number - 1
            if below >= 0:
                total = down(part, td, sizes[below], biased)
        if below >= 0:
            signals[below] = rectify(total, below)
        number = below
    return [signals[k] for k in range(len(sizes))]


def instruct(network, x_shape, top):
    """Top-down ReLU."""
    return top_down(network, x_shape, top, lambda v, k: relu(v), True)


def errors(network, x_shape, top, activity, biased=False):
    """Top-down GaLU, gated by the bottom-up activity, biases blocked."""
    return top_down(network, x_shape, top, lambda v, k: galu(v, activity[k]), biased)


def updates(network, x, activity, error):
    """Of each layer, in the order first, second, skip within a block."""
    changes, k = [], 0
    for part in network:
        if isinstance(part, Block):
            changes.append(hebb(part.first, x, error[k]))
            changes.append(hebb(part.second, activity[k], error[k + 1]))
            if part.skip is not None:
                changes.append(hebb(part.skip, x, error[k + 1]))
            k += 1
        else:
            changes.append(hebb(part, x, error[k]))
        x = activity[k]
        k += 1
    return changes


def output_error(logits, label, loss):
    """The gradient of one sample's loss to its logits, by the definition of the loss."""
    n = len(logits)
    target = np.zeros(n)
    if n == 1:
        target[0] = label
    else:
        target[label] = 1
    if loss == "cross-entropy":
        powers = np.exp(logits - logits.max())
        return powers / powers.sum() - target
    if loss == "bce":
        return (1 / (1 + np.exp(-logits)) - target) / n
    return 2 * (logits - target) / n
