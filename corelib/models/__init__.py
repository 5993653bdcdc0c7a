"""The families of networks, one folder each; these never import each other.

Every class of the catalogue is a name here: networks, their settings and those of their training.
A network is built from its config, or from the config's fields as keyword arguments:
``BPAN(BPANConfig(n_steps=3))`` and ``BPAN(n_steps=3)`` are the same.

>>> from corelib.models import BPAN
>>> sum(p.numel() for p in BPAN(n_excitatory=64).parameters())
85322
"""

from typing import TYPE_CHECKING

from corelib import lazy

if TYPE_CHECKING:
    from corelib.models.bpan.baselines.act import ACT as ACT
    from corelib.models.bpan.baselines.config import ACTConfig as ACTConfig
    from corelib.models.bpan.baselines.config import ACTTraining as ACTTraining
    from corelib.models.bpan.baselines.config import GRUConfig as GRUConfig
    from corelib.models.bpan.baselines.config import GRUSequenceConfig as GRUSequenceConfig
    from corelib.models.bpan.baselines.config import GRUTraining as GRUTraining
    from corelib.models.bpan.baselines.config import MLPConfig as MLPConfig
    from corelib.models.bpan.baselines.config import MLPTraining as MLPTraining
    from corelib.models.bpan.baselines.config import MultiExitConfig as MultiExitConfig
    from corelib.models.bpan.baselines.config import MultiExitTraining as MultiExitTraining
    from corelib.models.bpan.baselines.config import PonderNetConfig as PonderNetConfig
    from corelib.models.bpan.baselines.config import PonderNetTraining as PonderNetTraining
    from corelib.models.bpan.baselines.gru import GRU as GRU
    from corelib.models.bpan.baselines.gru import GRUSequence as GRUSequence
    from corelib.models.bpan.baselines.mlp import MLP as MLP
    from corelib.models.bpan.baselines.multi_exit import MultiExit as MultiExit
    from corelib.models.bpan.baselines.pondernet import PonderNet as PonderNet
    from corelib.models.bpan.config import BPANConfig as BPANConfig
    from corelib.models.bpan.config import BPANSequenceConfig as BPANSequenceConfig
    from corelib.models.bpan.config import BPANTraining as BPANTraining
    from corelib.models.bpan.network import BPAN as BPAN
    from corelib.models.bpan.sequence import BPANSequence as BPANSequence
    from corelib.models.bpc.baselines.backprop import Backprop as Backprop
    from corelib.models.bpc.baselines.discriminative import DiscriminativePC as DiscriminativePC
    from corelib.models.bpc.baselines.generative import GenerativePC as GenerativePC
    from corelib.models.bpc.baselines.hybrid import HybridPC as HybridPC
    from corelib.models.bpc.config import BackpropConfig as BackpropConfig
    from corelib.models.bpc.config import BPCConfig as BPCConfig
    from corelib.models.bpc.config import DiscriminativePCConfig as DiscriminativePCConfig
    from corelib.models.bpc.config import GenerativePCConfig as GenerativePCConfig
    from corelib.models.bpc.config import HybridPCConfig as HybridPCConfig
    from corelib.models.bpc.config import TwoWayTraining as TwoWayTraining
    from corelib.models.bpc.network import BPC as BPC
    from corelib.models.butd.config import BUTDConfig as BUTDConfig
    from corelib.models.butd.config import BUTDTraining as BUTDTraining
    from corelib.models.butd.config import CounterHebbConfig as CounterHebbConfig
    from corelib.models.butd.config import CounterHebbTraining as CounterHebbTraining
    from corelib.models.butd.networks import BUTDNet as BUTDNet
    from corelib.models.ipvae.config import IGVAEConfig as IGVAEConfig
    from corelib.models.ipvae.config import IGVAETraining as IGVAETraining
    from corelib.models.ipvae.config import IPVAEConfig as IPVAEConfig
    from corelib.models.ipvae.config import IPVAETraining as IPVAETraining
    from corelib.models.ipvae.network import IGVAE as IGVAE
    from corelib.models.ipvae.network import IPVAE as IPVAE
    from corelib.models.ipvae.network import IGReluVAE as IGReluVAE

__getattr__, __dir__, __all__ = lazy.names(  # pyright: ignore[reportUnsupportedDunderAll]
    __name__,
    {
        "ACT": "corelib.models.bpan.baselines.act",
        "ACTConfig": "corelib.models.bpan.baselines.config",
        "ACTTraining": "corelib.models.bpan.baselines.config",
        "BPAN": "corelib.models.bpan.network",
        "BPANConfig": "corelib.models.bpan.config",
        "BPANSequence": "corelib.models.bpan.sequence",
        "BPANSequenceConfig": "corelib.models.bpan.config",
        "BPANTraining": "corelib.models.bpan.config",
        "BPC": "corelib.models.bpc.network",
        "BPCConfig": "corelib.models.bpc.config",
        "BUTDConfig": "corelib.models.butd.config",
        "BUTDNet": "corelib.models.butd.networks",
        "BUTDTraining": "corelib.models.butd.config",
        "Backprop": "corelib.models.bpc.baselines.backprop",
        "BackpropConfig": "corelib.models.bpc.config",
        "CounterHebbConfig": "corelib.models.butd.config",
        "CounterHebbTraining": "corelib.models.butd.config",
        "DiscriminativePC": "corelib.models.bpc.baselines.discriminative",
        "DiscriminativePCConfig": "corelib.models.bpc.config",
        "GRU": "corelib.models.bpan.baselines.gru",
        "GRUConfig": "corelib.models.bpan.baselines.config",
        "GRUSequence": "corelib.models.bpan.baselines.gru",
        "GRUSequenceConfig": "corelib.models.bpan.baselines.config",
        "GRUTraining": "corelib.models.bpan.baselines.config",
        "GenerativePC": "corelib.models.bpc.baselines.generative",
        "GenerativePCConfig": "corelib.models.bpc.config",
        "HybridPC": "corelib.models.bpc.baselines.hybrid",
        "HybridPCConfig": "corelib.models.bpc.config",
        "IGReluVAE": "corelib.models.ipvae.network",
        "IGVAE": "corelib.models.ipvae.network",
        "IGVAEConfig": "corelib.models.ipvae.config",
        "IGVAETraining": "corelib.models.ipvae.config",
        "IPVAE": "corelib.models.ipvae.network",
        "IPVAEConfig": "corelib.models.ipvae.config",
        "IPVAETraining": "corelib.models.ipvae.config",
        "MLP": "corelib.models.bpan.baselines.mlp",
        "MLPConfig": "corelib.models.bpan.baselines.config",
        "MLPTraining": "corelib.models.bpan.baselines.config",
        "MultiExit": "corelib.models.bpan.baselines.multi_exit",
        "MultiExitConfig": "corelib.models.bpan.baselines.config",
        "MultiExitTraining": "corelib.models.bpan.baselines.config",
        "PonderNet": "corelib.models.bpan.baselines.pondernet",
        "PonderNetConfig": "corelib.models.bpan.baselines.config",
        "PonderNetTraining": "corelib.models.bpan.baselines.config",
        "TwoWayTraining": "corelib.models.bpc.config",
    },
)
