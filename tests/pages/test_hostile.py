"""Text from files is shown as it is: no page takes it for Markdown."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from corelib.runs import offered
from tests.pages.addresses import PREFIX
from tests.pages.app import open_page, view_of
from tests.pages.hostile import MESSAGE, NAME, hostile_runs

VERBATIM = {
    ("selectbox", "options"),
    ("multiselect", "options"),
    ("code", "code_text"),
    ("arrow_data_frame", "arrow_data"),
}
"""What Streamlit shows as it is: these would be spoiled by escaping."""
ASIDE = ("alt", "default", "raw_value", "raw_values", "file_name", "url", "form_id", "agent")
"""Fields that are not rendered, or not as Markdown."""


def rendered(value: Any, kind: str, field: str = "") -> Iterator[str]:
    """All text of an element that may be rendered as Markdown."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if (kind, name) not in VERBATIM and name not in ASIDE:
                yield from rendered(inner, kind, name)
    elif isinstance(value, list):
        for inner in value:
            yield from rendered(inner, kind, field)
    elif (kind, field) == ("dataframe", "columns"):
        # What is set of each column; their names are data.
        for column in json.loads(value or "{}").values():
            yield from rendered(column, kind)
    elif isinstance(value, str):
        yield value


def unescaped(app: AppTest) -> list[tuple[str, str]]:
    """Kinds and texts of elements in which a hostile text stands as it is."""
    return [
        (element["kind"], text)
        for element in view_of(app)
        for text in rendered({k: v for k, v in element.items() if k != "kind"}, element["kind"])
        if any(part in text for part in (NAME[2:20], NAME[-9:], MESSAGE[:20], MESSAGE[-9:]))
    ]


MODELS = {
    "balance": "model",
    "halting": "models",
    "robustness": "models",
    "evidence": "models",
    "bpc": "model",
    "subnetworks": "model",
    "learning": "model",
    "sparse": "model",
    "bars": "model",
}


@pytest.mark.slow
@pytest.mark.parametrize("page", ["home", "runs", *MODELS])
def test_no_page_takes_text_from_files_for_markdown(page, runs_root):
    runs = hostile_runs()
    titles = offered.titles()
    names = {titles[run.id] for run in runs}
    app = open_page(page)
    tabs = [tab.proto.label for tab in app.get("tab")] or [""]
    said = []
    for tab in tabs:
        asked = {f"{PREFIX[page]}_tab": tab} if tab else {}
        if page in MODELS:
            picker = next(
                item
                for item in (*app.selectbox, *app.multiselect)
                if item.key.endswith(MODELS[page])
            )
            own = [option for option in picker.options if option in names]
            assert own, picker.key
            asked[picker.key] = own[0]
        shown = open_page(page, **asked)
        assert not shown.exception, (tab, [item.message for item in shown.exception])
        assert unescaped(shown) == [], tab
        said += [item.value for item in (*shown.markdown, *shown.caption)]
    if page in MODELS or page == "runs":
        assert any(r"\!" in text or r"\[a\]" in text for text in said)
