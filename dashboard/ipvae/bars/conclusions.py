"""What the tabs of the Moving bars page show, in sentences computed from it."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from corelib.words import percent

if TYPE_CHECKING:
    from corelib.models.ipvae.tuning import Tuning
    from dashboard.ipvae.bars.figures.tuning import Series


def of_tuning(curves: "Tuning", neuron: int, unit: str) -> str:
    """The best direction of a neuron beside the opposite one and those across."""
    mean, directions = curves.mean[:, neuron] - curves.baseline[neuron], curves.directions
    best = int(np.argmax(mean))

    def at(turn: float) -> float:
        around = np.abs((directions - directions[best] - turn + 180) % 360 - 180)
        return float(mean[int(np.argmin(around))])

    across = (at(90) + at(-90)) / 2
    return (
        f"Neuron {neuron} responds most at **{directions[best]:.0f}°**, by **{mean[best]:.2f}** "
        f"{unit} above its baseline of {curves.baseline[neuron]:.2f}; in the opposite direction by "
        f"{at(180):.2f}, and at right angles to it by {across:.2f}."
    )


def of_drives(stimulus: np.ndarray, explained: np.ndarray, neuron: int) -> str:
    """How the drive by explaining-away compares with that by the stimulus, both (time,), while the
    stimulus is there."""
    driven, back = float(np.abs(stimulus).mean()), float(np.abs(explained).mean())
    if not back:
        return f"Nothing inhibits neuron {neuron}: explaining-away is switched off."
    opposed = float((np.sign(stimulus) == -np.sign(explained)).mean())
    return (
        f"Explaining-away drives neuron {neuron} by **{back:.3g}** per frame on average, the "
        f"stimulus by **{driven:.3g}**; the two oppose each other in **{percent(opposed, 0)}** of "
        "the frames."
    )


def of_curves(series: "Sequence[Series]", neuron: int) -> str:
    """Where along each curve the response is largest."""
    places: list[str] = []
    for one in series:
        name, _, unit = one.name.partition(" / ")
        value = one.values[int(one.responses.mean(1).argmax())]
        places.append(f"a {name} of **{value:.3g}**" + f" {unit}" * bool(unit))
    return f"Neuron {neuron} responds most at {', '.join(places[:-1])} and {places[-1]}."


def of_networks(medians: Mapping[str, float], published: Mapping[str, float]) -> str:
    """In which kind of network neurons are most selective for orientation, here and in the
    paper."""
    ranked = sorted(medians, key=lambda kind: medians[kind], reverse=True)
    shown = ", ".join(f"{kind} **{medians[kind]:.2f}** ({published[kind]:g})" for kind in ranked)
    text = f"1 − circular variance of the median neuron, the paper's in brackets: {shown}."
    if len(ranked) == 1:
        return text
    theirs = sorted(ranked, key=lambda kind: published[kind], reverse=True)
    same = "the paper's order" if ranked == theirs else f"in the paper {' > '.join(theirs)}"
    return f"Neurons are most selective for orientation in {ranked[0]}; {same}. {text}"
