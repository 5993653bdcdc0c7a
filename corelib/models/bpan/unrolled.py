"""BPAN's training loss over all steps, with a backward pass written by hand.

Automatic differentiation would fill an array for each operation of each step. Here the gradients of
all steps lie in two arrays, and that of the recurrent weights is one product. With g_t the gradient
of the potential s_t, h_t that of bal_t = W r_(t-1) + d_t, and r_t = relu(s_t):

    g_t = (1 - alpha) g_(t+1) + [s_t > 0] (Rᵀ (dL/dlogits_t) + 2 a r_t + Wᵀ h_(t+1))
    h_t = alpha g_t + 2 i bal_t
    dL/dW = sum of h_t r_(t-1)ᵀ    dL/db = alpha sum of g_t    dL/dd_t = h_t

where a and i (unit) are the gradients of the sums of r² and bal² over steps and samples.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, cast

import torch
import torch.nn.functional as F
from torch import Tensor

from corelib.models.bpan.config import BPANTraining
from corelib.models.bpan.dynamics import Weights, first_step, integrate


class Task(NamedTuple):
    """What the loss depends on besides weights and drives: the labels ``y`` (batch,), ``alpha`` of
    the update, ``scale`` (unit), which is 1/E or -1/I, and the settings."""

    y: Tensor
    alpha: float
    scale: Tensor
    settings: BPANTraining

    def mean(self, n_steps: int) -> Tensor:
        """(unit,): what turns sums over steps and samples into the sum of the means over the two
        populations."""
        return self.scale.abs() / (n_steps * len(self.y))


class _Passed(NamedTuple):
    """The forward pass: loss, logits of the last step (batch, class), and what the backward pass
    needs: the log probabilities (time * batch, class), the weights of the steps' cross-entropies
    (time,), and of each step the rates after it and the penalised currents during it."""

    loss: Tensor
    logits: Tensor
    log_p: Tensor
    share: Tensor
    rates: list[Tensor]
    balances: list[Tensor]


def loss_and_logits(
    drives: Sequence[Tensor], weights: Weights, task: Task
) -> tuple[Tensor, Tensor]:
    """The loss, and the logits of the last step (batch, class), of updates from silence by each of
    ``drives`` (batch, unit), which may all be the same tensor."""
    if (
        not torch.is_grad_enabled()
        # Without a recurrent current its weights have no gradient, rather than zero.
        or len(drives) == 1
        or torch.compiler.is_compiling()
        or torch.is_autocast_enabled(drives[0].device.type)
        # vmap, grad and the like of torch.func
        or torch._C._are_functorch_transforms_active()  # pyright: ignore[reportPrivateUsage]
    ):
        return _forward(drives, weights, task)[:2]
    inputs = drives[:1] if all(drive is drives[0] for drive in drives) else drives
    apply = cast("Callable[..., tuple[Tensor, Tensor]]", _ByHand.apply)  # pyright: ignore[reportUnknownMemberType]
    return apply(task, weights, len(drives), *_differentiated(weights), *inputs)


def _differentiated(weights: Weights) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    return weights.recurrent, weights.bias, weights.readout, weights.readout_bias


def _forward(drives: Sequence[Tensor], weights: Weights, task: Task) -> _Passed:
    y, alpha, scale, settings = task
    n_steps, n_excitatory = len(drives), weights.readout.shape[1]
    state = first_step(drives[0], weights, alpha)
    rates, balances = [torch.relu(state.potential)], [drives[0]]
    for drive in drives[1:]:
        # balance_current() with the rate already at hand.
        balance = torch.addmm(drive, rates[-1], weights.recurrent.T)
        state = integrate(state, balance + weights.bias, alpha)
        rates.append(torch.relu(state.potential))
        balances.append(balance)
    rate = torch.cat([rate[:, :n_excitatory] for rate in rates])
    logits = F.linear(rate, weights.readout, weights.readout_bias)
    if settings.balance_current == "recurrent":
        balances = [balance - d for balance, d in zip(balances, drives, strict=True)]
    # Squares are summed step by step: arrays of all steps are so large that the allocator
    # would give their pages back and fetch them anew in every update.
    activity = _sum_of_squares(rates)
    imbalance = _sum_of_squares(balances)

    log_p = torch.log_softmax(logits, 1)
    per_step = -log_p.gather(1, y.repeat(n_steps)[:, None]).view(n_steps, len(y)).mean(1)
    if settings.ce == "time":
        time = torch.linspace(0.3, 1, n_steps, dtype=scale.dtype, device=scale.device)
        share = time / time.sum()
        loss = per_step @ share
    else:
        share = torch.zeros_like(per_step)
        share[-1] = 1
        loss = per_step[-1]
    penalties = settings.lambda_act * activity + settings.lambda_bal * imbalance
    penalty = penalties @ task.mean(n_steps)
    return _Passed(loss + penalty, logits[-len(y) :], log_p, share, rates, balances)


def _sum_of_squares(values: Sequence[Tensor]) -> Tensor:
    """Over steps and samples: each (batch, unit) -> (unit,)."""
    total = values[0].square().sum(0)
    for value in values[1:]:
        total = total + value.square().sum(0)
    return total


class _ByHand(torch.autograd.Function):
    """See the module. ``tensors`` are those of ``_differentiated`` and the drives, or the one drive
    that is the same at all steps."""

    @staticmethod
    def forward(
        ctx: Any, task: Task, weights: Weights, n_steps: int, *tensors: Tensor
    ) -> tuple[Tensor, Tensor]:
        passed = _forward(_drives(tensors[4:], n_steps), weights, task)
        ctx.set_materialize_grads(False)
        ctx.task, ctx.weights, ctx.share = task, weights, passed.share
        ctx.save_for_backward(*tensors, passed.log_p, *passed.rates, *passed.balances)
        return passed.loss, passed.logits

    @staticmethod
    def backward(ctx: Any, *given: Tensor | None) -> tuple[Tensor | None, ...]:
        n_steps, saved = len(ctx.share), ctx.saved_tensors
        at = len(saved) - 2 * n_steps
        tensors, log_p, rates, balances = (
            saved[: at - 1],
            saved[at - 1],
            saved[at : at + n_steps],
            saved[at + n_steps :],
        )
        if torch.is_grad_enabled():  # these gradients are to be differentiated again
            return None, None, None, *_by_autograd(ctx, tensors, given)
        passed = _Passed(log_p, log_p, log_p, ctx.share, list(rates), list(balances))
        gradients = _gradients(passed, tensors[0], tensors[2], ctx.task, given, len(tensors) > 5)
        return None, None, None, *gradients


def _drives(inputs: Sequence[Tensor], n_steps: int) -> Sequence[Tensor]:
    return list(inputs) * n_steps if len(inputs) == 1 else inputs


def _by_autograd(
    ctx: Any, tensors: Sequence[Tensor], given: Sequence[Tensor | None]
) -> list[Tensor | None]:
    """The gradients of ``tensors``, with a graph of their own."""
    recurrent, bias, readout, readout_bias, *inputs = tensors
    weights = ctx.weights._replace(
        recurrent=recurrent, bias=bias, readout=readout, readout_bias=readout_bias
    )
    passed = _forward(_drives(inputs, len(ctx.share)), weights, ctx.task)
    pairs = [(out, grad) for out, grad in zip(passed[:2], given, strict=True) if grad is not None]
    outputs, grads = zip(*pairs, strict=True)
    wanted = [tensor for tensor in tensors if tensor.requires_grad]
    found = iter(torch.autograd.grad(outputs, wanted, grads, create_graph=True, allow_unused=True))
    return [next(found) if tensor.requires_grad else None for tensor in tensors]


def _gradients(
    passed: _Passed,
    recurrent: Tensor,
    readout: Tensor,
    task: Task,
    given: Sequence[Tensor | None],
    each_drive: bool,
) -> tuple[Tensor, ...]:
    """Those of ``_differentiated`` and of the drives, from those ``given`` of loss and logits; the
    drive's is summed over time unless they differ from step to step, ``each_drive``."""
    y, alpha, scale, settings = task
    of_loss, of_last = given
    rates, n_steps, n_samples = passed.rates, len(passed.rates), len(y)
    of_loss = scale.new_zeros(()) if of_loss is None else of_loss
    of_logits = passed.log_p.exp()
    labels = y.repeat(n_steps)[:, None]
    of_logits.scatter_add_(1, labels, of_logits.new_full((1, 1), -1).expand_as(labels))
    of_logits = of_logits.view(n_steps, n_samples, -1)
    of_logits *= (of_loss / n_samples * passed.share)[:, None, None]
    if of_last is not None:
        of_logits[-1] += of_last

    n_excitatory = readout.shape[1]
    mean = 2 * of_loss * task.mean(n_steps)
    for_rate, for_balance = alpha * settings.lambda_act * mean, settings.lambda_bal * mean
    of_rate = of_logits @ readout
    of_state, of_balance = (rates[0].new_empty(n_steps, *rates[0].shape) for _ in range(2))
    through_relu = torch.ops.aten.threshold_backward.grad_input
    # ``of_state`` is alpha g_t: an alpha next to 0 divides nothing.
    for t in reversed(range(n_steps)):
        grad = torch.mul(rates[t], for_rate, out=of_state[t])
        grad[:, :n_excitatory].add_(of_rate[t], alpha=alpha)
        if t < n_steps - 1:
            # Not addmm_, which torch's counter of products overlooks.
            torch.addmm(grad, of_balance[t + 1], recurrent, alpha=alpha, out=grad)
        through_relu(grad, rates[t], 0, grad_input=grad)
        if t < n_steps - 1:
            grad.add_(of_state[t + 1], alpha=1 - alpha)
        torch.addcmul(grad, passed.balances[t], for_balance, out=of_balance[t])
    before, rate = torch.cat(rates[:-1]), torch.cat([rate[:, :n_excitatory] for rate in rates])
    flat = of_logits.flatten(0, 1)
    of_drive = of_state if settings.balance_current == "recurrent" else of_balance
    if not each_drive:
        of_drive = of_drive.sum(0, keepdim=True)
    return (
        of_balance[1:].flatten(0, 1).T @ before,
        of_state.sum((0, 1)),
        flat.T @ rate,
        flat.sum(0),
        *of_drive.unbind(),
    )
