"""Asked with something small in place of what takes seconds."""

from collections.abc import Callable
from functools import wraps
from typing import Any

import pytest


def quick(function: Callable[..., Any], *replaced: tuple[Any, str, Any]) -> Callable[..., Any]:
    """``function`` while the names of some modules have other values."""

    @wraps(function)
    def asked(*given: Any) -> Any:
        with pytest.MonkeyPatch.context() as patch:
            for module, name, value in replaced:
                patch.setattr(module, name, value)
            return function(*given)

    return asked
