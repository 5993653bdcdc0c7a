"""A notebook becomes a page of Markdown: its text, its code and the outputs that are stored in it.

Figures of plotly are drawn by ``javascripts/figures.js``.
"""

import json
from pathlib import Path

import nbformat
from mkdocs.structure.files import File

PLOTLY = "application/vnd.plotly.v1+json"


class Notebook(File):
    """A notebook, which is a page as a file of Markdown is."""

    def is_documentation_page(self):
        return True


def on_files(files, config):
    for file in [file for file in files if file.src_uri.endswith(".ipynb")]:
        content = as_markdown(Path(file.abs_src_path))
        files.remove(file)
        files.append(Notebook.generated(config, file.src_uri, content=content))
    return files


def as_markdown(notebook: Path) -> str:
    """The page of a notebook; raises ``ValueError`` for an output of an unknown kind."""
    cells = nbformat.read(notebook, as_version=4).cells
    return "\n\n".join(part for cell in cells for part in _parts(cell))


def _parts(cell):
    if cell.cell_type == "markdown":
        yield cell.source
        return
    if cell.cell_type != "code":
        raise ValueError(f"A cell is {cell.cell_type!r}, but should be markdown or code.")
    yield f"```python\n{cell.source}\n```"
    for output in cell.outputs:
        yield _output(output)


def _output(output):
    if output.output_type == "stream":
        return f"```text\n{output.text.rstrip()}\n```"
    data = output.data
    if PLOTLY in data:
        figure = {key: data[PLOTLY][key] for key in ("data", "layout")}
        figure["layout"].pop("template", None)
        text = json.dumps(figure, separators=(",", ":")).replace("<", "\\u003c")
        return f'<div class="figure"><script type="application/json">{text}</script></div>'
    if "text/html" in data:
        lines = (line for line in data["text/html"].splitlines() if line.strip())
        return '<div class="output">{}</div>'.format("\n".join(lines))
    if "text/plain" in data:
        return f"```text\n{data['text/plain']}\n```"
    raise ValueError(f"An output holds {', '.join(data)}, which this page cannot show.")
