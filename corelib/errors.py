"""Errors meant for a person: each is a sentence that says what to do."""


class SynaptariumError(Exception):
    """An expected failure. Its text is shown unchanged in the app and on the command line."""


class SettingsError(SynaptariumError):
    """A setting has a wrong value or an unknown name; the text names field, value and limit."""


class DataError(SynaptariumError):
    """Data is missing, damaged or of the wrong kind."""


class CheckpointError(SynaptariumError):
    """A checkpoint is missing, damaged or of another format."""


class RunError(SynaptariumError):
    """A run cannot be found, or cannot do what was requested."""


class DivergedError(SynaptariumError):
    """Training ran away at ``step``: a loss, a score or a weight is not a finite number, or a loss
    is beyond what its learner can mean."""

    def __init__(self, step: int, what: str) -> None:
        super().__init__(f"diverged at update {step:,}: {what}")
        self.step = step
