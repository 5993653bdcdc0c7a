"""Measures that the families share, as pure functions."""
