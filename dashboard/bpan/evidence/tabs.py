"""The figures of the Sequential evidence page, above its tabs and in them."""

from functools import partial

import streamlit as st

from corelib.analysis import anytime
from corelib.analysis.halting import answered_too_early, outcome_shares
from corelib.data import DATASETS
from corelib.reproduce.sequential import OverSteps
from corelib.words import with_article
from dashboard.bpan import cache as bpan_cache
from dashboard.bpan.anytime_figures import halting_histograms
from dashboard.bpan.evidence import figures
from dashboard.bpan.evidence.view import PAGE, Answered, Network, View
from dashboard.components.digit_input import ANY, ChosenDigit
from dashboard.figures.images import mosaic
from dashboard.shell.chart import clicked
from dashboard.shell.export import chart
from dashboard.shell.numbers import side_by_side
from dashboard.shell.registry import set_values
from dashboard.shell.text import plain

SHOWN = 40
COLUMNS = 20


def draw_main(v: View) -> None:
    """One digit as a sequence, and below it the whole test set."""
    if v.chosen is None:
        st.info("Draw a digit, or upload one, in the sidebar on the left.")
    else:
        _draw_sequence(v, v.chosen)
    with st.spinner("Reading 10,000 sequences", show_time=True):
        answered = v.answered
    left, right = st.columns(2)
    with left:
        _draw_accuracy(v, answered)
    with right:
        _draw_needed(v, answered)


def _draw_sequence(v: View, chosen: ChosenDigit) -> None:
    """What is seen of the digit, and what each network then believes."""
    from corelib.films import evidence_film
    from corelib.models.bpan.halting import trajectory

    data, evidence = v.data, v.evidence(chosen)
    inputs = data.inputs(evidence.sequence)
    beliefs = {name: trajectory(network.model, inputs) for name, network in v.networks.items()}
    which = "as in the test set" if v.index is not None else f"scene seed {v.seed}"
    chart(
        figures.player(
            evidence, beliefs, data.class_names, chosen.label, v.styles, v.part, v.palette
        ),
        "evidence_player",
        alt=f"The image as its {v.part}s are seen, and each network's belief after each",
        caption=f"{chosen.caption}, {which}. Press Play, or move the slider. What has not "
        "been seen is dimmed; framed bar: the true class.",
        film=partial(
            evidence_film,
            evidence,
            beliefs,
            data.class_names,
            chosen.label,
            f"{chosen.caption}, {which}",
        ),
    )
    halts = {name: anytime.decision(belief, v.theta).step for name, belief in beliefs.items()}
    chart(
        figures.beliefs(beliefs, halts, data.class_names, v.part, v.palette),
        "evidence_beliefs",
        alt=f"Belief in each class after each {v.part}",
        caption=f"Belief after each {v.part}. Ring: the answer at θ = {v.theta:.2f}.",
    )


def _draw_accuracy(v: View, answered: dict[str, Answered]) -> None:
    """Accuracy against the evidence: over seeds where they ship for this task, else this network's
    own."""
    curves: dict[str, OverSteps] = {}
    published: dict[str, float] = {}
    seeds = 1
    for name, network in v.networks.items():
        shipped = None if network.item.own else bpan_cache.over_seeds(name)
        if shipped is None or shipped.task != v.task:
            own = anytime.per_step_accuracy(answered[name].answers.predicted, v.labels)
            curves[name] = OverSteps(own, 0 * own, 1)
            continue
        curves[name] = shipped.accuracy
        seeds = shipped.accuracy.n_seeds
        if shipped.published is not None:
            published[name] = shipped.published
    # Said, as bars within the marks cannot be seen.
    most = max(float(curve.sd.max()) for curve in curves.values())
    spread = f", bars ± 1 sd, at most {100 * most:.1f} points" if seeds > 1 else ""
    chart(
        figures.accuracy_over_parts(curves, published, v.styles, v.part, v.palette),
        "evidence_accuracy",
        alt=f"Accuracy against the number of {v.part}s seen",
        caption=f"10,000 test sequences; n = {seeds} seed{'s' * (seeds > 1)}"
        f"{spread}. Hollow, in the colours of the networks: published, after the last {v.part}.",
        n=seeds,
    )


def _draw_needed(v: View, answered: dict[str, Answered]) -> None:
    """How much evidence each decision takes."""
    # Panels are narrow: a short name is enough to tell the networks apart.
    short = {name: name.removesuffix(f"-{v.task}").replace("-sequence", "") for name in answered}
    shares = {
        short[name]: anytime.halting_histogram(one.now.steps, one.depth)[0]
        for name, one in answered.items()
    }
    chart(
        halting_histograms(
            shares,
            {short[name]: one.now.mean_steps for name, one in answered.items()},
            {short[name]: style for name, style in v.styles.items()},
            v.palette,
            height=figures.HEIGHT,
        ),
        "evidence_needed",
        alt=f"How many {v.part}s each network takes before it answers",
        caption=f"Evidence needed for a decision at θ = {v.theta:.2f}: share of 10,000 test "
        "sequences answered at each step; dotted: the mean. n = 1 seed per network.",
        n=1,
    )


def draw_too_early(v: View) -> None:
    """What becomes of the answers at θ, and digits that were answered too early."""
    shares = {
        name: outcome_shares(one.answers, v.labels, v.theta) for name, one in v.answered.items()
    }
    chart(
        figures.outcomes(shares, v.palette),
        "evidence_outcomes",
        alt="Outcomes of the answers given at the threshold",
        caption=f"Answers at θ = {v.theta:.2f} compared with those after the last {v.part}; never "
        "confident: no answer reached θ. 10,000 test sequences, n = 1 seed per network.",
        n=1,
    )
    early = answered_too_early(v.answered[v.first].answers, v.labels, v.theta)[:SHOWN]
    if not len(early):
        st.info(f"At θ = {v.theta:.2f} {plain(v.first)} answers no digit too early.")
        return
    data, now, names = v.data, v.answered[v.first].now, v.data.class_names
    captions = [
        f"test digit {i}: {with_article(names[v.labels[i]])}, answered {names[now.answers[i]]} "
        f"after {now.steps[i]}"
        for i in early
    ]

    def follow() -> None:
        point = clicked("evidence_early")
        if point and "point_index" in point:
            digit = {"index": int(early[point["point_index"]]), "class": ANY, "draw": 0}
            set_values({f"{PAGE}_{name}": value for name, value in digit.items()})

    chart(
        mosaic(data.digits.test.pixels.numpy()[early], captions, COLUMNS, v.palette),
        "evidence_early",
        alt=f"Digits that {v.first} answers too early",
        caption=f"{v.first}: most confident first, wrong at θ = {v.theta:.2f} but correct after "
        f"the last {v.part}. Click one to follow it above.",
        on_select=follow,
    )


def draw_numbers(v: View) -> None:
    """All networks at this threshold."""
    side_by_side(
        [_numbers(v, network, v.answered[name]) for name, network in v.networks.items()],
        "evidence_numbers",
    )
    st.caption(
        f"10,000 test sequences, θ = {v.theta:.2f}, n = 1 seed per network. ECE: expected "
        "calibration error of the confidence that halted."
    )


def _numbers(v: View, network: Network, answered: Answered) -> dict[str, object]:
    m = answered.measures
    return {
        "network": network.item.title,
        "trained on": DATASETS[network.item.card.dataset].title,
        "parameters": sum(p.numel() for p in network.model.parameters()),
        f"after 1 {v.part} / %": 100 * m.first_accuracy,
        f"after all {answered.depth} / %": 100 * m.last_accuracy,
        "at θ / %": 100 * m.accuracy,
        f"mean {v.part}s at θ": m.mean_steps,
        "too early / %": 100 * m.too_early,
        "never confident / %": 100 * m.never_confident,
        "ECE at θ / %": 100 * m.calibration_error,
    }
