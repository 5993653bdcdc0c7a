"""BPAN on MNIST: accuracy and mean steps at θ = 0.9, published, re-run, and ours.

The paper's network answers at the first of 6 steps whose largest softmax reaches θ. "paper" is what
the paper states; "re-run of the authors' code" is their code run by us, on MNIST's own split. Ours
are the checkpoints that ship, trained on the first 55,000 images and chosen by the next 5,000.
"""

from typing import TYPE_CHECKING

from corelib.errors import CheckpointError
from corelib.measures.evaluation import measure
from corelib.runs.registry import shipped

if TYPE_CHECKING:
    import pandas as pd

# Accuracy in per cent and mean steps, both at θ = 0.9.
PUBLISHED = {"paper": (97.73, 1.51), "re-run of the authors' code": (97.74, 1.44)}


def run() -> "pd.DataFrame":
    """One row a source. Figures that a source does not give are missing.

    Raises ``CheckpointError`` when no BPAN ships.
    """
    import pandas as pd

    own = [s for s in shipped() if s.card.system == "bpan" and s.card.dataset == "mnist"]
    if not own:
        raise CheckpointError(
            "No BPAN trained on MNIST ships with this copy; restore it with: "
            "git checkout -- assets/checkpoints"
        )
    rows: list[tuple[object, ...]] = [
        (name, None, *figures, None) for name, figures in PUBLISHED.items()
    ]
    for item in own:
        measured = measure(item, "mnist", "test")
        metrics = measured.metrics
        rows.append(
            (
                item.name,
                round(100 * metrics["accuracy"], 2),
                round(100 * metrics["accuracy at θ = 0.9"], 2),
                round(metrics["mean steps at θ = 0.9"], 2),
                measured.parameters,
            )
        )
    columns = [
        "source",
        "accuracy at the last step / %",
        "accuracy at θ = 0.9 / %",
        "mean steps at θ = 0.9",
        "parameters",
    ]
    return pd.DataFrame(rows, columns=columns).astype({"parameters": "Int64"})
