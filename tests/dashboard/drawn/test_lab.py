"""All that the figures of the laboratory's own pages show."""

import numpy as np
import pandas as pd

from corelib.analysis.anytime import Spread
from corelib.reproduce.claim import Claim
from corelib.reproduce.claims import Listed
from corelib.reproduce.claims_read import Topic
from corelib.sweeps.results import Grid
from corelib.sweeps.settings import Range, StudySettings
from dashboard.figures.style import LIGHT, styled, trace_styles
from dashboard.lab.claims.figures import distances
from dashboard.lab.compare.figures import curves, intervals, on_the_same_axes
from dashboard.lab.studies import figures as studies
from tests.dashboard.drawn.check import check, draws, level, upright

STYLES = trace_styles(["one", "two"])
SCORE = "validation score"


def claim(what: str, published: float, mean: float, sd: float = 0.0, n: int = 1) -> Claim:
    return Claim(what, "table", "%", published, Spread(mean, sd, n))


@draws(distances)
def test_distances():
    first, second = (Topic(name, "bpan", "they", lambda: iter(())) for name in ("first", "second"))
    items = [
        Listed(first, claim("a", 90.0, 91.0, 0.1, 3)),
        Listed(first, claim("b", 90.0, 90.25)),
        Listed(first, Claim("untested", "table", "%", 90.0, None)),
        Listed(second, claim("c", 50.0, 47.0)),
    ]
    none = {"ex": [0], "ex_minus": [0]}
    # Twice as far as half a point allows; its bar reaches two standard deviations, 0.2 points.
    reach = np.arcsinh([2.4, 2.0, 1.6])
    ahead = {"ex": [reach[0] - reach[1]], "ex_minus": [reach[1] - reach[2]]}
    ticks = (-30, -10, -3, -1, 0, 1, 3, 10, 30)
    check(
        distances(items, LIGHT),
        {
            "x": {
                "title": "(ours − published) / limit of the rule",
                "tickvals": np.arcsinh(ticks),
                "ticktext": ["−30", "−10", "−3", "−1", "0", "+1", "+3", "+10", "+30"],
            },
            # Three rows for a line of a topic's name, two between topics.
            "y": {"tickvals": [1, 6], "ticktext": ["first", "second"], "range": [9, -2]},
        },
        [
            {"name": "reproduced", "x": [np.arcsinh(0.5)], "y": [1.5], **none},
            {"name": "exceeded", "x": [np.arcsinh(2)], "y": [0.5], **ahead},
            {"name": "not reproduced", "x": [-np.arcsinh(6)], "y": [6], **none},
        ],
        legend=["reproduced", "exceeded", "not reproduced"],
        shapes=[("rect", "x", -np.arcsinh(1), np.arcsinh(1), "paper", 0, 1), level(3.5)],
    )


def measured(run: str, part: str, values: list[float]) -> pd.DataFrame:
    steps = 10 * np.arange(1, len(values) + 1)
    rows = {"run": run, "part": part, "step": steps, "metric": "accuracy", "value": values}
    return pd.DataFrame(rows)


@draws(curves)
def test_curves():
    frame = pd.concat(
        [
            measured("one", "training batches", [0.5, 0.7, 0.8]),
            measured("two", "training batches", [0.4, 0.0, 0.9]),
            measured("two", "validation", [0.45, 0.6]),
            measured("one", "validation", [0.55, 0.65]),
            measured("one", "validation", [9.0, 9.0]).assign(metric="loss"),
        ]
    )
    one, two = ({"line.color": s.colour, "line.dash": s.dash} for s in STYLES.values())
    traces = [
        {"name": "one", "x": [10, 20, 30], "y": [0.5, 0.7, 0.8], **one},
        {"name": "two", "x": [10, 20, 30], "y": [0.4, 0.0, 0.9], **two},
        {"name": "two", "on": 2, "x": [10, 20], "y": [0.45, 0.6], **two},
        {"name": "one", "on": 2, "x": [10, 20], "y": [0.55, 0.65], **one},
    ]
    x, y = {"title": "updates", "range": [0, 30.6]}, {"title": "accuracy", "tickformat": ".1~%"}
    named = {"titles": ["Training batches", "Validation"], "legend": ["one", "two"]}
    drawn = curves(frame, "accuracy", STYLES, LIGHT)
    check(drawn, {"x": x, "x2": x, "y": y, "y2": y}, traces, **named)
    x = {"title": "updates", "type": "log", "tickformat": ","}
    y |= {"type": "log"}
    traces[1]["y"] = [0.4, np.nan, 0.9]
    drawn = curves(frame, "accuracy", STYLES, LIGHT, log_x=True, log_y=True)
    check(drawn, {"x": x, "x2": x, "y": y, "y2": y}, traces, **named)


@draws(intervals)
def test_intervals():
    columns = ["group", "difference", "low", "high", "seed_mean", "seed_sd", "seeds"]
    rows = [
        ("one", 0.02, -0.01, 0.03, 0.015, 0.004, 3),
        ("two", -0.1, -0.14, -0.05, None, None, None),
    ]
    frame = pd.DataFrame(rows, columns=columns).assign(baseline="three", images=500)
    check(
        intervals(frame.astype({"seeds": "Int64"}), STYLES, LIGHT),
        {
            # A twentieth of what the bars span on either side.
            "x": {"title": "difference of accuracy / points", "range": [-14.85, 3.85]},
            "y": {"tickvals": [0, 1], "ticktext": ["one", "two"], "range": [1.6, -0.6]},
        },
        [
            {"name": "one", "x": [2], "y": [0], "ex": [1], "ex_minus": [3]},
            {
                "name": "one, paired by seed",
                "x": [1.5],
                "y": [0.28],
                "ex": [0.4],
                "ex_minus": [0.4],
                "hovertemplate": "1.50 ± 0.40 points over 3 seeds",
            },
            {"name": "two", "x": [-10], "y": [1], "ex": [5], "ex_minus": [4]},
        ],
        shapes=[upright(0, yref="y domain")],
    )


@draws(on_the_same_axes)
def test_on_the_same_axes():
    axes = {"xaxis": {"title": {"text": "step"}}, "yaxis": {"title": {"text": "rate"}}}
    values = ([1.0, 2.0], [5.0, 10.0])
    apart = [
        styled([{"type": "scatter", "x": [1, 2], "y": y, "name": "one"}], axes, LIGHT)
        for y in values
    ]
    # A twentieth of what each spans beyond the least and the largest of all.
    shared = {
        "x": {"title": "step", "range": [0.95, 2.05]},
        "y": {"title": "rate", "range": [0.95, 10.25]},
    }
    for figure, y in zip(on_the_same_axes(apart), values, strict=True):
        check(figure, shared, [{"name": "one", "x": [1, 2], "y": y}])


@draws(studies.course_figure)
def test_course():
    rows = {"ended": [1, 3, 4], "trial": [7, 5, 6], "score": [0.5, 0.8, 0.6]}
    frame = pd.DataFrame({**rows, "best": [0.5, 0.8, 0.8]})
    check(
        studies.course_figure(frame, 4, LIGHT),
        {"x": {"title": "trials that have ended", "range": [0, 4.5]}, "y": {"title": SCORE}},
        [
            {"name": "a trial", "x": [1, 3, 4], "y": [0.5, 0.8, 0.6], "customdata": [7, 5, 6]},
            {"name": "best so far", "x": [1, 3, 4], "y": [0.5, 0.8, 0.8]},
        ],
        legend=["a trial", "best so far"],
    )


@draws(studies.importance_figure)
def test_importance():
    check(
        studies.importance_figure({"alpha": 0.7, "width": 0.3}, LIGHT),
        {
            "x": {"title": "share of the variance explained", "tickformat": ".0%", "range": [0, 1]},
            "y": {"title": "setting", "type": "category"},
        },
        [
            {
                "name": "importance",
                "x": [0.3, 0.7],
                "y": ["width", "alpha"],
                "orientation": "h",
                "text": ["30\N{NO-BREAK SPACE}%", "70\N{NO-BREAK SPACE}%"],
            }
        ],
    )


VARIED = StudySettings(
    name="w",
    system="mlp",
    vary={
        "learning_rate": Range(low=1e-4, high=1e-2, log=True),
        "n_hidden": Range(low=4, high=16),
        "batch_size": (16, 32, 64),
    },
    search="random",
    trials=10,
)
TABLE = pd.DataFrame(
    {
        "trial": [3, 4, 5, 6, 8],
        "learning_rate": [1e-4, 1e-3, 1e-2, 1e-3, 1e-4],
        "n_hidden": [4, 7, 10, 16, 13],
        "batch_size": [16, 64, 32, 16, 32],
        "score": [0.5, 0.9, 0.6, 0.8, 0.7],
        "sd": [0.01, 0.02, 0.03, 0.04, 0.05],
        "n": [2, 3, 2, 3, 2],
    }
)


@draws(studies.slices_figure)
def test_slices():
    rest = [0, 2, 3, 4]
    scores = {"y": [0.5, 0.6, 0.8, 0.7], "ey": [0.01, 0.03, 0.04, 0.05]}
    others = {"name": "a trial", **scores, "customdata": [3, 5, 6, 8]}
    best = {"name": "best", "y": [0.9], "ey": [0.02], "customdata": [4]}
    rates, units = TABLE["learning_rate"].to_numpy(), TABLE["n_hidden"].to_numpy()
    check(
        studies.slices_figure(TABLE, ["learning_rate", "n_hidden", "batch_size"], VARIED, LIGHT),
        {
            "x": {"title": "learning_rate", "type": "log", "dtick": 1},
            "y": {"title": SCORE},
            "x2": {"title": "n_hidden"},
            "y2": {"matches": "y"},
            "x3": {"title": "batch_size", "type": "category", "categoryarray": ["16", "32", "64"]},
            "y3": {"matches": "y"},
        },
        [
            {**others, "x": rates[rest]},
            {**best, "x": rates[[1]]},
            {**others, "on": 2, "x": units[rest]},
            {**best, "on": 2, "x": units[[1]]},
            {**others, "on": 3, "x": ["16", "32", "16", "32"]},
            {**best, "on": 3, "x": ["64"]},
        ],
        legend=["a trial", "best"],
    )


@draws(studies.parallel_figure)
def test_parallel():
    # Of each trial by its number: where it lies on the three settings' axes and on the score's.
    at = {
        3: (0, 0, 0, 0),
        4: (0.5, 0.25, 1, 1),
        5: (1, 0.5, 0.5, 0.25),
        6: (0.5, 1, 0, 0.75),
        8: (0, 0.75, 0.5, 0.5),
    }
    groups = {"the others": (8, 5, 3), "best quarter": (6,), "best": (4,)}
    gap = np.nan
    heights = (0, 1 / 3, 2 / 3, 1)
    texts = (
        ("0.0001", "0.000464", "0.00215", "0.01"),
        ("4", "8", "12", "16"),
        ("16", "32", "64"),
        ("0.5", "0.6333", "0.7667", "0.9"),
    )
    check(
        studies.parallel_figure(TABLE, VARIED, LIGHT),
        {
            "x": {
                "tickvals": [0, 1, 2, 3],
                "ticktext": ["learning_rate", "n_hidden", "batch_size", SCORE],
                "range": [-0.05, 3.05],
            },
            "y": {"visible": False, "range": [-0.06, 1.06]},
        },
        [
            {
                "name": name,
                "x": [0, 1, 2, 3, gap] * len(trials),
                "y": [value for trial in trials for value in (*at[trial], gap)],
            }
            for name, trials in groups.items()
        ],
        legend=list(groups),
        notes=[
            (text, place, height)
            for place, marks in enumerate(texts)
            for text, height in zip(marks, heights if place != 2 else (0, 0.5, 1), strict=True)
        ],
    )


@draws(studies.heatmap_figure)
def test_heatmap():
    score, n = np.array([[0.5, np.nan], [0.75, 0.8125]]), np.array([[2, 0], [1, 3]])
    words = {"x": ["4", "8"], "y": ["0.1", "on"]}
    check(
        studies.heatmap_figure(Grid((4, 8), (0.1, True), score, n), "n_hidden", "b", LIGHT),
        {"x": {"title": "n_hidden", "type": "category"}, "y": {"title": "b", "type": "category"}},
        [
            {"name": None, **words, "z": np.zeros((2, 2))},
            {
                "name": f"mean {SCORE}",
                **words,
                "z": score,
                "customdata": n,
                "text": [["0.5", ""], ["0.75", "0.812"]],
                "colorbar.title.text": SCORE,
            },
        ],
    )
