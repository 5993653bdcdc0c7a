"""The baselines of bidirectional predictive coding: the same layers under other rules.

Files: ``generative`` the generator alone (Rao and Ballard 1999), ``discriminative`` the amortiser
alone (Whittington and Bogacz 2017), ``hybrid`` a generator whose inference starts at the amortiser
(Tschantz et al. 2023), ``backprop`` both chains, each trained by back-propagation.

All have the interface of ``corelib.models.bpc.network.TwoWay``; ``infer`` takes each one's weights.
"""
