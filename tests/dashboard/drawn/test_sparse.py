"""All that the figures of Sparse code show."""

import numpy as np
import pytest

from corelib.analysis.anytime import Spread
from corelib.models.ipvae.coding import CodePoint, Sparsity
from corelib.models.ipvae.gradients import Gradients
from corelib.models.ipvae.inference import Convergence
from corelib.models.ipvae.moments import Moments, Places
from dashboard.figures.style import INHIBITORY, LIGHT, trace_styles
from dashboard.ipvae.sparse.figures import comparison, curves, gradient, inference, lesions
from tests.dashboard.drawn.check import check, check_frames, draws

STYLES = trace_styles(["one", "two"])
ONE, TWO = (style.colour for style in STYLES.values())


@draws(comparison.rate_distortion)
def test_rate_distortion():
    own = {"one": CodePoint(zeros=0.8, r2=0.7), "two": CodePoint(zeros=0.5, r2=0.9)}
    published = {"theirs": CodePoint(zeros=0.77, r2=0.83), "LCA": CodePoint(zeros=0.2, r2=0.82)}
    beta = {6.0: CodePoint(zeros=0.7, r2=0.95), 24.0: CodePoint(zeros=0.85, r2=0.65)}
    check(
        comparison.rate_distortion(
            own, published, STYLES, {"theirs": "two"}, LIGHT, {"iP-VAE, β": beta}
        ),
        {
            "x": {"title": "portion of zeros (sparser →)", "range": [-0.04, 1.04]},
            "y": {"title": "R² of the reconstruction"},
        },
        [
            {"name": "one", "x": [0.8], "y": [0.7], "marker.color": ONE},
            {"name": "two", "x": [0.5], "y": [0.9], "marker.color": TWO},
            {"name": "theirs", "x": [0.77], "y": [0.83], "marker.color": TWO},
            {"name": "LCA", "x": [0.2], "y": [0.82], "marker.color": LIGHT.muted},
            {"name": "iP-VAE, β", "x": [0.7, 0.85], "y": [0.95, 0.65], "customdata": [6, 24]},
        ],
        legend=["one", "two", "iP-VAE, β"],
    )


@draws(comparison.sparsities)
def test_sparsities():
    none, point = np.nan, CodePoint(zeros=0.5, r2=0.5)
    values = {"one": ([0.01, 0.5, 0.51, none], [0.97, 0.99]), "two": ([0.3], [0.1, 0.1, 0.1, 0.7])}
    codes = {
        name: Sparsity(np.array(life), np.array(population), 0.0, 0.0, point)
        for name, (life, population) in values.items()
    }
    # Shares in bins that are 0.04 wide, by the bins' numbers.
    shares = (({0: 1 / 3, 12: 2 / 3}, {7: 1.0}), ({24: 1.0}, {2: 0.75, 17: 0.25}))
    traces = []
    for panel, of_each in enumerate(shares, 1):
        for name, bins in zip(("one", "two"), of_each, strict=True):
            y = [bins.get(k, 0) for k in range(25)]
            x = 0.02 + 0.04 * np.arange(25)
            traces.append(
                {"name": name, "on": panel, "x": x, "y": y, "line.color": STYLES[name].colour}
            )
    x = {"title": "sparsity (0: dense, 1: one alone)", "range": [-0.02, 1.02]}
    check(
        comparison.sparsities(codes, STYLES, LIGHT),
        {
            "x": x,
            "y": {"title": "share", "tickformat": ".0%", "rangemode": "tozero"},
            "x2": x,
            "y2": {"matches": "y"},
        },
        traces,
        titles=["lifetime sparsity of the neurons", "population sparsity of the images"],
        legend=["one", "two"],
    )


@draws(curves.convergence_curves)
@pytest.mark.parametrize(
    ("change", "marks"),
    [([8, 4, 2, 1, 0.5], (1, 2, 5)), ([4, 3, 2, 1.5, 1], (1, 1.5, 2, 3, 4, 6, 8))],
)
def test_convergence(change, marks):
    nothing = np.zeros(0)
    r2, zeros = np.array([0.1, 0.4, 0.6, 0.7, 0.75]), np.array([0.95, 0.9, 0.85, 0.82, 0.8])
    one = Convergence(r2, zeros, np.array(change, float), nothing, nothing)
    two = Convergence(r2[:3] / 2, zeros[:3] / 2, one.change[:3], nothing, nothing)
    end = curves.PublishedEnd(4, CodePoint(zeros=0.77, r2=0.83))
    step = {
        "title": "step",
        "type": "log",
        "dtick": 1,
        "tickformat": ",",
        "range": [0, 1.06 * np.log10(5)],
    }
    ticks = [mark * 10.0**power for power in range(-4, 5) for mark in marks]
    traces = [
        {"name": name, "on": panel, "x": np.arange(1, len(y) + 1), "y": y, "line.color": colour}
        for name, course, colour in (("one", one, ONE), ("two", two, TWO))
        for panel, y in enumerate((course.r2, course.zeros, course.change), 1)
    ]
    theirs = {"name": "one, published", "x": [4], "marker.color": ONE}
    check(
        curves.convergence_curves({"one": one, "two": two}, STYLES, LIGHT, published={"one": end}),
        {
            "x": step,
            "x2": step,
            "x3": step,
            "y": {"rangemode": "tozero"},
            "y2": {"range": [-0.03, 1.03]},
            "y3": {
                "type": "log",
                "tickformat": ",",
                "tickvals": ticks,
                "ticktext": [f"{tick:g}" for tick in ticks],
            },
        },
        [*traces, {**theirs, "y": [0.83]}, {**theirs, "on": 2, "y": [0.77]}],
        titles=["R² of the reconstruction", "portion of zeros", "‖Δu‖"],
        legend=["one", "two"],
    )


@draws(curves.strongest_neurons)
def test_strongest_neurons():
    rng = np.random.default_rng(0)
    potential, activity = rng.normal(size=(6, 3)), rng.poisson(1.0, (6, 3)).astype(float)
    shown = curves.Strongest(np.array([7, 1, 4]), potential, activity)
    step = {"title": "step", "type": "log", "dtick": 1, "tickformat": ","}
    steps = np.arange(1, 7)
    check(
        curves.strongest_neurons(shown, ("potential u", "spikes z"), LIGHT),
        {
            "x": {**step, "range": [0, np.log10(6)]},
            "y": {"title": "potential u"},
            "x2": {**step, "range": [np.log10(0.5), np.log10(6.5)]},
            "y2": {"title": "neuron", "tickvals": [0], "ticktext": ["7"], "autorange": "reversed"},
        },
        [
            *(
                {"name": f"neuron {k}", "x": steps, "y": potential[:, place]}
                for place, k in enumerate((7, 1, 4))
            ),
            {
                "name": "spikes z",
                "on": 2,
                # The edges of a column for each step.
                "x": np.arange(7) + 0.5,
                "y": [0, 1, 2],
                "z": activity.T,
                "zmin": 0,
                "zmax": np.quantile(activity, 0.995),
                "customdata": np.repeat([[7], [1], [4]], 6, 1),
            },
        ],
        titles=["potential u", "spikes z"],
    )


@draws(lesions.lesion_losses)
def test_lesion_losses():
    # 22 of 30 are worth something; the chosen one, number 4, is the 25th.
    losses = np.full(30, 0.001)
    losses[8:] = 0.9 - 0.01 * np.arange(22)
    losses[4] = 0.002
    losses[[0, 1]] = 0.005, 0.004
    order = [*range(8, 30), 0, 1, 4, 2, 3, 5, 6, 7]
    colours = [INHIBITORY if neuron == 4 else LIGHT.muted for neuron in order]
    check(
        lesions.lesion_losses(losses, 4, LIGHT),
        {
            # As far as the chosen one, with 2 % beside it.
            "x": {"title": "neurons, the most needed first", "range": [-1.0, 25.0]},
            "y": {"title": "loss of R²"},
        },
        [
            {
                "name": "loss of R²",
                "x": range(30),
                "y": losses[order],
                "customdata": order,
                "marker.color": colours,
            },
            {"name": "chosen", "x": [24], "y": [0.002], "text": ["neuron 4"]},
        ],
        # A double click shows the others.
        cut=["x"],
    )


@draws(inference.player)
def test_player():
    rng = np.random.default_rng(0)
    image, pictures = rng.normal(size=(3, 3)), rng.normal(size=(2, 3, 3))
    potential, rate, activity = rng.normal(size=(2, 3)), rng.random((2, 3)), rng.random((2, 3))
    moments = Moments(np.array([1, 40]), pictures, potential, rate, activity)
    figure = inference.player(
        image, moments, Places(np.array([2, 0, 1]), 2), ("u", "r", "z"), LIGHT
    )
    most = np.abs(image).max()
    tops = [np.quantile(values, 0.998) for values in (rate, activity)]

    def sheet(values: np.ndarray) -> list[list[float]]:
        return [[values[2], values[0]], [values[1], np.nan]]

    signed, hidden = {"zmin": -most, "zmax": most}, {"visible": False}
    numbers = ("", "2", "3", "4", "5")
    check(
        figure,
        {f"x{k}": hidden for k in numbers}
        | {f"y{k}": {**hidden, "autorange": "reversed", "scaleanchor": f"x{k}"} for k in numbers},
        [
            {"name": "image", "z": image, **signed},
            {"name": "reconstruction", "on": 2, "z": pictures[1], **signed},
            {
                "name": "u",
                "on": 3,
                "z": sheet(potential[1]),
                "zmin": potential.min(),
                "zmax": potential.max(),
            },
            {"name": "r", "on": 4, "z": sheet(rate[1]), "zmin": 0, "zmax": tops[0]},
            {"name": "z", "on": 5, "z": sheet(activity[1]), "zmin": 0, "zmax": tops[1]},
        ],
        titles=["image", "reconstruction", "u", "r", "z"],
    )
    frames = [
        (
            name,
            {
                1: {"z": pictures[t]},
                **{
                    k: {"z": sheet(values[t])}
                    for k, values in enumerate((potential, rate, activity), 2)
                },
            },
        )
        for t, name in enumerate(("1", "40"))
    ]
    check_frames(figure, frames, "step ", 1, 250)


@draws(gradient.estimates)
def test_estimates():
    exact, straight, corrected, relaxed = np.random.default_rng(0).normal(size=(4, 5))
    ends = [np.min([exact, straight, corrected, relaxed])]
    ends.append(np.max([exact, straight, corrected, relaxed]))
    names = ["straight-through", "softened counts", "with the cost of variance", "exact"]
    check(
        gradient.estimates(Gradients(exact, straight, corrected, relaxed), LIGHT),
        {
            "x": {"title": "exact gradient in the neuron's potential / nats"},
            "y": {"title": "mean estimate / nats"},
        },
        [
            *(
                {"name": name, "x": exact, "y": estimate, "customdata": range(5)}
                for name, estimate in zip(names, (straight, relaxed, corrected), strict=False)
            ),
            {"name": "exact", "x": ends, "y": ends},
        ],
        legend=names,
    )


@draws(gradient.codes)
def test_codes():
    alone = float("nan")
    points = {
        "one": (Spread(80.0, 2.0, 3), Spread(70.0, 1.0, 3)),
        "two": (Spread(50.0, alone, 1), Spread(60.0, alone, 1)),
    }
    check(
        gradient.codes(points, LIGHT),
        {"x": {"title": "zeros / % (sparser →)"}, "y": {"title": "R² of the reconstruction / %"}},
        [
            {"name": "one", "x": [70], "ex": [1], "y": [80], "ey": [2]},
            {"name": "two", "x": [60], "ex": [0], "y": [50], "ey": [0]},
        ],
        legend=["one", "two"],
    )
