"""All that the figures show which several families share."""

from pathlib import Path

import numpy as np

from corelib.runs.history import History
from corelib.training.events import Began, Stepped, Validated
from dashboard.figures import images, mosaic
from dashboard.figures.style import LIGHT, OKABE_ITO
from dashboard.figures.training import learning_curves
from tests.dashboard.drawn.check import check, draws

STEPS = (5, 10, 15, 20)


def history(factor: float, validated: tuple[dict[str, float], ...], measure: str) -> History:
    """A run of 20 updates, told of every fifth, validated after the tenth and the last."""
    read = History(Path("unread"))
    read._take(
        Began(step=0, total_steps=20, steps_per_epoch=10, device="cpu", threads=1, parameters=1)
    )
    for step in STEPS:
        metrics = {"loss": factor / step, "accuracy": 1 - factor / step}
        if measure != "accuracy":
            del metrics["accuracy"]
        read._take(Stepped(step=step, count=5, seconds=0.1, metrics=metrics))
    for step, metrics in zip((10, 20), validated, strict=True):
        at = {"step": step, "epoch": step // 10, "best": True}
        read._take(Validated(metrics=metrics, score=metrics[measure], **at))
    return read


@draws(learning_curves)
def test_learning_curves_of_one_run():
    run = history(2.0, ({"accuracy": 0.75}, {"accuracy": 0.7}), "accuracy")
    loss = [0.4, 0.2, 2 / 15, 0.1]
    updates = {"title": "updates", "range": [0, 20.2]}
    batches = {"name": "training batches", "x": STEPS, "line.color": OKABE_ITO[0]}
    check(
        learning_curves({"run": run}, LIGHT),
        {
            "x": updates,
            "x2": updates,
            "y": {"title": "loss", "rangemode": "tozero"},
            "y2": {"title": "share correct", "tickformat": ".0%"},
        },
        [
            {**batches, "y": loss},
            {**batches, "on": 2, "y": 1 - np.array(loss)},
            {"name": "validation", "on": 2, "x": [10, 20], "y": [0.75, 0.7]},
            {"name": "best", "on": 2, "x": [10], "y": [0.75]},
        ],
        titles=["Training loss", "Accuracy"],
        legend=["training batches", "validation", "best"],
    )


def test_learning_curves_of_several_runs_on_logarithmic_axes():
    runs = {
        "one": history(2.0, ({"R²": 0.4, "loss": 9.0}, {"R²": 0.5, "loss": 8.0}), "R²"),
        "two": history(3.0, ({"R²": 0.6, "loss": 7.0}, {"R²": 0.55, "loss": 6.0}), "R²"),
    }
    updates = {"title": "updates", "type": "log", "range": [0, np.log10(20)], "tickformat": ","}
    traces = []
    for place, (name, factor, scores) in enumerate(
        (("one", 2, [0.4, 0.5]), ("two", 3, [0.6, 0.55]))
    ):
        look = {"line.color": OKABE_ITO[place], "line.dash": ("solid", "dash")[place]}
        loss = factor / np.array(STEPS)
        none = np.full(4, np.nan)
        traces += [
            {"name": name, "x": STEPS, "y": loss, **look},
            {"name": f"{name}, batches", "on": 2, "x": STEPS, "y": none, **look},
            {"name": name, "on": 2, "x": [10, 20], "y": scores, **look},
        ]
    check(
        learning_curves(runs, LIGHT, log=True),
        {
            "x": updates,
            "x2": updates,
            "y": {"title": "loss", "type": "log", "tickformat": ","},
            "y2": {"title": "R²"},
        },
        traces,
        titles=["Training loss", "Validation"],
        legend=["one", "two"],
    )


@draws(images.mosaic)
def test_a_mosaic_of_images():
    pixels = np.arange(1, 13, dtype=np.uint8).reshape(3, 2, 2)
    sheet = np.zeros((8, 8))
    sheet[1:3, 1:3], sheet[1:3, 5:7], sheet[5:7, 1:3] = pixels
    hidden = {"visible": False}
    check(
        images.mosaic(pixels, ["a", "b", "c"], 2, LIGHT),
        {"x": hidden, "y": {**hidden, "autorange": "reversed", "scaleanchor": "x"}},
        [
            {"name": "images", "z": sheet, "zmin": 0, "zmax": 255},
            {"name": "image", "x": [2, 6, 2], "y": [2, 2, 6], "text": ["a", "b", "c"]},
        ],
    )


@draws(mosaic.mosaic)
def test_a_mosaic_of_features():
    features = np.array([[[1.0, -2], [0, 2]], [[3, 0], [0, -1.5]], [[0, 0], [0, 0]]])
    shown = {0: [[192, 1], [128, 255]], 1: [[255, 128], [128, 64]], 2: [[128, 128], [128, 128]]}
    sheet = np.zeros((6, 6))
    sheet[0:2, 0:2], sheet[0:2, 4:6], sheet[4:6, 0:2] = shown[2], shown[0], shown[1]
    order = np.array([2, 0, 1])
    check(
        mosaic.mosaic(features, ["a", "b", "c"], order, 0, 2, LIGHT),
        {
            "x": {"visible": False, "range": [-2, 7]},
            "y": {"visible": False, "range": [7, -2], "scaleanchor": "x"},
        },
        [
            {"name": "features", "z": sheet, "zmin": 0, "zmax": 255},
            {
                "name": "feature",
                "x": [0.5, 4.5, 0.5],
                "y": [0.5, 0.5, 4.5],
                "customdata": order,
                "text": ["c", "a", "b"],
            },
        ],
        # Around the second place, where the chosen one is.
        shapes=[("rect", "x", 2.5, 6.5, "y", -1.5, 2.5)],
    )


@draws(mosaic.row_of_images)
def test_a_row_of_images():
    first, second = np.array([[1.0, -3], [0, 2]]), np.array([[0.5, 0], [0, 0.25]])
    hidden = {"visible": False}
    upside = {**hidden, "autorange": "reversed"}
    axes = {
        "x": hidden,
        "y": {**upside, "scaleanchor": "x"},
        "x2": hidden,
        "y2": {**upside, "scaleanchor": "x2"},
    }
    for limits, (one, two) in ((None, (3, 0.5)), ([4.0, 1.0], (4, 1))):
        check(
            mosaic.row_of_images([first, second], ["a", "b"], LIGHT, limits=limits),
            axes,
            [
                {"name": "a", "z": first, "zmin": -one, "zmax": one},
                {"name": "b", "on": 2, "z": second, "zmin": -two, "zmax": two},
            ],
            titles=["a", "b"],
        )
