"""Glossary: every symbol and term of the pages, explained once."""

from dashboard.router import ensure_routed

ensure_routed()

from dashboard.lab.glossary import draw_glossary

draw_glossary()
