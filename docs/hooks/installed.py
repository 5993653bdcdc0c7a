"""Files of installed packages that the pages use: plotly's script for the figures of notebooks, and
the fonts of the app, which come with Streamlit."""

from pathlib import Path

import plotly
import streamlit
from mkdocs.structure.files import File

PLOTLY = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"
MEDIA = Path(streamlit.__file__).parent / "static" / "static" / "media"
FONTS = {
    "sans": "SourceSansVF-Upright*.woff2",
    "sans-italic": "SourceSansVF-Italic*.woff2",
    "code": "SourceCodeVF-Upright*.woff2",
}


def on_files(files, config):
    wanted = {"javascripts/plotly.min.js": PLOTLY}
    for name, pattern in FONTS.items():
        for font in MEDIA.glob(pattern):
            wanted[f"fonts/{name}.woff2"] = font
    for path, source in wanted.items():
        files.append(File.generated(config, path, abs_src_path=str(source)))
    return files
