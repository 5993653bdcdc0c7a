"""Training: the learner's protocol, one loop for all, typed events, checkpoints."""
