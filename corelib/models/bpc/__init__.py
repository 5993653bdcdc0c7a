"""Bidirectional predictive coding (BPC): one network that classifies digits and generates them.

Paper: Oliviers, Tang and Bogacz, "Bidirectional predictive coding" (2025, arXiv 2505.23415).
The published numbers beside ours are those of a tutorial of the library JPC, "Bidirectional PC on
MNIST".

The label is z_0, the image z_L; the hidden layers between them are z_1 .. z_{L-1}, predicted from
both sides:

    generator, top-down      e_l = z_l - W_l f(z_{l-1})          f = φ; the identity at both ends
    amortiser, bottom-up     δ_{l-1} = z_{l-1} - V_l f(z_l)
    energy                   F = mean over the batch of  α_f/2 Σ |e_l|² + α_b/2 Σ |δ_l|²
    inference                z <- z - γ dF_n/dz, all hidden layers at once, T times
    learning                 one step of Adam on dF/dW and dF/dV at the inferred activity

Files: ``config`` settings and presets; ``energy`` errors, energy and gradients by hand;
``inference`` all activity that is not given descends the energy; ``network`` the modules;
``learner`` the update rules; ``analysis`` measurements of trained networks; ``stability`` how
large its steps may be; ``variety`` samples of hidden activity make many images of one label;
``completion`` what bounds the filling in of hidden pixels; ``posterior`` samples of what is not
given; ``depth`` how far inference reaches; ``moments`` inference of one image as it is watched;
``baselines``.

Departures:
- γ multiplies the gradient of one sample's energy. The tutorial takes steps of 0.5 along the mean
  over its batch of 64, which is γ = 0.5 / 64 here.
- In the tutorial the loss is half the squared error, averaged over all elements; ours is stated so,
  and also summed over units.
- Images are normalised to mean 0 and standard deviation 1 over the training set, as in the
  tutorial.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from corelib.models.bpc.network import BPC

__all__ = ["BPC"]


def __getattr__(name: str) -> Any:
    # Lazily: code that needs only the settings does not wait for torch.
    if name == "BPC":
        from corelib.models.bpc.network import BPC

        return BPC
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
