"""No button's callback is given what a control says: it would know what the control said when the
script ran last, and who sets it and presses at once is ahead of that."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

GIVEN = ("on_click", "on_change", "on_select", "args", "kwargs")
ROOT = Path(__file__).parents[3]
CONTROLS = {
    *("slider", "interval", "number", "steps_slider", "switch", "choice", "select", "several"),
    *("search", "select_titled", "several_titled", "pick_run", "dataset_menu"),
    *("checkpoint_picker", "checkpoints_picker", "digit_input", "settings_forms", "settings_grid"),
    *("setting_control", "text_input", "text_area", "number_input", "selectbox", "multiselect"),
    *("segmented_control", "toggle", "checkbox", "radio", "select_slider", "file_uploader"),
}


def given_to_callbacks(function: ast.FunctionDef) -> Iterator[tuple[str, str]]:
    """The key of each button and what its callback is given of what controls say, also through
    other names of the same function and by functions inside it."""
    said: set[str] = set()
    for _ in range(3):
        for node in ast.walk(function):
            for target, value in _assigned(node):
                if _is_said(value, said):
                    said |= {n.id for n in _names(target) if isinstance(n.ctx, ast.Store)}
            if isinstance(node, ast.FunctionDef) and node is not function and _reads(node, said):
                said.add(node.name)
    for node in ast.walk(function):
        if not isinstance(node, ast.Call):
            continue
        words = {word.arg: word.value for word in node.keywords}
        callback = [words[name] for name in GIVEN if name in words]
        given = {n.id for part in callback for n in _names(part)} & said
        given |= {
            _called(n)
            for part in callback
            for n in ast.walk(part)
            if isinstance(n, ast.Call) and _called(n) in CONTROLS
        }
        # The button of another thing is another button: this one's is what it stands beside.
        own = {n.id for n in _names(words["key"])} if "key" in words else set()
        for name in sorted(given - own):
            yield ast.unparse(words["key"]) if "key" in words else "", name


def _assigned(node: ast.AST) -> Iterator[tuple[ast.AST, ast.expr]]:
    """What is set to what."""
    match node:
        case ast.Assign(targets=targets, value=value):
            yield from ((target, value) for target in targets)
        case ast.AnnAssign(target=target, value=ast.expr() as value):
            yield target, value
        case ast.NamedExpr(target=target, value=value):
            yield target, value
        case ast.For(target=target, iter=value) | ast.comprehension(target=target, iter=value):
            yield target, value


def _reads(function: ast.FunctionDef, said: set[str]) -> bool:
    own = {arg.arg for arg in function.args.args}
    return bool({n.id for part in function.body for n in _names(part)} & (said - own))


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


@pytest.mark.parametrize(
    ("lines", "name"),
    [
        (["seed: int = st.number_input()", "st.button(on_click=partial(start, seed))"], "seed"),
        (["if seed := st.number_input():", "    st.button(on_click=start, args=(seed,))"], "seed"),
        (["a = select()", "st.button(on_click=start, kwargs={'a': a})"], "a"),
        (["st.button(on_click=partial(start, st.toggle()))"], "toggle"),
        (["a = slider()", "def act(): start(a)", "st.button(on_click=act)"], "act"),
        (["for a in several():", "    st.button(on_click=partial(start, a))"], "a"),
        (["a = pick_run()", "select(on_change=partial(start, a))"], "a"),
    ],
)
def test_no_way_of_giving_it_is_overlooked(lines, name):
    text = "def form():\n" + "".join(f"    {line}\n" for line in lines)
    (function,) = ast.parse(text).body
    assert [given for _, given in given_to_callbacks(function)] == [name]
