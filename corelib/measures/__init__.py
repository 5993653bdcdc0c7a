"""Measures of networks by name, each one call: what the pages show, for a script or a notebook.

They are public as ``corelib.evaluate`` and ``corelib.analysis``.
"""
