"""Names that change while what they name stays."""

TAB_ALIASES = {
    "What you see": "About",
    "Take home": "Export",
    "Digits by step": "Examples by halting step",
    "Where it hurts": "Occlusion sensitivity",
    "Who halts when": "By class and difficulty",
    "Both ways": "Forward and feedback",
}
"""Old names of tabs and what they become: scenarios of both are the same."""


def canonical(tab: str | None) -> str | None:
    return TAB_ALIASES.get(tab, tab)


def in_words(scenario: dict) -> str:
    """A scenario in a line."""
    steps = [" and ".join(f"{m[0]} = {m[2]}" for m in step) for step in scenario["steps"]]
    begin = [scenario["tab"] or "first tab", *([scenario["theme"]] if scenario["theme"] else [])]
    begin += ["own trainings"] * scenario["own"] + ["by a link"] * scenario.get("link", False)
    return ", ".join(begin + steps)
