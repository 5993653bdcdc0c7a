"""Forms made from settings: bounds, help and units come from the declaration of the settings."""

from typing import Any

import streamlit as st

from corelib.settings import SettingInfo, Settings


def settings_forms(
    kinds: dict[str, type[Settings]], prefix: str, *, columns: int = 4
) -> dict[str, dict[str, Any]]:
    """A control for each setting that a person chooses, under its kind's name; returns the values.

    Settings marked ``more`` are grouped under "More". The values are unchecked: building the
    settings raises an error if one is wrong.
    """
    for name, kind in kinds.items():
        st.caption(name)
        infos = [info for info in kind.choices() if not info.more]
        settings_grid(infos, f"{prefix}_{name.lower()}", columns)
    with st.expander("More"):
        for name, kind in kinds.items():
            infos = [info for info in kind.choices() if info.more]
            settings_grid(infos, f"{prefix}_{name.lower()}", columns)
    return settings_values(kinds, prefix)


def settings_values(kinds: dict[str, type[Settings]], prefix: str) -> dict[str, dict[str, Any]]:
    """What the controls of ``settings_forms`` hold now: in a button's callback also what was typed
    since the script drew them."""
    return {
        name: {
            info.name: st.session_state[f"{prefix}_{name.lower()}_{info.name}"]
            for info in kind.choices()
        }
        for name, kind in kinds.items()
    }


def settings_grid(infos: list[SettingInfo], prefix: str, columns: int) -> dict[str, Any]:
    """A control for each of these settings, in rows; returns what they are set to."""
    values: dict[str, Any] = {}
    for at in range(0, len(infos), columns):
        row = infos[at : at + columns]
        for info, cell in zip(row, st.columns(columns, vertical_alignment="bottom"), strict=False):
            with cell:
                values[info.name] = setting_control(info, f"{prefix}_{info.name}")
    return values


def setting_title(info: SettingInfo) -> str:
    """A Greek symbol speaks for itself; a Latin one follows the name."""
    if info.symbol and not info.symbol.isascii():
        return info.symbol
    name = info.name.removeprefix("n_").replace("_", " ").capitalize()
    return f"{name} ({info.symbol})" if info.symbol else name


def setting_control(info: SettingInfo, key: str) -> Any:
    """A control for one setting, which begins at its default. A number may be out of bounds: if
    told of them, a browser keeps back what is typed beyond, and Python goes on with the old one."""
    title = setting_title(info)
    help = info.help + (f" ({_limits(info)})" if _limits(info) else "")
    if info.source:
        help += f". Default from {info.source}"
    if info.kind == "bool":
        return st.toggle(title, value=info.default, key=key, help=help)
    if info.kind == "choice":
        return st.selectbox(
            title, info.choices, info.choices.index(info.default), key=key, help=help
        )
    if info.kind == "int":
        return int(st.number_input(title, value=info.default, step=1, key=key, help=help))
    if info.kind == "float":
        return st.number_input(
            title,
            value=float(info.default),
            step=_float_step(info.default),
            format="%g",
            key=key,
            help=help,
        )
    return st.text_input(title, info.default, key=key, help=help)


def _limits(info: SettingInfo) -> str:
    if info.kind not in ("int", "float") or info.lower is None or info.upper is None:
        return ""
    low = "more than" if info.lower_open else "from"
    return f"{low} {info.lower:g} to {info.upper:g}" + (f" {info.unit}" if info.unit else "")


def _float_step(default: float) -> float:
    """About a tenth of the default, so that one step matters."""
    return float(f"{abs(default) / 10:.0e}") if default else 0.0001
