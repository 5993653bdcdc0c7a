"""Addresses as nobody should write them: what each page's controls are called, hostile values for
them, and whether what a page then shows is legal."""

import math
from functools import cache

from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from tests.dashboard.shell.test_controls import controls
from tests.pages.app import open_page

PREFIX = {
    "balance": "balance",
    "halting": "halting",
    "robustness": "robust",
    "evidence": "evidence",
    "bpc": "bpc",
    "subnetworks": "sub",
    "learning": "learn",
    "sparse": "sparse",
    "bars": "bars",
    "runs": "runs",
}
"""How the keys of each page begin."""
HOSTILE = (
    "",
    " ",
    "1e309",
    "-1e309",
    "nan",
    "inf",
    "-Infinity",
    "-0.0",
    "5e-324",
    "9" * 400,
    "-" + "9" * 5000,
    "１２",
    "1_000",
    "0x10",
    "1e2",
    "3.7",
    "true",
    "None",
    "null",
    "[]",
    "[1, 2]",
    "2020-01-01",
    "23:59",
    "\0",
    "a\0b",
    "\ufffd",
    "\u202e",
    "%",
    "%00",
    "%ZZ",
    "%ed%a0%80",
    "+",
    "&=",
    "../../etc/passwd",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "![x](http://example.invalid/x.png)",
    "[x](javascript:alert(1))",
    ":material/home:",
    "$\\frac{1}{0}$",
    "😀",
    "x" * 100_000,
)


@cache
def bound_keys(page: str) -> tuple[str, ...]:
    """The keys of a page's controls and of its tabs, as its address writes them."""
    prefix = PREFIX[page]
    known = {f"{prefix}_{name}" for _, whose, name in controls() if whose == prefix}
    if page != "runs":
        known.add(f"{prefix}_tab")
        for tab in open_page(page).get("tab"):
            app = open_page(page, **{f"{prefix}_tab": tab.proto.label})
            known |= app.session_state["_controls"][prefix].known
    return tuple(sorted(known))


def addresses(page: str) -> st.SearchStrategy[dict[str, str | list[str]]]:
    """Hostile values, alone or repeated, for some of a page's controls."""
    value = st.one_of(
        st.sampled_from(HOSTILE), st.text(max_size=20), st.floats().map(str), st.integers().map(str)
    )
    values = st.one_of(value, st.lists(value, min_size=2, max_size=4))
    # A page without runs has no control; an address may name what there is not.
    return st.dictionaries(
        st.sampled_from([*bound_keys(page), "other"]), values, min_size=1, max_size=8
    )


def illegal(app: AppTest) -> list[str]:
    """What is on screen and should not be: exceptions, and controls outside what they offer."""
    found = [f"exception: {item.message}" for item in app.exception]
    for item in (*app.slider, *app.number_input):
        values = item.value if isinstance(item.value, (tuple, list)) else [item.value]
        found += [
            f"{item.key} = {value}"
            for value in values
            if not (math.isfinite(value) and item.min <= value <= item.max)
        ]
    for item in (*app.selectbox, *app.select_slider, *app.segmented_control):
        offered = [getattr(option, "content", option) for option in item.options]
        chosen = item.value if item.value is None else item.format_func(item.value)
        if chosen not in offered:
            found.append(f"{item.key} = {chosen!r}, not of {offered}")
    for item in app.multiselect:
        unknown = {item.format_func(value) for value in item.value} - set(item.options)
        found += [f"{item.key} has {value!r}" for value in unknown]
    off = [item for item in app.toggle if item.value not in (True, False)]
    return found + [f"{item.key} = {item.value!r}" for item in off]
