"""The base of every configuration: frozen, bounded, explained.

A configuration is declared once; the command line, the forms of the app and the error messages
are generated from that declaration. Nothing here or in any ``config`` module imports torch, so
``--help`` and forms are instant.
"""

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple, Self, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from corelib.errors import SettingsError


def setting(
    default: Any,
    help: str,
    *,
    ge: float | None = None,
    gt: float | None = None,
    le: float | None = None,
    lt: float | None = None,
    symbol: str = "",
    unit: str = "",
    source: str = "",
    more: bool = False,
    from_data: bool = False,
    destabilises: bool = False,
    takes_memory: bool = False,
) -> Any:
    """Declare one setting of a ``Settings`` class.

    ``symbol`` is the letter the paper uses, ``source`` where the default comes from; ``more``
    moves the control under "More" in forms. ``from_data`` marks a setting that the data set
    fixes, by the field of the same name in its ``Source``: no form or command asks for it.

    ``destabilises`` marks a setting whose larger values can make training diverge, and
    ``takes_memory`` one whose larger values take more memory; ``corelib.training.advice`` names
    them when that has happened.
    """
    extra = {"symbol": symbol, "unit": unit, "source": source, "more": more}
    extra |= {"from_data": from_data, "destabilises": destabilises, "takes_memory": takes_memory}
    return Field(default, description=help, ge=ge, gt=gt, le=le, lt=lt, json_schema_extra=extra)


Kind = Literal["bool", "int", "float", "choice", "text"]


class SettingInfo(NamedTuple):
    """One setting as a form or a table needs it."""

    name: str
    kind: Kind
    default: Any
    lower: float | None
    upper: float | None
    lower_open: bool
    upper_open: bool
    choices: tuple[str, ...]
    help: str
    symbol: str
    unit: str
    source: str
    more: bool
    from_data: bool = False
    destabilises: bool = False
    takes_memory: bool = False

    @property
    def limits(self) -> str:
        """The bounds in words, such as "1 to 64" or "above 0"; empty if there are none."""
        lower = "" if self.lower is None else _plain(self.lower)
        upper = "" if self.upper is None else _plain(self.upper)
        if lower and upper and not self.lower_open and not self.upper_open:
            return f"{lower} to {upper}"
        lower = lower and f"{'above' if self.lower_open else 'at least'} {lower}"
        upper = upper and f"{'below' if self.upper_open else 'at most'} {upper}"
        return ", ".join(bound for bound in (lower, upper) if bound)


def _plain(bound: float) -> str:
    return f"{int(bound):,}" if bound == int(bound) else f"{bound:g}"


class Settings(BaseModel):
    """Frozen settings; a wrong value or unknown key raises ``SettingsError`` on construction."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", validate_default=True, allow_inf_nan=False, strict=False
    )

    @model_validator(mode="wrap")
    @classmethod
    def _one_sentence(cls, data: Any, handler: Any) -> Any:
        if isinstance(data, Mapping):
            # Pydantic would take True for 1.
            for name, field in cls.model_fields.items():
                value = data.get(name)
                if isinstance(value, bool) and field.annotation in (int, float):
                    raise SettingsError(f"{name} is {value}, but should be a number.")
        try:
            return handler(data)
        except ValidationError as error:
            raise SettingsError(_sentence(cls, error)) from None

    @classmethod
    def from_arguments(cls, config: Self | None, settings: Mapping[str, Any]) -> Self:
        """The configuration that a network was built with: ``Network(config)``,
        ``Network(name=value, ...)``, or both, where a keyword argument replaces the config's value.

        Settings named in neither have their defaults. Raises ``SettingsError`` for an unknown name
        or a wrong value, and for a ``config`` of another class.
        """
        if config is None:
            return cls(**settings)
        if not isinstance(config, cls):
            raise SettingsError(
                f"config is {_shown(config)}, but should be an instance of {cls.__name__}."
            )
        return type(config)(**{**config.model_dump(), **settings}) if settings else config

    @classmethod
    def infos(cls) -> list[SettingInfo]:
        """The settings in their declared order, with bounds and help."""
        return [_info(name, field) for name, field in cls.model_fields.items()]

    @classmethod
    def choices(cls) -> list[SettingInfo]:
        """The settings that a person chooses: all but those that the data set fixes."""
        return [info for info in cls.infos() if not info.from_data]


def _info(name: str, field: Any) -> SettingInfo:
    bounds: dict[str, float] = {}
    for item in field.metadata:
        for key in ("ge", "gt", "le", "lt"):
            value = getattr(item, key, None)
            if value is not None:
                bounds[key] = value
    annotation = field.annotation
    choices: tuple[str, ...] = ()
    if get_origin(annotation) is Literal:
        choices = get_args(annotation)
    kinds: dict[Any, Kind] = {bool: "bool", int: "int", float: "float"}
    kind: Kind = "choice" if choices else kinds.get(annotation, "text")
    extra = field.json_schema_extra or {}
    return SettingInfo(
        name=name,
        kind=kind,
        default=field.default,
        lower=bounds.get("ge", bounds.get("gt")),
        upper=bounds.get("le", bounds.get("lt")),
        lower_open="gt" in bounds,
        upper_open="lt" in bounds,
        choices=choices,
        help=field.description or "",
        symbol=extra.get("symbol", ""),
        unit=extra.get("unit", ""),
        source=extra.get("source", ""),
        more=extra.get("more", False),
        from_data=extra.get("from_data", False),
        destabilises=extra.get("destabilises", False),
        takes_memory=extra.get("takes_memory", False),
    )


def _sentence(cls: type[Settings], error: ValidationError) -> str:
    """The first error as one sentence with field, value and limit."""
    first = error.errors()[0]
    name = _named(".".join(str(part) for part in first["loc"]) or cls.__name__)
    if first["type"] == "extra_forbidden":
        known = ", ".join(cls.model_fields)
        return f"{cls.__name__} has no setting named {name}; it has: {known}."
    if first["type"] == "missing":
        return f"{cls.__name__} needs a value for {name}."
    reason = first["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
    # What pydantic says of these does not complete the sentence, or not rightly.
    too_long = first["type"] == "float_type" and isinstance(first["input"], int)
    if too_long or first["type"] == "int_parsing_size":
        reason = "a number with fewer digits"
    return f"{name} is {_shown(first['input'])}, but should be {reason}."


def _named(name: str) -> str:
    """The name of a setting as it stands, or quoted and cut if it could break the sentence."""
    return name if name.isprintable() and len(name) <= 60 else _shown(name)


def _shown(value: Any) -> str:
    """A value as quoted in a sentence, cut if it is long."""
    try:
        text = repr(value)
    except (RecursionError, ValueError):  # lists within lists, numbers of thousands of digits
        return "a value too long to show"
    return text if len(text) <= 60 else text[:57] + "..."
