"""What the pages show and name that lies outside docs/: pictures are copied, and other files of the
repository, which the site does not hold, are named without a link."""

import posixpath
import re
from pathlib import Path

from mkdocs.structure.files import File

ROOT = Path(__file__).parents[2]
PICTURES = "assets/pictures"
LINK = re.compile(r"(!?)\[([^\]]*)\]\(([^)\s#]+)((?:#[\w-]*)?)\)")


def on_files(files, config):
    for picture in sorted((ROOT / PICTURES).glob("*.png")):
        path = f"pictures/{picture.name}"
        files.append(File(path, str(ROOT / "assets"), config.site_dir, config.use_directory_urls))
    return files


def on_page_markdown(markdown, page, **_):
    folder = posixpath.join("docs", posixpath.dirname(page.file.src_uri))

    def rewritten(link):
        image, text, target, anchor = link.groups()
        path = posixpath.normpath(posixpath.join(folder, target))
        if ":" in target or path.startswith("docs/") or not (ROOT / path).exists():
            return link[0]
        if path.startswith(f"{PICTURES}/"):
            path = posixpath.relpath(path.replace(PICTURES, "docs/pictures"), folder)
            return f"{image}[{text}]({path}{anchor})"
        return f"`{text.strip('`')}`" if text == path or text.startswith("`") else text

    return LINK.sub(rewritten, markdown)
