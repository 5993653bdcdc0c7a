"""All that a figure shows, beside what a test has worked out from the same inputs.

``check`` wants everything: each axis, trace, panel title, mark and name in the legend. What a
figure has and the test does not name fails as well as what differs.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from itertools import combinations
from typing import Any

import numpy as np

from dashboard.figures.figure import Figure

ENTRIES: set[str] = set()
"""The figure functions that have a test here, by module and name."""
_LOOKED: list[Figure] = []
AXIS = (
    *("range", "rangemode", "autorange", "type", "tickvals", "ticktext", "dtick", "tickformat"),
    *("visible", "scaleanchor", "overlaying", "categoryarray", "showticklabels"),
)
"""What an axis says, besides its title and the axis that it follows."""
DATA = ("x", "y", "z", "zmin", "zmax")
HOVER = re.compile(r"%\{(\w+)[^}:]*(?::([^}]*))?\}")


def name_of(function: Callable) -> str:
    return f"{function.__module__}.{function.__qualname__}"


def draws(*functions: Callable) -> Callable:
    """Marks the test that checks what these functions draw."""
    ENTRIES.update(map(name_of, functions))

    def mark(test: Callable) -> Callable:
        @wraps(test)
        def run(*args: Any, **options: Any) -> None:
            before = len(_LOOKED)
            test(*args, **options)
            looked = len(_LOOKED) - before
            assert looked >= len(functions), f"{test.__name__} looked at {looked} figures"

        return run

    return mark


def upright(at: float, xref: str = "x", yref: str = "paper") -> tuple:
    """A line over the whole height of a panel or figure."""
    return ("line", xref, at, at, yref, 0, 1)


def level(at: float, yref: str = "y", xref: str = "paper") -> tuple:
    """A line over the whole width of a panel or figure."""
    return ("line", xref, 0, 1, yref, at, at)


def check(
    figure: Figure,
    axes: Mapping[str, Mapping[str, Any]],
    traces: Sequence[Mapping[str, Any]],
    *,
    titles: Sequence[str] | Mapping[int, str] = (),
    legend: Sequence[str] = (),
    shapes: Sequence[tuple] = (),
    notes: Sequence[tuple] = (),
    cut: Sequence[str] = (),
) -> None:
    """``axes`` by plotly's short names, ``titles`` of the panels, ``notes`` as (text, x, y),
    ``cut`` the axes that may leave out data.

    A trace has its ``name``, the number of the panel it is ``on``, its data (``ex``, ``ey``, with
    ``_minus``, for bars of errors); what else it names is compared where it is in plotly's words:
    ``{"line.color": ...}``.
    """
    # plotly's own check of every name and value.
    assert len(figure.data) == len(figure.given[0])
    assert figure.layout
    _LOOKED.append(figure)
    given, layout, _ = figure.given
    _check_axes(layout, axes)
    assert [trace.get("name") for trace in given] == [trace["name"] for trace in traces]
    for trace, expected in zip(given, traces, strict=True):
        _check_trace(trace, expected)
    _check_notes(layout, titles, notes)
    found = [_shape(shape) for shape in layout.get("shapes", ())]
    assert len(found) == len(shapes), found
    for one, other in zip(found, shapes, strict=True):
        for mine, theirs in zip(one, other, strict=True):
            _same(mine, theirs, f"shape {one} for {other}")
    assert _legend(given, layout) == list(legend)
    _holds_the_data(given, layout, cut)
    _apart(given, layout)
    _hovers(given, layout)


def check_frames(
    figure: Figure,
    frames: Sequence[tuple[str, Mapping[int, Mapping[str, Any]]]],
    prefix: str,
    active: int,
    ms: int,
) -> None:
    """``frames`` as a name and the data of the traces that change, by number; the slider below
    them, which opens at ``active``, and how long Play shows each."""
    names = [name for name, _ in frames]
    _, layout, given = figure.given
    assert [frame["name"] for frame in given] == names
    for frame, (name, changed) in zip(given, frames, strict=True):
        assert list(frame["traces"]) == list(changed), f"traces of frame {name}"
        for data, (number, expected) in zip(frame["data"], changed.items(), strict=True):
            assert set(data) - {"type"} == set(expected), f"frame {name}, trace {number}"
            for key, values in expected.items():
                _same(data[key], values, f"{key} of trace {number} in frame {name}")
    (slider,) = layout["sliders"]
    assert [step["label"] for step in slider["steps"]] == names
    assert [step["args"][0] for step in slider["steps"]] == [[name] for name in names]
    assert (slider["active"], slider["currentvalue"]["prefix"]) == (active, prefix)
    play = layout["updatemenus"][0]["buttons"][0]
    assert play["args"][1]["frame"]["duration"] == ms


def _same(found: Any, expected: Any, where: str) -> None:
    if expected is None or isinstance(expected, str | bool):
        assert found == expected, f"{where}: {found!r}, not {expected!r}"
        return
    values = np.asarray(expected, object).ravel()
    if any(isinstance(value, str) for value in values):
        assert np.asarray(found, object).tolist() == np.asarray(expected, object).tolist(), where
        return
    found, expected = np.asarray(found, float), np.asarray(expected, float)
    assert found.shape == expected.shape, f"{where}: {found.shape}, not {expected.shape}"
    np.testing.assert_allclose(found, expected, 1e-5, 1e-12, err_msg=where)


def _said(axis: Mapping[str, Any]) -> dict[str, Any]:
    """What an axis says; of one that follows another, which."""
    title = (axis.get("title") or {}).get("text")
    if axis.get("matches"):
        return {"matches": axis["matches"]} | ({"title": title} if title else {})
    said = {key: axis[key] for key in AXIS if axis.get(key) is not None}
    if said.get("type") == "linear":
        del said["type"]
    return said | ({"title": title} if title else {})


def _check_axes(layout: Mapping[str, Any], axes: Mapping[str, Mapping[str, Any]]) -> None:
    found = {name[0] + name[5:]: _said(layout[name]) for name in layout if name[1:5] == "axis"}
    assert set(found) == set(axes)
    for name, said in axes.items():
        assert set(found[name]) == set(said), f"axis {name}: {found[name]}"
        for key, value in said.items():
            _same(found[name][key], value, f"{key} of axis {name}")


def _check_trace(trace: Mapping[str, Any], expected: Mapping[str, Any]) -> None:
    name = expected["name"]
    data = {key: trace[key] for key in DATA if trace.get(key) is not None}
    for letter in "xy":
        error = trace.get(f"error_{letter}") or {}
        for key, short in (("array", f"e{letter}"), ("arrayminus", f"e{letter}_minus")):
            if error.get(key) is not None:
                data[short] = error[key]
    on = {letter: trace.get(f"{letter}axis", letter)[1:] or "1" for letter in "xy"}
    assert on["x"] == on["y"] == str(expected.get("on", 1)), f"{name} is on {on}"
    wanted = {key: expected[key] for key in expected if key in DATA or re.match("e[xy]", key)}
    assert set(data) == set(wanted), f"{name} has {set(data)}"
    for key, values in wanted.items():
        _same(data[key], values, f"{key} of {name}")
    for key in set(expected) - set(wanted) - {"name", "on"}:
        found: Any = trace
        for part in key.split("."):
            found = found[part]
        _same(found, expected[key], f"{key} of {name}")


def _check_notes(
    layout: Mapping[str, Any], titles: Sequence[str] | Mapping[int, str], notes: Sequence[tuple]
) -> None:
    above, others = {}, []
    for note in layout.get("annotations", ()):
        place = re.fullmatch(r"x(\d*) domain", str(note.get("xref", "")))
        if place and note.get("yref") == f"y{place[1]} domain" and note["y"] == 1:
            above[int(place[1] or 1)] = note["text"]
        else:
            others.append((note["text"], note["x"], note["y"]))
    named = titles if isinstance(titles, Mapping) else dict(enumerate(titles, 1))
    assert above == dict(named)
    assert len(others) == len(notes), others
    for found, wanted in zip(others, notes, strict=True):
        for mine, theirs in zip(found, wanted, strict=True):
            _same(mine, theirs, f"note {found} for {wanted}")


def _shape(shape: Mapping[str, Any]) -> tuple:
    ends = [(shape.get(f"{a}ref", a), shape[f"{a}0"], shape[f"{a}1"]) for a in "xy"]
    return (shape["type"], *ends[0], *ends[1])


def _legend(traces: Sequence[Mapping], layout: Mapping[str, Any]) -> list[str]:
    """The names that stand in the legend; a trace alone has none."""
    alone = len(traces) == 1 and traces[0].get("showlegend") is not True
    if layout.get("showlegend") is False or alone:
        return []
    return [
        trace["name"]
        for trace in traces
        if trace.get("showlegend") is not False and trace["type"] != "heatmap"
    ]


def _axis_of(trace: Mapping[str, Any], letter: str, layout: Mapping[str, Any]) -> tuple[str, dict]:
    """The short name of a trace's axis, and the axis that it follows, if it follows one."""
    name = trace.get(f"{letter}axis", letter)
    axis = layout.get(f"{letter}axis{name[1:]}", {})
    followed = axis.get("matches")
    return name, layout[f"{letter}axis{followed[1:]}"] if followed else axis


def _holds_the_data(traces: Sequence[Mapping], layout: Mapping, cut: Sequence[str]) -> None:
    """No axis with a range of its own leaves out a point."""
    for trace in traces:
        for letter in "xy":
            name, axis = _axis_of(trace, letter, layout)
            if axis.get("range") is None or name in cut or trace.get(letter) is None:
                continue
            try:
                values = np.asarray(trace[letter], float)
            except (TypeError, ValueError):
                continue
            ends = np.sort(np.asarray(axis["range"], float))
            if axis.get("type") == "log":
                values = np.log10(values)
            values = values[np.isfinite(values)]
            inside = (values >= ends[0] - 1e-9) & (values <= ends[1] + 1e-9)
            assert inside.all(), f"axis {name}, {ends}, leaves out {values[~inside]}"


def _apart(traces: Sequence[Mapping], layout: Mapping[str, Any]) -> None:
    """Panels lie inside the figure and not on one another."""
    places = {}
    for trace in traces:
        x, y = (trace.get(f"{letter}axis", letter) for letter in "xy")
        own = [layout.get(f"{name[0]}axis{name[1:]}", {}) for name in (x, y)]
        if not any(axis.get("overlaying") for axis in own):
            places[x, y] = [axis.get("domain") or (0.0, 1.0) for axis in own]
    for place in places.values():
        for low, high in place:
            assert 0 <= low < high <= 1
    for pair in combinations(places.values(), 2):
        sides = zip(*pair, strict=True)
        overlaps = [a[0] < b[1] - 1e-9 and b[0] < a[1] - 1e-9 for a, b in sides]
        assert not all(overlaps), f"panels {pair} lie on one another"


def _hovers(traces: Sequence[Mapping], layout: Mapping[str, Any]) -> None:
    """What stands at the pointer is there to be read, and is a percentage where the axis is one."""
    for trace in traces:
        for key, form in HOVER.findall(trace.get("hovertemplate") or ""):
            assert key not in ("customdata", "text", "z") or key in trace, f"no {key} to hover on"
            axis = trace.get("colorbar", {}) if key == "z" else {}
            if key in ("x", "y"):
                axis = _axis_of(trace, key, layout)[1]
            if "tickformat" in axis and axis["tickformat"] and form:
                both = ("%" in form, "%" in axis["tickformat"])
                assert both[0] == both[1], f"{trace['name']}: {key} as {form}, axis {axis}"
