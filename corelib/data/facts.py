"""What a model card says of the built-in data sets: their licences and their sizes. Imports no
torch, and reads no data."""

from typing import NamedTuple

from corelib.data import own
from corelib.data.multidigit import digits_of
from corelib.data.sequences import TASKS


class Facts(NamedTuple):
    """``licence`` of the images, and how many train, validate and test; zeros where that is known
    only once they are read."""

    licence: str
    train: int = 0
    validation: int = 0
    test: int = 0


MNIST = "CC BY-SA 3.0 (MNIST by LeCun, Cortes and Burges)"
PICTURES = "each picture's own, as scikit-image and scikit-learn state it"
UNSTATED = "not stated by its authors"
_BUILT_IN = {
    "mnist": Facts(MNIST, 55_000, 5_000, 10_000),
    **{task.name: Facts(MNIST, 55_000, 5_000, 10_000) for task in TASKS},
    "multi-mnist": Facts(MNIST, 50_000, 10_000, 10_000),
    "natural-16": Facts(PICTURES, 40_000, 5_000, 5_000),
    "natural-12": Facts(PICTURES, 40_000, 5_000, 5_000),
    "fashion-mnist": Facts("MIT (Zalando SE)", 55_000, 5_000, 10_000),
    "kmnist": Facts("CC BY-SA 4.0 (KMNIST by the CODH)"),
    "celeba": Facts("research only, nothing commercial, as its authors ask"),
    "svhn": Facts("nothing commercial, as its authors ask"),
    "svhn-grey": Facts("nothing commercial, as its authors ask"),
}


def facts(name: str) -> Facts:
    """The facts of a data set by name; of your own, what you noted when you added them."""
    if name in _BUILT_IN:
        return _BUILT_IN[name]
    item = own.find(name) or own.find(digits_of(name) or "")
    if item is None:
        return Facts(UNSTATED)
    licence = item.licence or "nothing noted"
    # Scenes are composed and patches cut, as many as they need.
    counted = item.name == name and item.kind != "fragment"
    return Facts(licence, *own.sizes(item)) if counted else Facts(licence)
