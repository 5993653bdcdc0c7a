"""Compare: runs side by side, their curves, settings and scores."""

from dashboard.router import ensure_routed

ensure_routed()

from corelib.data import read_ahead

# The images are read while the libraries are imported.
read_ahead()

from dashboard.bpan.balance import tabs as balance_tabs
from dashboard.bpan.balance import view as balance
from dashboard.bpan.evidence import tabs as evidence_tabs
from dashboard.bpan.evidence import view as evidence
from dashboard.bpan.halting import tabs as halting_tabs
from dashboard.bpan.halting import view as halting
from dashboard.bpan.robustness import tabs as robustness_tabs
from dashboard.bpan.robustness import view as robustness
from dashboard.bpc import generate
from dashboard.bpc import view as bpc
from dashboard.butd.learning import tabs as learning_tabs
from dashboard.butd.learning import view as learning
from dashboard.butd.subnetworks import tabs as subnetworks_tabs
from dashboard.butd.subnetworks import view as subnetworks
from dashboard.ipvae.bars import player
from dashboard.ipvae.bars import view as bars
from dashboard.ipvae.cache import SYSTEMS as ITERATIVE
from dashboard.ipvae.sparse import features
from dashboard.ipvae.sparse import view as sparse
from dashboard.lab.compare.beside import Shown
from dashboard.lab.compare.page import draw_compare

draw_compare(
    {
        "Halting": Shown(halting.SYSTEMS, halting.standard, halting_tabs.draw_main, True),
        "E/I balance": Shown(("bpan",), balance.standard, balance_tabs.draw_main),
        "Robustness": Shown(
            robustness.SYSTEMS, robustness.standard, robustness_tabs.draw_main, True
        ),
        "Sequential evidence": Shown(
            evidence.SYSTEMS, evidence.standard, evidence_tabs.draw_main, True
        ),
        "BPC digits": Shown(bpc.SYSTEMS, bpc.standard, generate.draw_digits),
        "Sub-networks": Shown(
            subnetworks.SYSTEMS, subnetworks.standard, subnetworks_tabs.draw_main
        ),
        "Counter-Hebb learning": Shown(
            learning.SYSTEMS, learning.standard, learning_tabs.draw_main
        ),
        "Sparse code": Shown(ITERATIVE, sparse.standard, features.draw_features),
        "Moving bars": Shown(ITERATIVE, bars.standard, player.draw_response),
    }
)
