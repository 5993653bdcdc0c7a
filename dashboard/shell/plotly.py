"""plotly.js for the browser: the one that plotly's package holds, served as a file that a browser
keeps."""

from functools import cache
from importlib.metadata import distribution
from pathlib import Path

from streamlit.components.v1 import declare_component

HERE = Path(__file__).parent
# Not imported, since Home does without it.
_PACKAGE = distribution("plotly")
PLOTLY = Path(str(_PACKAGE.locate_file("plotly/package_data/plotly.min.js")))


@cache
def plotly_address() -> str:
    """Where a browser finds plotly.js, below the address of the app; from here on the server serves
    it. Kept, since every figure asks and plotly's version is read from a file."""
    folder = declare_component("plotly", path=PLOTLY.parent).name
    return f"component/{folder}/{PLOTLY.name}?{_PACKAGE.version}"


def script(name: str) -> str:
    """The JavaScript of a component in this folder, which may call what ``plotly.js`` defines."""
    return "\n".join((HERE / file).read_text(encoding="utf-8") for file in ("plotly.js", name))
