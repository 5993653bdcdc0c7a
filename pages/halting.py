"""Halting: who answers early, how early, and what that is worth."""

from dashboard.router import ROOT, ensure_routed

ensure_routed()

import streamlit as st

from corelib.data import read_ahead
from corelib.errors import SynaptariumError
from dashboard import cache
from dashboard.checkpoints import checkpoints_picker, of_systems
from dashboard.export import chart, clicked, export_row
from dashboard.run_panel import training_section
from dashboard.state import BOUND, preset
from dashboard.theme import look

read_ahead()

SYSTEMS = ("bpan", "act", "pondernet", "multi-exit", "gru", "mlp")
STANDARD = [f"{name}-mnist" for name in SYSTEMS]
CONTROL = "mlp-onelayer-mnist"
TABS = (
    "What you see", "Digits by step", "Who halts when", "Recurrence", "Calibration", "Clock",
    "Published", "Train", "Take home",
)  # fmt: skip
COSTS = ("steps", "multiply-adds", "time")
EASY, HARD = "most confident first", "least confident first"
SHOWN = 60

st.title("Halting")
headline = st.container()

with st.sidebar:
    items = checkpoints_picker("Networks", "halting_models", SYSTEMS, STANDARD)
    theta = st.slider(
        "Confidence threshold θ", 0.10, 1.0, 0.90, 0.01, key="halting_theta", **BOUND,
        help="Each network answers at the first step whose largest class probability reaches θ. "
        "The same θ does not mean the same for all: see the tab Calibration",
    )  # fmt: skip
    cost_kind = st.segmented_control(
        "Cost", COSTS, default="steps", required=True, key="halting_cost", width="stretch", **BOUND,
        help="Steps are not alike: a step of a large network costs more multiply-adds, and the "
        "clock has a say of its own",
    )  # fmt: skip

if not items:
    st.info("Choose at least one network in the sidebar on the left.")
    st.stop()

try:
    stamps = {item.name: cache.stamp(item) for item in items}
    models = {name: cache.model(stamp) for name, stamp in stamps.items()}
    answers = {name: cache.step_answers(stamp) for name, stamp in stamps.items()}
except SynaptariumError as error:
    st.error(str(error))
    st.stop()

import numpy as np

from corelib.analysis import anytime
from corelib.reproduce.anytime import PUBLISHED, ROWS
from dashboard.figures import halting as figures

images = stamps[items[0].name].dataset
if len({stamp.dataset for stamp in stamps.values()}) > 1:
    st.warning("These networks were trained on different images; each is measured on its own.")
labels = {name: cache.test_labels(stamp.dataset) for name, stamp in stamps.items()}
now = {
    name: anytime.at_threshold(found.confidence, found.predicted, labels[name], theta)
    for name, found in answers.items()
}
costs = {name: model.multiply_adds() for name, model in models.items()}
sign = figures.signs(list(stamps))
first = items[0].name


def depth(name: str) -> int:
    return answers[name].predicted.shape[1]


def timing(name: str) -> "tuple[np.ndarray, np.ndarray]":
    """Mean steps and milliseconds for 1,000 images, at thresholds from early to never."""
    grid = (0.5, 0.9, 0.99, 1.01)
    found = answers[name]
    steps = [
        anytime.at_threshold(found.confidence, found.predicted, labels[name], t).mean_steps
        for t in grid
    ]
    ms = [cache.clock(stamps[name], t, 256, 2000, 3).early / 2 for t in grid]
    order = np.argsort(steps)
    return np.array(steps)[order], np.array(ms)[order]


def priced(name: str) -> "figures.Priced":
    """A network's accuracy against the chosen cost."""
    curve, at = cache.threshold_curve(stamps[name]), now[name]
    if cost_kind == "steps":
        cost, cost_now = curve.mean_steps, at.mean_steps
    elif cost_kind == "multiply-adds":
        # Affine in the steps but for what step 2 adds; so it is averaged over the images.
        found = answers[name]
        cost = np.array(
            [
                costs[name].at(anytime.halting_steps(found.confidence, t)).mean()
                for t in curve.thresholds
            ]
        )
        cost_now = float(costs[name].at(at.steps).mean())
    else:
        steps, ms = timing(name)
        cost = np.interp(curve.mean_steps, steps, ms)
        cost_now = float(np.interp(at.mean_steps, steps, ms))
    return figures.Priced(cost, curve.accuracy, cost_now, at.accuracy)


with headline:
    spent = float(costs[first].at(now[first].steps).mean())
    whole = float(costs[first].at(depth(first)))
    st.markdown(
        f"At θ = {theta:.2f} **{first}** answers after **{now[first].mean_steps:.2f} of "
        f"{depth(first)} steps** and is **{now[first].accuracy:.2%}** correct. It spends "
        f"**{spent:,.0f} multiply-adds** an image, {1 - spent / whole:.0%} fewer than to its last "
        f"step. {np.mean(now[first].steps == 1):.0%} of the images are answered at the first step."
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption("Try this", width="content")
        for text, values, key, told in (
            ("In a hurry", {"halting_theta": 0.5}, "hurry", "θ = 0.50: who is still right?"),
            ("Quite sure", {"halting_theta": 0.99}, "sure", "θ = 0.99: who pays for it?"),
            ("Count the work", {"halting_theta": 0.9, "halting_cost": "multiply-adds"}, "work",
             "Steps of large networks are dear"),
            ("Is it the recurrence?", {"halting_tab": "Recurrence"}, "recurrence",
             "Accuracy with all recurrent weights at zero"),
            ("Standard view", {"halting_theta": 0.9, "halting_cost": "steps",
                               "halting_models": [n for n in STANDARD if n in of_systems(SYSTEMS)]},
             "standard", "All as it was"),
        ):  # fmt: skip
            preset(text, values, key=f"halting_try_{key}", help=told)

seen = look()


def open_bar() -> None:
    """A clicked bar of the histograms chooses the digits to see."""
    point = clicked("halting_histograms")
    if point:
        st.session_state["halting_of"] = point["customdata"]
        st.session_state["halting_step"] = int(point["x"])
        st.session_state["halting_tab"] = "Digits by step"


shares = {name: anytime.halting_histogram(at.steps, depth(name))[0] for name, at in now.items()}
chart(
    cache.figure(
        figures.halting_histograms,
        shares,
        {name: at.mean_steps for name, at in now.items()},
        sign,
        seen,
    ),
    "halting_histograms",
    alt="Histograms of the step at which each network answers",
    caption="At which step the 10,000 test images are answered; dotted: the mean. n = 1 seed a "
    "network. Click a bar to see its digits.",
    on_select=open_bar,
)

published = []
if cost_kind == "steps":
    for name, point in PUBLISHED.items():
        network = f"{ROWS[name].trained.system if name in ROWS else 'bpan'}-mnist"
        if network in stamps:
            told = "published" if name in ROWS else "authors' code run again"
            published.append(
                figures.Published(network, point.mean_steps, point.accuracy / 100, told)
            )
axis = {
    "steps": "mean steps to the answer",
    "multiply-adds": "multiply-adds an image",
    "time": "milliseconds for 1,000 images (batch 256, one thread, this machine)",
}[cost_kind]
with st.spinner("Timing the networks") if cost_kind == "time" else st.container():
    prices = {name: priced(name) for name in stamps}
chart(
    figures.accuracy_against_cost(prices, published, sign, axis, seen),
    "halting_costs",
    alt="Accuracy against cost of each network as the threshold moves",
    caption="Lines: θ from 0.1 to 1. Large marks: θ as it stands. "
    + ("Hollow: published, ACT and PonderNet by their own rule. " if published else "")
    + "Dotted steps: the Pareto front of all that is shown. n = 1 seed a network.",
)

tabs = dict(zip(TABS, st.tabs(TABS, key="halting_tab", on_change="rerun", **BOUND), strict=True))

if tabs["What you see"].open:
    with tabs["What you see"]:
        st.markdown((ROOT / "assets" / "texts" / "halting.md").read_text(encoding="utf-8"))

if tabs["Digits by step"].open:
    with tabs["Digits by step"]:
        left, middle, right = st.columns(3)
        if st.session_state.get("halting_of") not in stamps:
            st.session_state.pop("halting_of", None)
        with left:
            of = st.selectbox("Network", list(stamps), key="halting_of", **BOUND)
        with middle:
            if st.session_state.get("halting_step", 1) > depth(of):
                st.session_state["halting_step"] = depth(of)
            step = st.number_input(
                "Answered at step", 1, depth(of), 1, key="halting_step",
                help="Or click a bar of the histograms above", **BOUND,
            )  # fmt: skip
        with right:
            order = st.selectbox("Order", [HARD, EASY], key="halting_order", **BOUND)
        found, at = answers[of], now[of]
        halted = np.flatnonzero(at.steps == step)
        sure = found.confidence[halted, step - 1]
        halted = halted[np.argsort(sure if order == HARD else -sure, kind="stable")][:SHOWN]
        if not len(halted):
            st.info(f"No image is answered at step {step} by {of} at θ = {theta:.2f}.")
        else:
            names = cache.dataset(stamps[of].dataset).class_names
            captions = [
                f"image {i}: {names[labels[of][i]]}, answered {names[at.answers[i]]} "
                f"({found.confidence[i, step - 1]:.1%})"
                for i in halted
            ]

            def open_digit() -> None:
                point = clicked("halting_mosaic")
                if point and "point_index" in point:
                    st.session_state["halting_index"] = int(halted[point["point_index"]])

            pixels = cache.dataset(stamps[of].dataset).test.pixels.numpy()[halted]
            chart(
                cache.figure(figures.mosaic, pixels, captions, 20, seen),
                "halting_mosaic",
                alt=f"Images that {of} answers at step {step}",
                caption=f"{len(halted)} of {int((at.steps == step).sum()):,} images that {of} "
                f"answers at step {step}, {order}. Click one to follow it below.",
                on_select=open_digit,
            )
            if "halting_index" not in st.session_state:
                st.session_state["halting_index"] = int(halted[0])
            index = st.number_input(
                "Image", 0, len(labels[of]) - 1, key="halting_index",
                help="Place in the test set; click an image above to choose it", **BOUND,
            )  # fmt: skip
            true = labels[of][index]
            same = {n: s for n, s in stamps.items() if s.dataset == stamps[of].dataset}
            chart(
                figures.lines_over_steps(
                    {n: cache.trajectory(s, int(index))[:, true] for n, s in same.items()},
                    sign, f"probability of {names[true]}, the truth", seen,
                ),
                "halting_trajectory",
                alt="Probability of the true class over steps under each network",
                caption=f"Image {index}, {names[true]}: "
                + "; ".join(
                    f"{n} answers {names[now[n].answers[index]]} at step {now[n].steps[index]}"
                    for n in same
                )
                + ".",
            )  # fmt: skip

if tabs["Who halts when"].open:
    with tabs["Who halts when"]:
        hard = anytime.difficulty(list(answers.values()), labels[first])
        fifths = anytime.quantile_groups(hard, 5)
        who = st.selectbox("Network", list(stamps), key="halting_who", **BOUND)
        left, right = st.columns(2)
        with left:
            class_names = cache.dataset(stamps[who].dataset).class_names
            chart(
                figures.halting_heatmap(
                    anytime.halting_histogram(now[who].steps, depth(who), labels[who]),
                    class_names, seen, "class",
                ),
                "halting_classes",
                alt="Share of each class that halts at each step",
                caption=f"{who}: share of each class answered at each step.",
            )  # fmt: skip
        with right:
            chart(
                figures.halting_heatmap(
                    anytime.halting_histogram(now[who].steps, depth(who), fifths),
                    ("easiest", "easy", "middle", "hard", "hardest"), seen, "fifth of the images",
                ),
                "halting_difficulty",
                alt="Share of each fifth by difficulty that halts at each step",
                caption=f"{who}: by difficulty. An image is hard where the networks chosen here "
                "are, at their last step, unsure or wrong.",
            )  # fmt: skip

if tabs["Recurrence"].open:
    with tabs["Recurrence"]:
        bpans = [item.name for item in items if item.card.system == "bpan"]
        if not bpans:
            st.info("Choose a BPAN among the networks in the sidebar.")
        else:
            lines = {}
            for name in bpans:
                without = cache.step_answers(stamps[name], recurrence=False)
                lines[name] = anytime.per_step_accuracy(answers[name].predicted, labels[name])
                lines[f"{name}, recurrence zeroed"] = anytime.per_step_accuracy(
                    without.predicted, labels[name]
                )
            control = of_systems(("mlp",)).get(CONTROL)
            if control is not None:
                stamp = cache.stamp(control)
                found = cache.step_answers(stamp)
                only = anytime.per_step_accuracy(found.predicted, cache.test_labels(stamp.dataset))
                lines["one hidden layer"] = np.repeat(only, depth(bpans[0]))
            with_it, without = (lines[n][-1] for n in (bpans[0], f"{bpans[0]}, recurrence zeroed"))
            said = (
                f"**{bpans[0]}** is {with_it:.2%} correct at its last step; with all recurrent "
                f"weights set to zero after training, {without:.2%}."
            )
            if control is not None:
                said += (
                    f" A network with one hidden layer and no time at all reaches {only[0]:.2%}."
                )
            st.markdown(said)
            chart(
                figures.lines_over_steps(
                    lines, figures.signs(list(lines)), "accuracy on the test set", seen
                ),
                "halting_recurrence",
                alt="Accuracy at each step with and without recurrence, and a one-layer control",
                caption="At step 1 no recurrent current has flowed, so both agree there. "
                "n = 1 seed; over seeds: tab Published.",
            )

if tabs["Calibration"].open:
    with tabs["Calibration"]:
        calibrated = {
            name: anytime.calibration(
                answers[name].confidence[np.arange(len(at.steps)), at.steps - 1],
                at.answers == labels[name],
            )
            for name, at in now.items()
        }
        chart(
            figures.reliability(calibrated, sign, seen),
            "halting_calibration",
            alt="Accuracy against the confidence that halted",
            caption="Images in 15 bins of the confidence with which they were answered; larger "
            "marks hold more of them. ECE: expected calibration error. n = 10,000 images.",
        )

if tabs["Clock"].open:
    with tabs["Clock"]:
        st.write(
            "Does stopping early save time, and not only steps? Samples that have answered leave "
            "the batch; against it stands the same network computed to its last step."
        )
        if st.button("Measure on this machine", key="halting_clock", icon=":material/timer:"):
            st.session_state["halting_clocked"] = theta
        if st.session_state.get("halting_clocked") == theta:
            import pandas as pd

            rows = []
            bar = st.progress(0.0, "Measuring")
            plan = [(n, b) for n in stamps for b in (1, 32, 256, 10_000)]
            for i, (name, batch) in enumerate(plan):
                bar.progress(i / len(plan), f"{name}, {batch:,} at a time")
                count = 200 if batch == 1 else 2000 if batch == 32 else 10_000
                found = cache.clock(stamps[name], theta, batch, count, 3)
                rows.append(
                    {
                        "network": name,
                        "images at a time": batch,
                        "stopping early, µs an image": 1000 * found.early / count,
                        "fixed depth, µs an image": 1000 * found.fixed / count,
                        "times faster": found.ratio,
                    }
                )
            bar.empty()
            st.dataframe(
                pd.DataFrame(rows).round(2), hide_index=True, width="stretch", key="halting_times"
            )
            st.caption(
                f"θ = {theta:.2f}, one thread, medians of 3 interleaved rounds; a busy machine "
                "shows in them."
            )

if tabs["Published"].open:
    with tabs["Published"]:
        from dashboard.reproduction import reproduction_section

        reproduction_section("anytime", "halting")

if tabs["Train"].open:
    with tabs["Train"]:
        system = st.selectbox("System", SYSTEMS, key="halting_system", **BOUND)
        training_section(system, f"halting_{system}")

if tabs["Take home"].open:
    with tabs["Take home"]:
        which = st.selectbox("Network", list(stamps), key="halting_home", **BOUND)
        export_row(next(item for item in items if item.name == which), "halting_export")
