"""Executing the notebooks of docs/: ``python -m tests.notebooks`` stores their outputs in them."""

import os
import sys
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "docs" / "notebooks").glob("*.ipynb"))


def executed(file: Path, runs: Path) -> nbformat.NotebookNode:
    """A notebook with the outputs of a fresh kernel on one thread, whose runs go to ``runs``.

    Raises ``CellExecutionError`` for a cell that fails.
    """
    notebook = nbformat.read(file, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    env = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "SYNAPTARIUM_RUNS": str(runs),
        "OMP_NUM_THREADS": "1",
        # The page draws the figures; the standard renderer would store plotly's script in each.
        "PLOTLY_RENDERER": "plotly_mimetype",
    }
    client = NotebookClient(notebook, timeout=600, kernel_name="python3", record_timing=False)
    client.execute(cwd=str(runs), env=env)
    for cell in notebook.cells:
        cell.metadata = {}
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}
    }
    return notebook


def finding(notebook: nbformat.NotebookNode) -> str:
    """What the last cell prints."""
    (output,) = notebook.cells[-1].outputs
    return output.text.strip()


def main(names: list[str]) -> None:
    for file in NOTEBOOKS:
        if names and file.stem not in names:
            continue
        with tempfile.TemporaryDirectory() as runs:
            notebook = executed(file, Path(runs))
        nbformat.write(notebook, file)
        print(f"{file.name}: {finding(notebook)}")


if __name__ == "__main__":
    main(sys.argv[1:])
