"""The families of networks, one folder per experiment; these never import each other.

Each network is built from its config, or from the config's fields as keyword arguments:
``BPAN(BPANConfig(n_steps=3))`` and ``BPAN(n_steps=3)`` are the same.
"""
