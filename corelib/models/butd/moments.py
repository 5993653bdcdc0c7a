"""The three passes of one image, moment by moment, as they are watched."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np

from corelib.models.butd.analysis import ThreePasses

Kind = Literal["instruction", "image", "activity", "answer", "output error", "error"]


class Moment(NamedTuple):
    """What is computed at one moment: its ``name``, the ``kind`` of its values, the ``row`` and the
    ``column`` where it is shown, and the ``values``.

    They are (unit...) of a population, (row, column) of the image, (class,) at the answer.
    """

    name: str
    kind: Kind
    row: int
    column: int
    values: np.ndarray

    @property
    def signed(self) -> bool:
        """Whether its values are errors, which are of either sign."""
        return self.kind in ("error", "output error")

    @property
    def most(self) -> float:
        """The largest magnitude, where its colours end; 1 where all values are 0."""
        return float(np.abs(self.values).max()) or 1.0


class Moments(NamedTuple):
    """All moments in their ``order``, and what the grid they are shown in has as ``rows``, the
    passes, and as ``columns``: the image, the populations, the answer."""

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    order: tuple[Moment, ...]


def moments_of(view: ThreePasses, image: np.ndarray, shown: Sequence[int]) -> Moments:
    """The moments of the passes of an ``image`` (row, column): top-down with the instruction, if
    there is one, bottom-up with the image, top-down with the error.

    ``shown`` are the populations by place in ``view.names``, the lowest first.
    """
    rows = ("instruction h̄", "activity h", "error δ")[not view.instruction :]
    # The instruction has a row only where there is one.
    up, down = len(rows) - 2, len(rows) - 1
    answer = len(shown) + 1

    def along(
        letter: str, kind: Kind, row: int, signals: tuple[np.ndarray, ...]
    ) -> tuple[Moment, ...]:
        return tuple(
            Moment(f"{letter} of {view.names[k]}", kind, row, column, signals[k])
            for column, k in enumerate(shown, 1)
        )

    instruction = along("h̄", "instruction", 0, view.instruction) if view.instruction else ()
    order = (
        *instruction[::-1],
        Moment("the image", "image", up, 0, image),
        *along("h", "activity", up, view.activity),
        Moment("the answer", "answer", up, answer, view.probability),
        Moment("its error", "output error", down, answer, view.output_error),
        *along("δ", "error", down, view.error)[::-1],
    )
    return Moments(rows, ("image", *(view.names[k] for k in shown), "answer"), order)
