"""Contact sheets: every page as a whole, at three sizes and in two themes, side by side.

python -m tests.browser.contact [FOLDER] [PAGE ...]
"""

import sys
import tempfile
from pathlib import Path
from typing import Literal

from PIL import Image
from playwright.sync_api import Browser

from tests.browser.driver import ROOT, browser, open_page, ready, server

SIZES = {"desk": (1440, 900), "projector": (1920, 1080), "phone": (390, 844)}
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
PAGES = ("", *sorted(f.stem for f in (ROOT / "pages").glob("*.py") if f.stem not in ("home",)))
TALLEST = 5200
"""Pixels of a page that are shown."""
WIDTH = {"desk": 620, "projector": 620, "phone": 320}
"""Pixels of a page on its sheet."""
ON_A_SHEET = {"desk": 3, "projector": 3, "phone": 6}
GAP = 12


def shoot(
    chrome: Browser, address: str, size: str, theme: Literal["light", "dark"], pages: list[str]
) -> list[Image.Image]:
    """The pages as a whole, from top to bottom."""
    width, height = SIZES[size]
    found = []
    for name in pages:
        context = chrome.new_context(
            viewport={"width": width, "height": height},
            color_scheme=theme,
            reduced_motion="reduce",
            has_touch=size == "phone",
            is_mobile=size == "phone",
        )
        page = context.new_page()
        projector = "?projector=true" if size == "projector" else ""
        open_page(page, f"{address}/{name}{projector}")
        page.wait_for_timeout(1500)
        tall = page.evaluate("document.querySelector('[data-testid=stMain]').scrollHeight")
        page.set_viewport_size({"width": width, "height": min(max(height, int(tall)), TALLEST)})
        ready(page)
        page.wait_for_timeout(1500)
        with tempfile.NamedTemporaryFile(suffix=".png") as file:
            page.screenshot(path=file.name)
            found.append(Image.open(file.name).convert("RGB"))
        context.close()
    return found


def sheet(pictures: list[Image.Image], width: int) -> Image.Image:
    """Pictures of one width side by side."""
    small = [
        p.resize((width, round(p.height * width / p.width)), Image.Resampling.LANCZOS)
        for p in pictures
    ]
    whole = ((width + GAP) * len(small) - GAP, max(p.height for p in small))
    canvas = Image.new("RGB", whole, "#808080")
    for place, picture in enumerate(small):
        canvas.paste(picture, (place * (width + GAP), 0))
    return canvas


def main(folder: Path, pages: list[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as runs, server(Path(runs)) as address, browser() as chrome:
        for size in SIZES:
            for theme in THEMES:
                each = ON_A_SHEET[size]
                for first in range(0, len(pages), each):
                    shot = shoot(chrome, address, size, theme, pages[first : first + each])
                    file = folder / f"{size}-{theme}-{first // each + 1}.png"
                    sheet(shot, WIDTH[size]).save(file)
                    print(file, ", ".join(pages[first : first + each]), flush=True)


if __name__ == "__main__":
    main(
        Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "screenshots",
        sys.argv[2:] or list(PAGES),
    )
