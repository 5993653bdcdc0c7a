"""The tab Compare: all networks of this page, and results over seeds."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import streamlit as st

from corelib.words import percent
from dashboard.bpc import cache as bpc_cache
from dashboard.bpc.view import SYSTEMS, View
from dashboard.figures.style import trace_styles
from dashboard.figures.table import in_words
from dashboard.shell.checkpoints import of_systems
from dashboard.shell.export import chart
from dashboard.shell.numbers import draw_folded, side_by_side
from dashboard.shell.text import plain

if TYPE_CHECKING:
    from corelib.runs.registry import Checkpoint


def draw_compare(v: View) -> None:
    """Accuracy against generation for all networks; then α_f, completion and depth over seeds."""
    from dashboard.bpc.figures.networks import trade_off

    items = {
        item.title: item
        for item in of_systems(SYSTEMS).values()
        if "generator loss" in (item.card.test or {})
    }
    tests = {name: item.card.test or {} for name, item in items.items()}
    best = bpc_cache.best_loss("mnist")
    st.markdown(conclusion(tests, v.item.title))
    chart(
        trade_off(
            {name: (test["generator loss"], test["accuracy"]) for name, test in tests.items()},
            "generator loss, mean over all pixels",
            trace_styles(list(items)),
            best,
            v.palette,
        ),
        "bpc_trade_off",
        alt="Accuracy against generator loss of all networks",
        caption=f"10,000 test digits; dotted: the mean of each class, {best:.4f}. n = 1 seed per "
        "network; for more seeds see the tab Published.",
        n=1,
    )
    _draw_table(items)
    _draw_seeds(v)


def conclusion(tests: "Mapping[str, Mapping[str, float]]", own: str) -> str:
    """Which network classifies best, which generates best, and how far the one chosen is behind
    each; ``tests`` by network, with "accuracy" and "generator loss"."""
    reader = max(tests, key=lambda name: tests[name]["accuracy"])
    maker = min(tests, key=lambda name: tests[name]["generator loss"])
    accuracy, loss = tests[reader]["accuracy"], tests[maker]["generator loss"]
    if reader == maker:
        return (
            f"**{plain(reader)}** both classifies best ({percent(accuracy, 2)}) and generates best "
            f"(loss {loss:.4f})."
        )
    text = (
        f"**{plain(reader)}** classifies best ({percent(accuracy, 2)}), **{plain(maker)}** "
        f"generates best (loss {loss:.4f}), and no network does both."
    )
    if own not in tests:
        return text
    points = 100 * (accuracy - tests[own]["accuracy"])
    times = tests[own]["generator loss"] / loss
    return (
        f"{text} **{plain(own)}** is {points:.2f} points behind the one and has {times:.2f} times "
        "the loss of the other."
    )


def _draw_table(items: "dict[str, Checkpoint]") -> None:
    rows = []
    for name, item in items.items():
        test, config = item.card.test or {}, item.card.config
        amortiser = test.get("accuracy of the amortiser")
        rows.append(
            {
                "network": name,
                "accuracy / %": round(100 * test["accuracy"], 2),
                "the amortiser's / %": None if amortiser is None else round(100 * amortiser, 2),
                "generator loss": _digits(test["generator loss"]),
                "summed over pixels": _digits(test["generator loss, summed"]),
                "amortiser loss": _digits(test.get("amortiser loss")),
                "α_f": config.get("alpha_f"),
                "α_b": config.get("alpha_b"),
                "T": config.get("n_steps"),
            }
        )
    side_by_side(rows, "bpc_comparison", across=False, decimals=None)
    st.caption("Losses: half the squared error, mean over all elements and summed over pixels.")


def _digits(loss: float | None) -> float | None:
    """A loss with as many digits as tell networks apart."""
    return None if loss is None else float(f"{loss:.4g}")


def _draw_seeds(v: View) -> None:
    """What takes several trainings: both against α_f, and completion by network."""
    from corelib.reproduce import results
    from corelib.reproduce.bpc import completion_table, weighing
    from dashboard.bpc.figures import networks

    rows = results.newest("bpc").rows
    weighed = weighing(rows)
    st.markdown("##### The weight of the generator's errors")
    chart(
        networks.weighing(weighed.alpha, weighed.accuracy, weighed.loss, v.palette),
        "bpc_weighing",
        alt="Accuracy and generator loss against the weight of the generator's errors",
        caption=f"One epoch each; mean ± sd over {weighed.seeds} seeds, 10,000 test digits. "
        "α_f = 1 with smaller steps of inference.",
        n=weighed.seeds,
    )
    st.markdown("##### Filling in the left half")
    draw_folded(in_words(completion_table(rows)), 1, "bpc_completion_table")
    st.caption("500 test digits per seed; the label is unknown. Back-propagation has no inference.")
    _draw_bounds()
    _draw_depth(v)


def _draw_bounds() -> None:
    """What bounds completion, in sentences computed from the table."""
    from corelib.reproduce import bpc_completion, results

    if results.is_here(bpc_completion.NAME):
        for sentence in bpc_completion.verdicts(results.newest(bpc_completion.NAME).rows):
            st.markdown(sentence)
        st.caption(f"The table {bpc_completion.NAME} under Published.")


def _draw_depth(v: View) -> None:
    """Accuracy against the number of hidden layers."""
    import numpy as np

    from corelib.reproduce import bpc_depth, results
    from dashboard.bpc.figures import seeds

    if not results.is_here(bpc_depth.NAME):
        return
    rows = results.newest(bpc_depth.NAME).rows
    st.markdown("##### Depth")
    for sentence in bpc_depth.verdict(rows):
        st.markdown(sentence)
    curves = bpc_depth.curves(rows)
    lines = [
        seeds.Line(
            curve.condition,
            np.stack([curve.depth, np.zeros_like(curve.depth)], 1),
            curve.accuracy,
            [f"{curve.condition}, {depth:.0f} layers" for depth in curve.depth],
        )
        for curve in curves
    ]
    chart(
        seeds.depth(lines, trace_styles([line.name for line in lines]), v.palette),
        "bpc_depth",
        alt="Accuracy against the number of hidden layers",
        caption=f"{bpc_depth.UPDATES} updates; mean ± sd over {curves[0].seeds} seeds, 10,000 test "
        f"digits. The table {bpc_depth.NAME} under Published has the energy of the layers.",
        n=curves[0].seeds,
    )
