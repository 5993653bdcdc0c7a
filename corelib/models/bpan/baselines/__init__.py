"""The baselines of BPAN: other classifiers that answer after each of several steps.

Files: ``act`` (Graves 2016), ``pondernet`` (Banino 2021), ``multi_exit``, ``mlp`` and ``gru``, one
model each behind the interface of ``corelib.models.bpan.anytime``; ``gru_cell`` the dynamics that
three of them share, ``halting_gru`` what ACT and PonderNet share; ``config`` all settings.

Sizes follow the published comparison at D = 784 inputs: ACT and PonderNet have 803,083 parameters,
Multi-Exit 614,204, the MLP 269,322. What the authors' code does otherwise stands in each file.
Common to all of it: the best epoch was chosen by the test set, and its weights were not copied, so
on the CPU the last epoch's were measured. Ours are chosen on validation images, and copied.
"""
