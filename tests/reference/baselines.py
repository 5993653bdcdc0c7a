"""BPAN's baselines in NumPy float64: one sample and one step at a time, as in their papers.

``p`` holds a model's parameters by their names.
"""

from typing import NamedTuple

import numpy as np

from tests.reference.bpan import relu, softmax

Parameters = dict[str, np.ndarray]


def sigmoid(v):
    return 1 / (1 + np.exp(-v))


def cross_entropy(logits: np.ndarray, label: int) -> float:
    return float(-np.log(softmax(logits)[label]))


def gru_step(x: np.ndarray, h: np.ndarray, p: Parameters) -> np.ndarray:
    """One update, gate by gate."""
    w_r, w_z, w_n = np.split(p["cell.drive.weight"], 3)
    c_r, c_z, c_n = np.split(p["cell.drive.bias"], 3)
    u_r, u_z, u_n = np.split(p["cell.recurrent.weight"], 3)
    b_r, b_z, b_n = np.split(p["cell.recurrent.bias"], 3)
    reset = sigmoid(w_r @ x + c_r + u_r @ h + b_r)
    update = sigmoid(w_z @ x + c_z + u_z @ h + b_z)
    proposal = np.tanh(w_n @ x + c_n + reset * (u_n @ h + b_n))
    return (1 - update) * proposal + update * h


def gru_states(inputs: np.ndarray, p: Parameters) -> np.ndarray:
    """States after each input of a sequence (time, input), from silence."""
    h = np.zeros(p["cell.recurrent.weight"].shape[1])
    states = []
    for x in inputs:
        h = gru_step(x, h, p)
        states.append(h)
    return np.array(states)


def gru_logits(inputs: np.ndarray, p: Parameters) -> np.ndarray:
    """(time, class)."""
    return gru_states(inputs, p) @ p["readout.weight"].T + p["readout.bias"]


def halting_values(states: np.ndarray, p: Parameters) -> np.ndarray:
    """sigmoid of the halting unit: (time,)."""
    return sigmoid(states @ p["halt.weight"][0] + p["halt.bias"][0])


def weighted(per_step: list[float], first: float) -> float:
    share = np.linspace(first, 1, len(per_step))
    return float(np.dot(per_step, share / share.sum()))


class Halted(NamedTuple):
    """ACT of one sample: weights p (time,), the weighted mean, N and R."""

    weights: np.ndarray
    answer: np.ndarray
    steps: int
    remainder: float


def act(values: np.ndarray, outputs: np.ndarray, epsilon: float) -> Halted:
    """Graves 2016, equations 6 to 9, for one sample; ``outputs`` (time, class or unit)."""
    last = len(values)
    steps = next((n for n in range(1, last) if sum(values[:n]) >= 1 - epsilon), last)
    remainder = 1 - sum(values[: steps - 1])
    weights = np.zeros(last)
    weights[: steps - 1] = values[: steps - 1]
    weights[steps - 1] = remainder
    return Halted(weights, weights @ outputs, steps, remainder)


def act_loss(
    x: np.ndarray, y: np.ndarray, p: Parameters, n_steps: int, epsilon: float, tau: float
) -> float:
    total = 0.0
    for row, label in zip(x, y, strict=True):
        states = gru_states(np.tile(row, (n_steps, 1)), p)
        # The mean of the states, read out: Graves averages states and readouts alike.
        outcome = act(halting_values(states, p), states, epsilon)
        logits = p["readout.weight"] @ outcome.answer + p["readout.bias"]
        total += cross_entropy(logits, label) + tau * (outcome.steps + outcome.remainder)
    return total / len(x)


def halting_distribution(values: np.ndarray) -> np.ndarray:
    """Banino 2021: λ_n times the chance of not having halted before; the last halts for sure."""
    p, left = [], 1.0
    for value in [*values[:-1], 1.0]:
        p.append(left * value)
        left *= 1 - value
    return np.array(p)


def faithful_distribution(values: np.ndarray) -> np.ndarray:
    """Without the last step's certainty; divided by the sum, which is what a softmax does."""
    p, left = [], 1.0
    for value in values:
        p.append(left * value)
        left *= 1 - value
    return np.array(p) / sum(p)


def truncated_geometric(lambda_p: float, n_steps: int) -> np.ndarray:
    p = np.array([lambda_p * (1 - lambda_p) ** n for n in range(n_steps)])
    return p / (1 - (1 - lambda_p) ** n_steps)


def pondernet_loss(
    x: np.ndarray,
    y: np.ndarray,
    p: Parameters,
    n_steps: int,
    lambda_p: float,
    beta: float,
    faithful: bool = False,
) -> float:
    prior = truncated_geometric(lambda_p, n_steps)
    distribution = faithful_distribution if faithful else halting_distribution
    total = 0.0
    for row, label in zip(x, y, strict=True):
        states = gru_states(np.tile(row, (n_steps, 1)), p)
        logits = states @ p["readout.weight"].T + p["readout.bias"]
        chance = distribution(halting_values(states, p))
        for n in range(n_steps):
            total += chance[n] * cross_entropy(logits[n], label)
            total += beta * chance[n] * np.log(chance[n] / prior[n])
    return total / len(x)


def multi_exit_logits(row: np.ndarray, p: Parameters, n_steps: int) -> np.ndarray:
    """(exit, class) of one sample."""
    hidden = relu(p["drive.weight"] @ row + p["drive.bias"])
    logits = []
    for k in range(n_steps):
        added = relu(p[f"blocks.{k}.weight"] @ hidden + p[f"blocks.{k}.bias"])
        # LayerNorm (Ba 2016): mean 0 and variance 1 over the units, 1e-5 below the root.
        normed = (added - added.mean()) / np.sqrt(added.var() + 1e-5)
        hidden = hidden + normed * p[f"norms.{k}.weight"] + p[f"norms.{k}.bias"]
        logits.append(p[f"heads.{k}.weight"] @ hidden + p[f"heads.{k}.bias"])
    return np.array(logits)


def mlp_logits(row: np.ndarray, p: Parameters, n_hidden_layers: int) -> np.ndarray:
    """(1, class) of one sample."""
    hidden = row
    for k in range(n_hidden_layers):
        hidden = relu(p[f"layers.{k}.weight"] @ hidden + p[f"layers.{k}.bias"])
    return (p["readout.weight"] @ hidden + p["readout.bias"])[None]
