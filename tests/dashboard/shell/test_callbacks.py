"""No button's callback is given what a control says: it would know what the control said when the
script ran last, and who sets it and presses at once is ahead of that."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[3]
CONTROLS = {
    *("slider", "interval", "number", "steps_slider", "switch", "choice", "select", "several"),
    *("search", "select_titled", "dataset_menu", "settings_forms", "settings_grid"),
    *("setting_control", "text_input", "text_area", "number_input", "selectbox", "multiselect"),
    *("segmented_control", "toggle", "checkbox", "radio", "select_slider", "file_uploader"),
}


def given_to_callbacks(function: ast.FunctionDef) -> Iterator[tuple[str, str]]:
    """The key of each button and what its callback is given of what controls say, also through
    other names of the same function."""
    said: set[str] = set()
    for _ in range(3):
        for node in ast.walk(function):
            if isinstance(node, ast.Assign) and _is_said(node.value, said):
                said |= {n.id for target in node.targets for n in _names(target)}
    for node in ast.walk(function):
        if not isinstance(node, ast.Call):
            continue
        words = {word.arg: word.value for word in node.keywords}
        callback = [words[name] for name in ("on_click", "args") if name in words]
        given = sorted({n.id for part in callback for n in _names(part)} & said)
        # The button of another thing is another button: this one's is what it stands beside.
        own = {n.id for n in _names(words["key"])} if "key" in words else set()
        for name in given:
            if name not in own:
                yield ast.unparse(words["key"]), name


def _is_said(value: ast.expr, said: set[str]) -> bool:
    return any(
        (isinstance(node, ast.Call) and _called(node) in CONTROLS)
        or (isinstance(node, ast.Name) and node.id in said)
        for node in ast.walk(value)
    )


def _called(call: ast.Call) -> str:
    return getattr(call.func, "id", "") or getattr(call.func, "attr", "")


def _names(node: ast.AST) -> list[ast.Name]:
    return [each for each in ast.walk(node) if isinstance(each, ast.Name)]


def test_no_callback_is_given_what_a_control_says():
    found = [
        (str(file.relative_to(ROOT)), function.name, *given)
        for file in sorted((ROOT / "dashboard").rglob("*.py"))
        for function in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(function, ast.FunctionDef)
        for given in given_to_callbacks(function)
    ]
    assert found == []


def test_it_is_seen_also_through_other_names():
    text = """
def form():
    seed = int(st.number_input("Seed", key="seed"))
    settings = {"seed": seed}
    st.button("Train", key="train", on_click=partial(start, settings))
    st.button("Other", key=f"other_{seed}", on_click=partial(start, seed))
"""
    (function,) = ast.parse(text).body
    assert list(given_to_callbacks(function)) == [("'train'", "settings")]
