"""Training events as typed records; a run's ``events.jsonl`` holds one per line."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter


class _Event(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Began(_Event):
    """The first line, and again after each resume; steps after ``step`` then no longer count."""

    kind: Literal["began"] = "began"
    step: int
    total_steps: int
    steps_per_epoch: int
    device: str
    threads: int
    parameters: int


class Stepped(_Event):
    """Updates up to and including ``step``; metrics are means over the last ``count``."""

    kind: Literal["stepped"] = "stepped"
    step: int
    count: int
    seconds: float
    """Time spent computing these updates (pauses and evaluations excluded)."""
    metrics: dict[str, float]


class Validated(_Event):
    """Metrics on the validation set after ``step``; ``best`` if no earlier score was as high."""

    kind: Literal["validated"] = "validated"
    step: int
    epoch: int
    metrics: dict[str, float]
    score: float
    best: bool


class Saved(_Event):
    """A checkpoint was written to ``checkpoints/step-<step>``."""

    kind: Literal["saved"] = "saved"
    step: int


class Finished(_Event):
    """All updates are done; ``metrics`` are the best checkpoint's on the test set."""

    kind: Literal["finished"] = "finished"
    step: int
    best_step: int
    metrics: dict[str, float]


Event = Annotated[Began | Stepped | Validated | Saved | Finished, Field(discriminator="kind")]
_ADAPTER: TypeAdapter[Event] = TypeAdapter(Event)


def parse(line: str | bytes) -> Event:
    """An event from its line of JSON."""
    return _ADAPTER.validate_json(line)
