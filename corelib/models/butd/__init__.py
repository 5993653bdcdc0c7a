"""Bottom-up and top-down networks (BUTD) that an instruction turns into one of their sub-networks,
and Counter-Hebb learning, which takes its updates from the top-down path.

Paper: Abel and Ullman, "Biologically inspired learning model for instructed vision" (NeurIPS 2024,
arXiv 2306.02415), with published code; earlier as "Top-down network combines back-propagation with
attention".

Three passes, with W̄ the feedback weights and the strict gate 1[v > 0]:

    instruction, top-down    h̄ = ReLU(W̄ h̄_above)                    g = 1[h̄ > 0]
    image, bottom-up         h = ReLU(W h_below + b) g
    error, top-down          δ = 1[h > 0] W̄ δ_above                 biases blocked

    Counter-Hebb             ΔW = δᵀ h_below / B    Δb = mean δ    ΔW̄ = ΔWᵀ

With W̄ = Wᵀ and no norm this is back-propagation, up to rounding; with batch norm (the paper's
CelebA), separate feedback weights, or biases acting on the error it is not.

Files: ``config`` settings and the published presets; ``layers`` the layers with two directions;
``blocks`` graphs of them and the three passes; ``architectures`` the four networks' parts;
``gates`` what is done with gates; ``networks`` the network with its readout and task head;
``losses``; ``learner`` both update rules; ``rules`` the learning rules that are compared;
``analysis`` and ``departures`` the rule against the gradient; ``moments`` the three passes as they
are watched; ``populations`` units on a sheet; ``subnetworks`` what tasks open and share;
``answers``, ``lesions`` and ``instructions`` what gates cause; ``history`` gates over training;
``third_task`` one more task for a trained network.

Departures from the authors' code:
- Modules keep nothing of a pass: ``networks`` returns it as records.
- An instruction is passed down once per task, not once per image, so with batch norm all tasks
  weigh the same in that pass's statistics; the signal at the image is never computed.
- ``weights`` and ``noise`` are settings, not switches at module level; our noise differs between
  synapses, theirs is one factor per layer.
- Their task head is never trained, so the top gate stays as it was drawn: ``task_head="fixed"``.
  ``"trained"`` is ours: dL/dz = dL/dg at the top gate g = 1[z > 0].
- Networks are chosen on validation images.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from corelib.models.butd.networks import BUTDNet

__all__ = ["BUTDNet"]


def __getattr__(name: str) -> Any:
    # Lazily: code that needs only the settings must not wait for torch.
    if name == "BUTDNet":
        from corelib.models.butd.networks import BUTDNet

        return BUTDNet
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
