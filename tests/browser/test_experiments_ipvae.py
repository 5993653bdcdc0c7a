"""What a person does on the iterative VAE pages, in a real browser."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from corelib.runs.store import list_runs
from tests.browser import driver
from tests.browser.driver import (
    SHEET,
    drawn,
    drawn_changes,
    figure_changes,
    figure_data,
    move_slider,
    no_errors,
    open_page,
    ready,
    widget,
)
from tests.films.decoded import of_mp4
from tests.pages.ipvae import store_network


@pytest.fixture(scope="module")
def runs(tmp_path_factory) -> Iterator[Path]:
    """The folder of the runs of these tests, where they look for them, too."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("ipvae") / "runs"
        patch.setenv("SYNAPTARIUM_RUNS", str(folder))
        yield folder


@pytest.fixture(scope="module")
def network(runs) -> str:
    """A small network of one's own."""
    return store_network()


@pytest.fixture(scope="module")
def server(network, runs, chrome) -> Iterator[str]:
    with driver.server(runs) as address:
        yield address


def test_the_bar_turns_and_the_neuron_responds(page: Page, server: str, network: str):
    open_page(page, f"{server}/bars?bars_model={network}&bars_neuron=2&bars_direction=25")
    expect(page.get_by_text("At 25° it fires")).to_be_visible(timeout=driver.PATIENCE_MS)
    before = figure_data(page, "bars_raster")
    move_slider(page, "bars_direction", 1)
    expect(page.get_by_text("At 26° it fires")).to_be_visible(timeout=driver.PATIENCE_MS)
    page.wait_for_url("**bars_direction=26*", timeout=driver.PATIENCE_MS)
    figure_changes(page, "bars_raster", before)
    # Played, the bar moves over the receptive field.
    stimulus = (
        "() => Array.from(document.querySelector('.st-key-bars_player .js-plotly-plot')"
        "._fullData.filter(t => t.name == 'stimulus')[0].x).join()"
    )
    at = page.evaluate(stimulus)
    page.locator(".st-key-bars_player").get_by_text("Play").click()
    page.wait_for_function(f"old => ({stimulus})() !== old", arg=at, timeout=driver.PATIENCE_MS)
    # The sound is there, and as long as the film.
    page.wait_for_function(
        "() => document.querySelector('audio')?.duration > 3.9", timeout=driver.PATIENCE_MS
    )
    # Played, the picture beside it goes along.
    page.evaluate("() => { document.querySelector('audio').currentTime = 2 }")
    page.wait_for_selector(".st-key-bars_film canvas[data-frame='80']", timeout=driver.PATIENCE_MS)
    # Saved as a film, it is as long and has the sound.
    with page.expect_download(timeout=driver.PATIENCE_MS) as caught:
        widget(page, "bars_player_mp4").get_by_role("button").click()
    assert caught.value.suggested_filename.endswith("_bars_player.mp4")
    film = of_mp4(caught.value.path().read_bytes())
    assert film.times[-1] == pytest.approx(4.0)
    # The last pop lasts 6 ms; AAC begins with a frame of 1,024 samples and ends with a whole one,
    # 43 ms together at 48 kHz.
    assert len(film.sound) / film.rate == pytest.approx(4.0, abs=0.05)
    no_errors(page)


def test_a_bar_dragged_by_hand_is_the_stimulus(page: Page, server: str, network: str):
    open_page(page, f"{server}/bars?bars_model={network}&bars_neuron=0&bars_kind=dragged+bar")
    pad = page.locator(".st-key-bars_pad canvas")
    pad.scroll_into_view_if_needed()
    before = figure_data(page, "bars_raster")
    box = pad.bounding_box()
    page.mouse.move(box["x"] + 0.1 * box["width"], box["y"] + 0.5 * box["height"])
    page.mouse.down()
    for k in range(1, 21):
        page.mouse.move(box["x"] + (0.1 + 0.04 * k) * box["width"], box["y"] + 0.5 * box["height"])
        page.wait_for_timeout(30)
    page.mouse.up()
    figure_changes(page, "bars_raster", before)
    ready(page)
    no_errors(page)


def test_a_clicked_feature_is_chosen_and_silenced(page: Page, server: str, network: str):
    open_page(page, f"{server}/sparse?sparse_model={network}&sparse_sort=number")
    expect(page.get_by_text("Neuron 0", exact=True)).to_be_visible(timeout=driver.PATIENCE_MS)
    ready(page)
    mark = page.locator(".st-key-sparse_mosaic .scatterlayer .point").nth(4)
    box = mark.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    # plotly takes a click only once its pointer is over the feature.
    expect(page.locator(".st-key-sparse_mosaic .hovertext")).to_be_visible(
        timeout=driver.PATIENCE_MS
    )
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(page.get_by_text("Neuron 4", exact=True)).to_be_visible(timeout=driver.PATIENCE_MS)
    ready(page)
    page.wait_for_url("**sparse_neuron=4*", timeout=driver.PATIENCE_MS)
    widget(page, "sparse_lesion").locator("label").first.click()
    expect(page.get_by_text("in the intact network these would be")).to_be_visible(
        timeout=driver.PATIENCE_MS
    )
    no_errors(page)


@pytest.mark.slow
def test_features_turn_from_noise_while_the_network_learns(page: Page, server: str):
    open_page(page, f"{server}/sparse?sparse_tab=Train")
    box = widget(page, "sparse_ipvae_network_n_latents").locator("input")
    box.fill("64")
    box.press("Tab")
    ready(page)
    widget(page, "sparse_ipvae_train").get_by_role("button").click()
    figure = "ipvae_learning_ipvae"
    drawn_changes(page, figure, SHEET, drawn(page, figure, SHEET))
    widget(page, "sparse_ipvae_cancel").get_by_role("button").click()
    expect(page.get_by_text("Cancelled", exact=True)).to_be_visible(timeout=driver.PATIENCE_MS)
    assert next(iter(list_runs())).history().step > 0
    no_errors(page)
