"""Figures as tables."""

from dashboard.figures.figure import Figure
from dashboard.figures.table import to_frame


def test_cells_of_a_heatmap_given_by_their_edges_stand_at_their_middles():
    trace = {"type": "heatmap", "z": [[1, 2], [3, 4]], "x": [0, 2, 6], "y": [10, 20]}
    table = to_frame(Figure([trace], {}))
    assert table[["x", "y", "z"]].to_numpy().tolist() == [
        [1, 10, 1],
        [4, 10, 2],
        [1, 20, 3],
        [4, 20, 4],
    ]
