"""What a system of your own is made of; docs/own-models.md works through an example.

Catalogue
    ``System`` names the classes, ``register`` makes one known in this process; a package names its
    own in the entry point group ``synaptarium.systems``.
Settings
    ``Settings`` with ``setting`` for each field, ``TrainingSettings``, ``GradientTraining``.
Learning
    ``Learner``; ``GradientLearner`` trains networks that answer after each step.
Protocols
    ``AnytimeClassifier`` (Halting, Robustness, Sequential evidence), ``TwoWay`` (BPC digits),
    ``BUTDNet`` (Sub-networks, Counter-Hebb learning), ``IterativeVAE`` (Sparse code, Moving bars).
"""

from typing import TYPE_CHECKING

from corelib import lazy

if TYPE_CHECKING:
    from corelib.catalog import register as register
    from corelib.models.bpan.anytime import AnytimeClassifier as AnytimeClassifier
    from corelib.models.bpan.anytime import Cost as Cost
    from corelib.models.bpan.config import GradientTraining as GradientTraining
    from corelib.models.bpan.learner import GradientLearner as GradientLearner
    from corelib.models.bpc.network import TwoWay as TwoWay
    from corelib.models.butd.networks import BUTDNet as BUTDNet
    from corelib.models.ipvae.network import IterativeVAE as IterativeVAE
    from corelib.settings import Settings as Settings
    from corelib.settings import setting as setting
    from corelib.shapes import images as images
    from corelib.system import System as System
    from corelib.training.config import TrainingSettings as TrainingSettings
    from corelib.training.learner import Learner as Learner

_anytime = "corelib.models.bpan.anytime"
__getattr__, __dir__, __all__ = lazy.names(  # pyright: ignore[reportUnsupportedDunderAll]
    __name__,
    {
        "AnytimeClassifier": _anytime,
        "BUTDNet": "corelib.models.butd.networks",
        "Cost": _anytime,
        "GradientLearner": "corelib.models.bpan.learner",
        "GradientTraining": "corelib.models.bpan.config",
        "IterativeVAE": "corelib.models.ipvae.network",
        "Learner": "corelib.training.learner",
        "Settings": "corelib.settings",
        "System": "corelib.system",
        "TrainingSettings": "corelib.training.config",
        "TwoWay": "corelib.models.bpc.network",
        "images": "corelib.shapes",
        "register": "corelib.catalog",
        "setting": "corelib.settings",
    },
)
