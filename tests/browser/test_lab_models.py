"""Models in a browser: a damaged zip is refused in a sentence, a good one comes in, opens, is taken
out again and removed."""

import zipfile
from pathlib import Path

from playwright.sync_api import Page, expect

from corelib import export_model
from tests.browser.driver import address_has, no_errors, open_page, ready, widget

NAME = "bpan-sequence-streaming-mnist"


def bring_in(page: Page, file: Path, name: str) -> None:
    chosen = widget(page, "import_weights")
    chosen.locator("input[type=file]").set_input_files(file)
    expect(chosen.get_by_text(file.name)).to_be_visible()
    box = widget(page, "import_name").locator("input")
    box.fill(name)
    widget(page, "import_button").get_by_role("button").click()
    ready(page)


def test_a_damaged_and_a_good_model_are_brought_in(
    page: Page, server: str, runs: Path, tmp_path: Path
):
    good = export_model(NAME, tmp_path / "good.zip")
    bad = tmp_path / "bad.zip"
    with zipfile.ZipFile(good) as archive, zipfile.ZipFile(bad, "w") as damaged:
        for name in archive.namelist():
            damaged.writestr(name, archive.read(name)[:-4])
    open_page(page, f"{server}/models")
    expect(page.get_by_role("heading", level=1)).to_have_text("Models")
    no_errors(page)

    bring_in(page, bad, "mine")
    error = page.get_by_test_id("stAlertContentError")
    expect(error).to_contain_text("The card of bad.zip cannot be read")
    assert page.get_by_test_id("stException").count() == 0

    open_page(page, f"{server}/models")
    bring_in(page, good, "mine")
    expect(page.get_by_text("mine is BPAN that reads a sequence")).to_be_visible()
    no_errors(page)
    address_has(page, "models_model=mine")

    # The address opens it again, and what is saved is a model.
    open_page(page, f"{server}/models?models_model=mine")
    expect(page.get_by_role("heading", level=3, name="mine")).to_be_visible()
    with page.expect_download() as download:
        widget(page, "models_zip").get_by_role("button").click()
    saved = tmp_path / "saved.zip"
    download.value.save_as(saved)
    with zipfile.ZipFile(saved) as out, zipfile.ZipFile(good) as before:
        assert out.namelist() == before.namelist()
        assert out.read("weights.safetensors") == before.read("weights.safetensors")

    page.get_by_role("link", name="Sequential evidence").last.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sequential evidence")
    ready(page)
    no_errors(page)
    expect(widget(page, "evidence_98_models")).to_contain_text("mine")

    open_page(page, f"{server}/models?models_model=mine")
    widget(page, "models_ask").get_by_role("button").click()
    widget(page, "models_remove").get_by_role("button").click()
    expect(page.get_by_role("heading", level=3, name="mine")).to_have_count(0)
    no_errors(page)
    assert not [*(runs / ".checkpoints").glob("mine")]


def test_a_click_on_a_line_opens_its_model(page: Page, server: str):
    open_page(page, f"{server}/models?models_find=pondernet")
    expect(page.get_by_role("heading", level=3, name="pondernet-mnist")).to_be_visible()
    open_page(page, f"{server}/models?models_find=bpc")
    table = widget(page, "models_table")
    # The box of the second line; a line is 35 pixels high.
    table.click(position={"x": 16, "y": 35 * 2.5})
    ready(page)
    expect(page.get_by_role("heading", level=3, name="bpc-seed-mnist")).to_be_visible()
    address_has(page, "models_model=bpc-seed-mnist")
    no_errors(page)
