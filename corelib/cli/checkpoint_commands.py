"""Trained networks: those that ship, those that were imported, and the best of each run."""

# The type of an option is made by a function that adds its help.
# pyright: reportInvalidTypeForm=false

import dataclasses

from corelib.cli import show
from corelib.cli.parse import Group, flag, name
from corelib.runs.offered import available, unreadable
from corelib.words import percent


@dataclasses.dataclass(frozen=True)
class List:
    """List the trained networks that can be used by their names."""

    json: flag("Print JSON") = False

    def __call__(self) -> None:
        items = available()
        if self.json:
            show.as_json([{"name": item.name, **item.card.model_dump()} for item in items])
            return
        rows = [("name", "network", "data", "test accuracy", "called")]
        for item in items:
            accuracy = item.card.test.get("accuracy")
            rows.append(
                (
                    item.name,
                    item.card.system,
                    item.card.dataset,
                    "" if accuracy is None else percent(accuracy, 2),
                    "" if item.title == item.name else item.title,
                )
            )
        print(show.table(rows))
        for problem in unreadable():
            print(problem.reason)


@dataclasses.dataclass(frozen=True)
class Remove:
    """Delete an imported network; the file it was read from stays."""

    name: name("Its name")

    def __call__(self) -> None:
        from corelib.runs.imported import remove

        remove(self.name)
        print(f"Removed {self.name}.")


CHECKPOINTS = Group(
    "Trained networks: shipped, imported, and the best of each run.",
    "command",
    {"list": List, "remove": Remove},
)
