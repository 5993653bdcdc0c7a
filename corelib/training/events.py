"""Training events as typed records; a run's ``events.jsonl`` holds one per line."""

import math
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter

Measured = Annotated[
    float,
    Field(allow_inf_nan=True),
    # Not a number was once written as null.
    BeforeValidator(lambda value: math.nan if value is None else value),
]
"""A measured number. In files, what is not finite is spelled "NaN", "Infinity" or "-Infinity"."""


Updates = Annotated[int, Field(ge=0, le=10**12)]
"""A number of updates or epochs; a page can show it, whoever wrote the file."""
AtLeastOne = Annotated[int, Field(ge=1, le=10**12)]


class _Event(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", ser_json_inf_nan="strings")


class Began(_Event):
    """The first line, and again after each resume; steps after ``step`` then no longer count."""

    kind: Literal["began"] = "began"
    step: Updates
    total_steps: AtLeastOne
    steps_per_epoch: AtLeastOne
    device: str
    threads: int = Field(ge=1, le=10**6)
    parameters: int = Field(ge=0, le=10**15)
    spec: dict[str, Any] = {}
    """The run's spec as it was when training began; a later edit of the file is without effect."""


class Stepped(_Event):
    """Updates up to and including ``step``; metrics are means over the last ``count``."""

    kind: Literal["stepped"] = "stepped"
    step: Updates
    count: AtLeastOne
    seconds: float = Field(ge=0, le=1e9)
    """Time spent computing these updates (pauses and evaluations excluded)."""
    metrics: dict[str, Measured]


class Validated(_Event):
    """Metrics on the validation set after ``step``; ``best`` if no earlier score was as high."""

    kind: Literal["validated"] = "validated"
    step: Updates
    epoch: Updates
    metrics: dict[str, Measured]
    score: Measured
    best: bool
    seconds: float = Field(0.0, ge=0, le=1e9)
    """Time spent measuring; 0 where it was not kept."""

    @property
    def measure(self) -> str:
        """The metric that the score is; "score" where it is none of them."""
        return next((name for name, value in self.metrics.items() if value == self.score), "score")


class Saved(_Event):
    """A checkpoint was written to ``checkpoints/step-<step>``."""

    kind: Literal["saved"] = "saved"
    step: Updates


class Finished(_Event):
    """All updates are done; ``metrics`` are the best checkpoint's on the test set."""

    kind: Literal["finished"] = "finished"
    step: Updates
    best_step: Updates
    metrics: dict[str, Measured]
    seconds: float = Field(0.0, ge=0, le=1e9)
    """Time spent measuring; 0 where it was not kept."""


Event = Annotated[Began | Stepped | Validated | Saved | Finished, Field(discriminator="kind")]
_ADAPTER: TypeAdapter[Event] = TypeAdapter(Event)


def parse(line: str | bytes) -> Event:
    """An event from its line of JSON."""
    return _ADAPTER.validate_json(line)
