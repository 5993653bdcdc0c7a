"""How to cite a family's paper and this software, as BibTeX.

The facts are those that each family's package states (``corelib.models.<family>``).
"""

from collections.abc import Iterable

BPAN = """@unpublished{lahiri_bpan,
  author = {Lahiri and Panwar},
  title = {Balanced Predictive Attractor Networks for Anytime and Sequential Inference},
  note = {Submitted to Neurocomputing}
}
"""
BPC = """@misc{oliviers2025bidirectional,
  author = {Oliviers and Tang and Bogacz},
  title = {Bidirectional predictive coding},
  year = {2025},
  eprint = {2505.23415},
  archivePrefix = {arXiv}
}
"""
BUTD = """@inproceedings{abel2024biologically,
  author = {Abel and Ullman},
  title = {Biologically inspired learning model for instructed vision},
  booktitle = {NeurIPS},
  year = {2024},
  eprint = {2306.02415},
  archivePrefix = {arXiv}
}
"""
IPVAE = """@inproceedings{vafaii2025brain,
  author = {Vafaii and Galor and Yates},
  title = {Brain-like variational inference},
  booktitle = {NeurIPS},
  year = {2025},
  eprint = {2410.19315},
  archivePrefix = {arXiv}
}
"""
PAPERS = {"bpan": BPAN, "bpc": BPC, "butd": BUTD, "ipvae": IPVAE}
SOFTWARE = """@software{{synaptarium,
  author = {{{{The Synaptarium developers}}}},
  title = {{Synaptarium: an interactive laboratory of brain-inspired networks}},
  version = {{{version}}},
  year = {{2026}}
}}
"""


def bibtex(families: Iterable[str], version: str) -> str:
    """The entries of the families' papers and of Synaptarium in this version."""
    return "\n".join((*(PAPERS[name] for name in families), SOFTWARE.format(version=version)))
