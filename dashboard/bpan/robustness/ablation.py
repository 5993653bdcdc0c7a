"""The balance ablation: what the balance term of the training changes, over paired seeds."""

from typing import TYPE_CHECKING

import streamlit as st

from corelib.reproduce import results
from dashboard.bpan.anytime_figures import lines_over_steps
from dashboard.bpan.robustness.figures.ablation import arms, paired_differences
from dashboard.bpan.robustness.view import View
from dashboard.figures.style import Palette, trace_styles
from dashboard.shell.export import chart
from dashboard.shell.text import plain

if TYPE_CHECKING:
    import pandas as pd

    from corelib.reproduce.balance import Claim
    from corelib.reproduce.balance_measures import Measure


def draw_ablation(v: View) -> None:
    """The published claims beside ours, every measure arm by arm, and convergence over steps."""
    from corelib.reproduce.balance import answers, claims
    from corelib.reproduce.balance_measures import MEASURES

    rows = results.newest("balance").rows
    n_seeds = len(set(rows["seed"]))
    settled = [plain(sentence) for sentence in answers(rows)]
    st.markdown(
        "What the balance term (weight 5e-4 against 0) changes, "
        f"n = {n_seeds} paired seeds:\n\n"
        + "\n".join(map(_claim_in_words, claims(rows)))
        + "\n\n"
        + "\n\n".join(settled)
    )
    _draw_differences(rows, n_seeds, v.palette)
    few = min(rows.groupby("arm")["seed"].nunique())
    st.caption(
        "The arms of one seed see the same batches, and those of BPAN start from the same weights. "
        f"Dots: seeds (n = {few} to {n_seeds}), those of one seed joined; bars: means, blue "
        "without the balance term."
    )
    columns = st.columns(2)
    for i, measure in enumerate(MEASURES):
        with columns[i % 2]:
            _draw_measure(i, measure, rows, v.palette)
    _draw_convergence(rows, n_seeds, v.palette)


def _draw_differences(rows: "pd.DataFrame", n_seeds: int, palette: Palette) -> None:
    from corelib.reproduce.balance import differences
    from corelib.reproduce.balance_measures import OCCLUDED, PUBLISHED_GAIN

    chart(
        paired_differences(differences(rows), (OCCLUDED, PUBLISHED_GAIN), palette),
        "robust_differences",
        alt="Differences of accuracy by the balance term, by zeroed recurrence and to a matched "
        "MLP under each condition",
        caption=f"Mean and 95 % interval of the difference, n = {n_seeds} paired seeds, 10,000 "
        f"test images each. Star: the published +{PUBLISHED_GAIN} points.",
        n=n_seeds,
    )


def _claim_in_words(claim: "Claim") -> str:
    """One line of a list: our change, and the published one."""
    name = claim.measure.title.split(" / ")[0]
    unit = "points" if claim.measure.is_accuracy else "%"
    interval = f", 95 % interval {claim.interval}" if claim.interval else ""
    return f"- {name}: **{claim.change} {unit}{interval}**; published {claim.measure.published}."


def _draw_measure(i: int, measure: "Measure", rows: "pd.DataFrame", palette: Palette) -> None:
    from corelib.reproduce.balance import NONE, by_seed

    others = [
        f"{source}, λ = 5e-4 against 0: {change}"
        for source, change in (("published", measure.published), ("re-run", measure.rerun))
        if change
    ]
    values = {_short(name): cells for name, cells in by_seed(rows, measure).items()}
    chart(
        arms(values, _short(NONE), measure.title, palette),
        f"robust_ablation_{i}",
        alt=f"{measure.title} in each arm of the ablation",
        caption=("; ".join(others) + "." if others else "Not published.").capitalize(),
    )


def _draw_convergence(rows: "pd.DataFrame", n_seeds: int, palette: Palette) -> None:
    from corelib.reproduce.balance import convergence

    change = {_short(name): values for name, values in convergence(rows).items()}
    chart(
        lines_over_steps(
            change,
            trace_styles(list(change)),
            "change of the state, |Δs| / |s|",
            palette,
            percent=False,
        ),
        "robust_convergence",
        alt="Relative change of the state at each step in each arm",
        caption=f"Convergence over steps on clean test images; means over {n_seeds} seeds. The "
        "state starts from silence, so its change at the first step is 1.",
        n=n_seeds,
    )


def _short(arm: str) -> str:
    return arm.replace("λ_bal", "λ")
