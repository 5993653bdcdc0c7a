"""Pages run without a browser: ``save_report`` for the command line."""

import logging
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from corelib import files
from corelib.errors import SettingsError

ROOT = Path(__file__).parents[1]
PATIENCE_S = 600


def save_report(view: str, file: Path) -> None:
    """Save the report of a view, given as a link or as ``page?key=value&...``.

    Raises ``SettingsError`` naming a page or a control that does not exist, or a value that a
    control cannot take.
    """
    from dashboard.rooms import ROOMS

    where = urlsplit(view.strip())
    page = where.path.strip("/").rpartition("/")[2]
    known = [room.file.removesuffix(".py") for room in ROOMS]
    if page not in known:
        raise SettingsError(
            f"There is no experiment named {page!r}; there are: {', '.join(known)}."
        )
    asked: dict[str, list[str]] = {}
    for key, value in parse_qsl(where.query, keep_blank_values=True):
        asked.setdefault(key, []).append(value)
    files.write_text(file, _report(page, asked))


def _report(page: str, asked: dict[str, list[str]]) -> str:
    from streamlit.logger import set_log_level
    from streamlit.testing.v1 import AppTest

    set_log_level(logging.ERROR)  # it warns that there is no browser

    from dashboard.shell import report

    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=PATIENCE_S)
    for key, values in asked.items():
        app.query_params[key] = values if len(values) > 1 else values[0]
    app.session_state["_routed"] = True
    app.session_state[report.WANTED] = page
    app.switch_page(f"pages/{page}.py").run()
    _check(app)
    registry = app.session_state["_controls"]
    prefix = next(iter(registry))
    _check_controls(app, prefix, asked)
    tab = f"{prefix}_tab"
    if app.session_state[tab] != "Export":
        app.query_params[tab] = "Export"
        app.session_state[tab] = "Export"
        app.run()
    app.button(key=f"{prefix}_report").click().run()
    _check(app)
    if report.MADE not in app.session_state:
        raise SettingsError("The report could not be made: nothing is shown in this view.")
    return app.session_state[report.MADE]


def _check(app) -> None:
    """Raise what the page says instead of a figure."""
    if app.exception:
        raise SettingsError(
            f"The page failed: {app.exception[0].message or app.exception[0].value}"
        )
    if app.error:
        raise SettingsError(app.error[0].value.replace("\\", ""))


def _check_controls(app, prefix: str, asked: dict[str, list[str]]) -> None:
    """Raise ``SettingsError`` for what the page has no control for, or did not take."""
    known = app.session_state["_controls"][prefix].known | {f"{prefix}_tab", "projector"}
    for key, values in asked.items():
        if key not in known:
            near = ", ".join(sorted(known))
            raise SettingsError(f"This view has no control named {key!r}; it has: {near}.")
        if key not in app.query_params:
            raise SettingsError(f"{key} cannot be {', '.join(values)[:60]!r}.")
