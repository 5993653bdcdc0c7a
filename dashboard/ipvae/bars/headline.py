"""The sentence on top of the Moving bars page."""

import numpy as np

from corelib.models.ipvae.tuning import count_statistics, responsive
from dashboard.ipvae.bars.view import View
from dashboard.shell.text import plain


def sentence(v: View) -> str:
    """What this neuron prefers, how selective it is, and how it fires in the direction shown."""
    chosen, k = v.selectivity(), v.neuron
    who = f"**Neuron {k}** of {plain(v.item.title)} ({v.kind})"
    if not np.isfinite(chosen.orientation[k]) or not responsive(v.tuning())[k]:
        return (
            f"{who} hardly responds to this stimulus. Choose another neuron, or raise the contrast."
        )
    what = "bar" if "bar" in v.stimulus.kind else "stripe"
    text = f"{who} prefers a {what} whose axis is at **{chosen.best_axis[k]:.0f}°**"
    if v.gabor_axis is not None:
        text += f" (the Gabor function of its receptive field: {v.gabor_axis:.0f}°)"
    text += (
        f"; 1 − circular variance is **{chosen.orientation[k]:.2f}** for orientation and "
        f"**{chosen.direction[k]:.2f}** for direction. "
    )
    return text + _spikes(v) if v.spikes else text


def _spikes(v: View) -> str:
    counts = count_statistics(v.outcome().counts)
    mean, sd, fano = (values[v.neuron] for values in counts)
    ending = f", Fano factor {fano:.2f}." if np.isfinite(fano) else "."
    return (
        f"At {v.direction:g}° it fires {mean:.1f} ± {sd:.1f} spikes in {v.stimulus.frames} frames"
        + ending
    )
