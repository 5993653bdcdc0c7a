"""The command line's parts: words to options, the commands, following a run, plain tables."""
