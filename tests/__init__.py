"""Tests hold against truth: closed forms, finite differences, slow references in ``reference``."""
