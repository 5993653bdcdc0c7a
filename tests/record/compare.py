"""Two records side by side: values that differ, and words that do."""

import base64
import gzip
import json
import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

import numpy as np

from tests.record.names import TAB_ALIASES, canonical, in_words

NUMBER = re.compile(r"(?<![\w.])[-−]?\d[\d,]*(?:\.\d+)?(?:[eE][-+]?\d+)?|\d+(?:\.\d+)?")
WORDS = {
    "alt",
    "body",
    "caption",
    "code_text",
    "columns",
    "command",
    "content",
    "customdata",
    "default_tab_label",
    "data",
    "help",
    "hoverlabel",
    "hovertemplate",
    "hovertext",
    "index",
    "inside",
    "label",
    "labels",
    "legendgroup",
    "message",
    "name",
    "options",
    "page_name",
    "placeholder",
    "query",
    "section_header",
    "sections",
    "state",
    "svg",
    "tab",
    "table",
    "text",
    "texttemplate",
    "ticktext",
    "title",
    "value",
    "x",
    "y",
}
"""Strings under these names are words; all other strings are values: colours, symbols, kinds."""

KINDS = ("theme", "own", "link")
"""What else than its tab and its steps sets a scenario apart."""

NOISY = dict.fromkeys(
    ("bars_map", "bars_flat", "bars_polar", "bars_agreement", "bars_rival_polar"), 1e-4
)
"""Relative tolerance of figures and their files by key: fits of Gabor functions, whose iterations
magnify the rounding that differs from one process to the next."""


@dataclass
class Found:
    """Differences by where they are; each with the number of times and an example."""

    values: dict[tuple, list[str]] = field(default_factory=lambda: defaultdict(list))
    words: Counter = field(default_factory=Counter)
    where: dict[tuple, str] = field(default_factory=dict)
    order: Counter = field(default_factory=Counter)
    counts: Counter = field(default_factory=Counter)

    def value(self, page: str, what: str, example: str) -> None:
        self.values[page, what].append(example)

    def word(self, old: str, new: str, where: str) -> None:
        self.words[old, new] += 1
        self.where.setdefault((old, new), where)


def compare_folders(old: Path, new: Path, rtol: float = 0.0) -> Found:
    """Compare all pages of two folders."""
    found = Found()
    names = [{path.name for path in folder.glob("*.json.gz")} for folder in (old, new)]
    for name in sorted(names[0] ^ names[1]):
        found.value(name.split(".")[0], "page", f"only in {old if name in names[0] else new}")
    for name in sorted(names[0] & names[1]):
        compare_pages(_read(old / name), _read(new / name), found, rtol)
    return found


def _read(path: Path) -> dict:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return json.load(file)


def compare_pages(old: dict, new: dict, found: Found, rtol: float = 0.0) -> None:
    """Compare one page's scenarios, each with the one that does the same."""
    page, renamed = old["page"], _renamed(old["tabs"], new["tabs"])
    for a, b in zip(*_tabs_in_order(old["tabs"], new["tabs"], renamed), strict=False):
        if a != b:
            found.word(a, b, f"{page}: tab")
    if old["tabs"][:1] and renamed.get(old["tabs"][0]) != new["tabs"][0]:
        hint = f"{old['tabs'][0]} -> {new['tabs'][0]}: record the new with --open"
        found.value(page, "first tab", hint)
    pairs, only_old, only_new = _paired(old, new, renamed)
    for scenario in only_old:
        found.value(page, "scenario missing", in_words(scenario))
    for scenario in only_new:
        found.value(page, "scenario new", in_words(scenario))
    same: dict[tuple, list] = {}
    for a, b in pairs:
        found.counts["scenarios"] += 1
        comparison = _Scenario(page, in_words(a), found, rtol, same)
        comparison.leaves(
            {n: a[n] for n in ("query", "error")}, {n: b[n] for n in ("query", "error")}
        )
        comparison.run(
            [(h, old["elements"][h]) for h in a["elements"]],
            [(h, new["elements"][h]) for h in b["elements"]],
        )


def _tabs_in_order(old: list[str], new: list[str], renamed: dict[str, str]) -> tuple:
    return [tab for tab in old if renamed.get(tab)], [renamed[t] for t in old if renamed.get(t)]


def _renamed(old: list[str], new: list[str]) -> dict[str, str]:
    """New names of the old tabs: the same, else an alias, else the next that is left."""
    names = {tab: tab for tab in old if tab in new}
    names |= {tab: TAB_ALIASES[tab] for tab in old if TAB_ALIASES.get(tab) in new}
    left = [tab for tab in new if tab not in names.values()]
    return names | dict(zip([tab for tab in old if tab not in names], left, strict=False))


def _paired(old_page: dict, new_page: dict, renamed: dict[str, str]) -> tuple:
    """Scenarios by tab, theme and what is done; where the words changed, by places in the list."""

    def name(scenario: dict, by: int, tabs: list[str], renamed: dict[str, str]) -> str:
        steps = [[(move[0], move[by]) for move in step] for step in scenario["steps"]]
        tab = scenario["tab"] or next(iter(tabs), None)
        return json.dumps([renamed.get(tab, tab), *(scenario.get(n) or None for n in KINDS), steps])

    pairs = []
    old, new = old_page["scenarios"], new_page["scenarios"]
    for by in (2, 1):
        left = defaultdict(list)
        for scenario in new:
            left[name(scenario, by, new_page["tabs"], {})].append(scenario)
        missing = []
        for scenario in old:
            same = left.get(name(scenario, by, old_page["tabs"], renamed))
            if same:
                pairs.append((scenario, same.pop(0)))
            else:
                missing.append(scenario)
        old, new = missing, [scenario for same in left.values() for scenario in same]
    return pairs, old, new


class _Scenario:
    """The elements of one scenario, old and new."""

    def __init__(self, page: str, name: str, found: Found, rtol: float, same: dict) -> None:
        self.page, self.name, self.found, self.rtol = page, name, found, rtol
        self.what = "scenario"
        self.same = same

    def run(self, old: list[tuple[str, dict]], new: list[tuple[str, dict]]) -> None:
        for _, element in old:
            self._count(element)
        groups = [defaultdict(list), defaultdict(list)]
        for group, elements in zip(groups, (old, new), strict=True):
            for name, element in elements:
                group[element["type"], element["key"] or ""].append((name, element))
        for kind in dict.fromkeys([*groups[0], *groups[1]]):
            self.what = f"{kind[0]} {kind[1]}".strip()
            self._group(groups[0][kind], groups[1][kind])
        keys = [[e["key"] for _, e in elements if e["key"]] for elements in (old, new)]
        if keys[0] != keys[1] and sorted(keys[0]) == sorted(keys[1]):
            self.found.order[self.page] += 1

    def _count(self, element: dict) -> None:
        kind = {"plotly_chart": "figures", "dataframe": "tables", "download_button": "downloads"}
        texts = ("markdown", "heading", "alert", "code", "metric")
        name = "texts" if element["type"] in texts else kind.get(element["type"], "others")
        self.found.counts[name] += 1

    def _group(self, old: list[tuple[str, dict]], new: list[tuple[str, dict]]) -> None:
        """Elements of one type and key: those that are equal first, then those that are alike."""
        left = Counter(name for name, _ in new)
        before = []
        for name, element in old:
            if left[name]:
                left[name] -= 1
            else:
                before.append(element)
        after = []
        for name, element in reversed(new):
            if left[name]:
                left[name] -= 1
                after.insert(0, element)
        for a, b in _alike(before, after):
            if a is None or b is None:
                kind = "new" if a is None else "missing"
                shown = _short(b if a is None else a)
                self.found.value(self.page, f"{self.what}: {kind}", f"{self.name}: {shown}")
            else:
                self.leaves(a, b)

    def leaves(self, old: dict, new: dict) -> None:
        """Report each difference between two elements."""
        key = (old.get("key") or "").removesuffix("_csv")
        rtol = max(self.rtol, NOISY.get(key, 0.0))
        for path, a, b in _differences(old, new, (), rtol):
            where = f"{self.what} {_place(path)}".strip()
            if _are_words(path, a, b, rtol):
                self.found.word(str(a), str(b), f"{self.page}: {self.name}: {where}")
            else:
                if isinstance(a, str) and isinstance(b, str):
                    a, b = _around(a, b)
                example = f"{self.name}: {_place(path, True)}: {_short(a)} -> {_short(b)}"
                self.found.value(self.page, where, example)


def _alike(old: list[dict], new: list[dict]) -> Iterator[tuple[dict | None, dict | None]]:
    """Pairs, the most similar of few first; what is left over comes alone."""
    new = list(new)
    for a in old:
        if not new:
            yield a, None
            continue
        likeness = [_likeness(a, b) for b in new] if len(new) > 1 else [1.0]
        yield a, new.pop(int(np.argmax(likeness)))
    for b in new:
        yield None, b


def _likeness(a: dict, b: dict) -> float:
    words = [json.dumps(e, sort_keys=True, ensure_ascii=False)[:600] for e in (a, b)]
    places = [(e["area"], [_tab(w) for w in e["inside"]]) for e in (a, b)]
    return SequenceMatcher(None, *words, autojunk=False).ratio() + (places[0] == places[1]) / 2


def _tab(words: str) -> str:
    """The label of a container, for a tab the name that it becomes."""
    return f"tab {canonical(words[4:])}" if words.startswith("tab ") else words


def _differences(old: Any, new: Any, path: tuple, rtol: float) -> Iterator[tuple[tuple, Any, Any]]:
    """Places at which two plain values differ, with what stands there."""
    old, new = _decoded(old), _decoded(new)
    if isinstance(old, dict) and isinstance(new, dict):
        for name in dict.fromkeys([*old, *new]):
            if name not in old or name not in new:
                yield (*path, name), old.get(name, ABSENT), new.get(name, ABSENT)
            else:
                yield from _differences(old[name], new[name], (*path, name), rtol)
    elif isinstance(old, list) and isinstance(new, list):
        yield from _lists(old, new, path, rtol)
    elif not _same(old, new, rtol):
        yield path, old, new


def _lists(old: list, new: list, path: tuple, rtol: float) -> Iterator[tuple[tuple, Any, Any]]:
    if len(old) != len(new):
        yield path, old, new
        return
    if all(_is_number(v) for v in (*old, *new)):
        wrong = [i for i, (a, b) in enumerate(zip(old, new, strict=True)) if not _same(a, b, rtol)]
        if wrong:
            i = wrong[0]
            where = f"{len(wrong)} of {len(old)} numbers, first at {i}"
            yield (*path, where), old[i], new[i]
        return
    for i, (a, b) in enumerate(zip(old, new, strict=True)):
        yield from _differences(a, b, (*path, i), rtol)


class _Absent:
    def __str__(self) -> str:
        return "nothing"


ABSENT = _Absent()


def _decoded(value: Any) -> Any:
    """A figure's array in base64 as a list."""
    if isinstance(value, dict) and "bdata" in value:
        flat = np.frombuffer(base64.b64decode(value["bdata"]), value["dtype"])
        shape = [int(n) for n in value.get("shape", str(len(flat))).split(",")]
        return flat.reshape(shape).tolist()
    return value


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _same(a: Any, b: Any, rtol: float) -> bool:
    if _is_number(a) and _is_number(b):
        if math.isnan(a) or math.isnan(b):
            return math.isnan(a) and math.isnan(b)
        return a == b or math.isclose(a, b, rel_tol=rtol)
    if rtol and isinstance(a, str) and isinstance(b, str):
        return NUMBER.sub("0", a) == NUMBER.sub("0", b) and _numbers_alike(a, b, rtol)
    return type(a) is type(b) and a == b


def _are_words(path: tuple, a: Any, b: Any, rtol: float) -> bool:
    """Whether two texts say the same numbers in other words."""
    if not (isinstance(a, str) and isinstance(b, str)):
        return False
    name = next((str(p) for p in reversed(path) if not isinstance(p, int)), "")
    if name not in WORDS and not {"inside", "query", "state"} & set(map(str, path)):
        return False
    return _numbers_alike(a, b, rtol)


def _numbers_alike(a: str, b: str, rtol: float) -> bool:
    numbers = [_numbers(text) for text in (a, b)]
    return len(numbers[0]) == len(numbers[1]) and all(
        _same(x, y, rtol) for x, y in zip(*numbers, strict=True)
    )


def _numbers(text: str) -> list[float]:
    """The numbers in a text, one after another."""
    return [float(n.replace(",", "").replace("−", "-")) for n in NUMBER.findall(text)]


def _place(path: Iterable, exact: bool = False) -> str:
    """A path into an element; without the numbers of traces and the like unless ``exact``."""
    return ".".join(
        str(p)
        if exact
        else re.sub(r"^\d+ of .*", "numbers", str(p))
        if not isinstance(p, int)
        else "#"
        for p in path
    )


def _short(value: Any, most: int = 160) -> str:
    words = (
        value
        if isinstance(value, str)
        else (str(value) if value is ABSENT else json.dumps(value, ensure_ascii=False))
    )
    words = words.replace("\n", "⏎")
    return words if len(words) <= most else f"{words[:most]}… ({len(words)} characters)"


def report(found: Found, most: int = 200) -> str:
    """What was compared and what differs, to be read."""
    counts = ", ".join(
        f"{found.counts[n]} {n}"
        for n in ("scenarios", "figures", "texts", "tables", "downloads", "others")
    )
    total = sum(map(len, found.values.values()))
    lines = [f"Compared: {counts}.", "", f"VALUES that differ: {total}"]
    rows = sorted(found.values.items(), key=lambda row: (row[0][0], -len(row[1]), row[0][1]))
    for (page, what), examples in rows[:most]:
        lines.append(f"  {page}: {what}: {len(examples)} x, as {examples[0]}")
    if len(rows) > most:
        lines.append(f"  and {len(rows) - most} more kinds")
    lines += ["", f"WORDS that differ: {len(found.words)} pairs, {sum(found.words.values())} times"]
    for (old, new), times in found.words.most_common(most):
        a, b = _around(old, new)
        lines.append(f"  {times} x {a!r} -> {b!r}   [{found.where[old, new]}]")
    for page, times in found.order.items():
        lines.append(f"ORDER of keyed elements differs in {times} scenarios of {page}")
    return "\n".join(lines)


def _around(old: str, new: str, margin: int = 40) -> tuple[str, str]:
    """Long texts by the part that differs."""
    if max(len(old), len(new)) <= 160:
        return old, new
    start = next((i for i, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), 0)
    begin = max(0, start - margin)
    return tuple(("…" if begin else "") + _short(text[begin:], 140) for text in (old, new))
