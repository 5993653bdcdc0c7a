"""The one kind of error that is meant for a person: a sentence that says what to do."""


class SynaptariumError(Exception):
    """An expected failure. Its text is shown as it is, in the app and on the command line."""


class SettingsError(SynaptariumError):
    """A setting has a wrong value or an unknown name; the text names field, value and limit."""


class DataError(SynaptariumError):
    """Data is missing, damaged or of the wrong kind."""


class CheckpointError(SynaptariumError):
    """A checkpoint is missing, damaged or not ours."""


class RunError(SynaptariumError):
    """A run cannot be found, or cannot do what was asked of it."""
