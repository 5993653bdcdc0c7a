"""Names that change while what they name stays."""

TAB_ALIASES = {"What you see": "About", "Take home": "Export"}
"""Old names of tabs and what they become: scenarios of both are the same."""


def canonical(tab: str | None) -> str | None:
    return TAB_ALIASES.get(tab, tab)
