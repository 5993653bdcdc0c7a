"""Balanced Predictive Attractor Networks (BPAN): a recurrent classifier with separate excitatory
and inhibitory populations that obeys Dale's law and answers as soon as it is confident.

Paper: Lahiri and Panwar, "Balanced Predictive Attractor Networks for Anytime and Sequential
Inference" (submitted to Neurocomputing), with published code.

Equations, with r = relu(state before the update) and e = i = 0 at the start:

    net_e = W_EE r_e + W_EI r_i + W_XE x + c_XE + b_e        e <- (1 - alpha) e + alpha net_e
    net_i = W_IE r_e + W_II r_i + W_XI x + c_XI + b_i        i <- (1 - alpha) i + alpha net_i
    logits = R relu(e) + c_R after each update, excitatory units only, the same at each step

    from E units, never negative: W_EE = softplus(theta_EE) / E   W_IE = softplus(theta_IE) / E
    from I units, never positive: W_EI = -softplus(theta_EI) / I  W_II = -softplus(theta_II) / I

On a sequence x_t drives step t; all else is the same.

Files: ``config`` settings; ``dynamics`` the equations; ``network`` the weights and the trace;
``unrolled`` the loss and its gradients; ``sequence`` the network that reads sequences; ``anytime``
the interface that BPAN and its baselines share, and early stopping; ``baselines`` the other
classifiers; ``learner`` the update rule; ``analysis`` currents and balance, ``halting`` halting
steps and their cost.

Departures, each choosable:
- The paper's text penalises "net recurrent currents" and states alpha = 0.5; the authors' code
  includes the input drive in that penalty and uses alpha = 0.2. We follow the code;
  ``balance_current="recurrent"`` and ``alpha=0.5`` give the text.
- The input has a bias c and each unit a bias b, as in the code. Only c counts in the penalty.
- The first update starts from silence, so its recurrent current is exactly zero and is not
  computed.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from corelib.models.bpan.network import BPAN

__all__ = ["BPAN"]


def __getattr__(name: str) -> Any:
    # Lazily: whoever needs only the settings must not wait for torch.
    if name == "BPAN":
        from corelib.models.bpan.network import BPAN

        return BPAN
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
