"""What is done on a page: every tab opened, every preset pressed, every control moved."""

import base64
import io
import json
import math
import os
import time
import traceback
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from streamlit.proto.WidgetStates_pb2 import WidgetState
from streamlit.testing.v1 import AppTest, local_script_runner

from dashboard.shell.chart import POINT
from tests.charts import Chart, chart_of, trigger_id
from tests.record import still
from tests.record.elements import Sent, sent
from tests.record.names import canonical, in_words

PLAIN_TABS = ("About", "Train", "Export", "Published")
"""Tabs that no control in the sidebar changes."""
PRESETS = ("_try_", "_reset", "_preset_")
LEFT_ALONE = ("_download", "_remove", "_pause", "_cancel", "_resume", "_step")
"""Ends of the keys of buttons that are not pressed."""
CLICKABLE = ("scatter", "scattergl", "bar", "histogram")
FORMS = ("_network_", "_training_", "_train_seed", "_train_variant")
"""Parts of the keys of a training's form: all its controls are moved at once."""
MOST_OPTIONS = 6
DEEP = 3
"""Controls that appear only when another is moved are moved too, after so many steps at most."""

PADS = {
    "strokes": [[[0.5, 0.15], [0.5, 0.5], [0.48, 0.85]]],
    "covered": list(range(280, 420)),
    "at": [0.4, 0.6],
    "path": [-6.0, -4.0, -2.0, 0.0, 1.0, 2.0, 3.0, 5.0],
}


class Choice(NamedTuple):
    """One setting of a control: its words, and what a browser sends for it."""

    words: str
    field: str
    value: Any


class Move(NamedTuple):
    """A control and the place of its choice, and the words of that."""

    key: str
    index: int
    words: str


class Scenario(NamedTuple):
    """A page opened with a tab, and what is then done, step after step."""

    tab: str | None = None
    theme: str | None = None
    steps: tuple[tuple[Move, ...], ...] = ()
    own: bool = False
    """With trainings of one's own, else without any."""
    link: bool = False
    """By a link into a new session, which finds its way through app.py."""

    def then(self, *moves: Move) -> "Scenario":
        return self._replace(steps=(*self.steps, moves))


class Page:
    """Records one page in this process, whose caches stay warm."""

    def __init__(
        self,
        name: str,
        root: Path,
        own: Path | None = None,
        fast: bool = False,
        keys: Sequence[str] = (),
        opened: str | None = None,
    ) -> None:
        self.name, self.root, self.own, self.fast, self.keys = name, root, own, fast, keys
        self.opened = opened
        self.tab_key = ""
        self.tabs: list[str] = []
        self.elements: dict[str, dict] = {}
        self.scenarios: list[dict] = []
        self._messages: list = []
        self._listen()

    def _listen(self) -> None:
        parse = local_script_runner.parse_tree_from_messages

        def overheard(messages: list) -> Any:
            self._messages = list(messages)
            return parse(messages)

        local_script_runner.parse_tree_from_messages = overheard

    def save(self) -> dict:
        """Everything; scenarios are found on the page itself."""
        found = {None: self.record(Scenario())}
        self._find_tabs(found[None])
        start = next((t for t in self.tabs[1:] if canonical(t) == canonical(self.opened)), None)
        self.opened = start or next(iter(self.tabs), None)
        for tab in sorted(self.tabs, key=canonical):
            if tab != self.tabs[0]:
                found[tab] = self.record(Scenario(tab))
            self.record(Scenario(tab, "dark"))
        queue = deque((Scenario(tab), found[tab]) for tab in dict.fromkeys([start, *found]))
        seen: set[str] = set()
        while queue:
            scenario, sent_then = queue.popleft()
            for child in self._children(scenario, sent_then, seen):
                queue.append((child, self.record(child)))
        self._everywhere(start, found)
        self.record(Scenario(link=True))
        if not self.tabs:
            self.record(Scenario(theme="dark"))
        if self.own:
            os.environ["SYNAPTARIUM_RUNS"] = str(self.own)
            self._with_own()
        return {
            "page": self.name,
            "tabs": self.tabs,
            "elements": self.elements,
            "scenarios": self.scenarios,
        }

    def _find_tabs(self, found: list[Sent]) -> None:
        """The tabs of the container that has a key; others are a part of what is shown."""
        for around in found:
            if around.kind == "tab_container" and around.key:
                self.tab_key = around.key
                self.tabs = [
                    item.proto.label
                    for item in found
                    if item.kind == "tab" and item.path[:-1] == around.path
                ]

    def _widgets(self, found: list[Sent]) -> list[Sent]:
        kept = [i for i in found if i.key and choices(i)]
        if self.fast:
            kept = [i for i in kept if i.kind == "button" and any(p in i.key for p in PRESETS)]
        if self.keys:
            kept = [i for i in kept if i.key in self.keys]
        return sorted(kept, key=lambda i: i.key)

    def _children(self, scenario: Scenario, found: list[Sent], seen: set[str]) -> list[Scenario]:
        """Each control that is here for the first time, in each of a few settings."""
        children, form = [], []
        if len(scenario.steps) >= DEEP:
            return []
        for item in self._widgets(found):
            if item.key in seen:
                continue
            seen.add(item.key)
            options = choices(item)
            moves = [Move(item.key, i, options[i].words) for i in _few(item, options)]
            if any(f in item.key for f in FORMS) and item.kind != "button":
                form += moves[-1:]
            else:
                children += [scenario.then(move) for move in moves]
        if form:
            press = [i.key for i in found if i.kind == "button" and i.key.endswith("_train")]
            moved = scenario.then(*form)
            children += [moved] + [moved.then(Move(key, 0, "press")) for key in press[:1]]
        return children

    def _everywhere(self, start: str | None, found: dict[str | None, list[Sent]]) -> None:
        """Controls that are there whichever tab is open, moved in each of the other tabs."""
        within = [f"tab {self.opened}"]
        items = [] if self.fast else self._widgets(found[start])
        for tab in [t for t in found if t != start]:
            if canonical(tab or self.tabs[0]) not in PLAIN_TABS:
                for item in items:
                    if item.value["inside"][:1] != within:
                        self._elsewhere(tab, item)

    def _with_own(self) -> None:
        """The runs in the tab Train, or all over a page that has no tabs."""
        for tab in [t for t in self.tabs if canonical(t) == "Train"] or [None]:
            scenario = Scenario(tab, own=True)
            found = self.record(scenario)
            for item in [] if self.fast else self._widgets(found):
                if item.key.endswith(("_run", "_compare")):
                    for i, option in enumerate(choices(item)):
                        self.record(scenario.then(Move(item.key, i, option.words)))

    def _elsewhere(self, tab: str | None, item: Sent) -> None:
        """A control of every tab, moved while another tab than the first is open."""
        if item.kind in ("button", "bidi_component"):
            return
        options = choices(item)
        few = _few(item, options)
        if few:
            index = few[len(few) // 2]
            self.record(Scenario(tab).then(Move(item.key, index, options[index].words)))

    def record(self, scenario: Scenario) -> list[Sent]:
        """Do it and keep what came."""
        began = time.process_time()
        app = AppTest.from_file(str(self.root / "app.py"), default_timeout=600)
        if scenario.theme:
            app.context["theme"] = scenario.theme
        if scenario.tab and self.tab_key:
            app.query_params[self.tab_key] = scenario.tab
        if not scenario.link:
            app.session_state["_routed"] = True
        app.switch_page(f"pages/{self.name}.py")
        still.all_files = (scenario.tab or self.opened) == self.opened and not scenario.link
        error, found = "", []
        try:
            found = self._run(app, whole=not scenario.steps)
            for number, moves in enumerate(scenario.steps):
                last = number == len(scenario.steps) - 1
                found = self._run(app, self._states(moves, found, app), whole=last)
        except Exception as problem:
            error = f"{type(problem).__name__}: {problem}"
            traceback.print_exc()
        values = [item.value for item in found] + [dict(word) for word in still.started]
        seconds = time.process_time() - began
        kept = scenario._asdict() | {
            "elements": [self._kept(v) for v in values],
            "query": dict(app.query_params),
            "error": error,
            "seconds": round(seconds, 2),
        }
        self.scenarios.append(kept)
        print(f"{seconds:7.2f} s  {in_words(kept)}  {error}", flush=True)
        return found

    def _run(self, app: AppTest, extra: list[WidgetState] | None = None, whole: bool = True):
        still.begin()
        states = app._tree.get_widget_states()
        if extra:
            names = {state.id for state in extra}
            kept = [state for state in states.widgets if state.id not in names]
            del states.widgets[:]
            states.widgets.extend([*kept, *extra])
        app._run(states)
        return sent(self._messages, app.session_state, self.root, whole)

    def _states(
        self, moves: tuple[Move, ...], found: list[Sent], app: AppTest
    ) -> list[WidgetState]:
        states = []
        for move in moves:
            item = next((i for i in found if i.key == move.key and choices(i)), None)
            if item is None:
                raise LookupError(f"no control {move.key}")
            choice = choices(item)[move.index]
            if choice.field == "file":
                app._tree.get_by_key(move.key).upload(choice.words, choice.value, "image/png")
                continue
            events = choice.field == "json_trigger_value"
            state = WidgetState(id=trigger_id(item.proto) if events else item.proto.id)
            if choice.field.endswith("array_value"):
                getattr(state, choice.field).data[:] = choice.value
            else:
                setattr(state, choice.field, choice.value)
            states.append(state)
        return states

    def _kept(self, value: dict) -> str:
        import hashlib

        words = json.dumps(value, sort_keys=True, ensure_ascii=False)
        name = hashlib.sha256(words.encode()).hexdigest()[:20]
        self.elements.setdefault(name, value)
        return name


def _few(item: Sent, options: list[Choice]) -> list[int]:
    """All of a few, else the first, the middle and the last."""
    if len(options) <= MOST_OPTIONS:
        return list(range(len(options)))
    return [0, len(options) // 2, len(options) - 1]


def choices(item: Sent) -> list[Choice]:
    """What a control may be set to; nothing where it is none, or is better left alone."""
    proto = item.proto
    if proto is None or getattr(proto, "disabled", False):
        return []
    make = CHOICES.get(item.kind)
    return make(item.key or "", proto) if make else []


def _button(key: str, proto: Any) -> list[Choice]:
    return [] if key.endswith(LEFT_ALONE) else [Choice("press", "trigger_value", True)]


def _between(low: float, high: float, step: float, default: float) -> float:
    """Somewhere in between, on a step, not where it stands."""
    steps = round((high - low) / step) if step else 2
    middle = low + (steps * 3 // 5) * (step or (high - low) / 2)
    return low + (steps * 2 // 5) * step if math.isclose(middle, default) else middle


def _slider(key: str, proto: Any) -> list[Choice]:
    if proto.type == proto.SELECT_SLIDER:
        names = list(proto.options)
        return [Choice(n, "string_array_value", [n]) for n in names]
    middle = _between(proto.min, proto.max, proto.step, proto.default[0])
    values = [proto.min, middle, proto.max]
    if len(proto.default) == 2:
        return [
            Choice(f"{a:g} to {b:g}", "double_array_value", [a, b])
            for a, b in (values[:2], values[1:])
        ]
    return [Choice(f"{v:g}", "double_array_value", [v]) for v in values]


def _number(key: str, proto: Any) -> list[Choice]:
    step = proto.step or 1.0
    low = proto.min if proto.has_min else proto.default - 5 * step
    high = proto.max if proto.has_max and proto.max < 1e9 else proto.default + 5 * step
    values = [low, _between(low, high, step, proto.default), high]
    if any(f in key for f in FORMS):
        values = [min(proto.default + step, high)]
    return [Choice(f"{v:g}", "double_value", v) for v in values]


def _selectbox(key: str, proto: Any) -> list[Choice]:
    return [Choice(name, "string_value", name) for name in proto.options]


def _several(key: str, proto: Any) -> list[Choice]:
    names = list(proto.options)
    if proto.max_selections:
        names = names[: proto.max_selections]
    kinds = ([], names[:1], names[1:2], names[::2], names)
    return [Choice(", ".join(k) or "nothing", "string_array_value", k) for k in kinds]


def _group(key: str, proto: Any) -> list[Choice]:
    names = [option.content for option in proto.options]
    if proto.click_mode == proto.MULTI_SELECT:
        return [
            Choice(", ".join(k) or "nothing", "string_array_value", k)
            for k in ([], names[:1], names[1:], names)
        ]
    return [Choice(name, "string_array_value", [name]) for name in names]


def _toggle(key: str, proto: Any) -> list[Choice]:
    value = not (proto.value if proto.set_value else proto.default)
    return [Choice("on" if value else "off", "bool_value", value)]


def _text(key: str, proto: Any) -> list[Choice]:
    return [Choice(w, "string_value", w) for w in ("two words", "mine")]


def _upload(key: str, proto: Any) -> list[Choice]:
    from PIL import Image

    pixels = np.full((60, 60), 255, np.uint8)
    pixels[8:52, 27:34] = 0
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return [Choice("one.png", "file", buffer.getvalue()), Choice("bad.png", "file", b"no picture")]


def _pad(key: str, proto: Any) -> list[Choice]:
    """What a hand does on a pad: all that any of them understands; or on a figure."""
    if chart := chart_of(proto):
        return _clicks(chart)
    return [Choice("hand", "json_value", json.dumps(PADS))]


def _clicks(chart: Chart) -> list[Choice]:
    """A point clicked in the first trace and one in the last, where clicks are heard."""
    if not chart.clicks:
        return []
    traces = list(enumerate(json.loads(chart.spec)["data"]))
    able = [(n, t) for n, t in traces if t["type"] in CLICKABLE and t.get("hoverinfo") != "skip"]
    found = []
    for (number, trace), share in zip((able[:1] + able[-1:]), (0.5, 0.8), strict=False):
        point = _point(trace, number, share)
        if point:
            words = f"point {point['point_number']} of trace {number}"
            event = json.dumps({"event": POINT, "value": point})
            found.append(Choice(words, "json_trigger_value", event))
    return found


def _point(trace: dict, number: int, share: float) -> dict | None:
    """A point of a trace, so far along it, as a browser tells of it."""
    values = {n: _array(trace[n]) for n in ("x", "y", "customdata") if n in trace}
    length = max((len(values[n]) for n in "xy" if n in values), default=0)
    if not length:
        return None
    at = int(share * length)
    point: dict[str, Any] = {"curve_number": number, "point_number": at, "point_index": at}
    for name, found in values.items():
        point[name] = found[at].tolist() if hasattr(found[at], "tolist") else found[at]
    return point


def _array(value: Any) -> np.ndarray:
    """A list, or an array that goes in base64."""
    if isinstance(value, dict):
        flat = np.frombuffer(base64.b64decode(value["bdata"]), value["dtype"])
        shape = value.get("shape")
        return flat.reshape([int(n) for n in shape.split(",")]) if shape else flat
    kept = np.empty(len(value), object)
    kept[:] = value
    return np.array(value) if value and isinstance(value[0], list | int | float) else kept


CHOICES = {
    "button": _button,
    "slider": _slider,
    "number_input": _number,
    "selectbox": _selectbox,
    "multiselect": _several,
    "button_group": _group,
    "checkbox": _toggle,
    "text_input": _text,
    "file_uploader": _upload,
    "bidi_component": _pad,
}
