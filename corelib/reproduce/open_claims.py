"""Which published figures on a network did not reproduce here."""

import re
from functools import lru_cache

from corelib.reproduce.claim import Claim
from corelib.reproduce.claims import claims
from corelib.reproduce.results import shipped_state

ABOUT = {
    "bpan": r"BPAN,|hidden \d+, .* of BPAN|λ_bal",
    "act": "ACT,",
    "pondernet": "PonderNet,",
    "multi-exit": "Multi-Exit,",
    "mlp": r"MLP,|hidden \d+, .* of the MLP",
    "bpan-sequence": "BPAN on ",
    "gru-sequence": "GRU",
    "bpc": "BPC",
    "butd": "Multi-MNIST|CelebA",
    "counter-hebb": "MNIST digits",
    "ipvae": "iP-VAE|ipvae,",
    "igvae": "iG-VAE|igvae,",
    "igvae-relu": "iG-relu-VAE|igvae-relu,",
}
"""How the claims on each system begin."""


def open_claims(system: str) -> list[Claim]:
    """The claims on a system's networks that did not reproduce, or only in part; none for systems
    that no claim is about."""
    begins = re.compile(ABOUT.get(system, r"(?!)"))
    return [item for item in _open(shipped_state()) if begins.match(item.what)]


@lru_cache(maxsize=1)
def _open(state: tuple) -> tuple[Claim, ...]:
    # Reading the shipped tables takes seconds: done again only when one has changed.
    verdicts = ("not reproduced", "reproduced in part")
    return tuple(item for item in claims() if item.verdict in verdicts)
