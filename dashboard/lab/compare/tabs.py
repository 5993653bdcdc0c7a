"""The parts of Compare: differences, curves, scores and settings."""

import pandas as pd
import streamlit as st

from corelib.data.sources import DATASETS
from corelib.measures.comparison import signed
from corelib.measures.paired import ACCURACY, LEVEL, METHOD, RESAMPLES
from corelib.words import percent
from dashboard.figures.table import ABSENT, in_words
from dashboard.lab.compare import figures
from dashboard.lab.compare.view import PAGE, View
from dashboard.shell.controls import select, switch
from dashboard.shell.export import chart
from dashboard.shell.numbers import draw_folded, side_by_side
from dashboard.shell.text import plain

INTERVALS = (
    f"Dots: difference of accuracy; bars: its {percent(LEVEL, 0)} interval by a {METHOD} bootstrap "
    f"over the test {{kind}}s ({RESAMPLES:,} resamples), paired by {{kind}}. It does not say how "
    "other seeds would differ, and is not corrected for several comparisons."
)


def draw_main(v: View) -> None:
    """The differences from the baseline, and the whole comparison as one file."""
    paired = v.found.differences.dropna(subset="images")
    if len(paired):
        baseline, images = paired["baseline"].iloc[0], paired["images"].iloc[0]
        kind = _kind(v)
        said = "; ".join(
            f"{row['group']} {signed(100 * row['difference'])} points, "
            f"{signed(100 * row['low'])} to {signed(100 * row['high'])}"
            for row in paired.to_dict("records")
        )
        seeds = " Open marks: mean ± sd of the differences paired by seed."
        chart(
            figures.intervals(paired, v.styles, v.palette),
            f"{PAGE}_differences",
            alt=f"Differences of accuracy from {baseline}: {said}",
            caption=f"At 0: {baseline}. n = {images:,} test {kind}s. {INTERVALS.format(kind=kind)}"
            f"{seeds * bool(paired['seeds'].count())}",
        )
    for note in v.found.notes:
        st.caption(plain(note))
    st.download_button(
        "Whole comparison (CSV)",
        data=v.found.to_csv,
        file_name="synaptarium-comparison.csv",
        mime="text/csv",
        key=f"{PAGE}_csv",
        help="Curves, settings, scores, means over seeds and differences, one row a number",
        icon=":material/download:",
        on_click="ignore",
    )


def _kind(v: View) -> str:
    """What the networks of the baseline's group read: an image, a sequence."""
    baseline = v.found.differences["baseline"].iloc[0]
    of = dict(zip(v.found.scores["group"], v.found.scores["dataset"], strict=True))
    return DATASETS[of[baseline]].kind


def draw_curves(v: View) -> None:
    """One metric against updates."""
    metrics = list(dict.fromkeys(v.found.curves["metric"]))
    if not metrics:
        st.info("These networks came without the history of their training; your own runs keep it.")
        return
    left, middle, right = st.columns([2, 1, 1], vertical_alignment="bottom")
    with left:
        first = ACCURACY if ACCURACY in metrics else metrics[0]
        metric = select(PAGE, "metric", "Metric", metrics, first)
    with middle:
        log_x = switch(PAGE, "log_x", "Logarithmic updates")
    with right:
        log_y = switch(PAGE, "log_y", "Logarithmic metric")
    shown = v.found.curves.query("metric == @metric")
    lost = int((shown["value"].to_numpy(float) <= 0).sum()) if log_y else 0
    without = [title for title in v.items if title not in set(shown["run"])]
    chart(
        figures.curves(shown, metric, v.styles, v.palette, log_x=log_x, log_y=log_y),
        f"{PAGE}_curves",
        alt=f"{metric} against updates for each network",
        caption="n = 1 run per line. Validation is on images held out of training; a point on the "
        "training batches is a mean over the updates since the one before."
        + (f" {', '.join(without)}: no {metric}." if without else "")
        + (f" {lost:,} points at 0 or below are left out." if lost else ""),
        n=1,
    )


def draw_scores(v: View) -> None:
    """The metrics on the test set of each run; means over seeds; differences."""
    scores = v.found.scores
    if not len(scores):
        st.info("None of these networks has been tested yet.")
        return
    rows = scores.drop(columns=["group", "images"]).to_dict("records")
    side_by_side([_in_points(row) for row in rows], f"{PAGE}_scores", decimals=None)
    st.caption("On the test set, with the checkpoint that was best in validation.")
    groups = v.found.groups.query("n > 1")
    if len(groups):
        st.markdown("##### Over seeds")
        means = groups.assign(**{"mean ± sd": [_with_sd(row) for row in groups.to_dict("records")]})
        shown = means.reindex(columns=["group", "metric", "mean ± sd", "n", "seeds"]).astype(str)
        draw_folded(shown, 2, f"{PAGE}_groups")
        st.caption("Mean ± sd with n − 1, over runs that differ in their seed alone.")
    if len(v.found.differences):
        st.markdown("##### Differences from the baseline")
        draw_folded(_differences(v.found.differences), 1, f"{PAGE}_pairs")


def _in_points(row: dict) -> dict[str, object]:
    """Accuracies in per cent, other numbers with four digits."""
    return {
        (f"{name} / %" if _is_share(name) else name): (
            float(f"{100 * value if _is_share(name) else value:.4g}")
            if isinstance(value, float)
            else value
        )
        for name, value in row.items()
    }


def _is_share(metric: str) -> bool:
    return metric.startswith(ACCURACY)


def _with_sd(row: dict) -> str:
    if _is_share(row["metric"]):
        return f"{100 * row['mean']:.2f} ± {percent(row['sd'], 2)}"
    return f"{row['mean']:.4g} ± {row['sd']:.2g}"


def _differences(frame: pd.DataFrame) -> pd.DataFrame:
    """The differences as text."""
    rows = []
    for row in frame.to_dict("records"):
        share = _is_share(row["metric"])
        scale, unit = (100, " points") if share else (1, "")
        has_interval, has_seeds = pd.notna(row["images"]), pd.notna(row["seeds"])
        write = signed if share else "{:.4g}".format
        low, high = (write(scale * bound) for bound in (row["low"], row["high"]))
        seeds = f"{write(scale * row['seed_mean'])} ± {scale * row['seed_sd']:.2g}{unit}"
        rows.append(
            {
                "network": row["group"],
                "metric": row["metric"],
                "difference": f"{write(scale * row['difference'])}{unit}",
                f"{percent(LEVEL, 0)} interval": f"{low} to {high}" if has_interval else None,
                "paired by seed, mean ± sd": seeds if has_seeds else None,
                "seeds": row["seeds"] if has_seeds else None,
            }
        )
    return in_words(pd.DataFrame(rows, dtype=object))


def _setting(value: object) -> str:
    """A setting as a person writes it."""
    if value is None or isinstance(value, bool):
        return ABSENT if value is None else "on" if value else "off"
    return f"{value:g}" if isinstance(value, float) else str(value)


def draw_settings(v: View) -> None:
    """The settings in which the networks differ."""
    settings = v.found.settings
    if not len(settings):
        st.info("These networks have the same settings and the same seed.")
        return
    draw_folded(settings.map(_setting), 1, f"{PAGE}_settings")
    st.caption("Only what differs. –: a network of another kind has no such setting.")
