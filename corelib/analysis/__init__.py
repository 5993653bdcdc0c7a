"""Measures that rooms share, as pure functions."""
