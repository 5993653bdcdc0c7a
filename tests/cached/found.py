"""Every function of the dashboard that keeps its answers, found in the source."""

import ast
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[2]
STREAMLIT = ("cache_data", "cache_resource")
FUNCTOOLS = ("cache", "lru_cache", "cached_property")
FORGETTING = ("st.cache_data.clear", "st.cache_resource.clear")


class Found(NamedTuple):
    """A function that keeps its answers: its module, its place in it, and its parameters in their
    order; ``kept`` where it does so by a call of ``kept``."""

    module: str
    place: str
    parameters: tuple[str, ...]
    kept: bool

    @property
    def name(self) -> str:
        return f"{self.module}.{self.place}"

    @property
    def value(self) -> Any:
        """The function itself."""
        value: Any = import_module(self.module)
        for part in self.place.split("."):
            value = vars(value)[part] if isinstance(value, type) else getattr(value, part)
        return value

    def forget(self) -> None:
        """Forget its answers; what is kept with an object goes with it."""
        for name in ("clear", "cache_clear"):
            if clear := getattr(self.value, name, None):
                clear()


class _Reader(ast.NodeVisitor):
    """Reads one module; ``unknown`` are the ways of keeping that it does not understand."""

    def __init__(self, module: str, tree: ast.Module) -> None:
        self.module, self.place = module, []
        self.found: dict[str, Found] = {}
        self.unknown: list[str] = []
        self.of_functools = {
            alias.asname or alias.name: alias.name
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and node.module == "functools"
            for alias in node.names
        }
        self.imports_kept = any(
            isinstance(node, ast.ImportFrom)
            and node.module == "dashboard.shell.cache"
            and any(alias.name == "kept" for alias in node.names)
            for node in ast.walk(tree)
        )
        self.functions: list[ast.FunctionDef] = []
        self.visit(tree)

    def keeps(self, node: ast.AST) -> bool:
        """Whether this is one of the decorators that keep answers."""
        text = ast.unparse(node)
        name = self.of_functools.get(text, text.removeprefix("functools."))
        return text.removeprefix("st.").removeprefix("streamlit.") in STREAMLIT or (
            name in FUNCTOOLS and (text in self.of_functools or text.startswith("functools."))
        )

    def note(self, function: ast.FunctionDef, kept: bool) -> None:
        a = function.args
        given = (*a.posonlyargs, *a.args, a.vararg, *a.kwonlyargs, a.kwarg)
        parameters = tuple(one.arg for one in given if one is not None)
        found = Found(self.module, ".".join(self.place), parameters, kept)
        self.found[found.name] = found

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self.place.append(node.name)
        self.generic_visit(node)
        self.place.pop()

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self.place.append(node.name)
        self.functions.append(node)
        for decorator in node.decorator_list:
            called = decorator.func if isinstance(decorator, ast.Call) else decorator
            if self.keeps(called):
                self.note(node, kept=False)
                if isinstance(decorator, ast.Call):
                    for part in (*decorator.args, *decorator.keywords):
                        self.visit(part)
            else:
                self.visit(decorator)
        for part in (node.args, *node.body):
            self.visit(part)
        self.functions.pop()
        self.place.pop()

    def visit_Call(self, node: ast.Call) -> None:
        text = ast.unparse(node.func)
        if text in FORGETTING:
            return
        if text == "cache.kept" or (text == "kept" and self.imports_kept):
            self.note(self.functions[-1], kept=True)
        elif text == "Kept" and self.place != ["kept"]:
            self.unknown.append(f"{self.module}: {ast.unparse(node)}")
        self.generic_visit(node)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        self.refuse(node)
        self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> None:
        if not isinstance(node.ctx, ast.Store):
            self.refuse(node)

    def refuse(self, node: ast.Attribute | ast.Name) -> None:
        if self.keeps(node):
            self.unknown.append(f"{self.module}:{node.lineno}: {ast.unparse(node)}")


def _files() -> Iterator[tuple[str, Path]]:
    for file in sorted((*(ROOT / "dashboard").rglob("*.py"), *(ROOT / "pages").rglob("*.py"))):
        parts = file.relative_to(ROOT).with_suffix("").parts
        yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), file


def _read(module: str, text: str) -> _Reader:
    return _Reader(module, ast.parse(text))


def read(text: str) -> tuple[list[str], list[str]]:
    """The functions of a module with this text that keep answers, and what is not understood."""
    reader = _read("m", text)
    return sorted(reader.found), reader.unknown


READ = [_read(module, file.read_text(encoding="utf-8")) for module, file in _files()]
FOUND = {name: found for reader in READ for name, found in sorted(reader.found.items())}
UNKNOWN = [text for reader in READ for text in reader.unknown]
