"""The balance ablation, as the Robustness page shows it."""

import streamlit as st

from corelib.errors import SynaptariumError
from corelib.reproduce import results
from dashboard.bpan.robustness.figures import severity as figures
from dashboard.figures.style import Palette, trace_styles
from dashboard.shell.export import chart


def ablation(palette: Palette) -> None:
    """The balance term: what it changes, arm by arm, seeds paired."""
    from corelib.reproduce.balance import MEASURES, NONE, STANDARD, summary
    from dashboard.bpan.anytime_figures import lines_over_steps

    try:
        rows = results.newest("balance").rows
    except SynaptariumError as error:
        st.error(str(error))
        return
    arms = {name: part.set_index("seed") for name, part in rows.groupby("arm", sort=False)}
    seeds = sorted(rows["seed"].unique())
    table = summary(rows).set_index(["measure", "arm"])
    said = []
    for measure in MEASURES:
        if measure.published:
            found = table.loc[measure.title, STANDARD]
            accuracy = measure.column.startswith("accuracy")
            change = found["difference"] if accuracy else found["change / %"]
            unit = f"points, 95 % interval {found['95 % interval']}" if accuracy else "%"
            name = measure.title.split(" / ")[0]
            said.append(f"- {name}: **{change} {unit}**; published {measure.published}.")
    st.markdown(
        "What the balance term (λ_bal = 5e-4 against 0) changes, "
        f"n = {len(seeds)} paired seeds:\n\n" + "\n".join(said)
    )
    st.caption(
        f"Arms of one seed start from the same weights and see the same batches. Dots: seeds "
        f"(n = {len(seeds)}), those of one seed joined; bars: means, blue without the balance "
        "term. Intervals of the differences stand in the table under Published."
    )
    columns = st.columns(2)
    for i, measure in enumerate(MEASURES):
        values = {
            name.replace("lambda_bal", "λ"): 100 * part[measure.column].reindex(seeds).to_numpy()
            for name, part in arms.items()
        }
        told = [
            f"{who}, λ 5e-4 against 0: {what}"
            for who, what in (("published", measure.published), ("run again", measure.rerun))
            if what
        ]
        with columns[i % 2]:
            chart(
                figures.arms(values, NONE.replace("lambda_bal", "λ"), measure.title, palette),
                f"robust_ablation_{i}",
                alt=f"{measure.title} in each arm of the ablation",
                caption=("; ".join(told) + "." if told else "Not published.").capitalize(),
            )
    steps = [c for c in rows.columns if c.startswith("change ")]
    change = {
        name.replace("lambda_bal", "λ"): part[steps].mean().to_numpy()
        for name, part in arms.items()
        if len(part[steps].dropna(axis=1).columns) > 1
    }
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
        caption=f"Convergence over steps on clean test images; means over {len(seeds)} seeds. The "
        "first step leaves silence, so its change is 1.",
    )
