"""Figures as tables."""

import pandas as pd

from dashboard.figures.figure import Figure
from dashboard.figures.table import PADDING, folded, in_words, keys_of, to_frame


def test_cells_of_a_heatmap_given_by_their_edges_stand_at_their_middles():
    trace = {"type": "heatmap", "z": [[1, 2], [3, 4]], "x": [0, 2, 6], "y": [10, 20]}
    table = to_frame(Figure([trace], {}))
    assert table[["x", "y", "z"]].to_numpy().tolist() == [
        [1, 10, 1],
        [4, 10, 2],
        [1, 20, 3],
        [4, 20, 4],
    ]


def test_cells_are_words_with_the_same_decimals_down_a_column():
    table = pd.DataFrame(
        {
            "a": [91.4, 93.35, None],
            "n": [397510, None, 3],
            "small": [1e-7, 0.5, float("nan")],
            "name": ["x", None, "y"],
        },
        dtype=object,
    )
    shown = in_words(table)
    assert shown["a"].tolist() == ["91.40", "93.35", "–"]
    assert shown["n"].tolist() == ["397,510", "–", "3"]
    assert shown["small"].tolist() == ["1e-07", "0.5", "–"]
    assert shown["name"].tolist() == ["x", "–", "y"]


def test_a_wide_table_is_folded_and_loses_nothing():
    table = pd.DataFrame({f"column {k}": [f"{k}{row}" for row in "abc"] for k in range(10)})
    table.loc[1, table.columns[5:]] = "–"
    parts = folded(table, 1, 60)
    assert len(parts) > 1
    for part in parts:
        assert part.columns[0] == "column 0"
        assert sum(PADDING + len(name) for name in part.columns) <= 60
    assert [name for part in parts for name in part.columns[1:]] == list(table.columns[1:])
    # A row that has nothing in a part is left out of it alone.
    assert len(parts[0]) == 3
    assert len(parts[-1]) == 2
    assert folded(table, 1, 1000)[0].equals(table)


def test_columns_of_a_few_rows_become_rows_and_empty_ones_are_left_out():
    table = pd.DataFrame({"name": list("abcdef"), "full": list("123456"), "none": ["–"] * 6})
    for name, value in (("rare", "5"), ("rarer", "6")):
        table[name] = ["–", value, "–", "–", "–", "–"]
    whole, turned = folded(table, 1, 20)
    assert whole.columns.tolist() == ["name", "full"]
    assert turned.to_numpy().tolist() == [["rare", "5"], ["rarer", "6"]]
    assert turned.columns.tolist() == ["", "b"]


def test_the_columns_that_tell_rows_apart_come_first():
    table = pd.DataFrame({"data": ["a", "a"], "rule": ["x", "y"], "value": [1, 1]})
    assert keys_of(table) == 2
    assert keys_of(table[["rule", "value"]]) == 1
    assert keys_of(table[["value"]]) == 1
