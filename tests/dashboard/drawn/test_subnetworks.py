"""All that the figures of Sub-networks show."""

import numpy as np

from corelib.models.butd.history import OverlapHistory
from corelib.models.butd.instructions import Plane, Sweep
from corelib.models.butd.subnetworks import Composition
from corelib.models.butd.third_task import Course
from dashboard.butd.subnetworks.figures import causes, gates, instructions
from dashboard.figures.style import LIGHT, OKABE_ITO
from tests.dashboard.drawn.check import check, draws, upright

TASKS = ("left", "right")
KINDS = ("shared", "only left", "only right", "never", "unreachable")
SHARE = {"tickformat": ".0%", "range": [0, 1.02]}
LEFT, RIGHT = OKABE_ITO[1], OKABE_ITO[0]
PAIR = [upright(2, "x", "y domain"), upright(2, "x2", "y2 domain")]


@draws(causes.effects)
def test_effects():
    controls = np.array([[0.5, 0.6], [0.5, 0.6], [0.8, 0.9]])
    outcomes = {
        "none": causes.Outcome(np.array([0.9, 0.8]), np.array([0.0, 0.1])),
        "shared": causes.Outcome(np.array([0.3, 0.2]), np.array([0.4, 0.35]), controls),
    }
    names, at_random = {"x": ["none", "shared"]}, "correct, as many at random"
    sd = 0.03**0.5
    x = {"title": "silenced", "type": "category"}
    check(
        causes.effects(outcomes, TASKS, "silenced", LIGHT),
        {"x": x, "y": {"title": "share of scenes", **SHARE}, "x2": x, "y2": {"matches": "y"}},
        [
            {"name": "correct, instruction: left", **names, "y": [0.9, 0.3], "marker.color": LEFT},
            {"name": "names the other", **names, "y": [0, 0.4]},
            {"name": at_random, "x": ["shared"], "y": [0.6], "ey": [sd]},
            {
                "name": "correct, instruction: right",
                "on": 2,
                **names,
                "y": [0.8, 0.2],
                "marker.color": RIGHT,
            },
            {"name": "names the other", "on": 2, **names, "y": [0.1, 0.35]},
            {"name": at_random, "on": 2, "x": ["shared"], "y": [0.7], "ey": [sd]},
        ],
        titles=["instruction: left", "instruction: right"],
        legend=[
            "correct, instruction: left",
            "names the other",
            at_random,
            "correct, instruction: right",
        ],
    )


@draws(causes.swaps)
def test_swaps():
    correct, other = np.array([[0.9, 0.8], [0.1, 0.2]]), np.array([[0.0, 0.05], [0.5, 0.6]])
    columns = [
        *("left: correct", "left: names the other"),
        *("right: correct", "right: names the other"),
    ]
    check(
        causes.swaps(["none", "fc"], correct, other, TASKS, LIGHT),
        {"x": {"type": "category"}, "y": {"title": "gates swapped", "type": "category"}},
        [
            {
                "name": "share of scenes",
                "x": columns,
                "y": ["none", "fc"],
                "z": [[0.9, 0.0, 0.8, 0.05], [0.1, 0.5, 0.2, 0.6]],
                "zmin": 0,
                "zmax": 1,
                "colorbar.tickformat": ".0%",
                "texttemplate": "%{z:.1%}",
            }
        ],
    )


@draws(causes.forgetting)
def test_forgetting():
    rng = np.random.default_rng(4)
    courses = {
        way: Course(np.array([0, 5, 10]), rng.random((3, 3)))
        for way in ("alone, 10 updates", "jointly, 10 updates")
    }
    tasks = [*TASKS, "larger"]
    updates = {"title": "updates"}
    check(
        causes.forgetting(courses, tasks, LIGHT),
        {
            "x": updates,
            "y": {"title": "share of scenes", **SHARE},
            "x2": updates,
            "y2": {"matches": "y"},
        },
        [
            {"name": task, "on": panel, "x": [0, 5, 10], "y": course.correct[:, k]}
            for panel, course in enumerate(courses.values(), 1)
            for k, task in enumerate(tasks)
        ],
        titles=["alone<br>10 updates", "jointly<br>10 updates"],
        legend=tasks,
    )


def kinds_of_units() -> list[dict]:
    """The traces of a map's legend, which show nothing."""
    colours = (OKABE_ITO[2], LEFT, RIGHT, LIGHT.grid, LIGHT.faint)
    return [
        {"name": name, "x": [np.nan], "y": [np.nan], "marker.color": colour}
        for name, colour in zip(KINDS, colours, strict=True)
    ]


@draws(gates.gate_map)
def test_gate_map():
    ends = {"zmin": -0.5, "zmax": 4.5}
    texts = [["unit 0: never", "unit 1: shared"], ["unit 2: only left", "unit 3: only right"]]
    check(
        gates.gate_map(np.arange(4, dtype=np.uint8), TASKS, LIGHT),
        {
            "x": {"visible": False, "range": [-0.5, 1.5]},
            "y": {
                "title": "units",
                "range": [1.5, -0.5],
                "scaleanchor": "x",
                "tickvals": [0, 1],
                "ticktext": ["0–1", "2–3"],
            },
        },
        [{"name": "gates", "z": [[0, 1], [2, 3]], **ends, "text": texts}, *kinds_of_units()],
        legend=KINDS,
    )
    kinds = np.array([[[0, 1], [2, 3]], [[4, 4], [0, 2]]], np.uint8)
    none = np.nan
    check(
        gates.gate_map(kinds, TASKS, LIGHT),
        {
            "x": {"visible": False, "range": [-0.5, 5.5]},
            "y": {
                "title": "channels",
                "range": [1.5, -0.5],
                "scaleanchor": "x",
                "tickvals": [0.5],
                "ticktext": ["0–1"],
            },
        },
        [
            {"name": "gates", "z": [[0, 1, none, none, 4, 4], [2, 3, none, none, 0, 2]], **ends},
            *kinds_of_units(),
        ],
        legend=KINDS,
    )


@draws(gates.composition)
def test_composition():
    shares = np.array([[0.2, 0.3, 0.1, 0.4], [0.5, 0.1, 0.15, 0.25]])
    parts = Composition(shares, np.array([0.25, 0.0]))
    title = "share of the reachable units"
    check(
        gates.composition(["a", "b"], parts, TASKS, 1, LIGHT),
        {
            "x": {"title": title, "tickformat": ".0%", "range": [0, 1]},
            "y": {"title": "layer", "type": "category"},
        },
        [
            {"name": name, "x": shares[:, k], "y": ["a", "<b>b</b>"], "orientation": "h"}
            for k, name in enumerate(KINDS[:4])
        ],
        notes=[("25\N{NO-BREAK SPACE}% unreachable", 1, "a")],
    )


@draws(gates.by_layer)
def test_by_layer():
    opened, jaccard = np.array([[0.5, 0.6], [0.7, 0.8]]), np.array([0.1, 0.2])
    names = ["open for left", "open for right", "Jaccard: both of either"]
    values = [[0.5, 0.7], [0.6, 0.8], [0.1, 0.2]]
    colours = [LEFT, RIGHT, OKABE_ITO[2]]
    check(
        gates.by_layer(["a", "b"], opened, jaccard, TASKS, LIGHT),
        {
            "x": {"title": "layer", "type": "category"},
            "y": {"title": "share of units", "tickformat": ".0%", "range": [0, 1]},
        },
        [
            {"name": name, "x": ["a", "b"], "y": y, "line.color": colour}
            for name, y, colour in zip(names, values, colours, strict=True)
        ],
        legend=names,
    )


@draws(gates.over_epochs)
def test_over_epochs():
    opened, jaccard = np.random.default_rng(2).random((2, 3, 2))
    epochs = np.array([0, 2, 10])
    x = {"title": "epochs", "dtick": 3}
    y = {"title": "share of reachable units", "tickformat": ".0%", "range": [0, 1]}
    check(
        gates.over_epochs(["a", "b"], OverlapHistory(epochs, opened, jaccard), 2, LIGHT),
        {"x": x, "y": y, "x2": x, "y2": {"matches": "y"}},
        [
            {"name": name, "on": panel, "x": epochs, "y": values[:, k]}
            for panel, values in ((1, opened), (2, jaccard))
            for k, name in enumerate(("a", "b"))
        ],
        titles=["share open, mean of both tasks", "Jaccard of both tasks"],
        legend=["a", "b"],
        shapes=PAIR,
    )


@draws(gates.answers)
def test_answers():
    probability = np.array([[0.2, 0.7, 0.1], [0.6, 0.3, 0.1]])
    names = ["instruction: left", "instruction: right"]
    check(
        gates.answers(probability, (1, None), TASKS, "abc", LIGHT),
        {"x": {"title": "class", "type": "category"}, "y": {"title": "probability", **SHARE}},
        [
            {
                "name": name,
                "x": ["a", "b", "c"],
                "y": values,
                "marker.color": colour,
                "marker.line.width": framed,
            }
            for name, values, colour, framed in zip(
                names, probability, (LEFT, RIGHT), ([0, 2.5, 0], [0, 0, 0]), strict=True
            )
        ],
        legend=names,
    )


@draws(instructions.mixtures)
def test_mixtures():
    named, changed = np.random.default_rng(1).random((2, 5, 2))
    share = np.linspace(0, 1, 5)
    x = {"title": "share of “right” in the instruction", "tickformat": ".0%"}
    labels = ["the left label", "the right label"]
    drawn = [*zip(labels, (1, 1), named.T, strict=True), *zip("ab", (2, 2), changed.T, strict=True)]
    check(
        instructions.mixtures(share, Sweep(named, changed), ["a", "b"], TASKS, 2, LIGHT),
        {"x": x, "y": {"title": "share", **SHARE}, "x2": x, "y2": {"matches": "y"}},
        [{"name": name, "on": panel, "x": share, "y": values} for name, panel, values in drawn],
        titles=["answers", "gates that differ from those of the nearer task"],
        legend=[*labels, "a", "b"],
        shapes=PAIR,
    )


@draws(instructions.plane)
def test_plane():
    rng = np.random.default_rng(3)
    named, changed = rng.random((3, 3, 2)), rng.random((3, 3, 3)) / 5
    grid = np.array([-1, 0, 1])
    mean = changed.sum(2) / 3
    titles = ["names the left label", "names the right label", "gates that differ"]
    scales = {"zmin": 0, "zmax": 1}
    x = {"title": "instruction: left"}
    follows = {"matches": "y"}
    check(
        instructions.plane(Plane(grid, named, changed), TASKS, (0.5, -0.25), LIGHT),
        {
            "x": x,
            "y": {"title": "instruction: right", "scaleanchor": "x"},
            "x2": x,
            "y2": follows,
            "x3": x,
            "y3": follows,
        },
        [
            *(
                {"name": title, "on": panel, "x": grid, "y": grid, "z": z, **scale}
                for panel, (title, z, scale) in enumerate(
                    zip(
                        titles,
                        (named[..., 0], named[..., 1], mean),
                        (
                            {**scales, "showscale": False},
                            {**scales, "showscale": True},
                            {"zmin": 0, "zmax": mean.max(), "showscale": True},
                        ),
                        strict=True,
                    ),
                    1,
                )
            ),
            *({"name": "chosen", "on": panel, "x": [0.5], "y": [-0.25]} for panel in (1, 2, 3)),
        ],
        titles=titles,
    )
