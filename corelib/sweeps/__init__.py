"""Sweeps: studies over settings and seeds.

A study is settings to vary, seeds, a search and an engine. Each trial is one choice of the
settings, trained with every seed; each training is an ordinary run. ``settings`` says what a study
is, ``space`` what it tries, ``study`` keeps it in a folder, ``trial`` trains one choice,
``engines`` spreads the trials over processes of this machine or of a cluster.

>>> from corelib import sweep
>>> study = sweep("mlp", vary={"n_hidden": [8, 16]}, max_steps=20, epochs=1, name="width")
>>> study.trials["n_hidden"].tolist()
[8, 16]
"""
