"""What both BU/TD pages read."""

from typing import TYPE_CHECKING, cast

from corelib.catalog import system
from dashboard.shell import cache
from dashboard.shell.cache import CheckpointKey

if TYPE_CHECKING:
    from corelib.models.butd.config import PathConfig
    from corelib.models.butd.networks import BUTDNet
    from corelib.runs.registry import Checkpoint


def network(which: CheckpointKey) -> "BUTDNet":
    """The network of a checkpoint, shared by all sessions; it must not be changed."""
    return cast("BUTDNet", cache.model(which))


def config_of(item: "Checkpoint") -> "PathConfig":
    """The settings of a checkpoint's network."""
    return cast("PathConfig", system(item.card.system).config_type(**item.card.config))
