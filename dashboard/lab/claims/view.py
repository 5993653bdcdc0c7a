"""What of the claims is shown: the filters, and the claim that is open."""

from functools import partial
from typing import NamedTuple

import pandas as pd
import streamlit as st

from corelib.reproduce import claims
from corelib.reproduce.claim import RULE, Verdict
from corelib.reproduce.claims import Listed
from dashboard.lab.claims.details import draw_details
from dashboard.lab.claims.table import draw_table
from dashboard.rooms import FAMILIES
from dashboard.shell import drawn
from dashboard.shell.controls import search, select, several
from dashboard.shell.page import STYLES
from dashboard.shell.registry import begin
from dashboard.shell.report import report_button
from dashboard.shell.save import save_button
from dashboard.shell.saved import Saved
from dashboard.shell.text import errors_shown, plain
from dashboard.shell.theme import palette

PAGE = "claims"
ALL = "All families"


class View(NamedTuple):
    """The claims that are shown, by what the filters ask for: a ``family``, empty for all; any of
    these ``verdicts``, empty for all; and these ``words``."""

    family: str
    verdicts: tuple[Verdict, ...]
    words: str
    items: tuple[Listed, ...]

    @property
    def is_all(self) -> bool:
        return not (self.family or self.verdicts or self.words)


def draw_claims() -> None:
    begin(PAGE)
    drawn.forget()
    st.html(STYLES)
    st.title("Claims")
    with errors_shown():
        _draw(_view())


def _view() -> View:
    """The filters, and what they leave. Raises ``DataError``."""
    families = {family.title: family.name for family in FAMILIES}
    first, second, third = st.columns(3)
    with first:
        words = search(PAGE, "a network, a measure, a source")
    with second:
        family = families.get(select(PAGE, "family", "Family", [ALL, *families]), "")
    with third:
        verdicts = several(PAGE, "verdicts", "Verdicts", claims.VERDICTS, placeholder="all")
    items = claims.chosen(family, verdicts, words)
    return View(family, tuple(verdicts), words, tuple(items))


def _draw(v: View) -> None:
    st.markdown(sentence(v))
    with st.expander("How the verdict is reached", key=f"{PAGE}_rule"):
        st.markdown(plain(RULE[0].upper() + RULE[1:]))
    if not v.items:
        return
    names = [item.claim.what for item in v.items]
    left, right = st.columns([3, 2], gap="medium")
    with right:
        chosen = select(PAGE, "claim", "Claim", names)
        draw_details(v.items[names.index(chosen)])
    with left:
        draw_table(v.items, chosen, f"{PAGE}_table", _open)
        save_button(
            "CSV",
            lambda: claims.summary().to_csv(index=False).encode(),
            "synaptarium-claims",
            f"{PAGE}_table",
            "All claims with their sources, controls, commands and views, as "
            "python -m corelib reproduce claims --csv saves them",
        )
    _draw_distances(v)
    families = [family.name for family in FAMILIES]
    said, tables = partial(sentence, v), partial(_tables, v)
    report_button(Saved(PAGE, "Claims", said, families=families, tables=tables))


def sentence(v: View) -> str:
    """How many of the claims that are shown have which verdict."""
    said = claims.sentence(v.items)
    return said if v.is_all else f"{said} Without the filters there are {len(claims.listed())}."


def _tables(v: View) -> dict[str, pd.DataFrame]:
    rows = [
        (c.what, c.published_text, c.ours_text, c.verdict, topic.source, c.command)
        for topic, c in v.items
    ]
    columns = ["claim", "published", "ours", "verdict", "claimed in", "command"]
    return {"Claims": pd.DataFrame(rows, columns=columns)}


def _open(name: str) -> None:
    st.session_state[f"{PAGE}_claim"] = name


def _draw_distances(v: View) -> None:
    from dashboard.lab.claims.figures import distances
    from dashboard.shell.chart import clicked
    from dashboard.shell.export import chart

    key = f"{PAGE}_distances"
    tested = [item for item in v.items if item.claim.distance is not None]
    if not tested:
        return

    def choose() -> None:
        point = clicked(key)
        if point is not None:
            _open(point["customdata"][0])

    chart(
        distances(tested, palette()),
        key,
        alt="How far ours are from the published figures, claim by claim",
        caption=f"n = {len(tested)} claims. Within the band the rule counts two figures as the "
        "same. To the right ours is larger, which is better for an accuracy and worse for a loss. "
        "Bars: twice the standard deviation over our seeds; for differences between two networks "
        "the 95 % interval. Click a point to read its claim.",
        on_select=choose,
    )
