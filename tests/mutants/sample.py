"""A seeded sample of faults from each area of the code."""

import ast
import random
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from cosmic_ray import plugins
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code

ROOT = Path(__file__).resolve().parents[2]
AREAS = {
    "bpan": ("corelib/models/bpan",),
    "baselines": ("corelib/models/bpan/baselines",),
    "bpc": ("corelib/models/bpc",),
    "butd": ("corelib/models/butd",),
    "ipvae": ("corelib/models/ipvae",),
    "data": ("corelib/data",),
    "runs": ("corelib/runs", "corelib/training"),
    "reproduce": (
        *("corelib/reproduce", "corelib/analysis", "corelib/measures"),
        *("corelib/sweeps", "corelib/films"),
    ),
    "cli": ("corelib",),
    "dashboard": ("dashboard", "pages"),
}
"""By folder; a file belongs to the area whose folder is nearest to it."""

Place = tuple[int, int]


class Fault(NamedTuple):
    """The ``occurrence`` of an operator of cosmic-ray in a file, which is at line and column
    ``start``."""

    area: str
    file: str
    operator: str
    occurrence: int
    start: Place

    @property
    def name(self) -> str:
        return f"{self.file}:{self.start[0]}:{self.start[1]} {self.operator.partition('/')[2]}"

    def apply(self, code: str) -> str:
        """The code with the fault."""
        operator = plugins.get_operator(self.operator)()
        changed = mutate_code(code, operator, self.occurrence)
        assert changed is not None, self.name
        return changed


def area_of(file: str) -> str | None:
    owners = [
        (len(folder), area)
        for area, folders in AREAS.items()
        for folder in folders
        if file.startswith(f"{folder}/")
    ]
    return max(owners)[1] if owners else None


def sample(
    count: int, seed: int, files: Iterable[str] | None = None, areas: Sequence[str] = tuple(AREAS)
) -> list[Fault]:
    """So many faults, the same number of each of the ``areas``; a place is drawn first, then what
    becomes of it. ``files`` are those to draw from, relative to the project; by default all."""
    chosen = _files() if files is None else files
    places: dict[str, list[tuple[str, Place, str]]] = defaultdict(list)
    for file in sorted(chosen):
        area = area_of(file)
        if area in areas:
            places[area].extend((file, *place) for place in dict.fromkeys(_places(file)))
    faults = []
    for area in areas:
        # An area's faults are the same, whichever others are tried.
        draw = random.Random(f"{seed} {area}")
        some = places[area]
        wanted = min(len(some), -(-count // len(areas)))
        faults.extend(_fault(area, *one, draw) for one in draw.sample(some, wanted))
    return faults


def _files() -> list[str]:
    folders = {folder.split("/")[0] for folders in AREAS.values() for folder in folders}
    found = (path for folder in sorted(folders) for path in (ROOT / folder).rglob("*.py"))
    return [path.relative_to(ROOT).as_posix() for path in found]


def _kinds() -> dict[str, list[str]]:
    """The operators by what they replace: those of one kind have the same places."""
    kinds = defaultdict(list)
    for name in plugins.operator_names():
        kinds[name if "Unary" in name else name.rpartition("_")[0] or name].append(name)
    # Decorators and exceptions: what becomes of them is no plausible slip.
    return {
        kind: names
        for kind, names in kinds.items()
        if not any(odd in kind for odd in ("NoOp", "Decorator", "Variable", "Exception"))
    }


KINDS = _kinds()


def _places(file: str) -> Iterator[tuple[Place, str]]:
    """Where a fault of which kind can be made."""
    code = (ROOT / file).read_text(encoding="utf-8")
    silent = list(_silent(ast.parse(code)))
    nodes = list(ast_nodes(get_ast(code)))
    for kind, names in KINDS.items():
        operator = plugins.get_operator(names[0])()
        for node in nodes:
            for start, _ in operator.mutation_positions(node):
                if not any(first <= start < last for first, last in silent):
                    yield start, kind


def _silent(tree: ast.Module) -> Iterator[tuple[Place, Place]]:
    """What does nothing when the program runs: annotations, and what is for type checkers only."""
    for node in ast.walk(tree):
        quiet = [getattr(node, "annotation", None), getattr(node, "returns", None)]
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            quiet.append(node)
        for each in filter(None, quiet):
            yield (
                (each.lineno, each.col_offset),
                (each.end_lineno or each.lineno, each.end_col_offset or 0),
            )


def _fault(area: str, file: str, start: Place, kind: str, draw: random.Random) -> Fault:
    nodes = list(ast_nodes(get_ast((ROOT / file).read_text(encoding="utf-8"))))
    possible = []
    for name in KINDS[kind]:
        operator = plugins.get_operator(name)()
        starts = [at for node in nodes for at, _ in operator.mutation_positions(node)]
        possible.extend((name, k) for k, at in enumerate(starts) if at == start)
    return Fault(area, file, *draw.choice(possible), start)
