"""Figures of the Sparse code page show the arrays they are given."""

import numpy as np
import pytest

from corelib.analysis.anytime import Spread
from corelib.models.ipvae.coding import CodePoint, Sparsity
from corelib.models.ipvae.gradients import Gradients
from corelib.models.ipvae.inference import Convergence, Trace
from corelib.models.ipvae.moments import MOST_MOMENTS, Moments, Places, moments_of
from dashboard.figures.style import LIGHT, trace_styles
from dashboard.ipvae.sparse.figures import comparison, curves, gradient, inference, lesions

RNG = np.random.default_rng(0)
STYLES = trace_styles(("one", "two"))


def named(figure, name):
    return [trace for trace in figure.data if trace.name == name]


def test_moments_are_steps_of_the_trace():
    n_steps, units = 300, 3
    parts = {name: RNG.normal(size=(1, n_steps, units)) for name in Trace._fields}
    parts |= {"reconstruction": RNG.normal(size=(1, n_steps, 16)), "threshold": np.zeros(units)}
    trace = Trace(**parts)
    moments = moments_of(trace, 4)
    assert (moments.steps[0], moments.steps[-1]) == (1, n_steps)
    assert 15 < len(moments.steps) <= MOST_MOMENTS
    assert (np.diff(moments.steps) > 0).all()
    for k, step in enumerate(moments.steps):
        picture = trace.reconstruction[0, step - 1].reshape(4, 4)
        np.testing.assert_array_equal(moments.reconstruction[k], picture)
        np.testing.assert_array_equal(moments.potential[k], trace.potential[0, step - 1])
        np.testing.assert_array_equal(moments.rate[k], trace.rate[0, step - 1])
        np.testing.assert_array_equal(moments.activity[k], trace.activity[0, step - 1])


def test_player_shows_units_where_the_mosaic_has_them():
    order = np.array([2, 0, 1])
    parts = [RNG.random((4, 3)) for _ in range(3)]
    moments = Moments(np.array([1, 2, 5, 9]), RNG.normal(size=(4, 6, 6)), *parts)
    places, image = Places(order, 2), RNG.normal(size=(6, 6))
    figure = inference.player(image, moments, places, ("u", "r", "z"), LIGHT)
    assert [f.name for f in figure.frames] == ["1", "2", "5", "9"]
    frame = figure.frames[1]
    np.testing.assert_allclose(frame.data[0].z, moments.reconstruction[1], rtol=1e-6)
    rates = np.asarray(frame.data[2].z)
    np.testing.assert_allclose(rates.ravel()[:3], parts[1][1][order], rtol=1e-6)
    assert np.isnan(rates[1, 1])
    # The image stands still: it is no part of the frames.
    assert tuple(frame.traces) == (1, 2, 3, 4)
    np.testing.assert_allclose(named(figure, "image")[0].z, image, rtol=1e-6)
    # Rates are coloured from 0 to nearly their largest value, in all frames alike.
    (rate,) = named(figure, "r")
    assert (rate.zmin, rate.zmax) == (0, np.quantile(parts[1], 0.998))


def test_activity_of_either_sign_has_a_scale_with_zero_in_the_middle():
    parts = [RNG.normal(size=(2, 4)) for _ in range(3)]
    moments = Moments(np.array([1, 2]), RNG.normal(size=(2, 3, 3)), *parts)
    places = Places(np.arange(4), 2)
    figure = inference.player(RNG.normal(size=(3, 3)), moments, places, ("u", "r", "z"), LIGHT)
    (u,) = named(figure, "u")
    assert u.zmax == -u.zmin == np.abs(parts[0]).max()
    assert all(trace.zmax == -trace.zmin for trace in figure.data)


def course(r2, zeros, change) -> Convergence:
    return Convergence(r2, zeros, change, RNG.random((2, 3)), RNG.random(2))


def test_convergence_is_thinned_on_log_time_and_carries_the_papers_points():
    n = 1000
    one = course(np.linspace(0, 0.8, n), np.linspace(1, 0.7, n), np.geomspace(9, 0.1, n))
    end = curves.PublishedEnd(1000, CodePoint(0.77, 0.83))
    figure = curves.convergence_curves({"one": one}, STYLES, LIGHT, published={"one": end})
    r2, zeros, change = named(figure, "one")
    assert r2.x[0] == 1
    assert r2.x[-1] == n
    np.testing.assert_allclose(change.y, one.change[np.asarray(change.x) - 1])
    theirs = named(figure, "one, published")
    assert [t.y[0] for t in theirs] == [0.83, 0.77]
    assert [t.x[0] for t in theirs] == [1000, 1000]
    assert all(t.marker.symbol.endswith("-open") for t in theirs)
    np.testing.assert_allclose(zeros.y[-1], 0.7)
    titles = [a.text for a in figure.layout.annotations]
    assert titles == ["R² of the reconstruction", "portion of zeros", "‖Δu‖"]
    assert figure.layout.xaxis.type == figure.layout.yaxis3.type == "log"
    assert figure.layout.xaxis.title.text == "step"


def test_the_axis_of_change_has_more_ticks_within_a_decade():
    flat = np.ones(5)
    for top, third in ((2.0, 2), (80.0, 5)):
        change = np.linspace(1, top, 5)
        figure = curves.convergence_curves({"one": course(flat, flat, change)}, STYLES, LIGHT)
        ticks = [t for t in figure.layout.yaxis3.tickvals if 1 <= t < 10]
        assert ticks[2] == third


def test_strongest_neurons_are_means_between_the_steps():
    activity = RNG.poisson(1.0, (50, 3)).astype(float)
    potential = RNG.normal(size=(50, 3))
    figure = curves.strongest_neurons(
        curves.Strongest(np.array([7, 1, 4]), potential, activity), ("u", "z"), LIGHT
    )
    (heat,) = named(figure, "z")
    edges, z = np.asarray(heat.x) + 0.5, np.asarray(heat.z)
    assert edges[0] == 1
    assert edges[-1] == 51
    widths = np.diff(edges)
    np.testing.assert_allclose((z * widths).sum(1), activity.sum(0), rtol=1e-5)
    np.testing.assert_allclose(z[:, 0], activity[: int(widths[0])].mean(0), rtol=1e-5)
    (line,) = named(figure, "neuron 1")
    np.testing.assert_array_equal(line.y, potential[np.asarray(line.x) - 1, 1])


def test_rate_distortion_distinguishes_our_points_from_the_papers():
    figure = comparison.rate_distortion(
        {"one": CodePoint(0.8, 0.7)},
        {"theirs": CodePoint(0.77, 0.83), "LCA": CodePoint(0.78, 0.82)},
        STYLES,
        {"theirs": "one"},
        LIGHT,
    )
    own, theirs, lca = figure.data
    assert (own.x[0], own.y[0]) == (0.8, 0.7)
    assert (theirs.x[0], theirs.y[0]) == (0.77, 0.83)
    assert theirs.marker.symbol == f"{own.marker.symbol}-open"
    assert theirs.marker.color == own.marker.color
    assert lca.marker.color == LIGHT.muted
    assert figure.layout.yaxis.title.text == "R² of the reconstruction"


def test_curves_pass_through_their_points_in_order():
    curve = {6.0: CodePoint(0.7, 0.9), 24.0: CodePoint(0.8, 0.85)}
    figure = comparison.rate_distortion({}, {}, STYLES, {}, LIGHT, {"iP-VAE, β": curve})
    (line,) = named(figure, "iP-VAE, β")
    assert (list(line.x), list(line.y)) == ([0.7, 0.8], [0.9, 0.85])
    assert list(line.customdata) == [6, 24]
    assert line.mode == "lines+markers"


def test_sparsities_are_shares_of_neurons_and_of_images():
    lifetime, population = RNG.random(40), RNG.random(30)
    lifetime[:4] = np.nan
    one = Sparsity(lifetime, population, 0.5, 0.5, CodePoint(0.8, 0.7))
    neurons, images = comparison.sparsities({"one": one}, STYLES, LIGHT).data
    for trace, values in ((neurons, lifetime[4:]), (images, population)):
        for middle, share in zip(trace.x, trace.y, strict=True):
            inside = [v for v in values if middle - 0.02 <= v < middle + 0.02]
            assert np.isclose(share, len(inside) / len(values))
        assert np.isclose(sum(trace.y), 1)
    assert (neurons.xaxis, images.xaxis) == ("x", "x2")


def test_lesions_are_sorted_and_the_chosen_one_is_marked():
    losses = np.array([0.1, 0.5, 0.0, 0.3])
    trace, mark = lesions.lesion_losses(losses, 3, LIGHT).data
    assert (mark.x[0], mark.y[0], mark.text[0]) == (1, 0.3, "neuron 3")
    np.testing.assert_array_equal(trace.y, [0.5, 0.3, 0.1, 0.0])
    np.testing.assert_array_equal(trace.customdata, [1, 3, 0, 2])
    assert trace.marker.color[1] != trace.marker.color[0] == trace.marker.color[2]


@pytest.mark.parametrize(("needed", "chosen", "last"), [(3, 0, 20), (50, 0, 50), (3, 90, 91)])
def test_lesions_open_on_the_neurons_that_matter_and_the_chosen_one(needed, chosen, last):
    losses = np.where(np.arange(100) < needed, 0.5, 0.001) * np.linspace(1, 0.9, 100)
    low, high = lesions.lesion_losses(losses, chosen, LIGHT).layout.xaxis.range
    assert low < -0.5
    assert last - 0.5 <= high <= 1.03 * last


def test_estimates_stand_against_the_exact_gradient():
    found = Gradients(*(RNG.normal(size=5) for _ in range(4)))
    figure = gradient.estimates(found, LIGHT)
    for name, estimate in (
        ("straight-through", found.straight_through),
        ("softened counts", found.relaxed),
        ("with the cost of variance", found.corrected),
    ):
        (trace,) = named(figure, name)
        np.testing.assert_allclose(trace.x, found.exact, atol=1e-6)
        np.testing.assert_allclose(trace.y, estimate, atol=1e-6)
    (line,) = named(figure, "exact")
    assert list(line.x) == list(line.y)
    lowest = min(part.min() for part in found)
    assert line.x[0] == np.float32(lowest) or abs(line.x[0] - lowest) < 1e-6


def test_codes_show_mean_and_sd_over_seeds():
    points = {"one": (Spread(80.0, 2.0, 3), Spread(70.0, 1.0, 3))}
    points["two"] = (Spread(50.0, float("nan"), 1), Spread(60.0, float("nan"), 1))
    one, two = gradient.codes(points, LIGHT).data
    assert (one.x[0], one.y[0], one.error_x.array[0], one.error_y.array[0]) == (70, 80, 1, 2)
    assert (two.error_x.array[0], two.error_y.array[0]) == (0, 0)
