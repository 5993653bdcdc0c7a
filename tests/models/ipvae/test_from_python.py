"""What the Moving bars page shows of an included network, from Python and without Streamlit."""

from corelib import load
from corelib.models.ipvae.analysis import features
from corelib.models.ipvae.experiment import Experiment, all_directions, run, sweep_directions
from corelib.models.ipvae.stimuli import quick_bar
from corelib.models.ipvae.tuning import count_statistics, default_neuron, selectivity
from tests.pages.app import open_page, sentences

NAME = "ipvae-natural-16"


def the_pages_sentence() -> str:
    model, directions = load(NAME), all_directions(36)
    bar = quick_bar(side=16)
    k = default_neuron(features(model), bar, directions)
    sweep = sweep_directions(model, Experiment(bar, trials=4), directions)
    prefers = selectivity(sweep.tuning())
    counts = count_statistics(run(model, Experiment(bar, direction=0, trials=10)).counts)
    return (
        f"**Neuron {k}** of {NAME} (iP-VAE) prefers a bar whose axis is at "
        f"**{prefers.best_axis[k]:.0f}°**; 1 − circular variance is "
        f"**{prefers.orientation[k]:.2f}** for orientation and **{prefers.direction[k]:.2f}** for "
        f"direction. At 0° it fires {counts.mean[k]:.1f} ± {counts.sd[k]:.1f} spikes in "
        f"{bar.frames} frames, Fano factor {counts.fano[k]:.2f}."
    )


def test_python_gives_the_same_numbers_as_the_page(runs_root):
    page = sentences(open_page("bars", bars_model=NAME)).splitlines()[0]
    before, _, rest = page.partition(" (the Gabor function of its receptive field: ")
    assert before + rest.partition(")")[2] == the_pages_sentence()
