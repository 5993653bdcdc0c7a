"""Training runs: each has its own folder and its own process."""
