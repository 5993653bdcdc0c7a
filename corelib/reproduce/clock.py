"""What stopping early saves by the clock of this machine: BPAN and its baselines as shipped.

Milliseconds of one thread for the 10,000 test images, ``BATCHES`` of them at a time: all T steps,
of which the last is read out, and actually stopping at θ = 0.9. Both are measured in turns, so that
a busy moment of the machine meets both. Mean ± sd over rounds.
"""

from typing import TYPE_CHECKING, Any, cast

from corelib.analysis.anytime import spread
from corelib.data.sources import load_dataset
from corelib.reproduce.anytime import ROWS, THRESHOLD
from corelib.reproduce.seeds import one_thread, say
from corelib.runs.registry import load, shipped

if TYPE_CHECKING:
    import pandas as pd

    from corelib.models.bpan.anytime import AnytimeClassifier

BATCHES = (1, 256, 10_000)
ROUNDS = 7
IMAGES = {1: 500}
"""How many test images are read, where not all: one at a time they take long."""

NOTES = (
    f"Mean ± sd over {ROUNDS} rounds on this machine, one thread, in turns; shipped networks. A "
    "batch goes on until its last image has stopped; an image that has stopped is not computed "
    "further. Below 1 time faster, looking at the confidence costs more than stopping saves.",
)


def run() -> "pd.DataFrame":
    """One row for each shipped network of the table ``anytime`` and each size of a batch."""
    import pandas as pd

    here = {item.name: item for item in shipped()}
    wanted = {row.trained.spec(0).title: name for name, row in ROWS.items() if row.recurrence}
    dataset = load_dataset("mnist")
    x = dataset.inputs(dataset.test.pixels)
    rows: list[dict[str, Any]] = []
    with one_thread():
        for title, name in wanted.items():
            if title in here:
                say(f"Measuring {name}.")
                model = cast("AnytimeClassifier", load(title))
                rows += [
                    {"model": name} | _measured(model, x[: IMAGES.get(batch)], batch)
                    for batch in BATCHES
                ]
    frame = pd.DataFrame(rows, dtype=object)
    frame.attrs["notes"] = NOTES
    return frame


def _measured(model: "AnytimeClassifier", x: Any, batch: int) -> dict[str, Any]:
    from corelib.models.bpan import halting

    rounds = halting.clock_rounds(model, x, THRESHOLD, batch, ROUNDS)
    return {
        "batch": batch,
        "all steps, µs per image": spread([c.fixed_us for c in rounds]),
        "stopping at θ = 0.9, µs per image": spread([c.early_us for c in rounds]),
        "times faster": spread([c.ratio for c in rounds]),
    }
