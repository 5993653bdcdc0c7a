"""A report without a browser: the app runs one page in this process, as its tests do."""

from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from corelib.errors import SettingsError
from dashboard.shell.registry import Look, Registry
from dashboard.shell.report import ASKED, MADE, address_of
from dashboard.shell.report_html import Report, as_html, spoken

if TYPE_CHECKING:
    from streamlit.testing.v1 import AppTest

ROOT = Path(__file__).parents[2]
PATIENCE_S = 3600
ELSEWHERE = ("tab", "table", "system", "export")
"""Controls of the parts that no report has, and which tab is open."""


def report(address: str) -> str:
    """The HTML of the report of a view, ``"halting?halting_theta=0.8"`` or a link to it.

    Raises ``SettingsError`` for a page that there is not or that has nothing to report, and for a
    setting that it does not have or that cannot have this value.

    >>> html = report("halting?halting_theta=0.8")  # doctest: +SKIP
    """
    name, _, query = address_of(address).partition("?")
    asked = parse_qs(query, keep_blank_values=True)
    app = _run(name, asked, address)
    made: Report | None = app.session_state.get(MADE)
    if made is None:
        raise SettingsError(_why_not(name, app))
    _check(name, asked, app)
    return as_html(made)


def _run(name: str, asked: Mapping[str, list[str]], address: str) -> "AppTest":
    import logging

    from streamlit.testing.v1 import AppTest

    # It warns of every call outside a server.
    logging.getLogger("streamlit.runtime.scriptrunner_utils.script_run_context").setLevel("ERROR")
    script = ROOT / "pages" / f"{name}.py"
    pages = sorted(page.stem for page in script.parent.glob("*.py"))
    if name not in pages:
        raise SettingsError(
            f"There is no page named {name[:60]!r}{_nearest(name, pages)}; there are: "
            f"{', '.join(pages)}."
        )
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=PATIENCE_S)
    for key, values in asked.items():
        app.query_params[key] = values[0] if len(values) == 1 else values
    app.context = {"url": address.partition("?")[0] if urlsplit(address).netloc else name}
    app.session_state[ASKED] = app.session_state["_routed"] = True
    app.switch_page(str(script))
    return app.run()


def _why_not(name: str, app: "AppTest") -> str:
    """Why the page made no report: what it says itself, or that it never does."""
    for said in (*app.exception, *app.error, *app.info):
        return f"{name} cannot be reported: {spoken(said.value)}"
    return f"{name} has no report: it shows no figures of a view."


def _check(name: str, asked: Mapping[str, list[str]], app: "AppTest") -> None:
    """Raise ``SettingsError`` unless the page shows what the address asked for: a person who opens
    a link sees where it does not, but nobody looks here."""
    state = app.session_state
    registries: dict[str, Registry] = state.get("_controls", {})
    looks = {key: look for one in registries.values() for key, look in one.looks.items()}
    drawn = [key for one in registries.values() for key in one.drawn]
    for key, values in asked.items():
        if key.partition("_")[2] in ELSEWHERE and key.partition("_")[0] in registries:
            continue
        # A drawing or an upload is a record of the session by the name of its parameter.
        if key not in drawn and f"_{key}" not in state:
            raise SettingsError(
                f"{name} has no setting {key[:60]!r} in this view{_nearest(key, drawn)}; it has: "
                f"{', '.join(drawn)}."
            )
        now = state[key] if key in drawn else state[f"_{key}"]
        look = looks.get(key, Look(key))
        if (key in drawn and not _is(values, now, look)) or now is None:
            shown = f"; the page would show {look.written(now)}" if now is not None else ""
            raise SettingsError(
                f"{key} ({look.label}) cannot be {', '.join(values)[:60]!r} in this view{shown}."
            )


def _is(asked: list[str], now: Any, look: Look) -> bool:
    """Whether a control's value is what the address says."""
    if isinstance(now, list | tuple):
        given = [value for value in asked if value]
        return len(given) == len(now) and all(
            _is([a], b, look) for a, b in zip(given, now, strict=True)
        )
    (*_, last) = asked
    if isinstance(now, bool):
        return last == str(now).lower()
    if isinstance(now, int | float):
        try:
            return float(last) == now
        except ValueError:
            return False
    return last in (str(now), look.show(now))


def _nearest(word: str, known: list[str]) -> str:
    near = get_close_matches(word, known, n=1)
    return f", the nearest is {near[0]}" if near else ""
