"""What a person saves from a page in the dark theme opens, and is light."""

import io
import json
from pathlib import Path
from zipfile import ZipFile

import pandas as pd
from PIL import Image

from dashboard.figures.style import DARK
from tests.browser import driver


def saved(page, key: str) -> Path:
    with page.expect_download() as download:
        driver.widget(page, key).get_by_role("button").click()
    path = Path(download.value.path())
    assert download.value.suggested_filename.startswith("bpan-mnist_")
    driver.ready(page)
    return path


def test_figure_and_page_are_saved_light_from_the_dark_theme(chrome, server):
    context = chrome.new_context(color_scheme="dark", viewport={"width": 1440, "height": 900})
    page = context.new_page()
    driver.open_page(page, f"{server}/balance?balance_tab=Export&balance_theta=0.95")
    figure = "balance_probability_0"
    svg = saved(page, f"{figure}_svg").read_text(encoding="utf-8")
    assert "<svg" in svg
    assert "@font-face" in svg
    assert not [colour for colour in DARK if colour in svg]
    image = Image.open(saved(page, f"{figure}_png"))
    assert image.width == 2000
    assert image.convert("RGB").getpixel((2, 2)) == (255, 255, 255)
    assert {"mean", "sd", "n", "unit"} <= set(pd.read_csv(saved(page, f"{figure}_csv")).columns)
    with ZipFile(io.BytesIO(saved(page, "balance_zip").read_bytes())) as file:
        assert file.testzip() is None
        names = file.namelist()
        stems = {name[len("figures/") : -len(".svg")] for name in names if name.endswith(".svg")}
        assert stems == {name[5:-4] for name in names if name.startswith("data/")}
        # Those of the page above its tabs, and those of the tabs, which were never opened.
        for shown in ("probability", "net-current", "to-unit-against-from-unit"):
            assert any(shown in stem for stem in stems)
        drawings = [file.read(f"figures/{stem}.svg").decode() for stem in stems]
        assert all(svg.startswith("<svg") for svg in drawings)
        assert not [colour for svg in drawings for colour in DARK if colour in svg]
        assert set(names[1:]) <= set(file.read("README.txt").decode().splitlines())
        assert "synaptarium" in json.loads(file.read("versions.json"))
        view = json.loads(file.read("settings.json"))["view"]
        assert view["balance_theta"] == 0.95
        assert "balance_probability_0_svg" not in view
        link = file.read("link.txt").decode().strip()
    again = context.new_page()
    driver.open_page(again, link)
    assert again.get_by_text("At θ = 0.95").first.is_visible()
    context.close()
