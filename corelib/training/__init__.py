"""Training: the learner interface, one loop for all, typed events, checkpoints."""
