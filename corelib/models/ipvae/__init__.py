"""Iterative Poisson VAE (iP-VAE), a spiking network that infers the causes of an image by gradient
steps on its own free energy, and two Gaussian counterparts.

Paper: Vafaii, Galor and Yates, "Brain-like variational inference" (NeurIPS 2025, arXiv 2410.19315),
with published code.

Equations of a time step of iP-VAE, from potentials u and spike counts z ~ Poisson(e^u), with a
linear decoder W and pixel noise σ (the paper's section 3):

    drives = W^T (x / σ²) - (W^T W / σ²) z - e^b [- β_inner (u - u_prior), with inner steps]
    u <- limited(u + limited(e^η drives)),   limited(v) = c - softplus(c - max(v, -8))

The state persists: each step's prior is the state before it. Learning minimises the mean over T
steps of -log N(x; W z, σ²) + β KL(Poisson(e^u) || Poisson(e^u_prior)), by back-propagation through
the steps. iG-VAE has z = mu + e^xi ε and natural-gradient steps of mu and xi; iG-relu-VAE decodes
e^gain relu(z).

Files: ``config`` settings and presets; ``distributions`` draws, limits, divergences; ``dynamics``
the equations; ``network`` the loss; ``unrolled`` its gradient by hand; ``learner`` the update rule;
``inference`` long inference and its trace; ``analysis`` features, codes and readout; ``coding``
sparsity, orders of neurons, digits read from a code; ``lesions`` what single neurons are worth;
``gradients`` the exact gradient of the likelihood and its estimates; ``gabor`` fits of receptive
fields; ``stimuli`` bars and gratings; ``experiment`` shows them to a network, changed by an
intervention; ``tuning`` what neurons prefer, how selective and variable they are; ``records`` the
points and curves that tables share; ``sound`` spikes as WAV; ``moments`` inference of one image as
it is watched; ``baselines`` LCA on the same images.

Departures from paper and published code:
- The published code's Poisson divergence has e^u where the true one has e^u_prior. The default is
  the true one, with which features become Gabor functions sooner; ``kl="published"`` is the code's.
- The published code learns with softened counts. The default here is hard counts with the gradient
  of their mean and of their variance (``network.cost_of_variance``); ``sampling="relaxed"`` softens
  them, with a closed-form derivative, and ``"straight-through"`` leaves the variance out.
- One draw of z serves the reconstruction of a step and the explaining-away of the next, where the
  code draws twice; the expected loss and its gradient are the same.
- The standard settings are the preset "quick", which learns in about a minute; the preset "paper"
  has the paper's. In the code β, limits and temperature change during training, the
  learning rate rises at first, and weights decay; of these only the rise of β is here
  (``beta_rise``).
- The limits also lower potentials that no drive moves, by softplus(-c) or more per step: 0.018 at
  c = 4.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from corelib.models.ipvae.network import IGVAE, IPVAE, IGReluVAE

__all__ = ["IGVAE", "IPVAE", "IGReluVAE"]


def __getattr__(name: str) -> Any:
    # Lazily: code that needs only the settings should not wait for torch.
    if name in __all__:
        from corelib.models.ipvae import network

        return getattr(network, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
