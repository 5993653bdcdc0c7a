"""Each performance budget is a command that prints a ratio: ``python -m benchmarks.bpan``."""
