"""The figures of the Halting page, above its tabs and in them."""

import numpy as np
import streamlit as st

from corelib.analysis import anytime
from corelib.analysis.halting import calibration_at, measures
from corelib.reproduce.anytime import PublishedPoint, published_points
from corelib.words import percent
from dashboard.bpan import cache as bpan_cache
from dashboard.bpan.anytime_figures import halting_histograms, lines_over_steps
from dashboard.bpan.halting import figures
from dashboard.bpan.halting.examples import EXAMPLES
from dashboard.bpan.halting.view import MACS, PAGE, STEPS, TIME, Network, View
from dashboard.figures.style import trace_styles
from dashboard.shell import cache
from dashboard.shell.chart import clicked
from dashboard.shell.checkpoints import of_systems
from dashboard.shell.controls import select
from dashboard.shell.export import chart
from dashboard.shell.numbers import side_by_side
from dashboard.shell.registry import set_values
from dashboard.shell.text import plain

CONTROL = "mlp-onelayer-mnist"
TIMED = (0.5, 0.9, 0.99, 1.0)
"""Thresholds at which the clock is read, from early to never."""
TIMED_IMAGES = 2560
CLOCKED = {1: 200, 32: 2000, 256: 10_000, 10_000: 10_000}
"""Images at a time, and how many images are timed with each."""
CLOCK_ROUNDS = 3
AXES = {
    STEPS: "mean steps to the answer",
    MACS: "multiply-adds per image",
    TIME: "milliseconds for 1,000 images (batch 256, one thread, this machine)",
}
FIFTHS = ("easiest", "easy", "middle", "hard", "hardest")


def draw_main(v: View) -> None:
    """Who answers at which step, and accuracy against cost."""
    chart(
        cache.figure(
            halting_histograms,
            {n: anytime.halting_histogram(a.now.steps, a.depth)[0] for n, a in v.networks.items()},
            {name: network.now.mean_steps for name, network in v.networks.items()},
            v.styles,
            v.palette,
        ),
        "halting_histograms",
        alt="Histograms of the step at which each network answers",
        caption=f"The step at which {_images(v)} are answered; dotted: the mean. n = 1 seed per "
        "network. Click a bar to see its images.",
        n=1,
        on_select=_open_bar,
    )
    with st.spinner("Timing the networks") if v.cost == TIME else st.container():
        curves = {name: _cost_curve(network, v.cost) for name, network in v.networks.items()}
    points = [*_own_rules(v), *_published(v)]
    chart(
        figures.accuracy_against_cost(curves, points, v.styles, AXES[v.cost], v.theta, v.palette),
        "halting_costs",
        alt="Accuracy against cost of each network as the threshold moves",
        caption=f"{_images(v)}. Lines: θ from 0.1 to 1. Filled marks: the current θ. Crosses: the "
        "network's own halting rule. Hollow: published; ACT and PonderNet were published under "
        "θ = 0.9, but with the steps of their own rules. Dotted steps: the Pareto front over θ of "
        "all networks shown. n = 1 seed per network.",
        n=1,
    )


def _images(v: View) -> str:
    return f"{len(v.networks[v.first].labels):,} test images"


def _open_bar() -> None:
    """A clicked bar of the histograms chooses the images to see."""
    point = clicked("halting_histograms")
    if point:
        chosen = {"of": point["customdata"], "step": int(point["x"]), "tab": EXAMPLES}
        set_values({f"{PAGE}_{name}": value for name, value in chosen.items()})


def _published(v: View) -> list[figures.Point]:
    """The published points of the networks shown; only steps were published."""
    if v.cost != STEPS:
        return []
    return [
        figures.Point(f"{point.system}-mnist", point.mean_steps, point.accuracy, _source(point))
        for point in published_points()
        if f"{point.system}-mnist" in v.networks
    ]


def _source(point: PublishedPoint) -> str:
    if point.rerun:
        return figures.RERUN
    return figures.PUBLISHED_OWN if point.own_rule else figures.PUBLISHED


def _own_rules(v: View) -> list[figures.Point]:
    """Where the networks that learn when to halt stand by their own rules."""
    return [
        figures.Point(
            name,
            _cost(network, network.own.steps, v.cost),
            float((network.own.predicted == network.labels).mean()),
            figures.OWN,
        )
        for name, network in v.networks.items()
        if network.own is not None
    ]


def _cost(network: Network, steps: np.ndarray, cost: str) -> float:
    """What answers after ``steps`` (image,) cost on average."""
    if cost == MACS:
        return float(network.cost.at(steps).mean())
    mean = float(steps.mean())
    if cost == TIME:
        return float(bpan_cache.step_times(network.key, TIMED, TIMED_IMAGES).at(mean))
    return mean


def _cost_curve(network: Network, cost: str) -> figures.CostCurve:
    """A network's accuracy against its cost."""
    curve, now = bpan_cache.threshold_curve(network.key), network.now
    costs = curve.mean_steps
    if cost == MACS:
        costs = bpan_cache.work_curve(network.key)
    elif cost == TIME:
        costs = bpan_cache.step_times(network.key, TIMED, TIMED_IMAGES).at(curve.mean_steps)
    cost_now = _cost(network, now.steps, cost)
    return figures.CostCurve(curve.thresholds, costs, curve.accuracy, cost_now, now.accuracy)


def draw_numbers(v: View) -> None:
    """All networks at this threshold, and by their own rules."""
    side_by_side(
        [_numbers(name, network, v.theta) for name, network in v.networks.items()],
        "halting_numbers",
    )
    st.caption(
        f"{_images(v)} at θ = {v.theta:.2f}, n = 1 seed per network. ECE: expected "
        "calibration error. Own rule: ACT stops when its halting values add up to 1 - ε, PonderNet "
        "at the median of its halting distribution; the others stop by confidence."
    )


def _numbers(name: str, network: Network, theta: float) -> dict[str, object]:
    measured = measures(network.answers, network.labels, theta)
    own = network.own
    return {
        "network": name,
        "parameters": sum(p.numel() for p in network.model.parameters()),
        "accuracy / %": 100 * measured.accuracy,
        "mean steps": measured.mean_steps,
        "multiply-adds": round(network.work.mean),
        "multiply-adds to the last step": network.work.to_last,
        "step 1 agrees with the last / %": 100 * measured.agreement,
        "ECE / %": 100 * measured.calibration_error,
        "own rule, accuracy / %": own and 100 * float((own.predicted == network.labels).mean()),
        "own rule, mean steps": own and float(own.steps.mean()),
    }


def draw_groups(v: View) -> None:
    """Halting steps by class and by difficulty."""
    name = select(PAGE, "who", "Network", list(v.networks))
    network = v.networks[name]
    answers = [other.answers for other in v.networks.values()]
    hard = anytime.difficulty(answers, v.networks[v.first].labels)
    left, right = st.columns(2)
    for column, groups, names, y_name, key, alt, caption in (
        (
            left,
            network.labels,
            network.class_names,
            "class",
            "halting_classes",
            "Share of each class that halts at each step",
            "share of each class answered at each step.",
        ),
        (
            right,
            anytime.quantile_groups(hard, len(FIFTHS)),
            FIFTHS,
            "fifth of the images",
            "halting_difficulty",
            "Share of each fifth by difficulty that halts at each step",
            "by difficulty. An image is hard if the networks chosen here are unsure of it or wrong "
            "at their last step.",
        ),
    ):
        shares = anytime.halting_histogram(network.now.steps, network.depth, groups)
        with column:
            chart(
                figures.halting_heatmap(shares, names, v.palette, y_name),
                key,
                alt=alt,
                caption=f"{name}: {caption} n = {_images(v)}.",
            )


def draw_recurrence(v: View) -> None:
    """Accuracy over steps with the recurrence and without, beside a control without time."""
    bpans = {n: network for n, network in v.networks.items() if network.item.card.system == "bpan"}
    if not bpans:
        st.info("Choose a BPAN among the networks in the sidebar.")
        return
    lines = {}
    for name, network in bpans.items():
        zeroed = bpan_cache.step_answers(network.key, recurrence=False)
        for label, answers in ((name, network.answers), (f"{name}, recurrence zeroed", zeroed)):
            lines[label] = anytime.per_step_accuracy(answers.predicted, network.labels)
    name, network = next(iter(bpans.items()))
    without = lines[f"{name}, recurrence zeroed"][-1]
    text = (
        f"**{plain(name)}** is {percent(lines[name][-1], 2)} correct at its last step; with "
        f"all recurrent weights set to zero after training, {percent(without, 2)}."
    )
    control = of_systems(("mlp",)).get(CONTROL)
    if control is not None:
        key = cache.checkpoint_key(control)
        labels = cache.test_labels(key.dataset)
        accuracy = anytime.per_step_accuracy(bpan_cache.step_answers(key).predicted, labels)
        lines["one hidden layer"] = np.repeat(accuracy, network.depth)
        text += f" A feedforward network with one hidden layer reaches {percent(accuracy[0], 2)}."
    st.markdown(text)
    chart(
        lines_over_steps(lines, trace_styles(list(lines)), "accuracy on the test set", v.palette),
        "halting_recurrence",
        alt="Accuracy at each step with and without recurrence, and a one-layer control",
        caption="At step 1 no recurrent current has flowed, so both agree there. "
        "n = 1 seed; over seeds: tab Published.",
        n=1,
    )


def draw_calibration(v: View) -> None:
    """How well the confidence that halts predicts accuracy."""
    calibrations = {
        name: calibration_at(network.answers, network.labels, v.theta)
        for name, network in v.networks.items()
    }
    chart(
        figures.reliability(calibrations, v.styles, v.palette),
        "halting_calibration",
        alt="Accuracy against the confidence that halted",
        caption="Images in 15 bins of the confidence with which they were answered; larger "
        f"marks hold more of them. ECE: expected calibration error. n = {_images(v)}.",
    )


def draw_clock(v: View) -> None:
    """Stopping early against fixed depth, on this machine."""
    st.write(
        "Does stopping early save time, and not only steps? Images that have been answered leave "
        "the batch; the comparison is the same network computed to its last step."
    )
    if st.button("Measure on this machine", key="halting_clock", icon=":material/timer:"):
        st.session_state["halting_clocked"] = v.theta
    if st.session_state.get("halting_clocked") != v.theta:
        return
    rows = []
    bar = st.progress(0.0, "Measuring")
    plan = [(name, batch, images) for name in v.networks for batch, images in CLOCKED.items()]
    for i, (name, batch, images) in enumerate(plan):
        bar.progress(i / len(plan), f"{plain(name)}, {batch:,} at a time")
        clock = bpan_cache.clock(v.networks[name].key, v.theta, batch, images, CLOCK_ROUNDS)
        rows.append(
            {
                "network": name,
                "images at a time": batch,
                "stopping early, µs per image": clock.early_us,
                "fixed depth, µs per image": clock.fixed_us,
                "times faster": clock.ratio,
            }
        )
    bar.empty()
    side_by_side(rows, "halting_times", across=False)
    st.caption(
        f"θ = {v.theta:.2f}, one thread, medians of {CLOCK_ROUNDS} interleaved rounds; other work "
        "on this machine distorts them. Below 1, selecting the images that continue costs more "
        "than it saves."
    )
