"""The command line: parsing, the commands, following a run, plain tables."""
