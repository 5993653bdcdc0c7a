"""``runs compare``: trainings side by side, printed or as one CSV file."""

# The type of an option is made by a function that adds its help.
# pyright: reportInvalidTypeForm=false

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from corelib import files
from corelib.cli import show
from corelib.cli.parse import UsageError, text, whole

if TYPE_CHECKING:
    from corelib.measures.comparison import Comparison

NAMES = Annotated[
    tuple[str, ...],
    tyro.conf.Positional,
    tyro.conf.arg(
        help="Two to eight runs (by id or name), shipped checkpoints or folders",
        help_behavior_hint="",
    ),
]


@dataclasses.dataclass(frozen=True)
class CompareRuns:
    """Compare two to eight runs or checkpoints: scores, settings that differ, intervals."""

    runs: NAMES
    baseline: text("The one that others are compared with", "RUN", "the first") = ""
    images: text("How many test images are classified", "N", "all") = ""
    csv: text("Write the whole comparison to this file", "FILE", "printed only") = ""

    def __call__(self) -> None:
        from corelib.measures.comparison import compare

        images = whole("images", self.images) if self.images else None
        if self.csv and not Path(self.csv).parent.is_dir():
            raise UsageError(f"There is no folder {Path(self.csv).parent}: make it first.")
        found = compare(self.runs, baseline=self.baseline, images=images)
        print(_in_words(found, shutil.get_terminal_size().columns))
        if self.csv:
            files.write_text(Path(self.csv), found.to_csv())
            print(f"\nThe whole comparison is in {self.csv}.")


def _in_words(found: Comparison, width: int) -> str:
    """The tables one below the other, then the sentences."""
    over_seeds = found.groups[found.groups["n"] > 1]
    tables = {
        "Settings that differ": found.settings,
        "Scores on the test set": found.scores.drop(columns=["group", "state"]),
        "Mean over seeds, sd with n − 1": over_seeds.drop(columns="dataset"),
        "Differences from the baseline": found.differences.dropna(axis=1, how="all"),
    }
    parts = [
        f"{title}\n{show.frame(table.round(4), width)}"
        for title, table in tables.items()
        if len(table)
    ]
    return "\n\n".join([*parts, found.sentence, *found.notes])
