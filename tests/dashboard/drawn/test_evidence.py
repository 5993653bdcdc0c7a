"""All that the figures of Sequential evidence show."""

import numpy as np
import torch

from corelib.data.evidence import Evidence
from corelib.reproduce.sequential import OverSteps
from dashboard.bpan.evidence import figures as evidence
from dashboard.figures.style import LIGHT, OKABE_ITO, trace_styles
from tests.dashboard.drawn.check import check, check_frames, draws

STYLES = trace_styles(["one", "two"])
BELIEFS = {"one": np.array([[0.3, 0.7], [0.9, 0.1]]), "two": np.array([[0.6, 0.4], [0.2, 0.8]])}


@draws(evidence.player)
def test_player():
    whole = np.arange(16, dtype=np.uint8).reshape(4, 4) * 10
    shown = np.zeros((2, 4, 4), bool)
    shown[:, :2, :3] = True
    shown[1, 2:, 2:] = True
    boxes = np.array([[0, 0, 2, 3], [2, 2, 2, 2]])
    # What is not seen yet has a quarter of its brightness.
    pictures = [np.where(seen, whole, whole // 4) for seen in shown]
    frames = [("rect", "x", -0.5, 2.5, "y", -0.5, 1.5), ("rect", "x", 1.5, 3.5, "y", 1.5, 3.5)]
    seen = Evidence(torch.zeros(1, 2, 1), whole, shown, boxes)
    figure = evidence.player(seen, BELIEFS, ("a", "b"), 0, STYLES, "glimpse", LIGHT)
    classes, framed = {"x": ["a", "b"]}, {"marker.line.width": [2.5, 0]}
    axis = {"title": "class", "type": "category"}
    check(
        figure,
        {
            "x": {"visible": False},
            "y": {"visible": False, "autorange": "reversed", "scaleanchor": "x"},
            "x2": axis,
            "y2": {
                "title": "belief",
                "tickformat": ".0%",
                "range": [0, 1.02],
                "showticklabels": True,
            },
            "x3": axis,
            "y3": {"matches": "y2"},
        },
        [
            {"name": "image", "z": pictures[1], "zmin": 0, "zmax": 255},
            {"name": "one", "on": 2, "y": [0.9, 0.1], **classes, **framed},
            {"name": "two", "on": 3, "y": [0.2, 0.8], **classes, **framed},
        ],
        titles=["the glimpses so far", "one", "two"],
        shapes=frames,
    )
    moments = [
        (str(t + 1), {0: {"z": picture}, 1: {"y": BELIEFS["one"][t]}, 2: {"y": BELIEFS["two"][t]}})
        for t, picture in enumerate(pictures)
    ]
    check_frames(figure, moments, "glimpse ", 1, 900)
    drawn = [frame["layout"]["shapes"] for frame in figure.given[2]]
    assert [len(shapes) for shapes in drawn] == [1, 2]
    for shapes in drawn:
        for shape, (_, _, x0, x1, _, y0, y1) in zip(shapes, frames, strict=False):
            assert (shape["x0"], shape["x1"], shape["y0"], shape["y1"]) == (x0, x1, y0, y1)
        assert [shape["label"]["text"] for shape in shapes] == ["1", "2"][: len(shapes)]
        # The part of this moment stands out.
        *others, last = [shape["line"] for shape in shapes]
        assert last == {"color": OKABE_ITO[0], "width": 3}
        assert all(line == {"color": LIGHT.muted, "width": 1} for line in others)


@draws(evidence.beliefs)
def test_beliefs():
    halts = {"one": 1, "two": 2}
    place = {"x": [1, 2], "y": ["a", "b"], "zmin": 0, "zmax": 1}
    look = {"colorbar.tickformat": ".0%"}
    part = {"title": "glimpse", "dtick": 1}
    check(
        evidence.beliefs(BELIEFS, halts, ("a", "b"), "glimpse", LIGHT),
        {
            "x": part,
            "y": {"title": "class", "type": "category"},
            "x2": part,
            "y2": {"matches": "y"},
        },
        [
            {"name": "one", **place, "z": [[0.3, 0.9], [0.7, 0.1]], "showscale": False, **look},
            {"name": "answer", "x": [1], "y": ["b"]},
            {"name": "two", "on": 2, **place, "z": [[0.6, 0.2], [0.4, 0.8]], "showscale": True},
            {"name": "answer", "on": 2, "x": [2], "y": ["b"]},
        ],
        titles=["one<br>answers after 1", "two<br>answers after 2"],
    )


@draws(evidence.accuracy_over_parts)
def test_accuracy_over_parts():
    curves = {
        "one": OverSteps(np.array([0.5, 0.7, 0.8]), np.array([0.01, 0.02, 0.03]), 3),
        "two": OverSteps(np.array([0.4, 0.6]), np.zeros(2), 1),
    }
    one, two = ({"line.color": style.colour} for style in STYLES.values())
    theirs = [{"marker.color": style.colour} for style in STYLES.values()]
    check(
        evidence.accuracy_over_parts(curves, {"one": 0.9, "two": 0.3}, STYLES, "glimpse", LIGHT),
        {
            "x": {"title": "glimpses seen", "dtick": 1, "range": [0.7, 3.3]},
            "y": {"title": "accuracy", "tickformat": ".0%", "rangemode": "tozero"},
        },
        [
            {
                "name": "one",
                "x": [1, 2, 3],
                "y": [0.5, 0.7, 0.8],
                "ey": [0.01, 0.02, 0.03],
                "error_y.visible": True,
                **one,
            },
            {"name": "published", "x": [3], "y": [0.9], **theirs[0]},
            {
                "name": "two",
                "x": [1, 2],
                "y": [0.4, 0.6],
                "ey": [0, 0],
                "error_y.visible": False,
                **two,
            },
            {"name": "published", "x": [2], "y": [0.3], **theirs[1]},
            {"name": "published", "x": [None], "y": [None], "marker.color": LIGHT.muted},
        ],
        legend=["one", "two", "published"],
    )


@draws(evidence.outcomes)
def test_outcomes():
    shares = {
        "one": np.array([0.5, 0.2, 0.1, 0.15, 0.05]),
        "two": np.array([0.4, 0.1, 0.2, 0.1, 0.2]),
    }
    names = [
        "correct, and stays correct",
        "correct, would become wrong",
        "wrong, would become correct",
        "wrong, and stays wrong",
        "never confident",
    ]
    check(
        evidence.outcomes(shares, LIGHT),
        {
            "x": {"title": "share of the test sequences", "tickformat": ".0%", "range": [0, 1]},
            "y": {"type": "category", "autorange": "reversed"},
        },
        [
            {
                "name": name,
                "x": [shares["one"][k], shares["two"][k]],
                "y": ["one", "two"],
                "orientation": "h",
            }
            for k, name in enumerate(names)
        ],
        legend=names,
    )
