"""The tabs of the Halting page; each draws itself from one ``View``."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import streamlit as st

from corelib.analysis import anytime
from dashboard.bpan import cache as bpan_cache
from dashboard.bpan.anytime_figures import lines_over_steps
from dashboard.bpan.halting import figures
from dashboard.figures.images import mosaic
from dashboard.figures.style import Palette, TraceStyle, trace_styles
from dashboard.shell import cache
from dashboard.shell.checkpoints import of_systems
from dashboard.shell.controls import BOUND
from dashboard.shell.export import chart, clicked

if TYPE_CHECKING:
    from corelib.models.bpan.anytime import Cost
    from corelib.runs.registry import Checkpoint

CONTROL = "mlp-onelayer-mnist"
EASY, HARD = "most confident first", "least confident first"
SHOWN = 60
TIMED = (0.5, 0.9, 0.99, 1.01)
"""Thresholds at which the clock is read, from early to never."""


class View(NamedTuple):
    """What the page shows: the networks chosen, by name, and where the threshold stands."""

    items: "list[Checkpoint]"
    keys: dict[str, cache.CheckpointKey]
    answers: dict[str, anytime.Answers]
    labels: dict[str, np.ndarray]
    now: dict[str, anytime.Anytime]
    costs: "dict[str, Cost]"
    styles: dict[str, TraceStyle]
    theta: float
    palette: Palette

    def depth(self, name: str) -> int:
        """How many steps a network takes at most."""
        return self.answers[name].predicted.shape[1]


def view(items: "list[Checkpoint]", theta: float, palette: Palette) -> View:
    """Everything by name; the networks have answered once, a threshold only indexes.

    Raises ``CheckpointError`` or ``DataError``.
    """
    keys = {item.name: cache.checkpoint_key(item) for item in items}
    answers = {name: bpan_cache.step_answers(key) for name, key in keys.items()}
    labels = {name: cache.test_labels(key.dataset) for name, key in keys.items()}
    return View(
        items,
        keys,
        answers,
        labels,
        {
            name: anytime.at_threshold(found.confidence, found.predicted, labels[name], theta)
            for name, found in answers.items()
        },
        {name: cache.model(key).macs() for name, key in keys.items()},
        trace_styles(list(keys)),
        theta,
        palette,
    )


def priced(v: View, name: str, cost: str) -> figures.Priced:
    """A network's accuracy against ``steps``, ``multiply-adds`` or ``time``."""
    curve, at = bpan_cache.threshold_curve(v.keys[name]), v.now[name]
    if cost == "steps":
        return figures.Priced(curve.mean_steps, curve.accuracy, at.mean_steps, at.accuracy)
    if cost == "multiply-adds":
        work = bpan_cache.work_curve(v.keys[name])
        return figures.Priced(
            work, curve.accuracy, float(v.costs[name].at(at.steps).mean()), at.accuracy
        )
    steps, ms = _timing(v, name)
    time = np.interp(curve.mean_steps, steps, ms)
    return figures.Priced(
        time, curve.accuracy, float(np.interp(at.mean_steps, steps, ms)), at.accuracy
    )


def _timing(v: View, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Mean steps and milliseconds for 1,000 images, at a few thresholds, by rising steps."""
    found, labels = v.answers[name], v.labels[name]
    curve = anytime.threshold_curve(found.confidence, found.predicted, labels, TIMED)
    images = 2560
    ms = 1000 / images * bpan_cache.clock_curve(v.keys[name], TIMED, images)
    order = np.argsort(curve.mean_steps)
    return curve.mean_steps[order], ms[order]


def numbers(v: View) -> None:
    """All networks at this threshold, and by the rules that some of them were made with."""
    import pandas as pd

    rows = []
    for name, at in v.now.items():
        model, labels = cache.model(v.keys[name]), v.labels[name]
        sure = v.answers[name].confidence[np.arange(len(at.steps)), at.steps - 1]
        row = {
            "network": name,
            "parameters": sum(p.numel() for p in model.parameters()),
            "accuracy / %": 100 * at.accuracy,
            "mean steps": at.mean_steps,
            "multiply-adds": round(float(v.costs[name].at(at.steps).mean())),
            "to the last step": int(v.costs[name].at(v.depth(name))),
            "step 1 agrees with the last / %": 100
            * anytime.agreement_with_last(v.answers[name].predicted)[0],
            "ECE / %": 100 * anytime.calibration(sure, at.answers == labels).error,
        }
        if model.has_own_rule:
            own = bpan_cache.own_answers(v.keys[name])
            row["own rule, accuracy / %"] = 100 * (own.predicted == labels).mean()
            row["own rule, mean steps"] = own.steps.mean()
        rows.append(row)
    st.dataframe(
        pd.DataFrame(rows).round(2), hide_index=True, width="stretch", key="halting_numbers"
    )
    st.caption(
        f"10,000 test images at θ = {v.theta:.2f}, n = 1 seed a network. Own rule: ACT stops when "
        "its halting values add up to 1 - ε, PonderNet at the median of its halting distribution; "
        "for the others confidence is their rule."
    )


def digits_by_step(v: View) -> None:
    """The images answered at one step, and one of them followed through all networks."""
    left, middle, right = st.columns(3)
    if st.session_state.get("halting_of") not in v.keys:
        st.session_state.pop("halting_of", None)
    with left:
        of = st.selectbox("Network", list(v.keys), key="halting_of", **BOUND)
    with middle:
        if st.session_state.get("halting_step", 1) > v.depth(of):
            st.session_state["halting_step"] = v.depth(of)
        step = st.number_input(
            "Answered at step",
            1,
            v.depth(of),
            1,
            key="halting_step",
            help="Or click a bar of the histograms above",
            **BOUND,
        )
    with right:
        order = st.selectbox("Order", [HARD, EASY], key="halting_order", **BOUND)
    found, at = v.answers[of], v.now[of]
    halted = np.flatnonzero(at.steps == step)
    sure = found.confidence[halted, step - 1]
    halted = halted[np.argsort(sure if order == HARD else -sure, kind="stable")][:SHOWN]
    if not len(halted):
        st.info(f"No image is answered at step {step} by {of} at θ = {v.theta:.2f}.")
    else:
        names = cache.dataset(v.keys[of].dataset).class_names
        captions = [
            f"image {i}: {names[v.labels[of][i]]}, answered {names[at.answers[i]]} "
            f"({found.confidence[i, step - 1]:.1%})"
            for i in halted
        ]

        def open_digit() -> None:
            point = clicked("halting_mosaic")
            if point and "point_index" in point:
                st.session_state["halting_index"] = int(halted[point["point_index"]])

        pixels = cache.dataset(v.keys[of].dataset).test.pixels.numpy()[halted]
        chart(
            cache.figure(mosaic, pixels, captions, 20, v.palette),
            "halting_mosaic",
            alt=f"Images that {of} answers at step {step}",
            caption=f"{len(halted)} of {int((at.steps == step).sum()):,} images that {of} "
            f"answers at step {step}, {order}. Click one to follow it below.",
            on_select=open_digit,
        )
        if "halting_index" not in st.session_state:
            st.session_state["halting_index"] = int(halted[0])
        index = st.number_input(
            "Image",
            0,
            len(v.labels[of]) - 1,
            key="halting_index",
            help="Place in the test set; click an image above to choose it",
            **BOUND,
        )
        true = v.labels[of][index]
        same = {n: s for n, s in v.keys.items() if s.dataset == v.keys[of].dataset}
        chart(
            lines_over_steps(
                {n: bpan_cache.trajectory(s, int(index))[:, true] for n, s in same.items()},
                v.styles,
                f"probability of {names[true]}, the truth",
                v.palette,
            ),
            "halting_trajectory",
            alt="Probability of the true class over steps under each network",
            caption=f"Image {index}, {names[true]}: "
            + "; ".join(
                f"{n} answers {names[v.now[n].answers[index]]} at step {v.now[n].steps[index]}"
                for n in same
            )
            + ".",
        )


def who_halts_when(v: View) -> None:
    """Halting steps by class and by difficulty."""
    hard = anytime.difficulty(list(v.answers.values()), v.labels[v.items[0].name])
    fifths = anytime.quantile_groups(hard, 5)
    who = st.selectbox("Network", list(v.keys), key="halting_who", **BOUND)
    left, right = st.columns(2)
    with left:
        class_names = cache.dataset(v.keys[who].dataset).class_names
        chart(
            figures.halting_heatmap(
                anytime.halting_histogram(v.now[who].steps, v.depth(who), v.labels[who]),
                class_names,
                v.palette,
                "class",
            ),
            "halting_classes",
            alt="Share of each class that halts at each step",
            caption=f"{who}: share of each class answered at each step.",
        )
    with right:
        chart(
            figures.halting_heatmap(
                anytime.halting_histogram(v.now[who].steps, v.depth(who), fifths),
                ("easiest", "easy", "middle", "hard", "hardest"),
                v.palette,
                "fifth of the images",
            ),
            "halting_difficulty",
            alt="Share of each fifth by difficulty that halts at each step",
            caption=f"{who}: by difficulty. An image is hard where the networks chosen here "
            "are, at their last step, unsure or wrong.",
        )


def recurrence(v: View) -> None:
    """Accuracy over steps with the recurrence and without, beside a control without time."""
    bpans = [item.name for item in v.items if item.card.system == "bpan"]
    if not bpans:
        st.info("Choose a BPAN among the networks in the sidebar.")
    else:
        lines = {}
        for name in bpans:
            without = bpan_cache.step_answers(v.keys[name], recurrence=False)
            lines[name] = anytime.per_step_accuracy(v.answers[name].predicted, v.labels[name])
            lines[f"{name}, recurrence zeroed"] = anytime.per_step_accuracy(
                without.predicted, v.labels[name]
            )
        control = of_systems(("mlp",)).get(CONTROL)
        if control is not None:
            key = cache.checkpoint_key(control)
            found = bpan_cache.step_answers(key)
            only = anytime.per_step_accuracy(found.predicted, cache.test_labels(key.dataset))
            lines["one hidden layer"] = np.repeat(only, v.depth(bpans[0]))
        with_it, without = (lines[n][-1] for n in (bpans[0], f"{bpans[0]}, recurrence zeroed"))
        said = (
            f"**{bpans[0]}** is {with_it:.2%} correct at its last step; with all recurrent "
            f"weights set to zero after training, {without:.2%}."
        )
        if control is not None:
            said += f" A network with one hidden layer and no time at all reaches {only[0]:.2%}."
        st.markdown(said)
        chart(
            lines_over_steps(
                lines, trace_styles(list(lines)), "accuracy on the test set", v.palette
            ),
            "halting_recurrence",
            alt="Accuracy at each step with and without recurrence, and a one-layer control",
            caption="At step 1 no recurrent current has flowed, so both agree there. "
            "n = 1 seed; over seeds: tab Published.",
        )


def calibration(v: View) -> None:
    """How honest the confidence is that halts."""
    calibrated = {
        name: anytime.calibration(
            v.answers[name].confidence[np.arange(len(at.steps)), at.steps - 1],
            at.answers == v.labels[name],
        )
        for name, at in v.now.items()
    }
    chart(
        figures.reliability(calibrated, v.styles, v.palette),
        "halting_calibration",
        alt="Accuracy against the confidence that halted",
        caption="Images in 15 bins of the confidence with which they were answered; larger "
        "marks hold more of them. ECE: expected calibration error. n = 10,000 images.",
    )


def clock(v: View) -> None:
    """Stopping early against fixed depth, on this machine."""
    st.write(
        "Does stopping early save time, and not only steps? Samples that have answered leave "
        "the batch; against it stands the same network computed to its last step."
    )
    if st.button("Measure on this machine", key="halting_clock", icon=":material/timer:"):
        st.session_state["halting_clocked"] = v.theta
    if st.session_state.get("halting_clocked") == v.theta:
        import pandas as pd

        rows = []
        bar = st.progress(0.0, "Measuring")
        plan = [(n, b) for n in v.keys for b in (1, 32, 256, 10_000)]
        for i, (name, batch) in enumerate(plan):
            bar.progress(i / len(plan), f"{name}, {batch:,} at a time")
            count = 200 if batch == 1 else 2000 if batch == 32 else 10_000
            found = bpan_cache.clock(v.keys[name], v.theta, batch, count, 3)
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
            f"θ = {v.theta:.2f}, one thread, medians of 3 interleaved rounds; a busy machine "
            "shows in them. Below 1, picking out who goes on costs more than it saves."
        )
