"""An experiment's main figure for two networks, side by side."""

import io
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd
import streamlit as st

from dashboard.figures.style import TraceStyle
from dashboard.lab.compare.figures import on_the_same_axes
from dashboard.lab.compare.view import PAGE, View
from dashboard.shell import drawn
from dashboard.shell.controls import select
from dashboard.shell.drawn import Drawn
from dashboard.shell.export import chart, picture
from dashboard.shell.text import plain, say_error
from dashboard.shell.titled import select_titled

if TYPE_CHECKING:
    from corelib.runs.registry import Checkpoint

Figures = dict[str, Drawn]


class Shown(NamedTuple):
    """An experiment that shows one network of these ``systems``: ``standard`` gives what its page
    opens on with that network, ``main`` draws its main figures, as on the page. ``styled`` says
    that ``standard`` takes the network's ``TraceStyle``, too."""

    systems: Sequence[str]
    standard: Callable[..., Any]
    main: Callable[[Any], None]
    styled: bool = False


def draw_beside(experiments: Mapping[str, Shown], v: View) -> None:
    """The choice of an experiment and of two networks, and its main figures for each."""
    fitting = {name: _fitting(shown, v) for name, shown in experiments.items()}
    fitting = {name: items for name, items in fitting.items() if len(items) > 1}
    if not fitting:
        st.info("No experiment shows two of these networks. Choose two of the same family above.")
        return
    columns = st.columns(3)
    with columns[0]:
        name = select(PAGE, "experiment", "Experiment", list(fitting))
    titles = {item.name: title for title, item in fitting[name].items()}
    with columns[1]:
        left = select_titled(PAGE, "left", "Left", titles)
    with columns[2]:
        others = {name: title for name, title in titles.items() if name != left}
        right = select_titled(PAGE, "right", "Right", others)
    with st.spinner(f"Drawing {name}", show_time=True):
        items = [fitting[name][titles[n]] for n in (left, right)]
        found = _collected(experiments[name], items, v.styles)
    _draw_pairs(name, found)


def _fitting(shown: Shown, v: View) -> "dict[str, Checkpoint]":
    return {t: i for t, i in v.items.items() if i is not None and i.card.system in shown.systems}


def _collected(
    shown: Shown, items: "Sequence[Checkpoint]", styles: Mapping[str, TraceStyle]
) -> dict[str, Figures]:
    """The main figures of each network by its title, drawn by the page's own function and not
    shown there: on one page the keys of both would clash."""
    before, found = drawn.figures(), {}

    def draw(item: "Checkpoint") -> None:
        drawn.forget()
        own = (styles[item.title],) if shown.styled else ()
        shown.main(shown.standard(item, *own))
        found[item.title] = drawn.figures()

    problems = drawn.collect({item.title: partial(draw, item) for item in items})
    drawn.restore(before)
    for title, problem in problems.items():
        say_error(f"{title}: {problem}")
    return found


def _draw_pairs(experiment: str, found: dict[str, Figures]) -> None:
    """Figures of the same key beside each other, one pair a row."""
    keys = dict.fromkeys(key for figures in found.values() for key in figures)
    for key in keys:
        pair = {title: figures[key] for title, figures in found.items() if key in figures}
        plots = [one.figure for one in pair.values() if not isinstance(one.figure, str)]
        shared = iter(on_the_same_axes(plots))
        row = dict(zip(found, st.columns(2, gap="medium"), strict=False))
        for place, (title, one) in enumerate(pair.items()):
            with row[title]:
                # Above each: on a phone the columns come below one another.
                st.markdown(f"##### {plain(title)}")
                own, alt = f"{PAGE}_{place}_{key}", f"{experiment}, {title}"
                caption = drawn.still(one.caption)
                if isinstance(one.figure, str):
                    table = partial(_table, one)
                    picture(one.figure, own, data=table, alt=alt, caption=caption)
                else:
                    chart(next(shared), own, alt=alt, caption=caption)


def _table(one: Drawn) -> pd.DataFrame:
    return pd.read_csv(io.BytesIO(one.csv()))
