"""What a study's tabs show of its trials."""

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import streamlit as st

from corelib.sweeps.results import Results
from corelib.sweeps.write import as_toml
from corelib.words import PROGRAM
from dashboard.lab.studies import figures
from dashboard.shell import cache
from dashboard.shell.controls import select, several
from dashboard.shell.export import chart
from dashboard.shell.save import save_button
from dashboard.shell.text import plain
from dashboard.shell.theme import palette

if TYPE_CHECKING:
    import pandas as pd

    from corelib.sweeps.study import Study

PAGE = "studies"
MOST_PANELS = 4


class Shown(NamedTuple):
    """A study and its trials as they are now."""

    study: "Study"
    results: Results
    table: "pd.DataFrame"

    @property
    def name(self) -> str:
        return self.study.settings.name

    @property
    def n_seeds(self) -> int:
        return len(self.study.settings.seeds)

    @property
    def complete(self) -> "pd.DataFrame":
        return self.table.query("state == 'complete'").reset_index(drop=True)

    @property
    def caption(self) -> str:
        """Of how many values the figures are."""
        n, seeds = len(self.complete), self.n_seeds
        each = f"each the mean over {seeds} seeds" if seeds > 1 else "one seed each"
        return f"{self.name}, n = {n} complete trial{'s' * (n != 1)}, {each}."


def draw_course(shown: Shown) -> None:
    course = shown.results.course
    if len(course):
        chart(
            figures.course_figure(course, shown.results.n_trials, palette()),
            f"{PAGE}_course",
            alt=f"Best validation score so far of {shown.name}",
            caption=shown.caption,
        )


def draw_trials(shown: Shown) -> None:
    """Every trial that was begun, the best first."""
    if shown.table.empty:
        st.caption("No trial has begun yet.")
        return
    table = shown.table.sort_values("score", ascending=False, kind="stable")
    if not any(table["problem"]):
        table = table.drop(columns="problem")
    st.dataframe(
        table,
        hide_index=True,
        width="stretch",
        key=f"{PAGE}_trials",
        placeholder="",
        column_config={
            "score": st.column_config.NumberColumn("mean score", format="%.4f"),
            "sd": st.column_config.NumberColumn("sd over seeds", format="%.4f"),
            "n": st.column_config.NumberColumn("n seeds"),
        },
        alt=f"{len(table)} trials of {shown.name}, the best first",
    )
    save_button(
        "CSV",
        lambda: shown.table.to_csv(index=False).encode(),
        f"{shown.name}_trials",
        f"{PAGE}_trials_file",
        "All trials with their settings, scores and runs, not rounded",
    )


def draw_importance(shown: Shown) -> None:
    if not _enough(shown):
        return
    chart(
        figures.importance_figure(_importances(shown), palette()),
        f"{PAGE}_importance",
        alt=f"Importance of the settings of {shown.name}",
        caption=f"fANOVA over {shown.caption} The shares add up to 1; few trials make them rough.",
    )


def _importances(shown: Shown) -> dict[str, float]:
    kept = cache.kept("_importances", 8)
    complete = shown.results.complete
    key = shown.study.folder, tuple((t.value, tuple(t.params.items())) for t in complete)
    if key not in kept:
        kept[key] = shown.results.importances()
    return kept[key]


def draw_slices(shown: Shown) -> None:
    if not _enough(shown):
        return
    names = list(shown.study.settings.vary)
    chosen = names
    if len(names) > MOST_PANELS:
        chosen = several(PAGE, "slices", "Settings", names, names[:MOST_PANELS], most=MOST_PANELS)
    if chosen:
        chart(
            figures.slices_figure(shown.complete, chosen, shown.study.settings, palette()),
            f"{PAGE}_slice",
            alt=f"Validation score of {shown.name} against {', '.join(chosen)}",
            caption=f"{shown.caption}{' Bars: sd over seeds.' * (shown.n_seeds > 1)}",
        )


def draw_parallel(shown: Shown) -> None:
    if not _enough(shown):
        return
    chart(
        figures.parallel_figure(shown.complete, shown.study.settings, palette()),
        f"{PAGE}_parallel",
        alt=f"Trials of {shown.name} across their settings to their scores",
        caption=shown.caption,
    )


def draw_heatmap(shown: Shown) -> None:
    names = list(shown.study.settings.vary)
    if len(names) < 2:
        st.caption("A heatmap needs two varied settings; this study varies one.")
        return
    if not _enough(shown):
        return
    left, right = st.columns(2)
    with left:
        x = select(PAGE, "x", "Across", names)
    with right:
        y = select(PAGE, "y", "Up", [name for name in names if name != x])
    chart(
        figures.heatmap_figure(shown.results.grid(x, y), x, y, palette()),
        f"{PAGE}_heatmap",
        alt=f"Mean validation score of {shown.name} over {x} and {y}",
        caption=f"{shown.caption} A cell is the mean over its trials; grey: none.",
    )


def _enough(shown: Shown) -> bool:
    if len(shown.complete):
        return True
    st.caption("No trial is complete yet.")
    return False


def draw_settings(shown: Shown) -> None:
    name, text = shown.name, as_toml(shown.study.settings)
    st.code(text, language="toml", wrap_lines=True)
    st.download_button(
        "TOML",
        text,
        f"{name}.toml",
        key=f"{PAGE}_toml",
        icon=":material/download:",
        type="tertiary",
        on_click="ignore",
    )
    st.caption("The command that repeats it from this file, or goes on with it where it stopped:")
    st.code(f"{PROGRAM} sweep {name}.toml", language=None, wrap_lines=True)
    if shown.study.settings.storage:
        st.caption("Its trials are kept in a database.")
    st.caption(plain(f"Folder: {shown.study.folder}"))


TABS: dict[str, Callable[[Shown], None]] = {
    "Trials": draw_trials,
    "Importance": draw_importance,
    "Slices": draw_slices,
    "Parallel coordinates": draw_parallel,
    "Heatmap": draw_heatmap,
    "Settings": draw_settings,
}
