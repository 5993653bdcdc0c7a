"""What the balance ablation measures: conditions of the test images, and the lines of its table."""

from typing import NamedTuple

from corelib.data.corruptions import Corruption

PUBLISHED_SEVERITIES = {
    "gaussian": (0.1, 0.2, 0.3, 0.5, 1.0),
    "salt_pepper": (0.05, 0.1, 0.2, 0.3),
    "occlusion": (0.2, 0.3, 0.4, 0.5, 0.6),
}
_COLUMNS = {
    "gaussian": "accuracy published gaussian sd",
    "salt_pepper": "accuracy salt and pepper",
    "occlusion": "accuracy published occlusion side",
}
CONDITIONS: dict[str, Corruption] = {
    "accuracy clean": Corruption("occlusion", 0.0),
    "accuracy occlusion area 0.25": Corruption("occlusion", 0.25),
    "accuracy occlusion area 0.5": Corruption("occlusion", 0.5),
    **{
        f"{_COLUMNS[kind]} {severity}": Corruption(kind, severity, faithful=kind != "salt_pepper")
        for kind, severities in PUBLISHED_SEVERITIES.items()
        for severity in severities
    },
}


class Measure(NamedTuple):
    """A group of lines of the table: a column of the raw rows, shown in hundredths.

    ``published`` and ``rerun`` are what lambda_bal = 5e-4 changes, as others measured it.
    """

    column: str
    title: str
    published: str | None = None
    rerun: str | None = None

    @property
    def is_accuracy(self) -> bool:
        """Accuracies differ in points, all else in per cent."""
        return self.column.startswith("accuracy")


OCCLUDED, PUBLISHED_GAIN = "accuracy published occlusion side 0.5", 6.5
LESS_CURRENT, LESS_VARIANCE = ("-25 %", "about -23 %"), ("-40 %", "about -16 %")
MEASURES = (
    Measure("accuracy clean", "accuracy, clean / %"),
    Measure("accuracy occlusion area 0.25", "accuracy, occluded area 0.25 / %"),
    Measure("accuracy occlusion area 0.5", "accuracy, occluded area 0.5 / %"),
    Measure("accuracy published occlusion side 0.3", "accuracy, published occlusion, side 0.3 / %"),
    Measure(
        OCCLUDED,
        "accuracy, published occlusion, side 0.5 / %",
        f"+{PUBLISHED_GAIN} points",
        "+0.4 to +1.2 points",
    ),
    Measure("accuracy published gaussian sd 0.5", "accuracy, published noise, sd 0.5 / %"),
    Measure("accuracy published gaussian sd 1.0", "accuracy, published noise, sd 1 / %"),
    Measure("accuracy salt and pepper 0.2", "accuracy, salt and pepper, 20 % / %"),
    Measure("recurrent", "mean |recurrent current| / 0.01", *LESS_CURRENT),
    Measure("balance", "mean |balance current| / 0.01", *LESS_CURRENT),
    Measure("balance e", "mean |balance current|, E units / 0.01", *LESS_CURRENT),
    Measure("balance i", "mean |balance current|, I units / 0.01"),
    Measure("recurrent variance", "variance of the recurrent current / 0.01"),
    Measure("balance variance", "variance of the balance current / 0.01", *LESS_VARIANCE),
    Measure(
        "balance variance e", "variance of the balance current, E units / 0.01", *LESS_VARIANCE
    ),
    Measure("balance variance i", "variance of the balance current, I units / 0.01"),
    Measure("excitation", "mean excitation / 0.01"),
    Measure("inhibition", "mean inhibition / 0.01"),
    Measure("last change", "change of the state in the last step / %"),
)
