"""The app run without a browser, opened at one page."""

import ast
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
from streamlit.testing.v1 import AppTest

from tests.sessions.client import plain_values

ROOT = Path(__file__).parents[2]


def open_page(name: str, **query: str | list[str]) -> AppTest:
    """The page after one run of its script; ``query`` is what its address asks for."""
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    for key, value in query.items():
        app.query_params[key] = value
    app.session_state["_routed"] = True
    app.switch_page(f"pages/{name}.py")
    return app.run()


def sentences(app: AppTest) -> str:
    """All Markdown of a page, a line each."""
    return "\n".join(item.value for item in app.markdown)


def cells(app: AppTest) -> set[str]:
    """Every cell of all tables of a page, as text."""
    return {str(cell) for table in app.dataframe for cell in table.value.to_numpy().ravel()}


def named(app: AppTest) -> set[str]:
    """Every cell of all tables of a page and what heads their columns, as text."""
    return cells(app) | {str(name) for table in app.dataframe for name in table.value.columns}


def joined(app: AppTest) -> pd.DataFrame:
    """The parts of the first table of a page, which fold it, side by side; its first column is the
    index."""
    parts = [table.value.set_index(table.value.columns[0]) for table in app.dataframe]
    return pd.concat([part for part in parts if part.index.name == parts[0].index.name], axis=1)


def view_of(app: AppTest) -> list[dict]:
    """All elements of a page as plain values."""
    return [
        {"kind": item.type, **plain_values(item.proto)}
        for item in (*app.main, *app.sidebar)
        if hasattr(item, "proto")
    ]


def imported_by(names: Sequence[str], draw: str, shown: str) -> list[str]:
    """Which of these modules a process of its own has imported after a page was drawn: ``draw``
    makes it an AppTest named ``app``, and ``shown`` is true of it then."""
    script = (
        "import sys\n"
        "from streamlit.testing.v1 import AppTest\n"
        "import dashboard.shell.cache\n"
        # Imports after the page has painted do not count.
        "dashboard.shell.cache.warm_up = lambda: None\n"
        "app = AppTest.from_file('app.py', default_timeout=60)\n"
        f"{draw}\n"
        f"assert not app.exception and {shown}\n"
        f"print([name for name in {names} if name in sys.modules])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        encoding="utf-8",
    )
    return ast.literal_eval(done.stdout.strip())
