"""How a trained network departs from its system's standard settings. Imports no torch."""

from corelib.catalog import system
from corelib.training.card import Card


def differences(card: Card) -> list[str]:
    """What differs, each as ``α = 0.5`` or ``dale: off``; empty for the standard settings."""
    chosen = system(card.system)
    return [
        f"{info.symbol or info.name} = {values[info.name]:g}"
        if info.kind in ("int", "float")
        else f"{info.name}: {'on' if values[info.name] is True else values[info.name] or 'off'}"
        for kind, values in (
            (chosen.config_type, card.config),
            (chosen.training_type, card.training),
        )
        for info in kind.infos()
        if values.get(info.name, info.default) != info.default
    ]
