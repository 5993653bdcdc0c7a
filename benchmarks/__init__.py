"""Each budget as a command that prints a ratio: ``python -m benchmarks.bpan``."""
