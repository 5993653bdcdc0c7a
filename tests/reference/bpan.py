"""BPAN in NumPy float64: two populations, one sample and one step at a time, as in the paper."""

from typing import NamedTuple

import numpy as np


class Parameters(NamedTuple):
    """theta in its four blocks (to, from); c and b of each population; the readout."""

    theta_ee: np.ndarray
    theta_ei: np.ndarray
    theta_ie: np.ndarray
    theta_ii: np.ndarray
    w_xe: np.ndarray
    w_xi: np.ndarray
    c_xe: np.ndarray
    c_xi: np.ndarray
    b_e: np.ndarray
    b_i: np.ndarray
    readout: np.ndarray
    readout_bias: np.ndarray


class Moment(NamedTuple):
    """One step of one sample: the currents into E and I, and the resulting activity."""

    excitation: np.ndarray
    inhibition: np.ndarray
    drive: np.ndarray
    net: np.ndarray
    potential: np.ndarray
    rate: np.ndarray
    logits: np.ndarray


def from_flat(values: dict[str, np.ndarray], n_excitatory: int) -> Parameters:
    """The same parameters from arrays that have E units first, then I."""
    n = n_excitatory
    theta, drive, c, b = (
        np.asarray(values[name], float) for name in ("theta", "drive.weight", "drive.bias", "bias")
    )
    return Parameters(
        theta_ee=theta[:n, :n],
        theta_ei=theta[:n, n:],
        theta_ie=theta[n:, :n],
        theta_ii=theta[n:, n:],
        w_xe=drive[:n],
        w_xi=drive[n:],
        c_xe=c[:n],
        c_xi=c[n:],
        b_e=b[:n],
        b_i=b[n:],
        readout=np.asarray(values["readout.weight"], float),
        readout_bias=np.asarray(values["readout.bias"], float),
    )


def softplus(theta):
    return np.log1p(np.exp(-np.abs(theta))) + np.maximum(theta, 0)


def relu(v):
    return np.maximum(v, 0)


def softmax(logits):
    powers = np.exp(logits - logits.max())
    return powers / powers.sum()


def run_sample(
    x: np.ndarray,
    p: Parameters,
    n_steps: int,
    alpha: float,
    *,
    dale: bool = True,
    inhibition_gain: float = 1.0,
    lesioned: np.ndarray | None = None,
) -> list[Moment]:
    """All moments of one sample; ``lesioned`` (E units, then I units) of bool.

    ``x`` is (input,), the same at all steps, or (time, input) with row t at step t.
    """
    n_e, n_i = p.theta_ee.shape[0], p.theta_ii.shape[0]
    magnitude = softplus if dale else (lambda theta: theta)
    w_ee = magnitude(p.theta_ee) / n_e
    w_ie = magnitude(p.theta_ie) / n_e
    w_ei = -magnitude(p.theta_ei) / n_i * inhibition_gain
    w_ii = -magnitude(p.theta_ii) / n_i * inhibition_gain
    silent = np.zeros(n_e + n_i, bool) if lesioned is None else np.asarray(lesioned)
    silent_e, silent_i = silent[:n_e], silent[n_e:]
    b_e, b_i = p.b_e.copy(), p.b_i.copy()
    b_e[silent_e], b_i[silent_i] = 0, 0

    def positive(w):
        return np.where(w > 0, w, 0)

    def negative(w):
        return np.where(w < 0, w, 0)

    e, i = np.zeros(n_e), np.zeros(n_i)
    moments = []
    for t in range(n_steps):
        x_t = x if x.ndim == 1 else x[t]
        r_e, r_i = relu(e), relu(i)
        r_e[silent_e], r_i[silent_i] = 0, 0
        exc_e = positive(w_ee) @ r_e + positive(w_ei) @ r_i
        inh_e = negative(w_ee) @ r_e + negative(w_ei) @ r_i
        exc_i = positive(w_ie) @ r_e + positive(w_ii) @ r_i
        inh_i = negative(w_ie) @ r_e + negative(w_ii) @ r_i
        drive_e = p.w_xe @ x_t + p.c_xe
        drive_i = p.w_xi @ x_t + p.c_xi
        for current in (exc_e, inh_e, drive_e):
            current[silent_e] = 0
        for current in (exc_i, inh_i, drive_i):
            current[silent_i] = 0
        net_e = exc_e + inh_e + drive_e + b_e
        net_i = exc_i + inh_i + drive_i + b_i
        e = (1 - alpha) * e + alpha * net_e
        i = (1 - alpha) * i + alpha * net_i
        moments.append(
            Moment(
                excitation=np.concatenate([exc_e, exc_i]),
                inhibition=np.concatenate([inh_e, inh_i]),
                drive=np.concatenate([drive_e, drive_i]),
                net=np.concatenate([net_e, net_i]),
                potential=np.concatenate([e, i]),
                rate=np.concatenate([relu(e), relu(i)]),
                logits=p.readout @ relu(e) + p.readout_bias,
            )
        )
    return moments


def run(x: np.ndarray, p: Parameters, n_steps: int, alpha: float, **controls) -> Moment:
    """All samples: each field (batch, time, unit or class)."""
    samples = [run_sample(row, p, n_steps, alpha, **controls) for row in x]
    return Moment(*(np.array([[m[k] for m in s] for s in samples]) for k in range(7)))


def loss(
    x: np.ndarray,
    y: np.ndarray,
    p: Parameters,
    n_steps: int,
    alpha: float,
    *,
    dale: bool = True,
    lambda_act: float = 1e-4,
    lambda_bal: float = 5e-4,
    ce: str = "time",
    balance_current: str = "recurrent+drive",
) -> float:
    """The training loss, summed up sample by sample and step by step."""
    n_e = p.theta_ee.shape[0]
    if ce == "time":
        share = np.linspace(0.3, 1.0, n_steps)
        share = share / share.sum()
    else:
        share = np.zeros(n_steps)
        share[-1] = 1.0
    total = 0.0
    for row, label in zip(x, y, strict=True):
        for t, moment in enumerate(run_sample(row, p, n_steps, alpha, dale=dale)):
            total += share[t] * -np.log(softmax(moment.logits)[label]) / len(x)
            balance = moment.excitation + moment.inhibition
            if balance_current == "recurrent+drive":
                balance = balance + moment.drive
            act = (moment.rate[:n_e] ** 2).mean() + (moment.rate[n_e:] ** 2).mean()
            bal = (balance[:n_e] ** 2).mean() + (balance[n_e:] ** 2).mean()
            total += (lambda_act * act + lambda_bal * bal) / (len(x) * n_steps)
    return float(total)


def anytime(logits: np.ndarray, threshold: float) -> tuple[np.ndarray, int]:
    """From the logits of one sample (time, class): the answer, and after how many steps it came.

    The first step whose largest softmax reaches the threshold, else the last step.
    """
    for t, at_t in enumerate(logits):
        if softmax(at_t).max() >= threshold:
            return at_t, t + 1
    return logits[-1], len(logits)
