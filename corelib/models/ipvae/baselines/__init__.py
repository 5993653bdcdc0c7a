"""The baseline of the iterative VAEs: sparse coding by LCA, the locally competitive algorithm.

Files: ``lca`` the circuit, its code and the learning of its features, its curve of rate against
distortion; ``config`` the settings of its training.
"""
